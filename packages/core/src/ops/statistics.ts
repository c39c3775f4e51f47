// Summaries made of reductions: averages, spreads, norms, and where the extremes stand.

import { allocate, floating } from "../dtype.ts";
import { contiguousView } from "../engine/copy.ts";
import { checkOption, ShapeError } from "../errors.ts";
import { formatShape, normalizeAxes, normalizeAxis, reducedShape, type Shape, sizeOf } from "../shape.ts";
import { type Axes, type Check, type Reduced, type Result, typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { elements, type View, viewOf } from "../view.ts";
import { composite, elementwise, floatDType, primitive, type ReductionOptions, type UnaryOp } from "./constructors.ts";

type Summary<S extends Shape, X extends Axes, K extends boolean, Name extends string> = Tensor<
  Result<Reduced<S, X, K, Name>>
>;

const countOf = (shape: Shape, axes: readonly number[]): number =>
  axes.reduce((count, axis) => count * (shape[axis] ?? 1), 1);

/** The average; NaN of nothing. @example mean([1, 2, 6]) // 3 */
export function mean<S extends Shape, const X extends Axes = undefined, K extends boolean = false>(
  x: Tensor<S>,
  axis?: X & Check<Reduced<S, X, K, "mean">>,
  options?: ReductionOptions<K>,
): Summary<S, X, K, "mean"> {
  const axes = normalizeAxes("mean", axis, x.rank);
  const total: Tensor = x.cast(floating(x.dtype)).sum(axes, { keepDims: options?.keepDims ?? false });
  return typed(total.div(countOf(x.shape, axes)));
}

/** Options of {@link variance} and {@link std}. */
export interface VarianceOptions<K extends boolean = boolean> extends ReductionOptions<K> {
  /** What is subtracted from the number of elements: 0 (the default) for the biased variance, 1 for Bessel's correction. */
  readonly correction?: number;
}

/**
 * Σ (x − mean)² / (n − correction), in two passes, so that a large mean costs no digits.
 * @example variance([1, 2, 6]) // 4.666667
 */
export function variance<S extends Shape, const X extends Axes = undefined, K extends boolean = false>(
  x: Tensor<S>,
  axis?: X & Check<Reduced<S, X, K, "variance">>,
  options?: VarianceOptions<K>,
): Summary<S, X, K, "variance"> {
  const correction = options?.correction ?? 0;
  checkOption(Number.isFinite(correction) && correction >= 0, "variance", "correction", "a number ≥ 0", correction);
  const axes = normalizeAxes("variance", axis, x.rank);
  const values: Tensor = x;
  const squares = values.sub(values.mean(axes, { keepDims: true })).square();
  return typed(
    squares.sum(axes, { keepDims: options?.keepDims ?? false }).div(Math.max(0, countOf(x.shape, axes) - correction)),
  );
}

/** The square root, with gradient 0 at 0: a constant vector's spread and a zero vector's norm have no direction to grow in. */
const rootOfSquares: UnaryOp = /* @__PURE__ */ elementwise({
  name: "rootOfSquares",
  result: floatDType,
  forward: (x) => x.sqrt(),
  gradient: (dy, _, y) => [y.eq(0).where(0, dy.mul(0.5).div(y))],
});

/** The square root of the {@link variance}; gradient 0 for constant values. @example std([1, 2, 6]) // 2.160247 */
export function std<S extends Shape, const X extends Axes = undefined, K extends boolean = false>(
  x: Tensor<S>,
  axis?: X & Check<Reduced<S, X, K, "std">>,
  options?: VarianceOptions<K>,
): Summary<S, X, K, "std"> {
  const axes = normalizeAxes("std", axis, x.rank);
  const spread: Tensor = variance<Shape, Axes, boolean>(x, axes, options);
  return typed(rootOfSquares(spread));
}

/** √(Σ x²), the Euclidean length; gradient 0 for a zero vector. @example norm([3, 4]) // 5 */
export function norm<S extends Shape, const X extends Axes = undefined, K extends boolean = false>(
  x: Tensor<S>,
  axis?: X & Check<Reduced<S, X, K, "norm">>,
  options?: ReductionOptions<K>,
): Summary<S, X, K, "norm"> {
  const axes = normalizeAxes("norm", axis, x.rank);
  const squares: Tensor = x.cast(floating(x.dtype)).square();
  return typed(rootOfSquares(squares.sum(axes, { keepDims: options?.keepDims ?? false })));
}

/** x − shift, or x where the shift is infinite: ∞ − ∞ would be NaN. */
const lowered = (x: Tensor, shift: Tensor): Tensor => x.sub(shift.isFinite().where(shift, 0));

/** max + ln Σ e^(x − max); its gradient is the softmax, 0 where everything is −∞. */
const logSumExpOf = /* @__PURE__ */ composite<{ readonly axes: readonly number[] }>({
  name: "logSumExp",
  forward: ([x], _, { axes }) => {
    if (x === undefined) throw new ShapeError("logSumExp: no input");
    if (countOf(x.shape, axes) === 0) return x.sum(axes, { keepDims: true }).log(); // ln 0 = −∞
    const peak = x.max(axes, { keepDims: true });
    const shift = peak.isFinite().where(peak, 0);
    return lowered(x, peak).exp().sum(axes, { keepDims: true }).log().add(shift);
  },
  gradient: ({ dy, inputs: [x], y }) => {
    if (x === undefined) return [null];
    return [dy.mul(y.eq(Number.NEGATIVE_INFINITY).where(0, x.sub(y).exp()))];
  },
});

/** ln Σ eˣ, exact for every x; −∞ of nothing. @example logSumExp([1000, 1000]) // 1000.693115 */
export function logSumExp<S extends Shape, const X extends Axes = undefined, K extends boolean = false>(
  x: Tensor<S>,
  axis?: X & Check<Reduced<S, X, K, "logSumExp">>,
  options?: ReductionOptions<K>,
): Summary<S, X, K, "logSumExp"> {
  const axes = normalizeAxes("logSumExp", axis, x.rank);
  const { output } = logSumExpOf([x.cast(floating(x.dtype))], { axes });
  return typed(options?.keepDims === true ? output : output.reshape(reducedShape(x.shape, axes, false)));
}

// Extremes ------------------------------------------------------------------------------------------------------------------

const extreme = (
  name: "argMax" | "argMin",
  better: (a: number, b: number) => boolean,
): ((x: Tensor, axis: number) => Tensor) => {
  const find = primitive<{ readonly axis: number }>({
    name,
    infer: ([x], { axis }) => {
      if (x?.shape[axis] === 0)
        throw new ShapeError(
          `${name}: nothing to choose from: ${formatShape(x.shape)} has no elements along axis ${axis}`,
        );
      return { shape: reducedShape(x?.shape ?? [], [axis], true), dtype: "int32" };
    },
    kernel: ([x], spec, { axis }) => {
      const out = allocate("int32", sizeOf(spec.shape));
      if (x !== undefined) firstBest(x, axis, out, better);
      return viewOf(out, "int32", spec.shape);
    },
    reads: [],
    gradient: () => [null],
  });
  return (x, axis) => find([x], { axis });
};

function firstBest(
  x: View,
  axis: number,
  out: ArrayLike<number> & { [index: number]: number },
  better: (a: number, b: number) => boolean,
): void {
  const values = elements(contiguousView(x));
  const size = x.shape[axis] ?? 0;
  const inner = sizeOf(x.shape.slice(axis + 1));
  for (let index = 0; index < out.length; index++) {
    const start = Math.floor(index / inner) * size * inner + (index % inner);
    let best = 0;
    let bestValue = values[start] ?? Number.NaN;
    for (let place = 1; place < size && !Number.isNaN(bestValue); place++) {
      const value = values[start + place * inner] ?? Number.NaN;
      if (better(value, bestValue) || Number.isNaN(value)) {
        best = place;
        bestValue = value;
      }
    }
    out[index] = best;
  }
}

const greatest = /* @__PURE__ */ extreme("argMax", (a, b) => a > b);
const smallest = /* @__PURE__ */ extreme("argMin", (a, b) => a < b);

function along(
  name: string,
  find: (x: Tensor, axis: number) => Tensor,
  x: Tensor,
  axis: number | undefined,
  options: ReductionOptions | undefined,
): Tensor {
  const line: Tensor = axis === undefined ? x.flatten() : x;
  const place = normalizeAxis(name, axis ?? 0, line.rank);
  const found = find(line, place);
  if (options?.keepDims === true) return axis === undefined ? found.reshape(x.shape.map(() => 1)) : found;
  return found.squeeze(place);
}

/** The index of the first greatest element along an axis (of all, without one); NaN is the greatest. @example argMax([1, 5, 5]) // 1 */
export function argMax<S extends Shape, const X extends number | undefined = undefined, K extends boolean = false>(
  x: Tensor<S>,
  axis?: X & Check<Reduced<S, X, K, "argMax">>,
  options?: ReductionOptions<K>,
): Summary<S, X, K, "argMax"> {
  return typed(along("argMax", greatest, x, axis, options));
}

/** The index of the first smallest element along an axis (of all, without one); NaN is the smallest. @example argMin([3, 1, 1]) // 1 */
export function argMin<S extends Shape, const X extends number | undefined = undefined, K extends boolean = false>(
  x: Tensor<S>,
  axis?: X & Check<Reduced<S, X, K, "argMin">>,
  options?: ReductionOptions<K>,
): Summary<S, X, K, "argMin"> {
  return typed(along("argMin", smallest, x, axis, options));
}
