// What single layers and losses promise beyond the exam.

import {
  Generator,
  GradusError,
  noGrad,
  ones,
  softmax,
  type Tensor,
  tensor,
  uniform,
  Variable,
  zeros,
} from "@gradus/core";
import { describe, expect, test } from "vitest";
import { BatchNorm, crossEntropy, Dense, Dropout, Flatten, Layer, ReLU, Sequential, Softmax } from "../src/index.ts";

describe("BatchNorm", () => {
  const x = uniform([8, 3], { low: -2, high: 5, generator: new Generator(1) });

  test("brings each feature to mean 0 and variance 1", () => {
    const y = new BatchNorm(3, { epsilon: 1e-12, dtype: "float64" }).forward(x.cast("float64"));
    for (const mean of y.mean(0).toTypedArray()) expect(mean).toBeCloseTo(0, 12);
    for (const variance of y.variance(0).toTypedArray()) expect(variance).toBeCloseTo(1, 9);
  });

  test("learns neither scale nor shift without them", () => {
    const layer = new BatchNorm(3, { scale: false, center: false });
    expect([...layer.namedVariables().keys()]).toEqual(["runningMean", "runningVariance"]);
    expect(layer.parameters()).toEqual([]);
    expect(layer.forward(x).shape).toEqual([8, 3]);
    expect([...new BatchNorm(3, { scale: false }).namedParameters().keys()]).toEqual(["beta"]);
  });

  test("with momentum null, the running values are the mean over batches", () => {
    const layer = new BatchNorm(1, { momentum: null });
    for (const values of [
      [0, 2],
      [4, 8],
      [10, 12],
    ])
      layer.forward(tensor(values).reshape([2, 1]));
    expect(layer.runningMean.item()).toBeCloseTo((1 + 6 + 11) / 3, 5);
    expect(layer.runningVariance.item()).toBeCloseTo((1 + 4 + 1) / 3, 5);
    expect([...layer.namedBuffers().keys()]).toEqual(["runningMean", "runningVariance", "batches"]);
  });

  test("on another axis is the same as on the last", () => {
    const images = uniform([2, 3, 4, 5], { generator: new Generator(2) });
    const [channelsFirst, channelsLast] = [new BatchNorm(3, { axis: 1 }), new BatchNorm(3)];
    const first = channelsFirst.forward(images).permute([0, 2, 3, 1]);
    const last = channelsLast.forward(images.permute([0, 2, 3, 1]));
    expect(first.sub(last).abs().max().item()).toBeLessThan(1e-5);
    expect(channelsFirst.runningMean.sub(channelsLast.runningMean).abs().max().item()).toBeLessThan(1e-6);
  });

  test("frozen in a model that trains, it uses the running values and keeps them", () => {
    const layer = new BatchNorm(3);
    const model = new Sequential(new Dense(3, 3), layer);
    layer.freeze();
    model.train();
    const frozen = model.forward(x);
    expect(layer.runningMean.toArray()).toEqual([0, 0, 0]);
    expect(frozen.toArray()).toEqual(noGrad(() => model.eval().forward(x)).toArray());
    expect(frozen.requiresGrad).toBe(true);
  });
});

describe("Dropout", () => {
  test("keeps the expected value, and draws a mask of its own each time", () => {
    const layer = new Dropout(0.25, { generator: new Generator(3) });
    const [one, other] = [layer.forward(ones([10_000])), layer.forward(ones([10_000]))];
    expect(one.mean().item()).toBeCloseTo(1, 1);
    expect(new Set(one.toTypedArray())).toEqual(new Set([0, Math.fround(4 / 3)]));
    expect(one.toArray()).not.toEqual(other.toArray());
  });

  test("of rate 0 is the identity, of rate 1 zeros with zero gradient", () => {
    expect(new Dropout(0).forward(ones([3])).toArray()).toEqual([1, 1, 1]);
    const x = new Variable(tensor([1, Number.POSITIVE_INFINITY]));
    const y = new Dropout(1).forward(x);
    y.sum().backward();
    expect([y.toArray(), x.grad?.toArray()]).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});

test("Flatten keeps the batch", () => {
  expect(new Flatten().forward(zeros([2, 3, 4, 5])).shape).toEqual([2, 60]);
  expect(new Flatten().forward(zeros([2, 3])).shape).toEqual([2, 3]);
});

describe("a Softmax before crossEntropy", () => {
  const labels = tensor([0, 1], { dtype: "int32" });
  const message = "crossEntropy: the input is the result of a softmax, but crossEntropy takes logits";
  const model = new Sequential(new Dense(3, 2), new Softmax());
  const x = ones([2, 3]);

  test("is an error, with and without a tape", () => {
    expect(() => crossEntropy(model.forward(x), labels)).toThrow(GradusError);
    expect(() => crossEntropy(model.forward(x), labels)).toThrow(message);
    expect(() => noGrad(() => crossEntropy(model.eval().forward(x), labels))).toThrow(message);
    class Own extends Layer {
      readonly dense = new Dense(3, 2);
      override forward(input: Tensor): Tensor {
        return softmax(this.dense.forward(input));
      }
    }
    expect(() => crossEntropy(new Sequential(new Own()).forward(x), labels)).toThrow(message);
  });

  test("is none where the probabilities were changed since, or come last elsewhere", () => {
    expect(crossEntropy(model.forward(x).log(), labels).item()).toBeGreaterThan(0);
    expect(crossEntropy(new Sequential(new Softmax(), new Dense(3, 2)).forward(x), labels).item()).toBeGreaterThan(0);
    expect(crossEntropy(new ReLU().forward(x), labels, { reduction: "none" }).shape).toEqual([2]);
  });
});
