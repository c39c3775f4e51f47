// Folding a batch normalization into the layer before it: the same values, with one layer less.

import { Generator, noGrad, OptionError, ShapeError, type Tensor, uniform, Variable, zeros } from "@gradus/core";
import { compile } from "@gradus/core/compile";
import { describe, expect, test } from "vitest";
import {
  BatchNorm,
  type BatchNormLayerOptions,
  Conv2D,
  Dense,
  type Foldable,
  type Layer,
  ReLU,
  Sequential,
} from "../src/index.ts";

const generator = new Generator(1);
const rows = uniform([16, 3], { low: -1, high: 4, generator });
const images = uniform([4, 6, 6, 2], { low: -1, high: 4, generator });

/** A normalization that has seen batches and whose parameters have moved. */
function trained(layer: Layer, x: Tensor, options: BatchNormLayerOptions): BatchNorm<5> {
  const norm = new BatchNorm(5, { momentum: 0.5, ...options });
  noGrad(() => {
    for (let batch = 0; batch < 4; batch++) (norm as Layer).forward(layer.forward(x).mul(batch + 1));
    norm.gamma?.assign(uniform([5], { low: -2, high: 2, generator }));
    norm.beta?.assign(uniform([5], { low: -2, high: 2, generator }));
  });
  return norm.eval();
}

const largest = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item() / Math.max(1, b.abs().max().item());

const layers: Readonly<Record<string, readonly [make: (bias: boolean) => Layer & Foldable, x: Tensor]>> = {
  "a Dense": [(bias: boolean) => new Dense(3, 5, { bias, generator }), rows],
  "a convolution": [(bias: boolean) => new Conv2D(2, 5, 3, { bias, generator }), images],
};

describe.each(Object.entries(layers))("into %s", (_, [make, x]) => {
  test.each<BatchNormLayerOptions & { readonly bias: boolean }>([
    { bias: true },
    { bias: false },
    { bias: true, scale: false },
    { bias: false, center: false, epsilon: 1e-5, unbiasedVariance: true },
    { bias: true, center: false, scale: false, momentum: null },
  ])("with %j", ({ bias, ...options }) => {
    const layer = make(bias);
    const norm = trained(layer, x, options);
    const model = new Sequential(layer, norm as Layer, new ReLU());
    const predict = compile((input: Tensor) => noGrad(() => model.eval().forward(input)));
    const before = predict(x);
    const chain = noGrad(() => (norm as Layer).forward(layer.forward(x)));
    expect(norm.foldInto(layer)).toBe(layer);
    expect(
      largest(
        noGrad(() => layer.forward(x)),
        chain,
      ),
    ).toBeLessThan(1e-5);
    expect(layer.bias?.shape).toEqual([5]);
    expect(layer.namedParameters().size).toBe(2);
    // The normalization may stay where it is; a program made before takes note.
    expect(
      largest(
        noGrad(() => model.forward(x)),
        before,
      ),
    ).toBeLessThan(1e-5);
    expect(largest(predict(x), before)).toBeLessThan(1e-5);
  });
});

test.each<[() => unknown, new (message: string) => Error, string]>([
  [
    () => new BatchNorm(4).foldInto(new Dense(3, 5)),
    ShapeError,
    "BatchNorm(4): a layer with weight [3,5] and bias [5] does not have 4 outputs",
  ],
  [
    () => new BatchNorm(4).foldInto({ weight: new Variable(zeros([2, 4])), bias: new Variable(zeros([2])) }),
    ShapeError,
    "a layer with weight [2,4] and bias [2] does not have 4 outputs",
  ],
  [
    () => new BatchNorm(5, { axis: 1 }).foldInto(new Dense(3, 5)),
    OptionError,
    "BatchNorm(5): only a normalization of the last axis can be folded, not of axis 1",
  ],
  [
    () => Reflect.apply(new BatchNorm(5).foldInto, new BatchNorm(5), [new ReLU()]),
    OptionError,
    "BatchNorm(5): foldInto takes a layer with a weight and a bias",
  ],
])("%s is refused", (run, kind, message) => {
  expect(run).toThrow(kind);
  expect(run).toThrow(message);
});
