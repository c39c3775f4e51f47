// Normalization: features brought to mean 0 and variance 1, with the gradient in closed form.

import { isFloat } from "../dtype.ts";
import { inPassing } from "../engine/simd-workspace.ts";
import { checkOption, checkOptionNames, DTypeError, ShapeError } from "../errors.ts";
import { formatShape, normalizeAxis, type Shape, sameShape } from "../shape.ts";
import { typed } from "../shape-types.ts";
import { isRecording } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { type CompositeParts, composite, type ElementwiseOp, elementwise, required } from "./constructors.ts";
import type { Three } from "./op.ts";

/** (x − μ) · s · γ + β. */
const standardize: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "standardize",
  forward: (x, mean, scale, gamma, beta) => x.sub(mean).mul(scale.mul(gamma)).add(beta),
});
/** (x − μ)². */
const squaredDistance: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "squaredDistance",
  forward: (x, mean) => x.sub(mean).square(),
});
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

/** The sum of values that nobody else reads. */
const sumInPassing = (values: () => Tensor, axes: readonly number[]): Tensor =>
  (isRecording() ? values() : inPassing(values)).sum(axes, { keepDims: true });

interface NormAttributes {
  readonly axes: readonly number[];
  readonly epsilon: number;
}

const share = (x: Tensor, axes: readonly number[]): number =>
  1 / axes.reduce((count, axis) => count * (x.shape[axis] ?? 1), 1);

// Ioffe and Szegedy 2015: μ and σ² of the batch, x̂ = (x − μ)/√(σ² + ε), y = γ·x̂ + β. The gradient in closed form:
// dβ = Σdy, dγ = Σdy·x̂, dx = γ/√(σ² + ε) · (dy − (dβ + x̂·dγ)/n).
const batchNormOf = /* @__PURE__ */ composite<NormAttributes>({
  name: "batchNorm",
  intermediates: ([x]: Three<Tensor>, { axes, epsilon }) => {
    const mean = x.mean(axes, { keepDims: true });
    const variance = sumInPassing(() => squaredDistance(x, mean), axes).mul(share(x, axes));
    return [mean, variance, variance.add(epsilon).rsqrt()];
  },
  forward: ([x, gamma, beta]: Three<Tensor>, [mean, , scale]: Three<Tensor>) =>
    standardize(x, mean, scale, gamma, beta),
  gradient: (parts: CompositeParts<Three<Tensor>, Three<Tensor>>, { axes }) => {
    const { dy, inputs, shared, needs } = parts;
    const [[x, gamma, beta], [mean, , scale]] = [inputs, shared];
    const sumDy = dy.sum(axes, { keepDims: true });
    const sumAlong = sumInPassing(() => alongNormalized(dy, x, mean, scale), axes);
    return [
      needs[0] === true ? batchNormGradient(dy, x, mean, scale, gamma, sumDy, sumAlong, share(x, axes)) : null,
      needs[1] === true ? sumAlong.reshape(gamma.shape) : null,
      needs[2] === true ? sumDy.reshape(beta.shape) : null,
    ];
  },
});

/** Options of {@link batchNorm}. */
export interface BatchNormOptions {
  /** ε ≥ 0, added to the variance before the root; 1e-3 by default. */
  readonly epsilon?: number;
  /** The axis of the features; the last by default. All others are averaged over. */
  readonly axis?: number;
}

/** What {@link batchNorm} gives: the normalized values, and the batch's statistics for running averages. */
export interface BatchNormResult<S extends Shape> {
  /** y, of the shape of x; gradients flow to x, γ and β, through the statistics too. */
  readonly output: Tensor<S>;
  /** μ of each feature, [features], without gradient. */
  readonly mean: Tensor;
  /** The biased σ² of each feature, [features], without gradient. */
  readonly variance: Tensor;
}

/**
 * Batch normalization with the batch's own statistics, as in training: y = γ·(x − μ)/√(σ² + ε) + β for each feature.
 * Source: S. Ioffe, C. Szegedy, "Batch normalization", ICML 2015.
 *
 * @param gamma the scale [features], or 1
 * @param beta the shift [features], or 0
 * @throws ShapeError if γ or β has not the size of the features, and for an axis that is not there
 * @throws DTypeError for an input that holds no floats
 * @throws OptionError for an ε that is negative or not finite
 * @example batchNorm([[1], [5], [0]], 1, 0, { epsilon: 0 }).output // [[-0.46291], [1.38873], [-0.92582]]
 */
export function batchNorm<S extends Shape>(
  x: Tensor<S>,
  gamma: Tensor | 1,
  beta: Tensor | 0,
  options: BatchNormOptions = {},
): BatchNormResult<S> {
  const { epsilon = 1e-3 } = options;
  const place = checkNorm("batchNorm", x, { gamma, beta }, options);
  const features = x.shape[place] ?? 1;
  const axes = x.shape.flatMap((_, other) => (other === place ? [] : [other]));
  const { output, shared } = batchNormOf([x, spread(x, gamma, place), spread(x, beta, place)], { axes, epsilon });
  return {
    output: typed(output),
    mean: required(shared[0]).reshape([features]),
    variance: required(shared[1]).reshape([features]),
  };
}

/**
 * Batch normalization with given statistics, as in evaluation: y = γ·(x − mean)/√(variance + ε) + β for each
 * feature.
 *
 * @param statistics the mean and the variance of each feature, both [features]
 * @param gamma the scale [features], or 1
 * @param beta the shift [features], or 0
 * @throws ShapeError if a vector has not the size of the features, and for an axis that is not there
 * @throws DTypeError for an input that holds no floats
 * @throws OptionError for an ε that is negative or not finite
 * @example normalizeFeatures([[5]], { mean: [3], variance: [4] }, 1, 0, { epsilon: 0 }) // [[1]]
 */
export function normalizeFeatures<S extends Shape>(
  x: Tensor<S>,
  statistics: { readonly mean: Tensor; readonly variance: Tensor },
  gamma: Tensor | 1,
  beta: Tensor | 0,
  options: BatchNormOptions = {},
): Tensor<S> {
  const { mean, variance } = statistics;
  const place = checkNorm("normalizeFeatures", x, { mean, variance, gamma, beta }, options);
  const scale = variance.add(options.epsilon ?? 1e-3).rsqrt();
  const parts = [mean, scale, gamma, beta].map((part) => spread(x, part, place));
  return typed(standardize(x, ...parts));
}

/** The axis of the features, once the options and the shapes of the vectors are what they should be. */
function checkNorm(
  name: string,
  x: Tensor,
  vectors: Readonly<Record<string, Tensor | number>>,
  options: BatchNormOptions,
): number {
  checkOptionNames(name, options, ["epsilon", "axis"]);
  const { epsilon = 0, axis = -1 } = options;
  checkOption(Number.isFinite(epsilon) && epsilon >= 0, name, "epsilon", "a finite number ≥ 0", epsilon);
  const place = normalizeAxis(name, axis, x.rank);
  for (const [label, value] of Object.entries(vectors)) {
    if (typeof value !== "number" && !sameShape(value.shape, [x.shape[place] ?? 1])) {
      throw new ShapeError(
        `${name}: ${label} is ${formatShape(value.shape)}, the input ${formatShape(x.shape)} has ${x.shape[place]} features on axis ${axis}`,
      );
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
