// The lecture's whole step, compiled and eager side by side: the same losses, the same parameters, the same running statistics.

import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import { crossEntropy, Generator, randint, type Tensor, uniform } from "../../src/index.ts";
import { Network } from "./lecture.ts";

/** The length of the difference of two lists, in lengths of the second. */
function distance(found: Tensor, expected: Tensor): number {
  const [a, b] = [found.toTypedArray(), expected.toTypedArray()];
  let [apart, length] = [0, 0];
  for (let index = 0; index < b.length; index++) {
    apart += ((a[index] ?? Number.NaN) - (b[index] ?? 0)) ** 2;
    length += (b[index] ?? 0) ** 2;
  }
  return Math.sqrt(apart / (length || 1));
}

const generator = new Generator(3);
const batchOf = (size: number): readonly [Tensor, Tensor] => [
  uniform([size, 784], { generator }),
  randint([size], { high: 10, generator }),
];

// With relu, half of the units pass everything on: what their gradients cancel to is rounding, which Adam magnifies.
describe.each([
  { activation: "relu", parameters: 1e-3 },
  { activation: "tanh", parameters: 1e-5 },
] as const)("the lecture's network with $activation", ({ activation, parameters }) => {
  const [eager, compiled] = [new Network({ activation }), new Network({ activation })];
  const step = compile(compiled.step);
  const evaluate = compile((x: Tensor, labels: Tensor) => {
    const logits = compiled.predict(x);
    return { logits, loss: crossEntropy(logits, labels) };
  });
  const batches = Array.from({ length: 20 }, () => batchOf(64));
  const last = batchOf(10);

  test("100 steps, each tenth with a smaller batch: losses to 1e-5", () => {
    for (let index = 0; index < 100; index++) {
      const [x, labels] = index % 10 === 9 ? last : (batches[index % 20] ?? last);
      const [found, expected] = [step(x, labels).item(), eager.step(x, labels).item()];
      expect(Math.abs(found - expected), `step ${index}: ${found} instead of ${expected}`).toBeLessThan(
        1e-5 * expected,
      );
    }
    expect(step.programs.length).toBe(2);
    expect(compiled.steps).toBe(100);
  });

  test(`all Variables after 100 steps to ${parameters}`, () => {
    for (const [index, variable] of compiled.variables.entries()) {
      const expected = eager.variables[index];
      if (expected === undefined) throw new Error("the networks differ");
      // The states of Adam average what is left of gradients that cancel: as large as their rounding errors in places.
      const allowed = variable.name.includes(".") ? 10 * parameters : parameters;
      expect(distance(variable, expected), variable.name).toBeLessThan(allowed);
    }
  });

  test("evaluation shares the Variables: the same logits and loss, and nothing changes", () => {
    const [x, labels] = batches[0] ?? last;
    const before = compiled.variables.map((variable) => variable.toTypedArray());
    for (const [rows, classes] of [[x, labels] as const, last]) {
      const { logits, loss } = evaluate(rows, classes);
      const expected = eager.predict(rows);
      expect(distance(logits, expected)).toBeLessThan(parameters);
      expect(Math.abs(loss.item() - crossEntropy(expected, classes).item())).toBeLessThan(parameters * loss.item());
    }
    for (const [index, variable] of compiled.variables.entries()) {
      const old = before[index] ?? [];
      expect(
        variable.toTypedArray().every((value, place) => Object.is(value, old[place])),
        variable.name,
      ).toBe(true);
    }
    const homes = new Set(compiled.variables.map(({ view }) => view.storage.array.buffer));
    expect(homes.size).toBe(1);
  });

  test("eager code reads and writes Variables between compiled calls", () => {
    for (const network of [eager, compiled]) {
      for (const parameter of network.parameters) parameter.assign(parameter.mul(0.9).add(0.01));
      network.layers[0]?.norm?.mean.assign(new Float32Array(256).fill(0.5));
      network.step(...last); // eagerly, both
      network.learningRate = 3e-3;
    }
    for (const [x, labels] of batches.slice(0, 10)) {
      const [found, expected] = [step(x, labels).item(), eager.step(x, labels).item()];
      expect(Math.abs(found - expected)).toBeLessThan(1e-5 * expected);
    }
    expect(compiled.steps).toBe(111);
    expect(compiled.generator.state).toEqual(eager.generator.state);
    expect(step.programs.length).toBe(2);
    for (const [index, variable] of compiled.variables.entries()) {
      const expected = eager.variables[index];
      if (expected !== undefined)
        expect(distance(variable, expected), variable.name).toBeLessThan(
          variable.name.includes(".") ? 0.01 : 2 * parameters,
        );
    }
  });
});
