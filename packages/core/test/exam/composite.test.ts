// Softmax, losses, batch normalization and dropout: PyTorch's values and gradients, difference quotients, and bad input by name.

import { describe, expect, test } from "vitest";
import {
  batchNorm,
  crossEntropy,
  DataError,
  DTypeError,
  dropout,
  Generator,
  gradcheck,
  hessian,
  meanSquaredError,
  normalizeFeatures,
  OptionError,
  ones,
  ShapeError,
  type Tensor,
  tensor,
  Variable,
  vjp,
  zeros,
} from "../../src/index.ts";
import { type GradientCase, oracle, recorded, weightsOf } from "../oracle/oracle.ts";
import { count, firstDifference, flat, scattered } from "./reference.ts";

/** Zeros of a shape that the compiler does not know: it would refuse what is to be refused at run time. */
const blank = (shape: readonly number[]): Tensor => zeros(shape);

const random = (shape: readonly number[], seed = 1): Tensor =>
  tensor(Float64Array.from(scattered(count(shape), 2, seed)), { shape });

/** Compares a function and the gradients of its weighted sum with the record. */
function agree(f: (...xs: Tensor[]) => Tensor, { inputs, output, gradients }: GradientCase): void {
  const { value, pullback } = vjp(f, ...inputs.map(recorded));
  expect(value.shape).toEqual(output.shape);
  expect(firstDifference(flat(value), output.values, 1e-12, 1e-13)).toBeNull();
  for (const [index, gradient] of pullback(weightsOf(output.shape)).entries()) {
    expect(firstDifference(flat(gradient), gradients[index] ?? [], 1e-11, 1e-12), `gradient ${index}`).toBeNull();
  }
}

describe("softmax and its logarithm", () => {
  test.each(oracle.softmax)("softmax over axis $axis is PyTorch's", (record) =>
    agree((x) => x.softmax(record.axis), record),
  );
  test.each(oracle.logSoftmax)("logSoftmax over axis $axis is PyTorch's", (record) =>
    agree((x) => x.logSoftmax(record.axis), record),
  );

  test("differentiate to the second order", () => {
    for (const axis of [0, -1]) {
      gradcheck((x) => x.softmax(axis), [random([3, 4])], { order: 2 });
      gradcheck((x) => x.logSoftmax(axis), [random([3, 4])], { order: 2 });
    }
  });

  test("of integers, of nothing, over views", () => {
    expect(tensor([0, 0], { dtype: "int32" }).softmax().toArray()).toEqual([0.5, 0.5]);
    expect(zeros([2, 0]).softmax().shape).toEqual([2, 0]);
    const x = random([3, 4]);
    expect(flat(x.transpose().softmax(0))).toEqual(flat(x.transpose().clone().softmax(0)));
    expect(() => x.softmax(2)).toThrow(/softmax: axis 2 is out of range for rank 2/);
  });
});

describe("crossEntropy", () => {
  test.each(oracle.crossEntropy)("is PyTorch's ($reduction)", (record) => {
    const labels = tensor(record.labels, { dtype: "int32" });
    agree((x) => crossEntropy(x, labels, { reduction: record.reduction }), record);
  });

  test("differentiates to the second order", () => {
    const labels = tensor([2, 0, 1], { dtype: "int32" });
    for (const reduction of ["mean", "sum", "none"] as const) {
      gradcheck((x) => crossEntropy(x, labels, { reduction }), [random([3, 4])], { order: 2 });
    }
    const { inputs, hessian: wanted } = oracle.curvature;
    const [x = zeros([3, 2]), w = zeros([2, 3])] = inputs.map(recorded);
    const target = tensor([0, 2, 1], { dtype: "int32" });
    const found = hessian((t) => crossEntropy(x.matmul(t).tanh(), target), w);
    expect(found.shape).toEqual([2, 3, 2, 3]);
    expect(firstDifference(flat(found), wanted, 1e-11)).toBeNull();
  });

  test("takes any leading axes and any whole labels", () => {
    const logits = random([2, 3, 4]);
    const labels = [1, 0, 3, 2, 2, 1];
    const flatLoss = crossEntropy(logits.reshape([6, 4]), tensor(labels, { dtype: "int32" })).item();
    for (const dtype of ["uint8", "int32", "float32", "float64"] as const) {
      expect(crossEntropy(logits, tensor(labels, { dtype, shape: [2, 3] })).item()).toBeCloseTo(flatLoss, 12);
    }
    expect(crossEntropy(tensor([0, 0]), tensor(1, { dtype: "int32" })).item()).toBeCloseTo(Math.log(2), 6);
  });

  test.each<[number[], string]>([
    [[0, 3], "crossEntropy: label 3 in row 1 is out of range: the 3 classes are 0 to 2"],
    [[-1, 0], "crossEntropy: label -1 in row 0 is out of range: the 3 classes are 0 to 2"],
    [[0, 1.5], "crossEntropy: label 1.5 in row 1 is no whole number: the 3 classes are 0 to 2"],
    [[Number.NaN, 0], "crossEntropy: label NaN in row 0 is no whole number"],
    [[0, Number.POSITIVE_INFINITY], "crossEntropy: label Infinity in row 1 is no whole number"],
  ])("refuses labels %j", (labels, message) => {
    const run = (): Tensor => crossEntropy(zeros([2, 3]), tensor(labels));
    expect(run).toThrow(DataError);
    expect(run).toThrow(message);
  });

  test.each<[() => unknown, typeof ShapeError | typeof DTypeError | typeof OptionError, string]>([
    [
      () => crossEntropy(blank([2, 3]), blank([3])),
      ShapeError,
      "logits [2,3] want labels of shape [2] (one class a row), got [3]",
    ],
    [() => crossEntropy(blank([2, 3]), blank([2, 1])), ShapeError, "got [2,1]"],
    [() => crossEntropy(blank([]), blank([])), ShapeError, "crossEntropy: logits []"],
    [() => crossEntropy(zeros([2, 3], { dtype: "int32" }), zeros([2])), DTypeError, "the logits are int32, not floats"],
    [
      () => Reflect.apply(crossEntropy, null, [zeros([2, 3]), zeros([2]), { reduction: "median" }]),
      OptionError,
      'crossEntropy: reduction must be "mean", "sum" or "none", got "median"',
    ],
  ])("%s is refused", (run, kind, message) => {
    expect(run).toThrow(kind);
    expect(run).toThrow(message);
  });
});

describe("meanSquaredError", () => {
  test.each(oracle.meanSquaredError)("is PyTorch's", (record) => agree((x, y = x) => meanSquaredError(x, y), record));
  test("refuses shapes that differ, instead of broadcasting", () => {
    expect(() => meanSquaredError(blank([2, 1]), blank([2]))).toThrow(
      "the prediction is [2,1], the target [2]: they must be equal",
    );
  });
});

describe("batchNorm", () => {
  test.each(oracle.batchNorm)("over axis $axis is PyTorch's", (record) => {
    agree((x, gamma = x, beta = x) => batchNorm(x, gamma, beta, { axis: record.axis }).output, record);
    const [x = zeros([1])] = record.inputs.map(recorded);
    const { mean, variance } = batchNorm(x, 1, 0, { axis: record.axis });
    expect(firstDifference(flat(mean), record.mean, 1e-13)).toBeNull();
    expect(firstDifference(flat(variance), record.variance, 1e-13)).toBeNull();
    expect(mean.requiresGrad).toBe(false);
  });

  test("differentiates to the second order", () => {
    const inputs = [random([4, 3]), random([3], 2), random([3], 3)];
    gradcheck((x, gamma = x, beta = x) => batchNorm(x, gamma, beta).output, inputs, { order: 2 });
    gradcheck((x) => batchNorm(x, 1, 0, { axis: 0 }).output, [random([2, 5])], { order: 2 });
  });

  test("with given statistics is the formula", () => {
    const [x, mean, variance] = [random([4, 3]), random([3], 2), random([3], 3).abs().add(0.1)];
    const found = normalizeFeatures(x, { mean, variance }, tensor([2, 2, 2]), tensor([1, 1, 1]), { epsilon: 1e-5 });
    const wanted = x.sub(mean).div(variance.add(1e-5).sqrt()).mul(2).add(1);
    expect(firstDifference(flat(found), flat(wanted), 1e-12)).toBeNull();
    gradcheck((a) => normalizeFeatures(a, { mean, variance }, 1, 0), [x], { order: 2 });
  });

  test.each<[() => unknown, string]>([
    [
      () => batchNorm(zeros([2, 3]), zeros([2]), 0),
      "batchNorm: gamma is [2], the input [2,3] has 3 features on axis -1",
    ],
    [() => batchNorm(zeros([2, 3]), 1, zeros([3, 1])), "batchNorm: beta is [3,1]"],
    [() => batchNorm(zeros([2, 3]), 1, 0, { axis: 2 }), "batchNorm: axis 2 is out of range for rank 2"],
    [() => batchNorm(zeros([2, 3], { dtype: "int32" }), 1, 0), "batchNorm: the input is int32, not a float"],
  ])("%s is refused", (run, message) => expect(run).toThrow(message));
});

describe("dropout", () => {
  const x = random([100, 50]);
  const draw = (rate: number, seed = 1): Tensor => dropout(x, rate, { generator: new Generator(seed) });

  test.each([0.1, 0.3, 0.5, 0.9])("of rate %d drops that share and scales the rest", (rate) => {
    const found = draw(rate);
    const kept = found.ne(0);
    expect(firstDifference(flat(found), flat(kept.where(x.div(1 - rate), 0)), 1e-13)).toBeNull();
    const share = kept.sum().item() / x.size;
    expect(Math.abs(share - (1 - rate))).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / x.size));
  });

  test("of 0 is the identity, of 1 zeros", () => {
    expect(draw(0)).toBe(x);
    expect(flat(draw(1)).every((value) => value === 0)).toBe(true);
  });

  test("never shares a mask between calls, and repeats it for the same seed", () => {
    const generator = new Generator(5);
    const [first, second] = [dropout(x, 0.5, { generator }), dropout(x, 0.5, { generator })];
    expect(flat(first)).not.toEqual(flat(second));
    expect(flat(draw(0.5, 5))).toEqual(flat(first));
  });

  test("sends gradients through what was kept, scaled", () => {
    const { value, pullback } = vjp((a) => dropout(a, 0.5, { generator: new Generator(2) }), x);
    const gradient = pullback(zeros(x.shape, { dtype: "float64" }).add(1))[0] ?? x;
    expect(flat(gradient)).toEqual(flat(value).map((kept) => (kept === 0 ? 0 : 2)));
  });

  test.each([-0.1, 1.1, Number.NaN])("refuses rate %d", (rate) => {
    expect(() => dropout(x, rate)).toThrow(OptionError);
    expect(() => dropout(x, rate)).toThrow(`dropout: rate must be from 0 to 1, got ${rate}`);
  });
});

test("three steps of gradient descent on a small network are PyTorch's", () => {
  const { inputs, labels, losses, parameters } = oracle.network;
  const [x = zeros([]), first = zeros([]), second = zeros([])] = inputs.map(recorded);
  const w1 = new Variable(first);
  const gamma = new Variable(ones([5], { dtype: "float64" }));
  const beta = new Variable(zeros([5], { dtype: "float64" }));
  const w2 = new Variable(second);
  const variables = [w1, gamma, beta, w2];
  for (const wanted of losses) {
    const hidden = batchNorm(x.matmul(w1), gamma, beta).output.relu();
    const loss = crossEntropy(hidden.matmul(w2), tensor(labels, { dtype: "int32" }));
    expect(loss.item()).toBeCloseTo(wanted, 12);
    loss.backward();
    for (const variable of variables) {
      if (variable.grad !== null) variable.assign(variable.sub(variable.grad.mul(0.5)));
      variable.grad = null;
    }
  }
  for (const [index, variable] of variables.entries()) {
    expect(firstDifference(flat(variable), parameters[index] ?? [], 1e-12)).toBeNull();
  }
});
