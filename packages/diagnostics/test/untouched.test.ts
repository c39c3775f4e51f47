// Being looked at changes nothing: the same bits in weights, statistics, generators and losses; the same functions when it is over.

import { defaultGenerator, manualSeed, type Tensor } from "@gradus/core";
import { compile } from "@gradus/core/compile";
import {
  crossEntropy,
  Dense,
  GELU,
  heNormal,
  type Layer,
  LayerNorm,
  ReLU,
  Residual,
  Sequential,
  Softmax,
  Tanh,
  xavierNormal,
} from "@gradus/layers";
import { Adam } from "@gradus/optimizers";
import { describe, expect, test } from "vitest";
import { Diagnostics, type StepObserver, watch } from "../src/index.ts";
import { convolutional, lecture, patterns, perceptron } from "./networks.ts";

/** A training with or without someone who looks; everything that it leaves, as bits. */
function outcome(
  make: () => Layer,
  compiled: boolean,
  look: ((model: Layer) => readonly StepObserver[]) | null,
  shape?: readonly number[],
): unknown {
  manualSeed(7);
  const model = make();
  const optimizer = new Adam(model.parameters(), { learningRate: 3e-3 });
  const observers = look?.(model) ?? [];
  const work = (x: Tensor, y: Tensor): Tensor => {
    const loss = crossEntropy(model.forward(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  };
  const step = compiled ? compile(work) : work;
  const next = patterns(3);
  const losses: number[] = [];
  for (let count = 0; count < 14; count++) {
    const { x, y } = next(count % 5 === 4 ? 20 : 32);
    const given: Tensor = shape === undefined ? x : x.reshape([x.shape[0] ?? 1, ...shape]);
    for (const observer of observers) observer.stepStart();
    losses.push(step(given, y).item());
    for (const observer of observers) observer.stepEnd({ loss: losses.at(-1) ?? 0 });
  }
  const bits = (value: Tensor): string => Buffer.from(value.toTypedArray().buffer).toString("base64");
  return {
    losses,
    state: [...model.stateDict()].map(([name, value]) => [name, bits(value)]),
    gradients: model.parameters().map(({ grad }) => (grad === null ? null : bits(grad))),
    generator: defaultGenerator().state,
  };
}

const block = (): Layer => new Residual(new LayerNorm(24), new Dense(24, 24), new GELU());
const residual = (): Layer => {
  const layers: Layer[] = [new Dense(64, 24), block(), new Dense(24, 10)];
  return new Sequential(...layers);
};

const models: readonly { readonly name: string; readonly make: () => Layer; readonly shape?: readonly number[] }[] = [
  { name: "the lecture's network", make: lecture },
  { name: "convolutions", make: convolutional, shape: [8, 8, 1] },
  { name: "tanh", make: () => perceptron([64, 50, 33, 10], () => new Tanh(), xavierNormal) },
  { name: "relu, odd sizes", make: () => perceptron([64, 37, 21, 10], () => new ReLU(), heNormal) },
  { name: "residual", make: residual },
];

describe.each(models)("$name", ({ make, shape }) => {
  test.each([true, false])("compiled: %s", (compiled) => {
    const plain = outcome(make, compiled, null, shape);
    const everything = (model: Layer): readonly StepObserver[] => [
      new Diagnostics(model, { every: 3 }),
      watch(model, "*", "activation", { every: 2 }),
      watch(model, "*", "update", { every: 4 }),
    ];
    expect(outcome(make, compiled, (model) => [new Diagnostics(model, { every: 1 })], shape)).toEqual(plain);
    expect(outcome(make, compiled, everything, shape)).toEqual(plain);
  });
});

test("the layers' own forward is back when it is over, in any order", () => {
  const own = new Dense(3, 2);
  const forward = own.forward.bind(own);
  own.forward = forward as typeof own.forward; // cast: bind forgets the generic signature
  const model = new Sequential(own, new ReLU());
  const before = [...model].map((layer: Layer) => layer.forward);
  const observers = [new Diagnostics(model), new Diagnostics(model), watch(model, "relu", "activation")];
  expect([...model].map((layer: Layer) => layer.forward)).not.toEqual(before);
  expect(Object.keys(model.at(1))).not.toContain("forward");
  for (const index of [1, 0, 2]) observers[index]?.detach();
  expect([...model].map((layer: Layer) => layer.forward)).toEqual(before);
  expect(Object.hasOwn(model.at(1), "forward")).toBe(false);
});

test("a summary in between takes nothing away", () => {
  const model = new Sequential(new Dense(4, 3), new ReLU(), new Dense(3, 2));
  const diagnostics = new Diagnostics(model, { every: 1 });
  model.summary({ print: false });
  const { x, y } = patterns(1, 4)(16);
  diagnostics.step(() => crossEntropy(model.forward(x), y.mod(2)));
  expect(diagnostics.report().layers.every(({ mean }) => mean !== null)).toBe(true);
});

test("a step that was compiled before is seen, too, where a Sequential runs the layers", () => {
  const model = perceptron([64, 32, 10], () => new ReLU(), heNormal);
  const step = compile((x: Tensor, y: Tensor) => {
    for (const parameter of model.parameters()) parameter.grad = null;
    const loss = crossEntropy(model.forward(x), y);
    loss.backward();
    return loss;
  });
  const { x, y } = patterns(1)(32);
  step(x, y);
  const diagnostics = new Diagnostics(model);
  const watching = watch(model, "dense", "activation");
  watching.step(() => diagnostics.step(() => step(x, y)));
  expect(diagnostics.report().notes).toEqual([]);
  expect(watching.records).toHaveLength(1);
  diagnostics.detach();
  watching.detach();
  step(x, y);
  expect(step.programs).toHaveLength(2);
});

test("a model that cannot be seen any more says so", () => {
  class Own extends Dense<64, 10> {}
  const model = new Own(64, 10);
  const step = compile((x: Tensor) => model.forward(x).sum());
  const { x } = patterns(1)(8);
  step(x);
  const diagnostics = new Diagnostics(model);
  diagnostics.step(() => step(x));
  expect(diagnostics.report().notes.join(" ")).toMatch(/No layer's output was seen.*No gradient was seen/);
  expect(diagnostics.findings).toEqual([]);
});

test("a step that fails is not counted as looked at", () => {
  const model = new Sequential(new Dense(3, 2), new Softmax());
  const diagnostics = new Diagnostics(model, { every: 1 });
  expect(() =>
    diagnostics.step(() => {
      throw new Error("no data");
    }),
  ).toThrow("no data");
  expect(() => diagnostics.step(async () => 1)).toThrow(
    "Diagnostics: the step is asynchronous: call stepStart() before it",
  );
  expect(diagnostics.report().observations).toBe(0);
});
