// Operators of networks that are expressions of others, with gradients of their own where those are stabler or cheaper:
// softmax, cross-entropy, batch normalization, dropout.

import { allocate, floating, isFloat } from "../dtype.ts";
import { contiguousView } from "../engine/copy.ts";
import { checkOption, DataError, describe, DTypeError, ShapeError } from "../errors.ts";
import type { Generator } from "../random.ts";
import { formatShape, normalizeAxis, sameShape, type Shape, sizeOf } from "../shape.ts";
import { typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { elements, viewOf } from "../view.ts";
import { composite, elementwise, type ElementwiseOp, floatDType, primitive, type PrimitiveOp, type TernaryOp } from "./constructors.ts";
import { arange } from "./creation.ts";
import { uniform } from "./random.ts";

const required = (tensor: Tensor | undefined): Tensor => {
  if (tensor === undefined) throw new ShapeError("an input is missing");
  return tensor;
};

// Softmax -------------------------------------------------------------------------------------------------------------------

// y = eˣ / Σ eˣ = e^(x − logSumExp x);  dx = y · (dy − Σ dy·y)
const softmaxOf = /* @__PURE__ */ composite<{ readonly axis: number }>({
  name: "softmax",
  forward: ([x], _, { axis }) => {
    const input = required(x);
    const peak = input.max(axis, { keepDims: true });
    const e = input.sub(peak.isFinite().where(peak, 0)).exp();
    return e.div(e.sum(axis, { keepDims: true }));
  },
  gradient: ({ dy, y }, { axis }) => [y.mul(dy.sub(dy.mul(y).sum(axis, { keepDims: true })))],
});

/**
 * eˣ / Σ eˣ along an axis: positive, with sum 1; exact for logits of any size.
 * @example softmax([0, 1, 2]) // [0.090031, 0.244728, 0.665241]
 */
export function softmax<S extends Shape>(x: Tensor<S>, axis = -1): Tensor<S> {
  const place = normalizeAxis("softmax", axis, x.rank);
  if (x.shape[place] === 0) return x;
  return typed(softmaxOf([x.cast(floating(x.dtype))], { axis: place }).output);
}

// y = x − logSumExp x;  dx = dy − eʸ · Σ dy
const logSoftmaxOf = /* @__PURE__ */ composite<{ readonly axis: number }>({
  name: "logSoftmax",
  forward: ([x], _, { axis }) => required(x).sub(required(x).logSumExp(axis, { keepDims: true })),
  gradient: ({ dy, y }, { axis }) => [dy.sub(y.exp().mul(dy.sum(axis, { keepDims: true })))],
});

/** The logarithm of the {@link softmax}, without its rounding to 0. @example logSoftmax([0, 1, 2]) // [-2.407606, -1.407606, -0.407606] */
export function logSoftmax<S extends Shape>(x: Tensor<S>, axis = -1): Tensor<S> {
  const place = normalizeAxis("logSoftmax", axis, x.rank);
  if (x.shape[place] === 0) return x;
  return typed(logSoftmaxOf([x.cast(floating(x.dtype))], { axis: place }).output);
}

// Cross-entropy -------------------------------------------------------------------------------------------------------------

const labelsOf: PrimitiveOp<{ readonly operation: string; readonly classes: number }> = /* @__PURE__ */ primitive({
  name: "classLabels",
  infer: ([labels]) => ({ shape: labels?.shape ?? [], dtype: "int32" }),
  kernel: ([labels], spec, { operation, classes }) => {
    const out = allocate("int32", sizeOf(spec.shape));
    const values = labels === undefined ? out : elements(contiguousView(labels));
    for (let row = 0; row < out.length; row++) {
      const label = values[row] ?? Number.NaN;
      if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
        const problem = Number.isInteger(label) ? "is out of range" : "is no whole number";
        throw new DataError(`${operation}: label ${label} in row ${row} ${problem}: the ${classes} classes are 0 to ${classes - 1}`);
      }
      out[row] = label;
    }
    return viewOf(out, "int32", spec.shape);
  },
  reads: [],
  gradient: () => [null],
});

/** (softmax(x) − [class = label]) · scale, given logSumExp x: the gradient of the cross-entropy. */
const entropyGradient: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "crossEntropy.gradient",
  forward: (x, total, label, kind, scale) => x.sub(total).exp().sub(label.eq(kind)).mul(scale),
});

/** x where the class is the label, else 0. */
const ofLabel: TernaryOp = /* @__PURE__ */ elementwise({
  name: "crossEntropy.ofLabel",
  result: floatDType,
  forward: (x, label, kind) => label.eq(kind).where(x, 0),
});

const classesOf = (logits: Tensor): Tensor => arange(logits.shape.at(-1) ?? 0, { dtype: "int32" });

// loss = logSumExp x − x[label];  dx = (softmax x − one-hot) · dy
const entropyOf = /* @__PURE__ */ composite<null>({
  name: "crossEntropy",
  intermediates: ([x]) => [required(x).logSumExp(-1, { keepDims: true })],
  forward: ([x, labels], [total]) => {
    const logits = required(x);
    const chosen = ofLabel(logits, required(labels), classesOf(logits)).sum(-1, { keepDims: true });
    return required(total).sub(chosen).squeeze(-1);
  },
  gradient: ({ dy, inputs: [x, labels], shared: [total] }) => {
    const logits = required(x);
    return [entropyGradient(logits, required(total), required(labels), classesOf(logits), dy.unsqueeze(-1)), null];
  },
});

/** How the losses of the rows become one. */
export type LossReduction = "mean" | "sum" | "none";

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions {
  /** The mean over the rows (the default), their sum, or each by itself. */
  readonly reduction?: LossReduction;
}

/**
 * The cross-entropy of the softmax of `logits` [..., classes] and integer `labels` [...]:
 * −ln softmax(logits)[label], in nats, averaged over the rows; exact for logits of any size.
 *
 * @throws ShapeError if the labels' shape is not the logits' without its last axis
 * @throws DataError for a label that is no class, with its value and row
 * @example crossEntropy([[0, 1, 2], [2, 0, 0]], [2, 0]) // 0.323575
 */
export function crossEntropy(logits: Tensor, labels: Tensor, { reduction = "mean" }: CrossEntropyOptions = {}): Tensor {
  const rows = logits.shape.slice(0, -1);
  checkOption(["mean", "sum", "none"].includes(reduction), "crossEntropy", "reduction", '"mean", "sum" or "none"', reduction);
  if (logits.rank === 0 || !sameShape(rows, labels.shape)) {
    throw new ShapeError(
      `crossEntropy: logits ${formatShape(logits.shape)} want labels of shape ${formatShape(rows)} (one class a row), got ${formatShape(labels.shape)}`,
    );
  }
  if (!isFloat(logits.dtype)) throw new DTypeError(`crossEntropy: the logits are ${logits.dtype}, not floats`);
  const checked = labelsOf([labels], { operation: "crossEntropy", classes: logits.shape.at(-1) ?? 0 });
  const { output } = entropyOf([logits, checked.unsqueeze(-1)], null);
  return reduction === "none" ? output : reduction === "sum" ? output.sum() : output.mean();
}

/** The mean of (prediction − target)² over all elements. @example meanSquaredError([1, 2], [1, 4]) // 2 */
export function meanSquaredError(prediction: Tensor, target: Tensor, { reduction = "mean" }: CrossEntropyOptions = {}): Tensor {
  checkOption(["mean", "sum", "none"].includes(reduction), "meanSquaredError", "reduction", '"mean", "sum" or "none"', reduction);
  if (!sameShape(prediction.shape, target.shape)) {
    throw new ShapeError(
      `meanSquaredError: the prediction is ${formatShape(prediction.shape)}, the target ${formatShape(target.shape)}: they must be equal`,
    );
  }
  const squares = prediction.sub(target).square();
  return reduction === "none" ? squares : reduction === "sum" ? squares.sum() : squares.mean();
}

// Batch normalization -------------------------------------------------------------------------------------------------------

/** (x − μ) · s · γ + β. */
const standardize: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "standardize",
  forward: (x, mean, scale, gamma, beta) => x.sub(mean).mul(scale.mul(gamma)).add(beta),
});
/** (x − μ)². */
const squaredDistance: ElementwiseOp = /* @__PURE__ */ elementwise({ name: "squaredDistance", forward: (x, mean) => x.sub(mean).square() });
/** dy · x̂, with x̂ = (x − μ) · s. */
const alongNormalized: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "batchNorm.along",
  forward: (dy, x, mean, scale) => dy.mul(x.sub(mean).mul(scale)),
});
/** γ·s · (dy − (Σdy + x̂ · Σdy·x̂) / n). */
const batchNormGradient: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "batchNorm.gradient",
  forward: (dy, x, mean, scale, gamma, sumDy, sumAlong, share) =>
    dy.sub(sumDy.add(x.sub(mean).mul(scale).mul(sumAlong)).mul(share)).mul(scale.mul(gamma)),
});

interface NormAttributes {
  readonly axes: readonly number[];
  readonly epsilon: number;
}

const share = (x: Tensor, axes: readonly number[]): number => 1 / axes.reduce((count, axis) => count * (x.shape[axis] ?? 1), 1);

// Ioffe and Szegedy 2015: μ and σ² of the batch, x̂ = (x − μ)/√(σ² + ε), y = γ·x̂ + β. The gradient in closed form:
// dβ = Σdy, dγ = Σdy·x̂, dx = γ/√(σ² + ε) · (dy − (dβ + x̂·dγ)/n).
const batchNormOf = /* @__PURE__ */ composite<NormAttributes>({
  name: "batchNorm",
  intermediates: ([x], { axes, epsilon }) => {
    const input = required(x);
    const mean = input.mean(axes, { keepDims: true });
    const variance = squaredDistance(input, mean).sum(axes, { keepDims: true }).mul(share(input, axes));
    return [mean, variance, variance.add(epsilon).rsqrt()];
  },
  forward: ([x, gamma, beta], [mean, , scale]) =>
    standardize(required(x), required(mean), required(scale), required(gamma), required(beta)),
  gradient: ({ dy, inputs: [x, gamma, beta], shared: [mean, , scale], needs }, { axes }) => {
    const [input, center, spread] = [required(x), required(mean), required(scale)];
    const sumDy = dy.sum(axes, { keepDims: true });
    const sumAlong = alongNormalized(dy, input, center, spread).sum(axes, { keepDims: true });
    return [
      needs[0] === true
        ? batchNormGradient(dy, input, center, spread, required(gamma), sumDy, sumAlong, share(input, axes))
        : null,
      needs[1] === true ? sumAlong.reshape(required(gamma).shape) : null,
      needs[2] === true ? sumDy.reshape(required(beta).shape) : null,
    ];
  },
});

/** Options of {@link batchNorm}. */
export interface BatchNormOptions {
  /** Added to the variance before the root; 1e-3 by default. */
  readonly epsilon?: number;
  /** The axis of the features; the last by default. All others are averaged over. */
  readonly axis?: number;
}

/** What {@link batchNorm} gives: the normalized values, and the batch's statistics for running averages. */
export interface BatchNormResult<S extends Shape> {
  readonly output: Tensor<S>;
  /** μ of each feature, [features], without gradient. */
  readonly mean: Tensor;
  /** The biased σ² of each feature, [features], without gradient. */
  readonly variance: Tensor;
}

/**
 * Batch normalization with the batch's own statistics, as in training: y = γ·(x − μ)/√(σ² + ε) + β for each feature.
 *
 * @param gamma the scale [features], or 1; @param beta the shift [features], or 0
 * Source: S. Ioffe, C. Szegedy, "Batch normalization", ICML 2015.
 * @example batchNorm([[1], [5]], 1, 0, { epsilon: 0 }).output // [[-1], [1]]
 */
export function batchNorm<S extends Shape>(
  x: Tensor<S>,
  gamma: Tensor | 1,
  beta: Tensor | 0,
  { epsilon = 1e-3, axis = -1 }: BatchNormOptions = {},
): BatchNormResult<S> {
  const place = checkNorm("batchNorm", x, gamma, beta, axis);
  const features = x.shape[place] ?? 1;
  const axes = x.shape.flatMap((_, other) => (other === place ? [] : [other]));
  const { output, shared } = batchNormOf([x, spread(x, gamma, place), spread(x, beta, place)], { axes, epsilon });
  return { output: typed(output), mean: required(shared[0]).reshape([features]), variance: required(shared[1]).reshape([features]) };
}

/**
 * Batch normalization with given statistics, as in evaluation.
 * @example normalizeFeatures([[5]], { mean: [3], variance: [4] }, 1, 0, { epsilon: 0 }) // [[1]]
 */
export function normalizeFeatures<S extends Shape>(
  x: Tensor<S>,
  statistics: { readonly mean: Tensor; readonly variance: Tensor },
  gamma: Tensor | 1,
  beta: Tensor | 0,
  { epsilon = 1e-3, axis = -1 }: BatchNormOptions = {},
): Tensor<S> {
  const place = checkNorm("normalizeFeatures", x, gamma, beta, axis);
  const scale = statistics.variance.add(epsilon).rsqrt();
  const parts = [statistics.mean, scale, gamma, beta].map((part) => spread(x, part, place));
  return typed(standardize(x, ...parts));
}

function checkNorm(name: string, x: Tensor, gamma: Tensor | 1, beta: Tensor | 0, axis: number): number {
  const place = normalizeAxis(name, axis, x.rank);
  for (const [label, value] of [["gamma", gamma] as const, ["beta", beta] as const]) {
    if (typeof value !== "number" && !sameShape(value.shape, [x.shape[place] ?? 1])) {
      throw new ShapeError(`${name}: ${label} is ${formatShape(value.shape)}, the input ${formatShape(x.shape)} has ${x.shape[place]} features on axis ${axis}`);
    }
  }
  if (!isFloat(x.dtype)) throw new DTypeError(`${name}: the input is ${x.dtype}, not a float`);
  return place;
}

/** A vector of features laid along its axis, so that it broadcasts against `x`. */
function spread(x: Tensor, value: Tensor | number, place: number): Tensor | number {
  if (typeof value === "number" || place === x.rank - 1) return value;
  return value.reshape(x.shape.map((size, axis) => (axis === place ? size : 1)));
}

// Dropout -------------------------------------------------------------------------------------------------------------------

/** 0 where the random number is below the rate, else x scaled up. */
const dropBelow: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "dropout",
  forward: (x, chance, rate, scale) => chance.lt(rate).where(0, x.mul(scale)),
});

/**
 * Each element set to 0 with probability `rate`, the others scaled by 1/(1 − rate), so that the expected value stays.
 * Source: N. Srivastava et al., "Dropout", JMLR 2014.
 *
 * @param rate from 0 (nothing happens) to 1 (everything is 0, gradient included)
 * @example dropout([1, 2], 1) // [0, 0]
 */
export function dropout<S extends Shape>(x: Tensor<S>, rate: number, { generator }: { readonly generator?: Generator } = {}): Tensor<S> {
  checkOption(rate >= 0 && rate <= 1, "dropout", "rate", "from 0 to 1", rate);
  if (!isFloat(x.dtype)) throw new DTypeError(`dropout: the input is ${describe(x.dtype)}, not a float`);
  if (rate === 0) return x;
  const chance = uniform(x.shape, generator === undefined ? {} : { generator });
  return typed(dropBelow(x, chance, rate, rate === 1 ? 0 : 1 / (1 - rate)));
}
