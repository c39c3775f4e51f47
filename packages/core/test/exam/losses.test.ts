// Losses where formulas break: infinite and huge logits, rows that count nowhere, certainty; and slopes to second order. Their values
// are examined against PyTorch's in opinfo.test.ts.

import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import {
  binaryCrossEntropy,
  categoricalCrossEntropy,
  cosineDistance,
  crossEntropy,
  DataError,
  gradcheck,
  hinge,
  huber,
  klDivergence,
  logCosh,
  logSoftmax,
  meanAbsoluteError,
  meanSquaredError,
  nll,
  OptionError,
  ShapeError,
  smoothL1,
  type Tensor,
  tensor,
  tripletMargin,
  Variable,
} from "../../src/index.ts";

const { NEGATIVE_INFINITY: low, POSITIVE_INFINITY: high, NaN: nan } = Number;
const double = (values: Parameters<typeof tensor>[0]): Tensor => tensor(values, { dtype: "float64" });
const labels = (values: readonly number[]): Tensor => tensor(values, { dtype: "int32" });

/** Eagerly and compiled: the loss and the gradient of its sum. */
function both(loss: (x: Tensor) => Tensor, x: Tensor): { values: number[]; slopes: number[] }[] {
  return [false, true].map((compiled) => {
    const variable = new Variable(x);
    const evaluate = (): Tensor => {
      const values = loss(variable);
      values.sum().backward();
      return values;
    };
    const values = compiled ? compile(evaluate)() : evaluate();
    return { values: [...values.toTypedArray()], slopes: [...(variable.grad?.toTypedArray() ?? [])] };
  });
}

describe("crossEntropy", () => {
  test.each([1e4, 3e38])("is exact for logits of ±%d", (size) => {
    for (const { values, slopes } of both(
      (x) => crossEntropy(x, labels([0, 1]), { reduction: "none" }),
      tensor([
        [size, -size],
        [size, size],
      ]),
    )) {
      expect(values[0]).toBe(0);
      expect(values[1]).toBeCloseTo(Math.LN2, 6);
      expect(slopes).toEqual([0, 0, 0.5, -0.5]);
    }
  });

  test("logits of −∞ are classes that cannot be", () => {
    const x = tensor([[0, low, 0]]);
    const target = tensor([[0.5, 0, 0.5]]);
    for (const goal of [labels([2]), target]) {
      for (const { values, slopes } of both((x) => crossEntropy(x, goal, { reduction: "none" }), x)) {
        expect(values[0]).toBeCloseTo(Math.LN2, 6);
        expect(slopes.every(Number.isFinite)).toBe(true);
      }
    }
  });

  test("ignored rows count nowhere, whatever they hold; all ignored gives NaN", () => {
    const x = tensor([
      [1, 2],
      [nan, nan],
    ]);
    const weights = tensor([1, 3]);
    for (const options of [{}, { weights }, { labelSmoothing: 0.1 }, { weights, labelSmoothing: 0.1 }]) {
      const alone = crossEntropy(x.slice([0, 1]), labels([1]), options).item();
      for (const { values, slopes } of both(
        (x) => crossEntropy(x, labels([1, -100]), { ignoreIndex: -100, ...options }),
        x,
      )) {
        expect(values[0]).toBeCloseTo(alone, 6);
        expect(slopes.slice(0, 2).every(Number.isFinite)).toBe(true);
      }
    }
    expect(crossEntropy(x, labels([7, 7]), { ignoreIndex: 7 }).item()).toBeNaN();
  });

  test("says what is wrong", () => {
    const x = tensor([[1, 2]]);
    expect(() => crossEntropy(x, labels([2]))).toThrow(DataError);
    expect(() => crossEntropy(x, labels([2]), { ignoreIndex: 3 })).toThrow(/label 2 in row 0/);
    expect(() => crossEntropy(x, tensor([[0, 1]]), { ignoreIndex: 3 })).toThrow(OptionError);
    expect(() => crossEntropy(x, labels([1]), { labelSmoothing: 1.5 })).toThrow(/labelSmoothing/);
    expect(() => crossEntropy(x, labels([1]), { weights: tensor([1, 2, 3]) })).toThrow(ShapeError);
    // @ts-expect-error: no such option
    expect(() => crossEntropy(x, labels([1]), { smoothing: 0.1 })).toThrow(/smoothing/);
  });
});

test("binaryCrossEntropy is exact for logits of any size, and bounded for certain probabilities", () => {
  const logits = tensor([high, low, 1e4, -1e4, 1e4]);
  const targets = tensor([1, 0, 1, 0, 0]);
  for (const { values, slopes } of both((x) => binaryCrossEntropy(x, targets, { reduction: "none" }), logits)) {
    expect(values).toEqual([0, 0, 0, 0, 1e4]);
    expect(slopes.map(Math.abs)).toEqual([0, 0, 0, 0, 1]);
  }
  const options = { fromLogits: false, reduction: "none" } as const;
  for (const { values, slopes } of both((p) => binaryCrossEntropy(p, tensor([1, 0]), options), tensor([0, 1]))) {
    expect(values).toEqual([100, 100]);
    expect(slopes.every(Number.isFinite)).toBe(true);
  }
});

test("klDivergence: what does not happen costs nothing", () => {
  for (const { values, slopes } of both(
    (x) => klDivergence(x, tensor([1, 0]), { reduction: "sum" }),
    tensor([-1, low]),
  )) {
    expect(values).toEqual([1]);
    expect(slopes.map(Math.abs)).toEqual([1, 0]);
  }
});

const a = double([
  [0.3, -1.2, 2.1],
  [0.7, 0.4, -0.6],
]);
const b = double([
  [1.1, 0.2, -0.4],
  [0.1, 0.9, 1.3],
]);
const shares = double([
  [0.2, 0.5, 0.3],
  [0.6, 0.1, 0.3],
]);
const weights = double([0.5, 2, 1]);
const slopes: Readonly<Record<string, (a: Tensor, b: Tensor) => Tensor>> = {
  meanSquaredError,
  meanAbsoluteError,
  huber: (a, b) => huber(a, b, { delta: 1.2 }),
  smoothL1: (a, b) => smoothL1(a, b, { beta: 0.7, reduction: "sum" }),
  logCosh,
  hinge,
  binaryCrossEntropy: (a) => binaryCrossEntropy(a, shares, { positiveWeight: 2 }),
  "binaryCrossEntropy of probabilities": (a) => binaryCrossEntropy(a.sigmoid(), shares, { fromLogits: false }),
  "crossEntropy of probabilities": (a, b) => crossEntropy(a, b.square(), { weights, labelSmoothing: 0.2 }),
  "crossEntropy of labels": (a) => crossEntropy(a, labels([2, 0]), { weights, ignoreIndex: 1, labelSmoothing: 0.2 }),
  categoricalCrossEntropy: (a) => categoricalCrossEntropy(a.square(), shares),
  nll: (a) => nll(logSoftmax(a), labels([1, 1]), { weights }),
  klDivergence: (a, b) => klDivergence(a, b.square(), { reduction: "batchMean" }),
  "klDivergence of logarithms": (a, b) => klDivergence(a, b, { logTarget: true }),
  cosineDistance,
  tripletMargin: (a, b) => tripletMargin(a, b, a.mul(b).add(0.3), { margin: 9, swap: true }),
};

test.each(Object.entries(slopes))("%s has the slopes of differences, to second order", (_, loss) => {
  expect(() => gradcheck(loss, [a, b], { order: 2 })).not.toThrow();
});
