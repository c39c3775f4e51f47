// Normalization within a sample: over its features (layerNorm, rmsNorm) or over groups of its channels (groupNorm), with gradients
// in closed form. Unlike batchNorm, a sample's result does not depend on the others.

import { isFloat } from "../dtype.ts";
import { checkOption, checkOptionNames, DTypeError, ShapeError } from "../errors.ts";
import { formatShape, normalizeAxes, normalizeAxis, type Shape, sameShape } from "../shape.ts";
import { typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { type CompositeParts, composite, type ElementwiseOp, elementwise, sumTo } from "./constructors.ts";
import type { One, Three, Two } from "./op.ts";

// x̂ = (x − μ − c) · s, where c, the mean of what the rounded μ leaves over, brings back the digits that a large mean costs.

/** x̂ · γ + β. */
const standardize: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "layerNorm.standardize",
  forward: (x, mean, rest, scale, gamma, beta) => x.sub(mean).sub(rest).mul(scale).mul(gamma).add(beta),
});
/** d², with d = x − μ. */
const squaredDistance: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "layerNorm.squaredDistance",
  forward: (x, mean) => x.sub(mean).square(),
});
/** The share of n of Σd² without that of (Σd)², never below 0. */
const spreadOf: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "layerNorm.variance",
  forward: (squares, rest, share) => squares.mul(share).sub(rest.square()).maximum(0),
});
/** g · x̂. */
const along: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "layerNorm.along",
  forward: (g, x, mean, rest, scale) => g.mul(x.sub(mean).sub(rest).mul(scale)),
});
/** s · (g − (Σg + x̂ · Σg·x̂) / n), with g = γ·dy. */
const inputGradient: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "layerNorm.gradient",
  forward: (dy, gamma, x, mean, rest, scale, sumG, sumAlong, share) =>
    dy
      .mul(gamma)
      .sub(sumG.add(x.sub(mean).sub(rest).mul(scale).mul(sumAlong)).mul(share))
      .mul(scale),
});

interface NormAttributes {
  readonly axes: readonly number[];
  readonly epsilon: number;
}

const shareOf = (x: Tensor, axes: readonly number[]): number =>
  1 / axes.reduce((count, axis) => count * (x.shape[axis] ?? 1), 1);

// y = γ·x̂ + β;  dβ = Σdy, dγ = Σdy·x̂, dx = s · (g − mean g − x̂ · mean(g·x̂)) with g = γ·dy.
const layerNormOf = /* @__PURE__ */ composite<NormAttributes>({
  name: "layerNorm",
  intermediates: ([x]: Three<Tensor>, { axes, epsilon }) => {
    const share = shareOf(x, axes);
    const mean = x.sum(axes, { keepDims: true }).mul(share);
    const rest = x.sub(mean).sum(axes, { keepDims: true }).mul(share);
    const squares = squaredDistance(x, mean).sum(axes, { keepDims: true });
    return [mean, rest, spreadOf(squares, rest, share).add(epsilon).rsqrt()];
  },
  forward: ([x, gamma, beta]: Three<Tensor>, [mean, rest, scale]: Three<Tensor>) =>
    standardize(x, mean, rest, scale, gamma, beta),
  gradient: ({ dy, inputs, shared, needs }: CompositeParts<Three<Tensor>, Three<Tensor>>, { axes }) => {
    const [x, gamma, beta] = inputs;
    const parts = [x, ...shared] as const;
    const g = dy.mul(gamma);
    const sums = [g, along(g, ...parts)].map((terms) => terms.sum(axes, { keepDims: true }));
    return [
      needs[0] === true ? inputGradient(dy, gamma, ...parts, ...sums, shareOf(x, axes)) : null,
      needs[1] === true ? sumTo(along(dy, ...parts), gamma.shape) : null,
      needs[2] === true ? sumTo(dy, beta.shape) : null,
    ];
  },
});

/** Options of {@link layerNorm} and {@link rmsNorm}. */
export interface LayerNormOptions {
  /** The axis or axes that are normalized together; the last by default. */
  readonly axis?: number | readonly number[];
  /** Added to the variance (of `rmsNorm`: to the mean square) before the root; 1e-5 by default. */
  readonly epsilon?: number;
}

/**
 * Layer normalization: y = γ·(x − μ)/√(σ² + ε) + β, with μ and the biased σ² of each sample over `axis`.
 *
 * @param gamma the scale, with the sizes of the normalized axes in their order, or 1; @param beta the shift, likewise, or 0
 * Source: J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", 2016.
 * @throws ShapeError for a scale or shift of another shape
 * @example layerNorm([[1, 5], [2, 2]], 1, 0, { epsilon: 1 }) // [[-0.894427, 0.894427], [0, 0]]
 */
export function layerNorm<S extends Shape>(
  x: Tensor<S>,
  gamma: Tensor | 1 = 1,
  beta: Tensor | 0 = 0,
  options: LayerNormOptions = {},
): Tensor<S> {
  const { axis = -1, epsilon = 1e-5 } = options;
  checkNorm("layerNorm", x, epsilon, options);
  const axes = normalizeAxes("layerNorm", axis, x.rank);
  const [scale, shift] = [laid("layerNorm", "gamma", x, gamma, axes), laid("layerNorm", "beta", x, beta, axes)];
  return typed(layerNormOf([x, scale, shift], { axes, epsilon }).output);
}

/** Options of {@link groupNorm}. */
export interface GroupNormOptions {
  /** Added to the variance before the root; 1e-5 by default. */
  readonly epsilon?: number;
  /** The axis of the channels; the last by default. */
  readonly axis?: number;
}

/**
 * Group normalization of [batch, …, channels]: the channels stand in `groups` of neighbours, and each sample's group is brought to
 * mean 0 and variance 1 over its channels and all other axes: y = γ·(x − μ)/√(σ² + ε) + β, with γ and β for each channel. One group
 * normalizes the whole sample; as many groups as channels is instance normalization.
 *
 * @param gamma the scale [channels], or 1; @param beta the shift [channels], or 0
 * Source: Y. Wu, K. He, "Group normalization", ECCV 2018.
 * @throws OptionError for a number of groups that does not divide the channels
 * @example groupNorm([[1, 5, 2, 2]], 2, 1, 0, { epsilon: 1 }) // [[-0.894427, 0.894427, 0, 0]]
 */
export function groupNorm<S extends Shape>(
  x: Tensor<S>,
  groups: number,
  gamma: Tensor | 1 = 1,
  beta: Tensor | 0 = 0,
  options: GroupNormOptions = {},
): Tensor<S> {
  const { epsilon = 1e-5, axis = -1 } = options;
  checkNorm("groupNorm", x, epsilon, options);
  const place = normalizeAxis("groupNorm", axis, x.rank);
  if (place === 0) {
    throw new ShapeError(
      `groupNorm: the input ${formatShape(x.shape)} has no batch's axis before that of its channels`,
    );
  }
  const channels = x.shape[place] ?? 1;
  checkOption(
    Number.isInteger(groups) && groups >= 1 && channels % groups === 0,
    "groupNorm",
    "groups",
    `a whole number that divides the ${channels} channels`,
    groups,
  );
  const [before, after] = [x.shape.slice(0, place), x.shape.slice(place + 1)];
  const grouped: Tensor = x.reshape([...before, groups, channels / groups, ...after]);
  // All axes but the batch's and the groups'.
  const axes = grouped.shape.flatMap((_, other) => (other === 0 || other === place ? [] : [other]));
  const [scale, shift] = [["gamma", gamma] as const, ["beta", beta] as const].map(([label, value]) => {
    const vector = laid("groupNorm", label, x, value, [place]);
    if (typeof vector === "number") return vector;
    return vector.reshape([groups, channels / groups, ...after.map(() => 1)]);
  });
  const { output } = layerNormOf([grouped, scale ?? 1, shift ?? 0], { axes, epsilon });
  return typed(output.reshape(x.shape));
}

/** x · r · γ. */
const scaled: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "rmsNorm.scale",
  forward: (x, scale, gamma) => x.mul(scale).mul(gamma),
});
/** r · (g − x·r · Σg·x·r / n), with g = γ·dy. */
const rmsGradient: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "rmsNorm.gradient",
  forward: (dy, gamma, x, scale, sumAlong, share) =>
    dy.mul(gamma).sub(x.mul(scale).mul(sumAlong).mul(share)).mul(scale),
});

// y = γ·x·r with r = 1/√(mean x² + ε);  dγ = Σdy·x·r, dx = r · (g − x·r · mean(g·x·r)) with g = γ·dy.
const rmsNormOf = /* @__PURE__ */ composite<NormAttributes>({
  name: "rmsNorm",
  intermediates: ([x]: Two<Tensor>, { axes, epsilon }) => [
    x.square().sum(axes, { keepDims: true }).mul(shareOf(x, axes)).add(epsilon).rsqrt(),
  ],
  forward: ([x, gamma]: Two<Tensor>, [scale]: One<Tensor>) => scaled(x, scale, gamma),
  gradient: ({ dy, inputs, shared: [scale], needs }: CompositeParts<Two<Tensor>, One<Tensor>>, { axes }) => {
    const [x, gamma] = inputs;
    const terms = scaled(dy, x, scale);
    const sum = terms.mul(gamma).sum(axes, { keepDims: true });
    return [
      needs[0] === true ? rmsGradient(dy, gamma, x, scale, sum, shareOf(x, axes)) : null,
      needs[1] === true ? sumTo(terms, gamma.shape) : null,
    ];
  },
});

/**
 * Root mean square normalization: y = γ·x/√(mean x² + ε) over `axis`; a layerNorm without mean and shift.
 *
 * @param gamma the scale, with the sizes of the normalized axes in their order, or 1
 * Source: B. Zhang, R. Sennrich, "Root mean square layer normalization", NeurIPS 2019.
 * @throws ShapeError for a scale of another shape
 * @example rmsNorm([[1, 7]], 1, { epsilon: 0 }) // [[0.2, 1.4]]
 */
export function rmsNorm<S extends Shape>(
  x: Tensor<S>,
  gamma: Tensor | 1 = 1,
  options: LayerNormOptions = {},
): Tensor<S> {
  const { axis = -1, epsilon = 1e-5 } = options;
  checkNorm("rmsNorm", x, epsilon, options);
  const axes = normalizeAxes("rmsNorm", axis, x.rank);
  return typed(rmsNormOf([x, laid("rmsNorm", "gamma", x, gamma, axes)], { axes, epsilon }).output);
}

function checkNorm(name: string, x: Tensor, epsilon: number, options: object): void {
  checkOptionNames(name, options, ["axis", "epsilon"]);
  checkOption(Number.isFinite(epsilon) && epsilon >= 0, name, "epsilon", "a finite number ≥ 0", epsilon);
  if (!isFloat(x.dtype)) throw new DTypeError(`${name}: the input is ${x.dtype}, not a float`);
}

/** A scale or shift laid along its axes, so that it broadcasts against `x`. */
function laid(
  name: string,
  label: string,
  x: Tensor,
  value: Tensor | number,
  axes: readonly number[],
): Tensor | number {
  if (typeof value === "number") return value;
  const sizes = axes.map((axis) => x.shape[axis] ?? 1);
  if (!sameShape(value.shape, sizes)) {
    const [given, wanted, input] = [value.shape, sizes, x.shape].map(formatShape);
    throw new ShapeError(`${name}: ${label} is ${given}, not ${wanted} as the normalized axes of the input ${input}`);
  }
  return value.reshape(x.shape.map((size, axis) => (axes.includes(axis) ? size : 1)));
}
