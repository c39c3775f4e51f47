// Summaries made of reductions: averages, spreads, norms, and where the extremes stand.

import { allocate, floating } from "../dtype.ts";
import { type ExtremePlace, placesOfExtremes } from "../engine/extremes.ts";
import { checkOption, checkOptionNames, ShapeError } from "../errors.ts";
import { formatShape, normalizeAxes, reducedShape, type Shape, sizeOf } from "../shape.ts";
import { type Axes, type Check, type Reduced, type Result, typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { type Spec, type View, viewOf } from "../view.ts";
import {
  type BinaryOp,
  type CompositeParts,
  composite,
  elementwise,
  floatDType,
  type PrimitiveOp,
  primitive,
  type ReductionOptions,
  type UnaryOp,
} from "./constructors.ts";
import type { One, Two } from "./op.ts";
import { finitePeak } from "./peak.ts";

type Summary<S extends Shape, X extends Axes, K extends boolean, Name extends string> = Tensor<
  Result<Reduced<S, X, K, Name>>
>;

const countOf = (shape: Shape, axes: readonly number[]): number => sizeOf(axes.map((axis) => shape[axis] ?? 1));

/** What a summary of `x` over axes is made of: its values as floats, how many make one result, and whether the axes stay. */
function summarized(
  name: string,
  x: Tensor,
  axis: Axes,
  options: ReductionOptions = {},
  others: readonly string[] = [],
): {
  readonly values: Tensor;
  readonly axes: readonly number[];
  readonly count: number;
  readonly kept: { readonly keepDims: boolean };
  readonly shape: Shape;
} {
  checkOptionNames(name, options, [...others, "keepDims"]);
  const { keepDims = false } = options;
  const axes = normalizeAxes(name, axis, x.rank);
  const shape = reducedShape(x.shape, axes, keepDims);
  return { values: x.cast(floating(x.dtype)), axes, count: countOf(x.shape, axes), kept: { keepDims }, shape };
}

/**
 * The average Σ x / n, over one axis, several, or all; NaN of nothing. Of integers a `float32`.
 *
 * @throws ShapeError for an axis that is not there
 * @example mean([1, 2, 6]) // 3
 */
export function mean<S extends Shape, const X extends Axes = undefined, K extends boolean = false>(
  x: Tensor<S>,
  axis?: X & Check<Reduced<S, X, K, "mean">>,
  options?: ReductionOptions<K>,
): Summary<S, X, K, "mean"> {
  const { values, axes, count, kept } = summarized("mean", x, axis, options);
  return typed(values.sum(axes, kept).div(count));
}

// Σ (x − μ)² / d;  dx = 2/d · (x − μ) · dy: nothing flows through μ, from which the distances sum to 0.
const varianceOf = /* @__PURE__ */ composite<{ readonly axes: readonly number[]; readonly divisor: number }>({
  name: "variance",
  intermediates: ([x]: One<Tensor>, { axes }) => [x.mean(axes, { keepDims: true })],
  forward: ([x]: One<Tensor>, [mean]: One<Tensor>, { axes, divisor }) =>
    x.sub(mean).square().sum(axes, { keepDims: true }).div(divisor),
  gradient: ({ dy, inputs: [x], shared: [mean] }: CompositeParts<One<Tensor>, One<Tensor>>, { divisor }) => [
    x.sub(mean).mul(dy.mul(2 / divisor)),
  ],
});

/** Options of {@link variance} and {@link std}. */
export interface VarianceOptions<K extends boolean = boolean> extends ReductionOptions<K> {
  /** What is subtracted from the number of elements: 0 (the default) for the biased variance, 1 for Bessel's correction. */
  readonly correction?: number;
}

/**
 * Σ (x − mean)² / (n − correction), over one axis, several, or all; in two passes, so that a large mean costs no
 * digits.
 *
 * @throws ShapeError for an axis that is not there
 * @throws OptionError for a correction that is negative or not finite
 * @example variance([1, 2, 6]) // 4.666667
 */
export function variance<S extends Shape, const X extends Axes = undefined, K extends boolean = false>(
  x: Tensor<S>,
  axis?: X & Check<Reduced<S, X, K, "variance">>,
  options: VarianceOptions<K> = {},
): Summary<S, X, K, "variance"> {
  return typed(varianceAlong("variance", x, axis, options));
}

function varianceAlong(name: string, x: Tensor, axis: Axes, options: VarianceOptions = {}): Tensor {
  const { values, axes, count, shape } = summarized(name, x, axis, options, ["correction"]);
  const { correction = 0 } = options;
  checkOption(Number.isFinite(correction) && correction >= 0, name, "correction", "a number ≥ 0", correction);
  const { output } = varianceOf([values], { axes, divisor: Math.max(0, count - correction) });
  return output.reshape(shape);
}

/** The square root, with gradient 0 at 0: a constant vector's spread and a zero vector's norm have no direction to grow in. */
const rootOfSquares: UnaryOp = /* @__PURE__ */ elementwise({
  name: "rootOfSquares",
  result: floatDType,
  forward: (x) => x.sqrt(),
  gradient: (dy, _, y) => [y.eq(0).where(0, dy.mul(0.5).div(y))],
});

/**
 * The square root of the {@link variance}; gradient 0 for constant values.
 *
 * @throws ShapeError for an axis that is not there
 * @throws OptionError for a correction that is negative or not finite
 * @example std([1, 2, 6]) // 2.160247
 */
export function std<S extends Shape, const X extends Axes = undefined, K extends boolean = false>(
  x: Tensor<S>,
  axis?: X & Check<Reduced<S, X, K, "std">>,
  options?: VarianceOptions<K>,
): Summary<S, X, K, "std"> {
  return typed(rootOfSquares(varianceAlong("std", x, axis, options)));
}

/** |x|ᵖ; its gradient p·|x|ᵖ⁻¹·sign x is 0 at 0, where for p < 1 there is none. */
const absolutePower: BinaryOp = /* @__PURE__ */ elementwise({
  name: "absolutePower",
  result: floatDType,
  forward: (x, p) => x.abs().pow(p),
  gradient: (dy, [x = dy, p = dy]) => [
    x.eq(0).where(
      0,
      dy
        .mul(p)
        .mul(x.abs().pow(p.sub(1)))
        .mul(x.sign()),
    ),
    null,
  ],
});

/** x^(1/p), with gradient y/(p·x), and 0 where y is 0: a zero vector has no direction to grow in. */
const rootOfPowers: BinaryOp = /* @__PURE__ */ elementwise({
  name: "rootOfPowers",
  result: floatDType,
  forward: (x, p) => x.pow(p.reciprocal()),
  gradient: (dy, [x = dy, p = dy], y) => [y.eq(0).where(0, dy.mul(y.div(x).div(p))), null],
});

/** Options of {@link norm}. */
export interface NormOptions<K extends boolean = boolean> extends ReductionOptions<K> {
  /** The p of the p-norm; 2 by default. Infinity is the greatest |x|, −Infinity the smallest, 0 the count of what is not 0. */
  readonly p?: number;
}

/**
 * (Σ |x|ᵖ)^(1/p); for p = 2 the Euclidean length. The gradient is 0 for a zero vector, and shared among the equals of an extreme.
 * @throws ShapeError for an infinite p if there are no elements
 * @example norm([3, 4]) // 5
 */
export function norm<S extends Shape, const X extends Axes = undefined, K extends boolean = false>(
  x: Tensor<S>,
  axis?: X & Check<Reduced<S, X, K, "norm">>,
  options: NormOptions<K> = {},
): Summary<S, X, K, "norm"> {
  const { values, axes, count, kept } = summarized("norm", x, axis, options, ["p"]);
  const { p = 2 } = options;
  checkOption(typeof p === "number" && !Number.isNaN(p), "norm", "p", "a number", p);
  if (p === 2) return typed(rootOfSquares(values.square().sum(axes, kept)));
  if (p === 1) return typed(values.abs().sum(axes, kept));
  if (p === 0) return typed(values.ne(0).cast(values.dtype).sum(axes, kept));
  if (Number.isFinite(p)) return typed(rootOfPowers(absolutePower(values, p).sum(axes, kept), p));
  if (count === 0)
    throw new ShapeError(`norm: no greatest or smallest of nothing: ${formatShape(x.shape)} over ${formatShape(axes)}`);
  return typed(p > 0 ? values.abs().max(axes, kept) : values.abs().min(axes, kept));
}

// max + ln Σ e^(x − max).  dx = e^(x − max) / Σ e^(x − max) · dy, 0 where all is −∞: from the shifted sum, since y is rounded.
const logSumExpOf = /* @__PURE__ */ composite<{ readonly axes: readonly number[] }>({
  name: "logSumExp",
  intermediates: ([x]: One<Tensor>, { axes }) => {
    const peak = countOf(x.shape, axes) === 0 ? x.sum(axes, { keepDims: true }) : finitePeak(x, axes);
    return [peak, x.sub(peak).exp().sum(axes, { keepDims: true })];
  },
  forward: (_, [peak, total]: Two<Tensor>) => total.log().add(peak), // ln 0 = −∞ of nothing
  gradient: ({ dy, inputs: [x], shared: [peak, total] }: CompositeParts<One<Tensor>, Two<Tensor>>) => [
    total.eq(0).where(0, dy.mul(x.sub(peak).exp().div(total))),
  ],
});

/**
 * ln Σ eˣ, over one axis, several, or all: max x + ln Σ e^(x − max x), exact for every x; −∞ of nothing.
 *
 * @throws ShapeError for an axis that is not there
 * @example logSumExp([1000, 1000]) // 1000.693115
 */
export function logSumExp<S extends Shape, const X extends Axes = undefined, K extends boolean = false>(
  x: Tensor<S>,
  axis?: X & Check<Reduced<S, X, K, "logSumExp">>,
  options?: ReductionOptions<K>,
): Summary<S, X, K, "logSumExp"> {
  const { values, axes, shape } = summarized("logSumExp", x, axis, options);
  return typed(logSumExpOf([values], { axes }).output.reshape(shape));
}

/** Options of {@link argMax} and {@link argMin}. */
export interface ExtremeOptions<K extends boolean = boolean> extends ReductionOptions<K> {
  /** Of equal ones the last instead of the first; false by default. */
  readonly selectLast?: boolean;
}

/** The index of an extreme along an axis, or of all without one. */
function locating(
  name: "argMax" | "argMin",
): (x: Tensor, axis: number | undefined, options?: ExtremeOptions) => Tensor {
  const greatest = name === "argMax";
  const locate: PrimitiveOp<Omit<ExtremePlace, "greatest">> = primitive({
    name,
    infer: ([{ shape }]: One<Spec>, { axis }) => ({ shape: reducedShape(shape, [axis], true), dtype: "int32" }),
    kernel: ([x]: One<View>, spec, place) => {
      const out = allocate("int32", sizeOf(spec.shape));
      placesOfExtremes(x, { ...place, greatest }, out);
      return viewOf(out, "int32", spec.shape);
    },
    lowering: { kind: "request", kernel: (place) => ({ kind: "extreme", ...place, greatest }) },
    reads: [],
    gradient: () => [null],
  });
  return (x, axis, options = {}) => {
    checkOptionNames(name, options, ["keepDims", "selectLast"]);
    const { keepDims = false, selectLast: last = false } = options;
    const [only] = axis === undefined ? [] : normalizeAxes(name, axis, x.rank);
    const line: Tensor = only === undefined ? x.flatten() : x;
    const place = only ?? 0;
    if (line.shape[place] === 0) {
      throw new ShapeError(
        `${name}: nothing to choose from: ${formatShape(x.shape)} has no elements${only === undefined ? "" : ` along axis ${only}`}`,
      );
    }
    const axes = only === undefined ? [...x.shape.keys()] : [only];
    return locate([line], { axis: place, last }).reshape(reducedShape(x.shape, axes, keepDims));
  };
}

const greatest = /* @__PURE__ */ locating("argMax");
const smallest = /* @__PURE__ */ locating("argMin");

/**
 * The index of the first greatest along an axis (of all, without one), `int32`; NaN is the greatest, of nothing it is a ShapeError.
 * @example argMax([1, 5, 5]) // 1
 */
export function argMax<S extends Shape, const X extends number | undefined = undefined, K extends boolean = false>(
  x: Tensor<S>,
  axis?: X & Check<Reduced<S, X, K, "argMax">>,
  options?: ExtremeOptions<K>,
): Summary<S, X, K, "argMax"> {
  return typed(greatest(x, axis, options));
}

/**
 * The index of the first smallest along an axis (of all, without one), `int32`; NaN is the smallest, of nothing it is a ShapeError.
 * @example argMin([3, 1, 1]) // 1
 */
export function argMin<S extends Shape, const X extends number | undefined = undefined, K extends boolean = false>(
  x: Tensor<S>,
  axis?: X & Check<Reduced<S, X, K, "argMin">>,
  options?: ExtremeOptions<K>,
): Summary<S, X, K, "argMin"> {
  return typed(smallest(x, axis, options));
}
