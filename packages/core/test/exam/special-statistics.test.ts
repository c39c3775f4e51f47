// Norms of any p, extremes, spreads and softmaxes at the points where a formula says too little; eagerly and compiled.

import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import {
  argMax,
  argMin,
  gradcheck,
  logSoftmax,
  norm,
  OptionError,
  ShapeError,
  softmax,
  std,
  type Tensor,
  tensor,
  variance,
  vjp,
  zeros,
} from "../../src/index.ts";
import { firstDifference, flat, scattered } from "./reference.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

/** The value of f and the gradient of its sum: eagerly in both floats, and compiled. */
function* everyWay(f: (x: Tensor) => Tensor, values: readonly number[]): Generator<readonly [number[], number[]]> {
  const both = (x: Tensor): Tensor[] => {
    const { value, pullback } = vjp(f, x);
    return [value, ...pullback(value.detach().isNaN().where(1, 1).cast(value.dtype))];
  };
  for (const dtype of ["float64", "float32"] as const) {
    const x = tensor([...values], { dtype });
    for (const [value = x, gradient = x] of [both(x), compile(both)(x)]) yield [flat(value), flat(gradient)];
  }
}

describe("values and gradients", () => {
  const p = (power: number) => (x: Tensor) => norm(x, undefined, { p: power });
  test.each<[string, (x: Tensor) => Tensor, number[], number[], number[]]>([
    ["norm of p = 1", p(1), [3, 0, -4], [7], [1, 0, -1]],
    ["norm of p = 0", p(0), [3, 0, -4], [2], [0, 0, 0]],
    ["norm of p = 3", p(3), [3, 4, -5], [6], [0.25, 16 / 36, -25 / 36]],
    ["norm of p = ∞", p(inf), [3, 4, -4], [4], [0, 0.5, -0.5]],
    ["norm of p = −∞", p(-inf), [-3, 3, -4], [3], [-0.5, 0.5, 0]],
    ["norm of p = ½", p(0.5), [1, 4], [9], [3, 1.5]],
    ["norm of p = −1", p(-1), [2, 2], [1], [0.25, 0.25]],
    ["zeros, p = 1", p(1), [0, 0], [0], [0, 0]],
    ["zeros, p = 2", p(2), [0, 0], [0], [0, 0]],
    ["zeros, p = 3", p(3), [0, 0], [0], [0, 0]],
    ["zeros, p = 1.5", p(1.5), [0, 0], [0], [0, 0]],
    ["zeros, p = ½", p(0.5), [0, 0], [0], [0, 0]],
    ["zeros, p = −2", p(-2), [0, 0], [0], [0, 0]],
    ["zeros, p = ∞", p(inf), [0, 0], [0], [0, 0]],
    ["a zero among others, p = ½", p(0.5), [4, 0], [4], [1, 0]],
    ["norm with NaN", p(2), [1, nan], [nan], [nan, nan]],
    ["std of equals", (x) => std(x), [3, 3], [0], [0, 0]],
    ["variance of equals", (x) => variance(x), [3, 3], [0], [0, 0]],
    ["variance with as many corrections", (x) => variance(x, undefined, { correction: 2 }), [1, 3], [inf], [-inf, inf]],
    ["std of one, corrected", (x) => std(x, undefined, { correction: 1 }), [5], [nan], [nan]],
    ["max shares among NaN", (x) => x.max(), [1, nan, nan, 9], [nan], [0, 0.5, 0.5, 0]],
    ["min of −∞", (x) => x.min(), [-inf, 1, -inf], [-inf], [0.5, 0, 0.5]],
    ["softmax of −∞", (x) => softmax(x), [-inf, -inf], [nan, nan], [nan, nan]],
    ["softmax of ∞", (x) => softmax(x), [0, inf], [nan, nan], [nan, nan]],
    ["softmax beside −∞", (x) => softmax(x), [-inf, 0], [0, 1], [0, 0]],
    ["softmax of huge logits", (x) => softmax(x), [3e38, 3e38], [0.5, 0.5], [0, 0]],
    ["logSoftmax of −∞", (x) => logSoftmax(x), [-inf, -inf], [nan, nan], [nan, nan]],
    ["logSoftmax beside −∞", (x) => logSoftmax(x), [-inf, 0], [-inf, 0], [1, -1]],
    ["logSoftmax of one", (x) => logSoftmax(x), [7], [0], [0]],
  ])("%s", (_, f, values, value, gradient) => {
    for (const [found, slope] of everyWay(f, values)) {
      expect(firstDifference(found, value, 1e-6), `value ${found}`).toBeNull();
      expect(firstDifference(slope, gradient, 1e-6), `gradient ${slope}`).toBeNull();
    }
  });

  test("large logits that are close keep their digits", () => {
    const expected = [-Math.log1p(Math.exp(0.5)), -Math.log1p(Math.exp(-0.5))];
    for (const base of [0, 1e4, -1e4, 1e6]) {
      for (const [found] of everyWay((x) => logSoftmax(x), [base, base + 0.5]))
        expect(firstDifference(found, expected, 2e-7)).toBeNull();
    }
  });
});

test("variance and std name themselves", () => {
  for (const [name, spread] of Object.entries({ variance, std })) {
    const message = `${name}: correction must be a number ≥ 0, got -1`;
    expect(() => spread(zeros([2]), undefined, { correction: -1 })).toThrow(message);
    expect(() => Reflect.apply(spread, null, [zeros([2]), 0, { ddof: 1 }])).toThrow(`${name}: unknown option "ddof"`);
  }
});

describe("norms", () => {
  test.each([0.5, 1, 1.5, 2, 3, 4.5, -1, -2, inf, -inf])("of p = %d differentiate to the second order", (p) => {
    const x = tensor(Float64Array.from(scattered(12, 2, 7)), { shape: [3, 4] });
    for (const axes of [undefined, 0, [-1]] as const) gradcheck((a) => norm(a, axes, { p }), [x], { order: 2 });
  });

  test("of integers, of nothing, kept", () => {
    expect(norm(tensor([3, -4], { dtype: "int32" })).toArray()).toBe(5);
    expect(norm(tensor([3, -4], { dtype: "int32" }), 0, { p: inf }).dtype).toBe("float32");
    expect(norm(zeros([2, 3]), 1, { p: 3, keepDims: true }).shape).toEqual([2, 1]);
    for (const p of [0, 1, 2, 3]) expect(flat(norm(zeros([2, 0]), 1, { p }))).toEqual([0, 0]);
    for (const p of [inf, -inf]) {
      expect(() => norm(zeros([2, 0]), 1, { p })).toThrow(ShapeError);
      expect(() => norm(zeros([2, 0]), 1, { p })).toThrow("norm: no greatest or smallest of nothing: [2,0]");
      expect(norm(zeros([2, 0]), 0, { p }).shape).toEqual([0]);
    }
  });

  test("refuse a p that is no number, and options that are not there", () => {
    expect(() => norm(zeros([2]), 0, { p: nan })).toThrow("norm: p must be a number, got NaN");
    expect(() => Reflect.apply(norm, null, [zeros([2]), 0, { ord: 1 }])).toThrow(OptionError);
  });
});

describe("places of extremes", () => {
  const ties = tensor([
    [1, 5, 5],
    [nan, 0, nan],
  ]);
  test("take the first, or the last", () => {
    expect(argMax(ties, 1).toArray()).toEqual([1, 0]);
    expect(argMax(ties, 1, { selectLast: true }).toArray()).toEqual([2, 2]);
    expect(argMin(ties, -1, { selectLast: true, keepDims: true }).toArray()).toEqual([[0], [2]]);
    expect(argMax(ties, undefined, { selectLast: true }).toArray()).toBe(5);
  });

  test("of nothing and of scalars", () => {
    expect(() => argMin(zeros([0]))).toThrow("argMin: nothing to choose from: [0] has no elements");
    expect(() => argMin(zeros([2, 0]), 1)).toThrow(
      "argMin: nothing to choose from: [2,0] has no elements along axis 1",
    );
    expect(argMax(zeros([0, 3]), 1).shape).toEqual([0]);
    const scalar: Tensor = tensor(3);
    expect(argMax(scalar, 0).toArray()).toBe(0);
    expect(argMax(tensor([true, false])).toArray()).toBe(0);
  });
});

describe("softmaxes", () => {
  test("of integers, of nothing and of scalars", () => {
    for (const f of [softmax, logSoftmax]) {
      expect(f(zeros([2, 0], { dtype: "int32" })).dtype).toBe("float32");
      expect(f(zeros([0, 2])).shape).toEqual([0, 2]);
      const { value, pullback } = vjp((x) => f(x, 0), zeros([0, 2]));
      expect(pullback(value)[0]?.shape).toEqual([0, 2]);
    }
    expect(softmax(tensor(3)).toArray()).toBe(1);
    expect(logSoftmax(tensor(3)).toArray()).toBe(0);
    expect(() => softmax(zeros([2]), 1)).toThrow("softmax: axis 1 is out of range for rank 1");
  });

  test.each([0, 1, 2, -2])("differentiate twice along axis %d", (axis) => {
    const x = tensor(Float64Array.from(scattered(24, 2, 3)), { shape: [2, 3, 4] });
    gradcheck((a) => softmax(a, axis), [x], { order: 2 });
    gradcheck((a) => logSoftmax(a, axis), [x], { order: 2 });
  });
});
