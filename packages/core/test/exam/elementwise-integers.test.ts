// Elementwise operators on integers: what wraps, what is refused, what becomes a float, eager and compiled alike.

import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import { DataError, type DType, elementwise, type Tensor, tensor } from "../../src/index.ts";
import * as ops from "../../src/ops/elementwise.ts";
import { firstDifference, flat } from "./reference.ts";

const int = (...values: number[]): Tensor => tensor(values, { dtype: "int32" });
const [most, least] = [2 ** 31 - 1, -(2 ** 31)];

describe("powers", () => {
  test.each([
    [3, 20, Number(BigInt.asIntN(32, 3n ** 20n))],
    [-7, 41, Number(BigInt.asIntN(32, (-7n) ** 41n))],
    [-55, 55, Number(BigInt.asIntN(32, (-55n) ** 55n))],
    [most, 2, 1],
    [least, 1, least],
    [5, 0, 1],
    [0, 0, 1],
    [2, -1, 0],
    [0, -1, 0],
    [1, -3, 1],
    [-1, -3, -1],
    [-1, -4, 1],
  ])("%d to the %d is %d, wrapped at 2³¹", (a, b, expected) => {
    expect(flat(int(a).pow(int(b)))).toEqual([expected]);
    expect(flat(compile((x: Tensor, y: Tensor) => x.pow(y))(int(a), int(b)))).toEqual([expected]);
  });

  test("that are no integers are refused", () => {
    expect(() => int(2, 3).pow(-1)).toThrow(DataError);
    expect(() => int(2).pow(-1)).toThrow(
      "pow: integers to the power -1 are no integers: cast the base to float32 first",
    );
    expect(flat(int(4).pow(-0.5))).toEqual([0.5]);
    expect(flat(tensor([2]).pow(-1))).toEqual([0.5]);
  });
});

describe("remainders", () => {
  test("have the sign of the divisor; of magnitudes they are C's", () => {
    const [a, b] = [int(-4, 7, 5, 4, -7, 8), int(2, -3, 8, -2, 3, 5)];
    expect(flat(a.mod(b))).toEqual([0, -2, 5, 0, 2, 3]);
    expect(flat(a.abs().mod(b.abs()).mul(a.sign()))).toEqual([0, 1, 5, 0, -1, 3]);
  });

  test("by 0 are refused, compiled too; of floats they are NaN", () => {
    const mod = (a: Tensor, b: Tensor): Tensor => a.mod(b);
    for (const run of [mod, compile(mod)]) {
      expect(() => run(int(3, 4), int(2, 0))).toThrow(DataError);
      expect(flat(run(int(3, 4), int(2, 3)))).toEqual([1, 1]);
    }
    expect(() => int(3).mod(0)).toThrow("mod: integers have no remainder by 0");
    expect(flat(tensor([3]).mod(0))).toEqual([Number.NaN]);
    expect(flat(int(3).mod(tensor([0])))).toEqual([Number.NaN]);
    expect(flat(int().mod(int()))).toEqual([]);
  });
});

describe("bounds", () => {
  test("that are infinite limit nothing, and leave integers integers", () => {
    const x = int(least, -3, 5, most);
    expect(x.clip(0, Number.POSITIVE_INFINITY).dtype).toBe("int32");
    expect(flat(x.clip(0, Number.POSITIVE_INFINITY))).toEqual([0, 0, 5, most]);
    expect(flat(x.clip(Number.NEGATIVE_INFINITY, 0))).toEqual([least, -3, 0, 0]);
    expect(flat(x.clip(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY))).toEqual(flat(x));
    expect(flat(tensor([-2, 7]).clip(0, Number.POSITIVE_INFINITY))).toEqual([0, 7]);
  });

  test("may be tensors", () => {
    expect(flat(tensor([1, 2, 3]).clip(tensor([2, 0, 0]), tensor([3, 1, 9])))).toEqual([2, 1, 3]);
  });
});

describe("quotients", () => {
  test("are floats, infinite by 0", () => {
    expect(int(1, -1, 0).div(0).dtype).toBe("float32");
    expect(flat(int(1, -1, 0).div(int(0, 0, 0)))).toEqual([
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
    ]);
  });
});

describe("functions that leave the integers are compiled", () => {
  const { exp, log, log2, sqrt, sigmoid, tanh, erf, atan, sinh } = ops;
  test.each(Object.entries({ exp, log, log2, sqrt, sigmoid, tanh, erf, atan, sinh }))("%s", (_, f) => {
    for (const dtype of ["int32", "uint8", "bool"] satisfies DType[]) {
      const x = tensor([0, 1, 2, 5, 20, 60, 1]).cast(dtype);
      const step = compile((a: Tensor) => f(a));
      const found = step(x);
      expect(found.dtype).toBe("float32");
      expect(firstDifference(flat(found), flat(f(x)), 2e-6, 1e-7), dtype).toBeNull();
      expect(step.programs[0]?.explain()).not.toContain("eager");
    }
  });

  test("except where a float cannot hold the angle", () => {
    const x = int(2 ** 24 + 1, 2 ** 30 + 1);
    expect(firstDifference(flat(compile((a: Tensor) => a.sin())(x)), flat(x.sin()), 1e-6)).toBeNull();
  });
});

test("signs of NaN are 0, as PyTorch's", () => {
  const values = [Number.NaN, -2, 0, 3];
  for (const run of [ops.sign, compile(ops.sign), elementwise({ forward: (x) => x.sign().add(0) })])
    expect(flat(run(tensor(values)))).toEqual([0, -1, 0, 1]);
});
