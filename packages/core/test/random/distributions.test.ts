// Distributions: the moments, bounds and shares that their names promise, and parameters that make no sense.

import { describe, expect, test } from "vitest";
import {
  bernoulli,
  Generator,
  normal,
  permutation,
  randint,
  type Tensor,
  truncatedNormal,
  uniform,
} from "../../src/index.ts";
import { flat } from "../exam/reference.ts";

const SIZE = 200_000;
const generator = (): Generator => new Generator(11);
/** Mean, standard deviation, least and greatest of a sample. */
const summary = (x: Tensor): { mean: number; std: number; low: number; high: number } => {
  const wide = x.cast("float64");
  return { mean: wide.mean().item(), std: wide.std().item(), low: wide.min().item(), high: wide.max().item() };
};

/** Mean and standard deviation of a normal distribution cut to [low, high], by the rectangle rule. */
function cutMoments(low: number, high: number): [number, number] {
  const [steps, sums] = [20_000, [0, 0, 0]];
  for (let step = 0; step < steps; step++) {
    const x = low + ((step + 0.5) * (high - low)) / steps;
    const density = Math.exp((low * low - x * x) / 2);
    for (const power of [0, 1, 2]) sums[power] = (sums[power] ?? 0) + density * x ** power;
  }
  const [whole = 1, first = 0, second = 0] = sums;
  return [first / whole, Math.sqrt(second / whole - (first / whole) ** 2)];
}

describe("moments of many", () => {
  // The spread of a normal distribution cut at ±2: √(1 − 4φ(2)/(2Φ(2) − 1)).
  const cut = Math.sqrt(1 - (4 * Math.exp(-2)) / Math.sqrt(2 * Math.PI) / 0.954499736103642);
  const tail = cutMoments(3, 4);
  const farTail = cutMoments(20, 21);
  const half = cutMoments(0, 9);
  test.each<[string, Tensor, number, number, number, number]>([
    ["uniform", uniform([SIZE], { generator: generator() }), 0.5, Math.sqrt(1 / 12), 0, 1],
    ["uniform of doubles", uniform([SIZE], { generator: generator(), dtype: "float64" }), 0.5, Math.sqrt(1 / 12), 0, 1],
    [
      "uniform from −3 to 5",
      uniform([SIZE], { low: -3, high: 5, generator: generator() }),
      1,
      8 * Math.sqrt(1 / 12),
      -3,
      5,
    ],
    ["normal", normal([SIZE], { generator: generator() }), 0, 1, -6.7, 6.7],
    [
      "normal of doubles",
      normal([SIZE], { mean: 4, standardDeviation: 0.5, generator: generator(), dtype: "float64" }),
      4,
      0.5,
      0,
      8,
    ],
    ["truncatedNormal", truncatedNormal([SIZE], { generator: generator() }), 0, cut, -2, 2],
    [
      "truncatedNormal, moved",
      truncatedNormal([SIZE], { mean: 10, standardDeviation: 3, generator: generator() }),
      10,
      3 * cut,
      4,
      16,
    ],
    ["bernoulli", bernoulli([SIZE], 0.3, { generator: generator() }), 0.3, Math.sqrt(0.21), 0, 1],
    ["randint", randint([SIZE], { low: -2, high: 4, generator: generator() }), 0.5, Math.sqrt(35 / 12), -2, 3],
    ["truncatedNormal of a tail", truncatedNormal([SIZE], { low: 3, high: 4, generator: generator() }), ...tail, 3, 4],
    [
      "truncatedNormal of a far tail",
      truncatedNormal([SIZE], { low: 20, high: 21, generator: generator() }),
      ...farTail,
      20,
      21,
    ],
    [
      "truncatedNormal of half",
      truncatedNormal([SIZE], { low: 0, high: Number.POSITIVE_INFINITY, generator: generator() }),
      ...half,
      0,
      7,
    ],
  ])("%s", (_, sample, mean, std, low, high) => {
    const found = summary(sample);
    expect(Math.abs(found.mean - mean)).toBeLessThan((5 * std) / Math.sqrt(SIZE));
    expect(Math.abs(found.std - std)).toBeLessThan(0.01 * std);
    expect(found.low).toBeGreaterThanOrEqual(low);
    expect(found.high).toBeLessThanOrEqual(high);
  });

  test("uniform never reaches 1, and doubles use 53 bits", () => {
    const x = uniform([SIZE], { generator: generator() });
    expect(x.lt(1).all().item()).toBe(1);
    const fine = flat(uniform([1000], { generator: generator(), dtype: "float64" }));
    expect(fine.some((value) => Math.fround(value) !== value)).toBe(true);
    expect(fine.every((value) => Number.isInteger(value * 2 ** 53))).toBe(true);
  });

  test("neighbours, and the two halves of a pair, are independent", () => {
    for (const x of [
      normal([SIZE], { generator: generator() }),
      uniform([SIZE], { generator: generator() }).sub(0.5),
    ]) {
      const wide = x.cast("float64");
      const power = wide.square().sum().item();
      for (const lag of [1, 2, 3]) {
        const product = wide
          .slice([lag, null])
          .mul(wide.slice([0, -lag]))
          .sum()
          .item();
        expect(Math.abs(product / power)).toBeLessThan(5 / Math.sqrt(SIZE));
      }
    }
  });

  test("normal numbers fall where Φ says", () => {
    const x = normal([SIZE], { generator: generator() });
    for (const [bound, share] of [
      [1, 0.682689492],
      [2, 0.954499736],
      [3, 0.997300204],
    ] as const) {
      const inside = x.abs().lt(bound).sum().item() / SIZE;
      expect(Math.abs(inside - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / SIZE));
    }
  });
});

describe("whole numbers", () => {
  test("randint gives each value equally often", () => {
    const values = randint([60_000], { high: 6, generator: generator() });
    expect(values.dtype).toBe("int32");
    for (let face = 0; face < 6; face++) expect(Math.abs(values.eq(face).sum().item() - 10_000)).toBeLessThan(500);
    expect(flat(randint([4], { low: -5, high: -4 }))).toEqual([-5, -5, -5, -5]);
    const wide = randint([1000], { low: -(2 ** 31), high: 2 ** 31, generator: generator() });
    expect(wide.min().item()).toBeLessThan(-2e9);
    expect(wide.max().item()).toBeGreaterThan(2e9);
  });

  test("permutation is one, and puts every number everywhere", () => {
    const source = generator();
    const counts = Array.from({ length: 5 }, () => [0, 0, 0, 0, 0]);
    for (let round = 0; round < 2000; round++) {
      const order = flat(permutation(5, { generator: source }));
      expect([...order].sort()).toEqual([0, 1, 2, 3, 4]);
      for (const [place, value] of order.entries()) (counts[place] ?? [])[value] = (counts[place]?.[value] ?? 0) + 1;
    }
    for (const count of counts.flat()) expect(Math.abs(count - 400)).toBeLessThan(100);
    expect(permutation(0).shape).toEqual([0]);
    expect(permutation(1).toArray()).toEqual([0]);
  });
});

test.each<[() => unknown, string]>([
  [() => uniform([2], { low: 2, high: 1 }), "uniform: low and high must be finite, low ≤ high, got [2,1]"],
  [() => normal([2], { standardDeviation: -1 }), "normal: standardDeviation must be a finite number ≥ 0, got -1"],
  [() => normal([2], { mean: Number.NaN }), "normal: mean must be finite, got NaN"],
  [() => truncatedNormal([2], { mean: Number.NaN }), "truncatedNormal: mean must be finite, got NaN"],
  [
    () => truncatedNormal([2], { low: 2, high: -2 }),
    "truncatedNormal: low and high must be numbers, low < high, got [2,-2]",
  ],
  [() => bernoulli([2], 1.5), "bernoulli: p must be from 0 to 1, got 1.5"],
  [() => randint([2], { high: 0 }), "randint: low and high must be whole numbers of 32 bits, low < high, got [0,0]"],
  [() => randint([2], { high: 1.5 }), "got [0,1.5]"],
  [() => uniform([-1]), "uniform: axis 0 of the shape must be a whole number ≥ 0, got -1"],
  [() => permutation(2.5), "permutation: axis 0 of the shape must be a whole number ≥ 0, got 2.5"],
  [() => Reflect.apply(uniform, null, [[2], { dtype: "int32" }]), "int32"],
])("%s is refused", (run, message) => expect(run).toThrow(message));
