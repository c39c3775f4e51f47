// Formulas on lanes: integers wrap and stay integers, as the eager engine stores them; conditions and floats mix with them.
import { describe, expect, it } from "vitest";
import type { DType } from "../../src/dtype.ts";
import { call, constant, type Expr, input, type ScalarFunction } from "../../src/expr/expr.ts";
import { interpret } from "../../src/expr/javascript.ts";
import { canVectorize } from "../../src/wasm/simd-dtypes.ts";
import { isWhole } from "../../src/wasm/simd-integers.ts";
import { vectorLoop } from "./vectors.ts";

const LENGTH = 64;
const MAX = 2 ** 31 - 1;
const MIN = -(2 ** 31);

/** Numbers that look random and depend on the seed alone (xorshift). */
function generator(seed: number): (limit: number) => number {
  let state = seed * 2654435761 || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

const unary: readonly ScalarFunction[] = [
  "neg",
  "abs",
  "sign",
  "floor",
  "round",
  "trunc",
  "ceil",
  "logicalNot",
  "isNaN",
  "isFinite",
];
const binary: readonly ScalarFunction[] = [
  "add",
  "sub",
  "mul",
  "mod",
  "maximum",
  "minimum",
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
  "logicalAnd",
  "logicalOr",
  "logicalXor",
];

/** A random formula over so many inputs. */
function formula(random: (limit: number) => number, inputs: number, depth: number): Expr {
  const part = (): Expr => formula(random, inputs, depth - 1);
  const pick = random(12);
  if (depth === 0 || pick === 0) return random(4) === 0 ? constant(random(9) - 4) : input(random(inputs));
  const fn = (list: readonly ScalarFunction[]): ScalarFunction => list[random(list.length)] ?? "neg";
  if (pick < 3) return call(fn(unary), part());
  return pick < 10 ? call(fn(binary), part(), part()) : call("where", part(), part(), part());
}

const interesting = [0, 1, -1, 2, -2, 7, MAX, MIN, MAX - 1, MIN + 1, 46341, 65536, 1 << 24, (1 << 24) + 1];

/** What the eager engine stores: the formula in doubles with 32-bit products, kept in the dtype of the result. */
function eager(root: Expr, inputs: readonly ArrayLike<number>[], dtype: DType): number[] {
  const run = interpret([root], true);
  const stored = dtype === "int32" ? new Int32Array(LENGTH) : new Uint8Array(LENGTH);
  for (let i = 0; i < LENGTH; i++) {
    const results: number[] = [];
    run(
      inputs.map((array) => array[i] ?? 0),
      results,
    );
    stored[i] = dtype === "bool" ? Number(results[0] !== 0) : (results[0] ?? 0);
  }
  return Array.from(stored);
}

/** The formula on lanes. */
function onLanes(
  root: Expr,
  dtypes: readonly DType[],
  values: readonly (readonly number[])[],
  dtype: DType,
): { vector: number[]; truth: number[] } {
  const loop = vectorLoop(root, LENGTH, dtypes, dtype);
  for (const [index, array] of loop.inputs.entries()) {
    for (let i = 0; i < LENGTH; i++) array[i] = values[index]?.[i % (values[index]?.length ?? 1)] ?? 0;
  }
  loop.run();
  return { vector: Array.from(loop.result), truth: eager(root, loop.inputs, dtype) };
}

describe("integers", () => {
  const [a, b, c] = [input(0), input(1), input(2)];

  it("random formulas agree with the eager engine in every bit", () => {
    let fitting = 0;
    const seen = new Set<string>();
    for (let seed = 1; seed <= 3000; seed++) {
      const random = generator(seed);
      const dtypes: DType[] = [0, 1, 2].map(() => (["int32", "int32", "uint8", "bool"] as const)[random(4)] ?? "int32");
      const root = formula(random, 3, 1 + random(3));
      if (!isWhole([root], () => true)) continue;
      fitting++;
      for (const name of String(root).match(/[a-zA-Z]+/g) ?? []) seen.add(name);
      const values = dtypes.map((dtype) =>
        Array.from({ length: LENGTH }, () =>
          dtype === "bool"
            ? random(2)
            : random(2) === 0
              ? (interesting[random(interesting.length)] ?? 0)
              : random(2 ** 32) | 0,
        ),
      );
      const { vector, truth } = onLanes(root, dtypes, values, "int32");
      expect(vector, `${root} over ${dtypes}`).toEqual(truth);
    }
    expect(fitting).toBeGreaterThan(800);
    for (const fn of [...unary, ...binary, "where"]) expect(seen, fn).toContain(fn);
  });

  it("sums, products and negations wrap", () => {
    expect(onLanes(a.add(b), ["int32", "int32"], [[MAX], [1]], "int32").vector[0]).toBe(MIN);
    expect(onLanes(a.mul(b), ["int32", "int32"], [[65537], [65537]], "int32").vector[0]).toBe(131073);
    expect(onLanes(a.neg(), ["int32"], [[MIN]], "int32").vector[0]).toBe(MIN);
    expect(onLanes(a.abs(), ["int32"], [[MIN]], "int32").vector[0]).toBe(MIN);
  });

  it("a choice keeps integers that no float could hold", () => {
    const { vector } = onLanes(
      a.where(b, c),
      ["bool", "int32", "int32"],
      [[1, 0], [2 ** 24 + 1], [-(2 ** 24) - 1]],
      "int32",
    );
    expect(vector.slice(0, 2)).toEqual([2 ** 24 + 1, -(2 ** 24) - 1]);
  });

  it("remainders have the sign of the divisor, and are 0 for 0", () => {
    const { vector } = onLanes(
      a.mod(b),
      ["int32", "int32"],
      [
        [-7, 7, MIN, 5],
        [3, -3, MAX, 0],
      ],
      "int32",
    );
    expect(vector.slice(0, 4)).toEqual([2, -2, MAX - 1, 0]);
  });

  it("bytes keep their lowest bits", () => {
    const { vector, truth } = onLanes(
      a.mul(2).add(b),
      ["uint8", "uint8"],
      [
        [200, 3],
        [100, 255],
      ],
      "uint8",
    );
    expect(vector).toEqual(truth);
    expect(vector.slice(0, 2)).toEqual([(200 * 2 + 100) % 256, 6 + 255 - 256]);
  });

  it("a formula that compares a sum, or leaves the integers, is unfit", () => {
    expect(isWhole([a.add(b).gt(c)], () => true)).toBe(false);
    expect(isWhole([a.add(b).maximum(c)], () => true)).toBe(false);
    expect(isWhole([a.div(b)], () => true)).toBe(false);
    expect(isWhole([a.mul(0.5)], () => true)).toBe(false);
    expect(isWhole([a.add(2 ** 31)], () => true)).toBe(false);
    expect(isWhole([a.add(b).mul(c)], () => true)).toBe(true);
    expect(canVectorize([a.add(b).gt(c)], ["int32", "int32", "int32"], {})).toBe(false);
  });
});

describe("floats", () => {
  const [a, b] = [input(0), input(1)];

  it("meet integers and conditions as numbers", () => {
    const loop = vectorLoop(a.mul(b).add(a.gt(1)), 4, ["float32", "int32"]);
    loop.inputs[0]?.set([0.5, 1, 1.5, -2]);
    loop.inputs[1]?.set([3, 4, 5, 6]);
    loop.run();
    expect(Array.from(loop.result)).toEqual([1.5, 4, 8.5, -12]);
  });

  it("round to even, and their maximum and minimum let NaN through", () => {
    const round = vectorLoop(a.round(), 4, ["float32"]);
    round.inputs[0]?.set([0.5, 1.5, 2.5, -0.5]);
    round.run();
    expect(Array.from(round.result)).toEqual([0, 2, 2, -0]);
    for (const root of [a.maximum(b), a.minimum(b), b.maximum(a), b.minimum(a)]) {
      const loop = vectorLoop(root, 4, ["float32", "float32"]);
      loop.inputs[0]?.set([Number.NaN, 1, Number.NaN, 1]);
      loop.inputs[1]?.set([1, Number.NaN, Number.NaN, 1]);
      loop.run();
      expect(Array.from(loop.result)).toEqual([Number.NaN, Number.NaN, Number.NaN, 1]);
    }
  });

  it.each([0, -0, 1.5, -1.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN])(
    "have a maximum and a minimum with the constant %d, exact to the sign of a zero",
    (bound) => {
      const x = [0, -0, 1, -1, 1.5, -1.5, Number.NaN, Number.MIN_VALUE, 1e38, -1e38, Infinity, -Infinity];
      for (const [name, expected] of [["maximum", Math.max] as const, ["minimum", Math.min] as const]) {
        for (const root of [call(name, a, constant(bound)), call(name, constant(bound), a)]) {
          const loop = vectorLoop(root, x.length, ["float32"]);
          loop.inputs[0]?.set(x);
          loop.run();
          expect(Array.from(loop.result)).toEqual(x.map((value) => expected(Math.fround(value), bound)));
        }
      }
    },
  );

  it("are chosen by a condition, from two values or against zero, to the bit", () => {
    const x = [1, -2, Number.NaN, 0.5];
    const chosen = (root: Expr): number[] => {
      const loop = vectorLoop(root, 4, ["float32", "float32"]);
      loop.inputs[0]?.set(x);
      loop.inputs[1]?.set([3, 0, 1, -0]);
      loop.run();
      return Array.from(loop.result);
    };
    const [zero, minusZero] = [constant(0), constant(-0)];
    expect(chosen(call("where", b, a, b))).toEqual([1, 0, Number.NaN, -0]);
    expect(chosen(call("where", b, a, zero))).toEqual([1, 0, Number.NaN, 0]);
    expect(chosen(call("where", b, zero, a))).toEqual([0, -2, 0, 0.5]);
    expect(chosen(call("where", b, a, minusZero))).toEqual([1, -0, Number.NaN, -0]);
    expect(chosen(call("where", b, minusZero, a))).toEqual([-0, -2, -0, 0.5]);
  });
});
