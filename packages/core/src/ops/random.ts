// Random tensors. Two operators draw (uniform on [0, 1), standard normal); the rest are formulas of their results.

import type { DType } from "../dtype.ts";
import { contiguousView } from "../engine/copy.ts";
import { checkOption, checkOptionNames, DTypeError } from "../errors.ts";
import { normalQuantile, normalShare } from "../expr/special.ts";
import { defaultGenerator, fillNormal, fillUniform, type Generator, shuffledIndices } from "../random.ts";
import { checkShape, type Shape } from "../shape.ts";
import { typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { allocateView, elements, viewOf } from "../view.ts";
import { type PrimitiveOp, primitive } from "./constructors.ts";
import { type Drawing, drawing } from "./drawing.ts";

/** Options of random tensors. */
export interface RandomOptions {
  /** The type of the numbers; `float32` by default. */
  readonly dtype?: "float32" | "float64";
  /** Where the numbers come from; the default generator if none is given. */
  readonly generator?: Generator;
}

const drawUniform = /* @__PURE__ */ drawing("randomUniform", fillUniform, true);
const drawNormal = /* @__PURE__ */ drawing("randomNormal", fillNormal, false);

function settings(name: string, shape: Shape, options: RandomOptions, others: readonly string[] = []): Drawing {
  checkOptionNames(name, options, ["dtype", "generator", ...others]);
  const { dtype = "float32", generator = defaultGenerator() } = options;
  checkShape(name, shape);
  if (dtype !== "float32" && dtype !== "float64")
    throw new DTypeError(`${name}: dtype must be float32 or float64, got ${String(dtype)}`);
  return { shape: [...shape], dtype, generator };
}

/** Options of {@link uniform}. */
export interface UniformOptions extends RandomOptions {
  /** The least number that can come; 0 by default. */
  readonly low?: number;
  /** The bound that no number reaches; 1 by default. */
  readonly high?: number;
}

/**
 * Uniform numbers in [low, high), [0, 1) by default: low + (high − low)·u with u of 24 random bits, or 53 for
 * `float64`.
 *
 * @throws OptionError unless low ≤ high, both finite
 * @example uniform([2], { low: -1 }).shape; // [2]
 */
export function uniform<const S extends Shape>(shape: S, options: UniformOptions = {}): Tensor<S> {
  const { low = 0, high = 1 } = options;
  checkOption(
    Number.isFinite(low) && Number.isFinite(high) && low <= high,
    "uniform",
    "low and high",
    "finite, low ≤ high",
    [low, high],
  );
  const unit = drawUniform(settings("uniform", shape, options, ["low", "high"]));
  if (low === 0 && high === 1) return typed(unit);
  // Rounding must not reach the bound that is left out.
  const limit = Math.max(low, justBelow(high, options.dtype === "float64"));
  return typed(
    unit
      .mul(high - low)
      .add(low)
      .minimum(limit),
  );
}

/** A float below `x`, by an ulp or two. */
function justBelow(x: number, wide: boolean): number {
  if (wide) return x === 0 ? -Number.MIN_VALUE : x - Math.abs(x) * 1.5 * 2 ** -53;
  const near = Math.fround(x);
  if (near < x) return near;
  return near === 0 ? -(2 ** -149) : Math.fround(near - Math.abs(near) * 1.5 * 2 ** -24);
}

/** Options of {@link normal}. */
export interface NormalOptions extends RandomOptions {
  /** μ; 0 by default. */
  readonly mean?: number;
  /** σ ≥ 0; 1 by default. */
  readonly standardDeviation?: number;
}

/**
 * Normal numbers μ + σ·z, of mean 0 and standard deviation 1 by default, by the method of Box and Muller; |z| stays
 * below 6.7.
 *
 * @throws OptionError unless μ is finite and σ finite and ≥ 0
 * @example normal([3], { mean: 5 }).shape; // [3]
 */
export function normal<const S extends Shape>(shape: S, options: NormalOptions = {}): Tensor<S> {
  const { mean = 0, standardDeviation = 1 } = options;
  checkOption(
    Number.isFinite(standardDeviation) && standardDeviation >= 0,
    "normal",
    "standardDeviation",
    "a finite number ≥ 0",
    standardDeviation,
  );
  checkOption(Number.isFinite(mean), "normal", "mean", "finite", mean);
  const standard = drawNormal(settings("normal", shape, options, ["mean", "standardDeviation"]));
  return typed(mean === 0 && standardDeviation === 1 ? standard : standard.mul(standardDeviation).add(mean));
}

/** Options of {@link truncatedNormal}. */
export interface TruncatedNormalOptions extends NormalOptions {
  /** The lower bound, in standard deviations from the mean; −2 by default. */
  readonly low?: number;
  /** The upper bound, in standard deviations from the mean; 2 by default. */
  readonly high?: number;
}

/**
 * Normal numbers within bounds: x = μ + σ·Φ⁻¹(u) with u uniform between Φ(low) and Φ(high). Their spread is smaller than σ (0.8796 σ
 * between −2 and 2); initializers make up for that.
 *
 * @throws OptionError unless low < high, σ ≥ 0 and μ are finite
 * @example truncatedNormal([1000], { mean: 5, standardDeviation: 0.5 }).max().item() <= 6; // true
 */
export function truncatedNormal<const S extends Shape>(shape: S, options: TruncatedNormalOptions = {}): Tensor<S> {
  const { mean = 0, standardDeviation = 1, low = -2, high = 2 } = options;
  checkOption(Number.isFinite(mean), "truncatedNormal", "mean", "finite", mean);
  checkOption(low < high, "truncatedNormal", "low and high", "numbers, low < high", [low, high]);
  checkOption(
    Number.isFinite(standardDeviation) && standardDeviation >= 0,
    "truncatedNormal",
    "standardDeviation",
    "a finite number ≥ 0",
    standardDeviation,
  );
  const { dtype, ...drawing } = settings("truncatedNormal", shape, options, [
    "mean",
    "standardDeviation",
    "low",
    "high",
  ]);
  const unit = drawUniform({ ...drawing, dtype: "float64" });
  return typed(cutting([unit], { dtype, mean, standardDeviation, low, high }));
}

interface Cut {
  readonly dtype: DType;
  readonly mean: number;
  readonly standardDeviation: number;
  readonly low: number;
  readonly high: number;
}

/** Uniform numbers made normal ones within bounds. */
const cutting: PrimitiveOp<Cut> = /* @__PURE__ */ primitive({
  name: "truncatedNormal",
  infer: ([unit], { dtype }) => ({ shape: unit?.shape ?? [], dtype }),
  kernel: ([unit], spec, { mean, standardDeviation, low, high }) => {
    const out = allocateView(spec);
    if (unit === undefined) return out;
    // Bounds above the mean are drawn as their mirror image below it, where Φ keeps its digits.
    const side = low > 0 ? -1 : 1;
    const [from, to] = side < 0 ? [normalShare(-high), normalShare(-low)] : [normalShare(low), normalShare(high)];
    const units = elements(contiguousView(unit));
    for (let index = 0; index < units.length; index++) {
      const p = from + (to - from) * ((units[index] ?? 0) + 2 ** -54);
      out.storage.array[index] = mean + standardDeviation * Math.min(high, Math.max(low, side * normalQuantile(p)));
    }
    return out;
  },
  reads: [],
  gradient: () => [null],
});

/**
 * 1 with probability `p`, else 0: independent flips of a coin, `float32` by default.
 *
 * @throws OptionError unless 0 ≤ p ≤ 1
 * @example bernoulli([4], 0).toArray(); // [0, 0, 0, 0]
 */
export function bernoulli<const S extends Shape>(shape: S, p: number, options: RandomOptions = {}): Tensor<S> {
  checkOption(p >= 0 && p <= 1, "bernoulli", "p", "from 0 to 1", p);
  const chance = drawUniform(settings("bernoulli", shape, options));
  return typed(chance.lt(p).cast(options.dtype ?? "float32"));
}

/**
 * Whole numbers from `low` (0 by default) to `high` − 1, each equally likely, `int32`.
 *
 * @throws OptionError unless both are whole numbers of 32 bits and low < high
 * @example randint([32], { high: 10 }).shape; // [32]
 */
export function randint<const S extends Shape>(
  shape: S,
  options: { readonly low?: number; readonly high: number; readonly generator?: Generator },
): Tensor<S> {
  checkOptionNames("randint", options, ["low", "high", "generator"]);
  const { low = 0, high, generator } = options;
  const valid = Number.isInteger(low) && Number.isInteger(high) && low < high && low >= -(2 ** 31) && high <= 2 ** 31;
  checkOption(valid, "randint", "low and high", "whole numbers of 32 bits, low < high", [low, high]);
  const unit = drawUniform(
    settings("randint", shape, { dtype: "float64", ...(generator === undefined ? {} : { generator }) }),
  );
  return typed(
    unit
      .mul(high - low)
      .add(low)
      .floor()
      .cast("int32"),
  );
}

/**
 * 0 … n − 1 in random order, each order equally likely (Fisher and Yates), `int32`.
 *
 * @throws ShapeError unless the length is a whole number ≥ 0
 * @example permutation(3).shape; // [3]
 */
export function permutation<const N extends number>(
  length: N,
  options: { readonly generator?: Generator } = {},
): Tensor<readonly [N]> {
  checkOptionNames("permutation", options, ["generator"]);
  const { generator = defaultGenerator() } = options;
  checkShape("permutation", [length]);
  return typed(shuffling([], { length, generator }));
}

const shuffling: PrimitiveOp<{ readonly length: number; readonly generator: Generator }> = /* @__PURE__ */ primitive({
  name: "permutation",
  infer: (_, { length }) => ({ shape: [length], dtype: "int32" }),
  kernel: (_, { shape, dtype }, { length, generator }) =>
    viewOf(shuffledIndices(length, generator.next()), dtype, shape),
  reads: [],
  gradient: () => [],
});
