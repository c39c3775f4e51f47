// Values and gradients beside those that PyTorch recorded in float64.

import { Generator, Variable } from "@gradus/core";
import { describe, expect, test } from "vitest";
import { BatchNorm, crossEntropy, Dense, initializers, meanSquaredError, ReLU, Sequential } from "../src/index.ts";
import { expectClose, read, recorded } from "./oracle/pytorch.ts";

test("Dense: values and gradients", () => {
  const { x, weight, bias, dy, y, dx, dweight, dbias } = recorded.dense;
  const layer = new Dense(3, 5, { dtype: "float64" });
  layer.weight.assign(read(weight));
  layer.bias?.assign(read(bias));
  const input = new Variable(read(x));
  const output = layer.forward(input);
  expectClose(output, y);
  output.backward(read(dy));
  expectClose(input.grad, dx);
  expectClose(layer.weight.grad, dweight);
  expectClose(layer.bias?.grad, dbias);
});

describe.each(recorded.batchNorm)("BatchNorm, momentum $momentum, axis $axis, unbiased $unbiasedVariance", (record) => {
  const { features, axis, momentum, epsilon, unbiasedVariance } = record;
  const make = (): BatchNorm<number, number> => {
    const layer = new BatchNorm(features, { axis, momentum, epsilon, unbiasedVariance, dtype: "float64" });
    layer.gamma?.assign(read(record.gamma));
    layer.beta?.assign(read(record.beta));
    return layer;
  };

  test("three batches, then evaluation", () => {
    const layer = make();
    for (const [index, batch] of record.batches.entries()) {
      expectClose(layer.forward(read(batch)), record.outputs[index]);
    }
    expectClose(layer.runningMean, record.runningMean);
    expectClose(layer.runningVariance, record.runningVariance);
    expectClose(layer.eval().forward(read(record.batches[0])), record.evaluated);
    expectClose(layer.runningMean, record.runningMean);
    expectClose(layer.runningVariance, record.runningVariance);
  });

  test("gradients", () => {
    const layer = make();
    const input = new Variable(read(record.batches[0]));
    layer.forward(input).backward(read(record.dy));
    expectClose(input.grad, record.dx);
    expectClose(layer.gamma?.grad, record.dgamma);
    expectClose(layer.beta?.grad, record.dbeta);
  });
});

test("losses: values and gradients", () => {
  const { losses } = recorded;
  const logits = new Variable(read(losses.logits));
  const entropy = crossEntropy(logits, read(losses.labels, "int32"));
  entropy.backward();
  expectClose(entropy, losses.crossEntropy);
  expectClose(logits.grad, losses.dlogits);
  const prediction = new Variable(read(losses.prediction));
  const squared = meanSquaredError(prediction, read(losses.target));
  squared.backward();
  expectClose(squared, losses.meanSquaredError);
  expectClose(prediction.grad, losses.dprediction);
});

test("five steps of gradient descent through Dense, BatchNorm, ReLU, Dense", () => {
  const { x, labels, parameters, losses, logits } = recorded.trajectory;
  const dtype = "float64";
  const norm = new BatchNorm(5, { momentum: 0.9, epsilon: 1e-5, unbiasedVariance: true, dtype });
  const model = new Sequential(new Dense(6, 5, { dtype }), norm, new ReLU(), new Dense(5, 3, { dtype }));
  for (const [index, parameter] of model.parameters().entries()) parameter.assign(read(parameters[index]));
  for (const expected of losses) {
    const loss = crossEntropy(model.forward(read(x)), read(labels, "int32"));
    expect(loss.item()).toBeCloseTo(expected, 12);
    loss.backward();
    for (const parameter of model.parameters()) {
      if (parameter.grad !== null) parameter.assign(parameter.sub(parameter.grad.mul(0.5)));
      parameter.grad = null;
    }
  }
  expectClose(model.eval().forward(read(x)), logits);
});

describe.each(recorded.initializers)("$name $shape", ({ name, shape, standardDeviation, greatest }) => {
  const make =
    name === "truncatedNormal" ? initializers.truncatedNormal({ standardDeviation: 0.02 }) : initializers[name];
  const sample = make(shape, { generator: new Generator(11), dtype: "float64" });

  test("spreads as PyTorch's", () => {
    const variance = sample.variance().item();
    expect(Math.sqrt(variance) / standardDeviation).toBeCloseTo(1, 2);
    expect(Math.abs(sample.mean().item())).toBeLessThan((5 * standardDeviation) / Math.sqrt(sample.size));
    const bounded = name !== "xavierNormal" && name !== "heNormal";
    expect(sample.abs().max().item() / greatest).toBeCloseTo(1, bounded ? 3 : 0);
  });
});
