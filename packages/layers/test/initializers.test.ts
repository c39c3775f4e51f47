// Initializers: what they spread over, where their numbers come from, and how they are given to layers.

import { Generator, type Shape, type Tensor } from "@gradus/core";
import { describe, expect, test } from "vitest";
import { Dense, heNormal, initializers, xavierUniform } from "../src/index.ts";

const { constant, fans, heUniform, normal, ones, truncatedNormal, uniform, xavierNormal, zeros } = initializers;
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
