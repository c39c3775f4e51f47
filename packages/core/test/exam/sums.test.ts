// Long and delicate sums: counts that float32 cannot hold, spreads around large means, integers that wrap.

import { describe, expect, test } from "vitest";
import { full, ones, tensor, zeros } from "../../src/index.ts";
import { flat } from "./reference.ts";

describe("sums are exact where numbers allow", () => {
  test("twenty million ones", () => expect(ones([20_000_000]).sum().item()).toBe(20_000_000));

  test("ten million tenths of float32", () => {
    const x = full([10_000_000], 0.1);
    const exact = Math.fround(0.1) * 1e7;
    expect(Math.abs(x.sum().item() - exact)).toBeLessThan(0.2);
    expect(Math.abs(x.sum().item() - 1_000_000)).toBeLessThan(20);
    expect(x.mean().item()).toBe(Math.fround(0.1));
  });

  test("over rows, over columns, over a transposed view", () => {
    const x = full([1_000_000, 2], 0.1);
    const exact = Math.fround(0.1) * 1e6;
    for (const value of [...flat(x.sum(0)), ...flat(x.transpose().sum(1))])
      expect(Math.abs(value - exact)).toBeLessThan(0.02);
  });

  test("doubles, added in blocks, lose next to nothing", () => {
    const x = full([1_000_000, 2], 0.1, { dtype: "float64" });
    for (const value of [x.slice(null, 0).sum().item(), ...flat(x.sum(0))])
      expect(Math.abs(value - 1e5)).toBeLessThan(1e-8);
  });

  test("large numbers that cancel", () => {
    expect(tensor([1e8, 1, -1e8, 1]).sum().item()).toBe(2);
    expect(
      tensor([2 ** 24, 1, 1, 1])
        .sum()
        .item(),
    ).toBe(2 ** 24 + 4); // 2²⁴ + 3 rounds to even
  });
});

describe("spreads do not suffer from a large mean", () => {
  test.each([1e4, 4e4, 1e6])("of float32 around %d", (center) => {
    const x = tensor([0, 1, 2, 3].map((step) => center + step));
    expect(x.variance().item()).toBe(1.25);
    expect(x.variance(undefined, { correction: 1 }).item()).toBeCloseTo(5 / 3, 6);
    expect(x.std().item()).toBeCloseTo(Math.sqrt(1.25), 6);
  });

  test.each([
    [[], 0, Number.NaN],
    [[], 1, Number.NaN],
    [[5], 0, 0],
    [[5], 1, Number.NaN],
    [[1, 3], 2, Number.POSITIVE_INFINITY],
    [[1, 3], 3, Number.POSITIVE_INFINITY],
  ])("of %j with correction %d is %d", (values, correction, expected) => {
    expect(tensor(values).variance(undefined, { correction }).item()).toBe(expected);
  });

  test.each([-1, Number.NaN])("refuses correction %d", (correction) => {
    expect(() => tensor([1]).variance(undefined, { correction })).toThrow(
      `variance: correction must be a number ≥ 0, got ${correction}`,
    );
  });
});

describe("integers", () => {
  test("sums and products wrap at 2³¹", () => {
    const big = 2 ** 31 - 1;
    expect(tensor([big, 1], { dtype: "int32" }).sum().item()).toBe(-(2 ** 31));
    expect(tensor([65537, 65537, 65537, 65537], { dtype: "int32" }).prod().item()).toBe(262145); // (2¹⁶ + 1)⁴ mod 2³²
    expect(flat(full([5, 2], 3 ** 9, { dtype: "int32" }).prod(0))).toEqual([wrapped(3n ** 45n), wrapped(3n ** 45n)]);
  });

  test("bytes and booleans are counted as integers", () => {
    expect(full([300], 255, { dtype: "uint8" }).sum().item()).toBe(76_500);
    expect(ones([70_000], { dtype: "bool" }).sum().dtype).toBe("int32");
    expect(ones([70_000], { dtype: "bool" }).sum().item()).toBe(70_000);
    expect(ones([3], { dtype: "bool" }).mean().dtype).toBe("float32");
  });

  test("the greatest of bytes stays a byte", () => expect(tensor(new Uint8Array([3, 250])).max().dtype).toBe("uint8"));
});

describe("nothing", () => {
  const nothing = zeros([2, 0]);
  test.each([
    ["sum", nothing.sum(1), [0, 0]],
    ["prod", nothing.prod(1), [1, 1]],
    ["mean", nothing.mean(1), [Number.NaN, Number.NaN]],
    ["logSumExp", nothing.logSumExp(1), [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]],
    ["norm", nothing.norm(1), [0, 0]],
    ["any", nothing.any(1), [0, 0]],
    ["all", nothing.all(1), [1, 1]],
    ["sum over the other axis", nothing.sum(0), []],
    ["max over the other axis", nothing.max(0), []],
  ])("%s", (_, found, expected) => expect(flat(found)).toEqual(expected));

  test.each(["max", "min"] as const)("%s of nothing is an error", (name) => {
    expect(() => nothing[name]()).toThrow(`${name}: nothing to reduce: [2,0] has no elements along axis 1`);
  });
});

function wrapped(value: bigint): number {
  return Number(BigInt.asIntN(32, value));
}
