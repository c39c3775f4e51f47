// Initializers: what they spread over, where their numbers come from, and how they are given to layers.

import { eye, Generator, OptionError, uniform as random, type Shape, ShapeError, type Tensor } from "@gradus/core";
import { describe, expect, test } from "vitest";
import { Conv2D, Dense, heNormal, initializers, xavierUniform } from "../src/index.ts";

const {
  constant,
  fans,
  heUniform,
  identity,
  leCunNormal,
  leCunUniform,
  normal,
  orthogonal,
  varianceScaling,
  ones,
  truncatedNormal,
  uniform,
  xavierNormal,
  zeros,
} = initializers;
const shape: Shape = [300, 200];

const deviation = (x: Tensor): number => x.std().item();
const within = (x: Tensor): number => x.abs().max().item();

describe.each([
  ["uniform", uniform, 0.05 / Math.sqrt(3), 0.05],
  ["uniform, set", uniform({ low: -2, high: 2 }), 2 / Math.sqrt(3), 2],
  ["normal", normal, 0.01, 0.06],
  ["normal, set", normal({ standardDeviation: 3 }), 3, 18],
  ["truncatedNormal", truncatedNormal, 0.01, 0.02 / 0.87962566],
  ["truncatedNormal, set", truncatedNormal({ standardDeviation: 2 }), 2, 4 / 0.87962566],
  ["xavierUniform", xavierUniform, Math.sqrt(2 / 500), Math.sqrt(6 / 500)],
  ["xavierUniform, gain 2", xavierUniform({ gain: 2 }), 2 * Math.sqrt(2 / 500), 2 * Math.sqrt(6 / 500)],
  ["xavierNormal", xavierNormal, Math.sqrt(2 / 500), 6 * Math.sqrt(2 / 500)],
  ["heUniform", heUniform, Math.sqrt(2 / 300), Math.sqrt(6 / 300)],
  ["heNormal", heNormal, Math.sqrt(2 / 300), 6 * Math.sqrt(2 / 300)],
  ["heNormal, gain 1", heNormal({ gain: 1 }), Math.sqrt(1 / 300), 6 * Math.sqrt(1 / 300)],
  ["leCunUniform", leCunUniform, Math.sqrt(1 / 300), Math.sqrt(3 / 300)],
  ["leCunNormal", leCunNormal, Math.sqrt(1 / 300), 6 * Math.sqrt(1 / 300)],
  ["varianceScaling", varianceScaling, Math.sqrt(1 / 300), (2 * Math.sqrt(1 / 300)) / 0.87962566],
  [
    "varianceScaling, fanOut",
    varianceScaling({ scale: 3, mode: "fanOut" }),
    Math.sqrt(3 / 200),
    (2 * Math.sqrt(3 / 200)) / 0.87962566,
  ],
  [
    "varianceScaling, normal",
    varianceScaling({ mode: "fanAverage", distribution: "normal" }),
    Math.sqrt(1 / 250),
    6 * Math.sqrt(1 / 250),
  ],
  [
    "varianceScaling, uniform",
    varianceScaling({ scale: 2, distribution: "uniform" }),
    Math.sqrt(2 / 300),
    Math.sqrt(6 / 300),
  ],
] as const)("%s", (_, initializer, sigma, bound) => {
  test.each(["float32", "float64"] as const)("%s: mean, deviation and bounds", (dtype) => {
    const x = initializer(shape, { dtype, generator: new Generator(2) });
    expect(x.shape).toEqual(shape);
    expect(x.dtype).toBe(dtype);
    expect(Math.abs(deviation(x) / sigma - 1)).toBeLessThan(0.01);
    expect(Math.abs(x.mean().item())).toBeLessThan((5 * sigma) / Math.sqrt(x.size));
    expect(within(x)).toBeLessThanOrEqual(bound * (1 + 1e-6));
  });

  test("the same seed, the same numbers", () => {
    const draw = (seed: number): unknown => initializer([2, 3], { generator: new Generator(seed) }).toArray();
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });
});

describe("distributions beyond mean and deviation", () => {
  const kurtosis = (x: Tensor): number => x.div(x.std()).square().square().mean().item();
  const draw = (initializer: initializers.Initializer): Tensor =>
    initializer([400, 400], { dtype: "float64", generator: new Generator(8) });

  test.each([
    ["uniform", leCunUniform, 1.8],
    ["normal", leCunNormal, 3],
    // E z⁴ / (E z²)² of a standard normal cut off at ±2
    ["truncated", varianceScaling, 2.3653],
  ] as const)("the fourth moment of %s", (_, initializer, expected) => {
    expect(Math.abs(kurtosis(draw(initializer)) - expected)).toBeLessThan(0.04);
  });
});

describe("orthogonal", () => {
  const off = (products: Tensor, size: number): number =>
    products.sub<readonly number[], readonly number[]>(eye(size)).abs().max().item();

  test.each([
    [[40, 24], 24],
    [[24, 40], 24],
    [[30, 30], 30],
    [[3, 3, 4, 16], 16],
    [[3, 2, 40], 6],
  ] as const)("%j: the shorter side is orthonormal", (of, size) => {
    for (const [dtype, tolerance] of [
      ["float64", 1e-13],
      ["float32", 1e-6],
    ] as const) {
      const x = orthogonal(of, { dtype, generator: new Generator(3) });
      expect([x.shape, x.dtype]).toEqual([of, dtype]);
      const matrix: Tensor = x.cast("float64").reshape<readonly number[], readonly number[]>([-1, of.at(-1) ?? 0]);
      const across: Tensor = matrix.transpose(0, 1);
      const tall = (matrix.shape[0] ?? 0) >= (matrix.shape[1] ?? 0);
      const [a, b] = tall ? [across, matrix] : [matrix, across];
      expect(off(a.matmul<readonly number[], readonly number[]>(b), size)).toBeLessThan(tolerance);
    }
  });

  test("every direction is as likely: means of 0, also on the diagonal, and variances of 1/n", () => {
    const n = 4;
    const generator = new Generator(11);
    const draws = Array.from({ length: 4000 }, () =>
      orthogonal([n, n], { dtype: "float64", generator }).toTypedArray(),
    );
    for (let at = 0; at < n * n; at++) {
      const values = draws.map((draw) => draw[at] ?? 0);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const square = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
      expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(n * values.length));
      expect(Math.abs(square - 1 / n)).toBeLessThan(0.02);
    }
  });

  test("gain, seeds, and shapes that are no matrices", () => {
    const draw = (seed: number): Tensor =>
      orthogonal({ gain: 3 })([5, 5], { dtype: "float64", generator: new Generator(seed) });
    expect(draw(1).square().sum(0).toArray()).toEqual(Array.from({ length: 5 }, () => expect.closeTo(9, 10)));
    expect(draw(1).toArray()).toEqual(draw(1).toArray());
    expect(draw(1).toArray()).not.toEqual(draw(2).toArray());
    expect(orthogonal([0, 3]).shape).toEqual([0, 3]);
    expect(() => orthogonal([3])).toThrow(ShapeError);
    expect(() => orthogonal({ gain: 0 })).toThrow(OptionError);
  });
});

describe("identity", () => {
  test("of matrices", () => {
    expect(identity([2, 3]).toArray()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(identity({ gain: 2 })([2, 2], { dtype: "float64" }).toArray()).toEqual([
      [2, 0],
      [0, 2],
    ]);
    expect(() => identity([3])).toThrow("identity: a matrix [in, out] or a kernel […window, in, out] is needed");
  });

  test.each([3, 2, [3, 1], [5, 4]] as const)("a convolution with a window of %j passes images on", (size) => {
    const images = random([2, 6, 6, 3]);
    const layer = new Conv2D(3, 3, size, { padding: "same", initializer: identity });
    expect(layer.forward(images).toArray()).toEqual(images.toArray());
  });
});

test("settings out of range are refused", () => {
  expect(() => varianceScaling({ scale: 0 })).toThrow(OptionError);
  expect(() => varianceScaling({ mode: "fan_in" as "fanIn" })).toThrow(
    'varianceScaling: mode must be "fanIn" or "fanOut" or "fanAverage", got "fan_in"',
  );
});

test("the fan in of a convolution in groups is that of one group", () => {
  const generator = new Generator(4);
  const layer = new Conv2D(64, 128, 3, { groups: 8, initializer: heNormal, generator });
  expect(Math.abs(deviation(layer.weight) / Math.sqrt(2 / (9 * 8)) - 1)).toBeLessThan(0.03);
});

test("constants", () => {
  expect(zeros([2]).toArray()).toEqual([0, 0]);
  expect(ones([2]).toArray()).toEqual([1, 1]);
  expect(constant(0.5)([2], { dtype: "float64" }).toArray()).toEqual([0.5, 0.5]);
  expect(normal({ mean: 3, standardDeviation: 0 })([2]).toArray()).toEqual([3, 3]);
});

test.each([
  [[784, 256], 784, 256],
  [[3, 5, 16, 32], 240, 480],
  [[7, 16, 32], 112, 224],
  [[10], 10, 10],
  [[], 1, 1],
  [[0, 4], 1, 4],
])("the fans of %j are %d and %d", (kernel, fanIn, fanOut) => {
  expect(fans(kernel)).toEqual({ fanIn, fanOut });
});

test("layers take them with and without settings, functions of one's own, and seeds", () => {
  const generator = new Generator(9);
  const one = new Dense(3, 4, { initializer: heNormal, generator: generator.clone() });
  const other = new Dense(3, 4, { initializer: heNormal(), generator });
  expect(one.weight.toArray()).toEqual(other.weight.toArray());
  const layer = new Dense(1, 2, {
    initializer: (of) => constant(4)(of),
    biasInitializer: constant(7),
    dtype: "float64",
  });
  expect(layer.weight.dtype).toBe("float64");
  expect([layer.weight.toArray(), layer.bias?.toArray()]).toEqual([[[4, 4]], [7, 7]]);
});
