// Moving averages of weights: their values, eager and compiled, in the place of the parameters, saved and loaded.

import { CheckpointError, GraphError, OptionError, tensor, Variable } from "@gradus/core";
import { compile } from "@gradus/core/compile";
import { describe, expect, test } from "vitest";
import { ExponentialMovingAverage, SGD } from "../src/index.ts";

const makeParameters = (): Variable[] => [
  new Variable(tensor([1, -2]), { name: "weight" }),
  new Variable(tensor([[4]], { dtype: "float64" }), { name: "bias" }),
];
const valuesOf = (average: ExponentialMovingAverage): number[] =>
  average.averages.flatMap((value) => [...value.toTypedArray()]);

describe.each([false, true])("compiled: %o", (compiled) => {
  test.each([false, true])("follows the parameters within the step, with warm-up: %o", (warmup) => {
    const parameters = makeParameters();
    const optimizer = new SGD(parameters, { learningRate: 0.1 });
    const average = new ExponentialMovingAverage(parameters, { decay: 0.6, warmup });
    const once = (): void => {
      for (const parameter of parameters) parameter.grad = parameter.mul(1).detach();
      optimizer.step();
      average.update();
    };
    const take = compiled ? compile(once) : once;
    let wanted = [1, -2, 4];
    for (let step = 1; step <= 12; step++) {
      take();
      const decay = warmup ? Math.min(0.6, (1 + step) / (10 + step)) : 0.6;
      wanted = wanted.map((value, index) => decay * value + (1 - decay) * ([1, -2, 4][index] ?? 0) * 0.9 ** step);
      for (const [index, value] of valuesOf(average).entries()) expect(value).toBeCloseTo(wanted[index] ?? 0, 6);
    }
    expect(average.updates).toBe(12);
    if ("programs" in take) expect(take.programs).toHaveProperty("length", 1);
  });

  test("stands in for the parameters, which come back, also after an error and a promise", async () => {
    const parameters = makeParameters();
    const average = new ExponentialMovingAverage(parameters, { decay: 0.5 });
    const [weight] = parameters;
    if (weight === undefined) throw new Error("there are two");
    const read = compiled ? compile(() => weight.mul(1)) : () => weight.mul(1);
    weight.assign([3, 3]);
    average.update();
    expect(average.during(() => read().toArray())).toEqual([2, 0.5]);
    expect(read().toArray()).toEqual([3, 3]);
    expect(() =>
      average.during(() => {
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(read().toArray()).toEqual([3, 3]);
    const later = average.during(async () => {
      await Promise.resolve();
      return read().toArray();
    });
    expect(await later).toEqual([2, 0.5]);
    expect(read().toArray()).toEqual([3, 3]);
  });
});

test("swapped, the averages are still the averages, and updates are refused", () => {
  const parameters = makeParameters();
  const average = new ExponentialMovingAverage(parameters, { decay: 0.5 });
  parameters[0]?.assign([3, 3]);
  average.update();
  const values = valuesOf(average);
  average.swap();
  expect(valuesOf(average)).toEqual(values);
  expect(() => average.update()).toThrow(GraphError);
  expect(() => average.during(() => 1)).toThrow(/swap\(\) back first/);
  average.swap();
  expect(parameters[0]?.toArray()).toEqual([3, 3]);
  expect(() => compile(() => average.swap())()).toThrow(/swap cannot be part of a compiled function/);
});

test("a state is saved and goes on elsewhere; one that does not fit is refused with all differences", () => {
  const [parameters, others] = [makeParameters(), makeParameters()];
  const average = new ExponentialMovingAverage(parameters, { decay: 0.9, warmup: true });
  const other = new ExponentialMovingAverage(others);
  for (const variables of [parameters, others]) variables[0]?.assign([5, 6]);
  average.update();
  other.loadStateDict(average.stateDict());
  expect(valuesOf(other)).toEqual(valuesOf(average));
  average.update();
  other.update();
  expect(valuesOf(other)).toEqual(valuesOf(average));
  const before = valuesOf(other);
  const bad = { decay: 1, warmup: false, updates: -1, averages: [tensor([1, 2, 3])] };
  expect(() => other.loadStateDict(bad)).toThrow(
    new CheckpointError(
      "ExponentialMovingAverage: the saved state does not fit: decay is 1; updates is -1; it has 1 averages, there are 2 parameters; " +
        "average 0 is float32 [3], its parameter (weight) float32 [2]",
    ),
  );
  expect(valuesOf(other)).toEqual(before);
});

test.each<[RegExp, () => unknown]>([
  [/decay must be from 0 to below 1, got 1/, () => new ExponentialMovingAverage(makeParameters(), { decay: 1 })],
  [/no parameters/, () => new ExponentialMovingAverage([])],
  [
    /count is int32: only floats have averages/,
    () => new ExponentialMovingAverage([new Variable(tensor([1], { dtype: "int32" }), { name: "count" })]),
  ],
])("refuses: %s", (message, make) => {
  expect(make).toThrow(OptionError);
  expect(make).toThrow(message);
});
