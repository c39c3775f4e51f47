// Chance in compiled functions: every kind of draw is captured, fresh at each call, and the one that eager code would make.

import { beforeEach, describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import {
  bernoulli,
  categorical,
  DataError,
  dropout,
  Generator,
  manualSeed,
  normal,
  ones,
  permutation,
  randint,
  ShapeError,
  type Tensor,
  tensor,
  truncatedNormal,
  uniform,
} from "../../src/index.ts";
import { firstDifference, flat } from "../exam/reference.ts";

beforeEach(() => manualSeed(0));

const draws: readonly (readonly [string, (generator?: Generator) => Tensor])[] = [
  ["uniform", (generator) => uniform([33], { ...(generator && { generator }) })],
  ["uniform, many", (generator) => uniform([1003], { ...(generator && { generator }) })],
  ["uniform between bounds", (generator) => uniform([33], { low: -3, high: 0.1, ...(generator && { generator }) })],
  ["uniform of doubles", (generator) => uniform([33], { dtype: "float64", ...(generator && { generator }) })],
  ["normal", (generator) => normal([3, 11], { mean: 1, ...(generator && { generator }) })],
  ["truncatedNormal", (generator) => truncatedNormal([33], { ...(generator && { generator }) })],
  ["bernoulli", (generator) => bernoulli([64], 0.4, { ...(generator && { generator }) })],
  ["randint", (generator) => randint([33], { high: 1000, ...(generator && { generator }) })],
  ["permutation", (generator) => permutation(33, { ...(generator && { generator }) })],
  ["dropout", (generator) => dropout(ones([64]), 0.5, { ...(generator && { generator }) })],
  ["categorical", (generator) => categorical(tensor([0, 1, 2, 3]), { shape: [64], ...(generator && { generator }) })],
];

describe.each(draws)("%s", (_, draw) => {
  test("is fresh at each call, and what eager code draws", () => {
    for (const make of [() => undefined, () => new Generator(9)]) {
      const [mine, theirs] = [make(), make()];
      const run = compile(() => draw(theirs));
      manualSeed(4);
      const eager = [0, 1, 2].map(() => draw(mine));
      manualSeed(4);
      const compiled = [0, 1, 2].map(() => run());
      for (const [call, tensor] of compiled.entries()) {
        expect([tensor.dtype, tensor.shape]).toEqual([eager[call]?.dtype, eager[call]?.shape]);
        expect(firstDifference(flat(tensor), eager[call] === undefined ? [] : flat(eager[call]), 1e-6)).toBeNull();
      }
      expect(flat(compiled[0] ?? ones([1]))).not.toEqual(flat(compiled[1] ?? ones([1])));
      expect(run.programs.length).toBe(1);
      expect(mine?.state).toEqual(theirs?.state);
    }
  });
});

describe("categorical", () => {
  test("draws each class as often as the softmax says", () => {
    const logits = tensor([
      [1, 0, -1, Number.NEGATIVE_INFINITY],
      [0, 0, 0, 0],
    ]);
    const counts = logits.softmax().mul(40_000);
    const drawn = categorical(logits, { shape: [40_000], generator: new Generator(2) });
    expect([drawn.shape, drawn.dtype]).toEqual([[40_000, 2], "int32"]);
    for (const row of [0, 1]) {
      for (const k of [0, 1, 2, 3]) {
        const expected = counts.slice(row, k).item();
        const found = drawn.slice(null, row).eq(k).sum().item();
        expect(Math.abs(found - expected)).toBeLessThanOrEqual(5 * Math.sqrt(expected));
      }
    }
  });

  test("takes any axis, any logits, and batches of nothing", () => {
    const certain = tensor([
      [1000, -1e4],
      [-1000, 1e4],
    ]);
    expect(categorical(certain, { axis: 0 }).toArray()).toEqual([0, 1]);
    expect(categorical(certain.cast("float64").transpose()).toArray()).toEqual([0, 1]);
    expect(categorical(ones([0, 3])).shape).toEqual([0]);
    expect(categorical(ones([2, 3]), { shape: [4, 0] }).shape).toEqual([4, 0, 2]);
  });

  test("refuses what is no distribution", () => {
    expect(() => categorical(tensor([0, Number.NaN]))).toThrow("categorical: logit 1 of distribution 0 is NaN");
    expect(() => categorical(tensor([Number.NEGATIVE_INFINITY]))).toThrow(DataError);
    expect(() => categorical(ones([2, 0]))).toThrow(ShapeError);
    expect(() => categorical(ones([2]).sum())).toThrow("a scalar has no axis of classes");
    expect(() => categorical(tensor([1, 2], { dtype: "int32" }))).toThrow("the logits are int32, not floats");
  });
});

test("equal bounds give the bound", () => {
  expect(flat(uniform([3], { low: 5, high: 5 }))).toEqual([5, 5, 5]);
});

test("uniform numbers never reach the upper bound by rounding", () => {
  for (const [low, high] of [
    [1, 2],
    [-1, 0],
    [0, 0.1],
    [-3, -2],
  ] as const) {
    // So few floats lie between them that one number in some would be rounded up to the bound.
    const near = high - (high - low) * 1e-6;
    const x = uniform([10_000], { low: near, high, generator: new Generator(1) });
    expect(x.lt(high).all().item()).toBe(1);
    expect(x.max().item()).toBeGreaterThan(near);
  }
});
