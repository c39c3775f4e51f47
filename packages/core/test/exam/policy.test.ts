// The policy where frameworks differ, row by row: values and gradients at the points where a formula says too little.

import { describe, expect, test } from "vitest";
import {
  crossEntropy,
  type DType,
  dropout,
  elementwise,
  grad,
  prod,
  type Tensor,
  tensor,
  vjp,
  zeros,
} from "../../src/index.ts";
import * as activations from "../../src/ops/activations.ts";
import * as ops from "../../src/ops/elementwise.ts";
import { engines, outcomeOf, resultOf } from "./engines.ts";
import { firstDifference, flat } from "./reference.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
type Function = (...xs: Tensor[]) => Tensor;

/** √x for positive x: at 0 the slope of the root is infinite, but the root is not taken. */
const guarded = elementwise({ name: "guarded", forward: (x) => x.gt(0).where(x.sqrt(), 0) });

describe("gradients at special points", () => {
  test.each<[string, Function, (number | number[])[], number[][]]>([
    ["max shares among equals", (x) => x.max(), [[1, 3, 3, 2]], [[0, 0.5, 0.5, 0]]],
    ["min shares among equals", (x) => x.min(), [[1, 1, 1, 2]], [[1 / 3, 1 / 3, 1 / 3, 0]]],
    ["max over an axis", (x) => x.reshape([2, 2]).max(0), [[5, 1, 5, 2]], [[0.5, 0, 0.5, 1]]],
    [
      "maximum shares",
      (a, b = a) => a.maximum(b),
      [
        [1, 2, 3],
        [2, 2, 2],
      ],
      [
        [0, 0.5, 1],
        [1, 0.5, 0],
      ],
    ],
    [
      "minimum shares",
      (a, b = a) => a.minimum(b),
      [
        [1, 2, 3],
        [2, 2, 2],
      ],
      [
        [1, 0.5, 0],
        [0, 0.5, 1],
      ],
    ],
    ["maximum with itself", (a) => a.maximum(a), [[2]], [[1]]],
    ["maximum with a number", (a) => a.maximum(0), [[-1, 0, 1]], [[0, 0.5, 1]]],
    ["abs at 0", (x) => x.abs(), [[-2, 0, 2]], [[-1, 0, 1]]],
    ["sign", (x) => x.sign(), [[-2, 0, 2]], [[0, 0, 0]]],
    ["relu at 0", (x) => x.relu(), [[-1, 0, 1]], [[0, 0, 1]]],
    ["clip at its bounds", (x) => x.clip(-1, 2), [[-2, -1, 0, 2, 3]], [[0, 1, 1, 1, 0]]],
    [
      "clip to its bounds",
      (x, low = x, high = x) => ops.clip(x, low, high),
      [[-3, 0, 3], -1, 2],
      [[0, 1, 0], [1], [1]],
    ],
    ["clip without an upper bound", (x) => x.clip(0, inf), [[-1, 0, 9]], [[0, 1, 1]]],
    ["relu6 at 0 and 6", (x) => activations.relu6(x), [[-1, 0, 3, 6, 7]], [[0, 0, 1, 0, 0]]],
    ["leakyRelu at 0", (x) => activations.leakyRelu(x, { negativeSlope: 0.2 }), [[-1, 0, 1]], [[0.2, 0.2, 1]]],
    // −0.25 / −0.001 rounds to 250, and is less.
    ["mod near a whole quotient", (a, b = a) => a.mod(b), [-0.25, -0.001], [[1], [-249]]],
    ["a filled element", (x) => x.maskedFill(tensor([true, false]), 7).square(), [[nan, 3]], [[0, 6]]],
    ["sqrt at 0", (x) => x.sqrt(), [[0, 4]], [[inf, 0.25]]],
    ["norm of zeros", (x) => x.norm(), [[0, 0]], [[0, 0]]],
    ["std of equals", (x) => x.std(), [[3, 3, 3]], [[0, 0, 0]]],
    ["std of equals in one row", (x) => x.reshape([2, 2]).std(1), [[3, 3, 0, 2]], [[0, 0, -0.5, 0.5]]],
    ["pow(x, 0) at 0", (x) => x.pow(0), [[0, 2]], [[0, 0]]],
    [
      "pow(0, y) for both",
      (a, b = a) => a.pow(b),
      [
        [0, 0, 0],
        [0, 1, 2],
      ],
      [
        [0, 1, 0],
        [0, 0, 0],
      ],
    ],
    ["pow of a negative base", (x) => x.pow(3), [[-2]], [[12]]],
    ["prod with a zero", (x) => prod(x), [[2, 0, 3]], [[0, 6, 0]]],
    ["prod with two zeros", (x) => prod(x), [[2, 0, 0]], [[0, 0, 0]]],
    ["prod of rows", (x) => x.reshape([2, 2]).prod(1), [[0, 5, 2, 3]], [[5, 0, 3, 2]]],
    ["x − x", (x) => x.sub(x), [[3]], [[0]]],
    ["x / x", (x) => x.div(x), [[4]], [[0]]],
    ["x · x", (x) => x.mul(x), [[3]], [[6]]],
    ["x + x", (x) => x.add(x), [[3]], [[2]]],
    ["a formula's choice over an infinite slope", (x) => guarded(x), [[-1, 0, 4]], [[0, 0, 0.25]]],
    ["logSumExp of −∞", (x) => x.logSumExp(), [[-inf, -inf]], [[0, 0]]],
    ["logSumExp with −∞", (x) => x.logSumExp(), [[-inf, 0, 0]], [[0, 0.5, 0.5]]],
    ["dropout of everything", (x) => dropout(x, 1), [[1, inf]], [[0, 0]]],
  ])("%s", (_, f, inputs, expected) => {
    for (const engine of engines) {
      for (const [index, found] of outcomeOf(engine, f, ...inputs).slopes.entries()) {
        const difference = firstDifference(found, expected[index] ?? [], engine.tolerance);
        expect(difference, `${engine.name}, input ${index}: ${found}`).toBeNull();
      }
    }
  });

  test("the choice not taken gets exactly 0 from an infinite gradient", () => {
    for (const { call } of engines) {
      const found = call(
        (x: Tensor, y: Tensor, dy: Tensor) => vjp((a, b = a) => tensor([true, false]).where(a, b), x, y).pullback(dy),
        tensor([1, nan]),
        tensor([inf, 2]),
        tensor([5, inf]),
      );
      expect(found.map(flat)).toEqual([
        [5, 0],
        [0, inf],
      ]);
    }
  });

  test.each([[], [1], [2, 1], [3]])("a broadcast input of shape [%s] gets a gradient of its shape", (...shape) => {
    const other = zeros([2, 3]).add(2);
    for (const engine of engines) {
      for (const f of [ops.add, ops.sub, ops.mul, ops.div, ops.maximum]) {
        const found = engine.call(
          (x: Tensor, y: Tensor) => vjp((a, b = a) => f(a, b), x, y).pullback(other),
          zeros(shape).add(1),
          other,
        );
        expect(found.map((g) => g.shape)).toEqual([shape, [2, 3]]);
      }
    }
  });
});

describe("stability", () => {
  const huge = [-1e4, 0, 1e4];
  test.each<[string, Function, number[], number[]]>([
    ["softplus", (x) => x.softplus(), huge, [0, Math.log(2), 1e4]],
    ["logSigmoid", (x) => x.logSigmoid(), huge, [-1e4, -Math.log(2), 0]],
    ["logSigmoid of −∞", (x) => x.logSigmoid(), [-inf, inf], [-inf, 0]],
    ["softmax", (x) => x.softmax(), huge, [0, 0, 1]],
    ["softmax with −∞", (x) => x.softmax(), [-inf, 3, 3], [0, 0.5, 0.5]],
    ["logSoftmax", (x) => x.logSoftmax(), huge, [-2e4, -1e4, 0]],
    ["logSoftmax with −∞", (x) => x.logSoftmax(), [-inf, 3, 3], [-inf, -Math.log(2), -Math.log(2)]],
    ["logSumExp", (x) => x.logSumExp(), [1e4, 1e4], [1e4 + Math.log(2)]],
    ["logSumExp of −∞", (x) => x.logSumExp(), [-inf, -inf], [-inf]],
    ["logSumExp with ∞", (x) => x.logSumExp(), [0, inf], [inf]],
    ["tanh", (x) => x.tanh(), [-1000, 1000, -inf, inf], [-1, 1, -1, 1]],
    ["sigmoid", (x) => x.sigmoid(), [-1000, 1000, -inf, inf], [0, 1, 0, 1]],
    ["erf", (x) => x.erf(), [-1000, 1000, -inf, inf], [-1, 1, -1, 1]],
    ["log1p near 0", (x) => x.log1p(), [1e-10, -1e-10], [1e-10 - 5e-21, -1e-10 - 5e-21]],
    ["expm1 near 0", (x) => x.expm1(), [1e-10, -1e-10], [1e-10 + 5e-21, -1e-10 + 5e-21]],
  ])("%s", (_, f, values, expected) => {
    for (const engine of engines) {
      const found = flat(resultOf(engine, f, values));
      expect(firstDifference(found, expected, engine.tolerance, 1e-30), `${engine.name}: ${found}`).toBeNull();
    }
  });

  test.each<[string, Function]>([
    ["softplus", (x) => x.softplus()],
    ["logSigmoid", (x) => x.logSigmoid()],
    ["softmax", (x) => x.softmax()],
    ["logSoftmax", (x) => x.logSoftmax()],
    ["logSumExp", (x) => x.logSumExp()],
    ["tanh", (x) => x.tanh()],
    ["sigmoid", (x) => x.sigmoid()],
    ["erf", (x) => x.erf()],
    ["crossEntropy", (x) => crossEntropy(x, tensor(0))],
  ])("the gradient of %s is finite at ±10⁴", (_, f) => {
    for (const engine of engines) {
      const { value, slopes } = outcomeOf(engine, f, [-1e4, -1000, 0, 1000, 1e4]);
      expect([value, slopes].flat(2).every(Number.isFinite), engine.name).toBe(true);
    }
  });
});

describe("NaN and odd values", () => {
  test.each<[string, Function, number[], number[]]>([
    ["relu", (x) => x.relu(), [nan, -1], [nan, 0]],
    ["max", (x) => x.max(), [1, nan, 3], [nan]],
    ["min", (x) => x.min(), [1, nan, 3], [nan]],
    ["maximum", (x) => x.maximum(2), [nan, 1], [nan, 2]],
    ["minimum", (x) => x.minimum(2), [nan, 1], [nan, 1]],
    ["clip", (x) => x.clip(0, 1), [nan, 2], [nan, 1]],
    ["argMax takes the first", (x) => x.argMax(), [1, 3, 3], [1]],
    ["argMax takes NaN", (x) => x.argMax(), [1, inf, nan, nan], [2]],
    ["argMin takes the first", (x) => x.argMin(), [2, 1, 1], [1]],
    ["argMin takes NaN", (x) => x.argMin(), [1, -inf, nan], [2]],
    ["argMax of −∞", (x) => x.argMax(), [-inf, -inf], [0]],
    [
      "round goes to even",
      (x) => x.round(),
      [0.5, 1.5, 2.5, -0.5, -1.5, 2.4, 2.6, 4503599627370497],
      [0, 2, 2, 0, -2, 2, 3, 4503599627370497],
    ],
    ["pow(0, 0)", (x) => x.pow(0), [0, nan, inf], [1, 1, 1]],
    ["pow of a negative base", (x) => x.pow(3), [-2], [-8]],
    ["pow with a fraction of a negative base", (x) => x.pow(0.5), [-2, 4], [nan, 2]],
  ])("%s", (_, f, values, expected) => {
    for (const engine of engines) {
      const wanted = engine.dtype === "float64" ? expected : expected.map(Math.fround);
      const given = engine.dtype === "float64" ? values : values.map(Math.fround);
      expect(firstDifference(flat(resultOf(engine, f, given)), wanted, 0), engine.name).toBeNull();
    }
  });
});

describe("type promotion", () => {
  const of = (dtype: DType): Tensor => tensor([1, 0], { dtype });
  test.each<[DType, DType, DType]>([
    ["float32", "int32", "float32"],
    ["float32", "bool", "float32"],
    ["float32", "uint8", "float32"],
    ["float32", "float64", "float64"],
    ["float64", "int32", "float64"],
    ["float64", "bool", "float64"],
    ["int32", "bool", "int32"],
    ["int32", "uint8", "int32"],
    ["uint8", "uint8", "int32"],
    ["uint8", "bool", "int32"],
    ["bool", "bool", "int32"],
  ])("%s with %s gives %s", (a, b, expected) => {
    for (const { call } of engines) {
      const found = call((x: Tensor, y: Tensor) => [x.add(y), y.mul(x), x.div(y.add(1)), x.lt(y)], of(a), of(b));
      const quotient = expected === "int32" ? "float32" : expected;
      expect(found.map(({ dtype }) => dtype)).toEqual([expected, expected, quotient, "bool"]);
    }
  });

  test.each<[DType, number, DType]>([
    ["int32", 2, "int32"],
    ["int32", 0.5, "float32"],
    ["int32", 2 ** 40, "float32"],
    ["uint8", 1, "int32"],
    ["bool", 1, "int32"],
    ["float32", 0.1, "float32"],
    ["float64", 0.1, "float64"],
  ])("%s with the number %d gives %s", (dtype, number, expected) => {
    for (const { call } of engines) {
      const found = call((x: Tensor) => [x.add(number), ops.add(number, x)], of(dtype));
      expect(found.map((value) => value.dtype)).toEqual([expected, expected]);
    }
  });

  test("int32 wraps at 2³¹", () => {
    const big = tensor([2 ** 31 - 1, 65537], { dtype: "int32" });
    for (const { call } of engines) {
      const found = call((x: Tensor) => [x.add(1), x.mul(x), x.square(), x.add(1).neg(), x.sum()], big);
      expect(found.map(flat)).toEqual([
        [-(2 ** 31), 65538],
        [1, 131073],
        [1, 131073],
        [-(2 ** 31), -65538],
        [65536 - 2 ** 31],
      ]);
    }
  });

  test("gradients keep the dtype of what they belong to", () => {
    const x = tensor([1, 2]);
    expect(grad((a) => a.mul(tensor([3, 4], { dtype: "float64" })).sum())(x).dtype).toBe("float32");
  });
});
