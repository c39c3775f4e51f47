// What is done with gradients before a step: clipping, beside PyTorch's numbers, and accumulation, beside large batches.

import { OptionError, type Tensor, tensor, Variable } from "@gradus/core";
import { compile } from "@gradus/core/compile";
import { describe, expect, test } from "vitest";
import { Adam, clipGradNorm, clipGradValue, GradientAccumulation, SGD } from "../src/index.ts";

const withGradients = (): Variable[] => {
  const [a, b, c] = [new Variable(tensor([0, 0, 0])), new Variable(tensor([[0], [0]])), new Variable(tensor(0))];
  a.grad = tensor([1, -2, 0.5]);
  b.grad = tensor([[3], [-1.5]]);
  return [a, b, c];
};
const gradientsOf = (variables: readonly Variable[]): unknown => variables.map(({ grad }) => grad?.toArray() ?? null);

/** Calls f, eagerly or compiled. */
const called = (compiled: boolean, f: () => Tensor): number => (compiled ? compile(f) : f)().item();

describe.each([false, true])("compiled: %o", (compiled) => {
  // torch.nn.utils.clip_grad_norm_ of these gradients
  test.each([
    [2, 1, 4.0620192023],
    [1, 2, 8],
    [Number.POSITIVE_INFINITY, 1.5, 3],
    [3, 1, 3.4056423038],
    [0.5, 10, 36.9434943821],
  ])("clipGradNorm with p = %d and at most %d", (normType, maxNorm, wanted) => {
    const variables = withGradients();
    const norm = called(compiled, () => clipGradNorm(variables, maxNorm, { normType }));
    expect(norm / wanted).toBeCloseTo(1, 6);
    const factor = maxNorm / wanted;
    for (const [index, value] of [1, -2, 0.5].entries())
      expect(variables[0]?.grad?.toTypedArray()[index]).toBeCloseTo(value * factor, 5);
    expect(variables[1]?.grad?.toTypedArray()[1]).toBeCloseTo(-1.5 * factor, 5);
    expect(variables[2]?.grad).toBeNull();
  });

  test("clipGradNorm leaves small gradients, and Infinity only measures", () => {
    for (const maxNorm of [5, Number.POSITIVE_INFINITY]) {
      const variables = withGradients();
      expect(called(compiled, () => clipGradNorm(variables, maxNorm))).toBeCloseTo(4.0620192023, 5);
      expect(gradientsOf(variables)).toEqual(gradientsOf(withGradients()));
    }
  });

  test("clipGradValue", () => {
    const variables = withGradients();
    called(compiled, () => {
      clipGradValue(variables, 1.25);
      return tensor(0);
    });
    expect(gradientsOf(variables)).toEqual([[1, -1.25, 0.5], [[1.25], [-1.25]], null]); // biome-ignore format: one line
  });

  test("accumulated micro-batches make the step of their mean, again and again", () => {
    const batches = [3, -1, 2, 5, 0.5, 1].map((x) => tensor(x));
    const [w, other] = [new Variable(tensor([1, 2])), new Variable(tensor([1, 2]))];
    const clip = (): void => void clipGradNorm([w], 1);
    const accumulation = new GradientAccumulation(new Adam([w], { learningRate: 0.1 }), {
      batches: 3,
      beforeStep: clip,
    });
    const once = (x: Tensor): void => {
      accumulation.zeroGrad();
      w.mul(x).square().sum().backward();
      accumulation.step();
    };
    const take = compiled ? compile(once) : once;
    const optimizer = new Adam([other], { learningRate: 0.1 });
    for (let start = 0; start < 6; start += 3) {
      optimizer.zeroGrad();
      for (const x of batches.slice(start, start + 3)) {
        other.mul(x).square().sum().div(3).backward();
        const before = w.toArray();
        take(x);
        if (accumulation.pending !== 0) expect(w.toArray()).toEqual(before);
      }
      clipGradNorm([other], 1);
      optimizer.step();
      for (const [index, value] of w.toTypedArray().entries())
        expect(value).toBeCloseTo(other.toTypedArray()[index] ?? Number.NaN, 6);
    }
    expect(accumulation.optimizer.steps).toBe(2);
    if ("programs" in take) expect(take.programs).toHaveProperty("length", 3);
  });
});

test("clipGradNorm of nothing is 0; a NaN reaches all gradients; float64 stays", () => {
  expect(clipGradNorm([new Variable(tensor(1))], 1).item()).toBe(0);
  const variables = withGradients();
  const wide = new Variable(tensor([1], { dtype: "float64" }));
  wide.grad = tensor([Number.NaN], { dtype: "float64" });
  expect(clipGradNorm([...variables, wide], 1).item()).toBeNaN();
  expect(variables[0]?.grad?.toArray()).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  expect([variables[0]?.grad?.dtype, wide.grad?.dtype]).toEqual(["float32", "float64"]);
});

test("what is left at the end of an epoch makes a step with its own mean", () => {
  const w = new Variable(tensor(0));
  const accumulation = new GradientAccumulation(new SGD([w], { learningRate: 1 }), { batches: 4 });
  for (const slope of [1, 2]) {
    accumulation.zeroGrad();
    w.mul(slope).backward();
    accumulation.step();
  }
  accumulation.flush();
  accumulation.flush();
  expect([w.item(), accumulation.optimizer.steps, accumulation.pending]).toEqual([-1.5, 1, 0]);
});

test.each<[string, () => unknown]>([
  ["clipGradNorm: maxNorm must be above 0, got 0", () => clipGradNorm([], 0)],
  ["clipGradNorm: normType must be above 0, got -1", () => clipGradNorm([], 1, { normType: -1 })],
  ["clipGradValue: limit must be above 0, got NaN", () => clipGradValue([], Number.NaN)],
  [
    "GradientAccumulation: batches must be a whole number ≥ 1, got 1.5",
    () => new GradientAccumulation(new SGD([new Variable(tensor(0))]), { batches: 1.5 }),
  ],
])("%s", (message, body) => {
  expect(body).toThrow(new OptionError(message));
});
