// Initializers of numbers that do not look at the shape: constants, and draws from one distribution.

import {
  full,
  normal as randomNormal,
  truncatedNormal as randomTruncatedNormal,
  uniform as randomUniform,
} from "@gradus/core";
import { finite, notNegative, type OptionRules } from "../options.ts";
import { family, type Initializer, type InitializerFamily } from "./family.ts";

/** Zeros. @example initializers.zeros([2]); // [0, 0] */
export const zeros: Initializer = (shape, { dtype = "float32" } = {}) => full(shape, 0, { dtype });

/** Ones. @example initializers.ones([2]); // [1, 1] */
export const ones: Initializer = (shape, { dtype = "float32" } = {}) => full(shape, 1, { dtype });

/**
 * One value everywhere.
 *
 * @example constant(0.5)([2]); // [0.5, 0.5]
 */
export function constant(value: number): Initializer {
  return (shape, { dtype = "float32" } = {}) => full(shape, value, { dtype });
}

/** The settings of {@link uniform}. */
export interface UniformSettings {
  /** The least value that can come; −0.05 by default. */
  readonly low: number;
  /** The bound that no value reaches; 0.05 by default. */
  readonly high: number;
}

/**
 * Uniform in [low, high): [−0.05, 0.05) by default.
 * @example initializers.uniform({ low: 0, high: 1 })([784, 256]).shape; // [784, 256]
 */
export const uniform: InitializerFamily<UniformSettings> = /* @__PURE__ */ family(
  "uniform",
  { low: -0.05, high: 0.05 },
  { low: finite, high: finite },
  (shape, { low, high }, options) => randomUniform(shape, { low, high, ...options }),
);

/** The settings of {@link normal} and {@link truncatedNormal}. */
export interface NormalSettings {
  /** μ; 0 by default. */
  readonly mean: number;
  /** σ ≥ 0; 0.01 by default. */
  readonly standardDeviation: number;
}

const small: NormalSettings = { mean: 0, standardDeviation: 0.01 };
const normalRules: OptionRules<NormalSettings> = { mean: finite, standardDeviation: notNegative };

/**
 * Normal, of mean 0 and standard deviation 0.01 by default.
 * @example initializers.normal({ standardDeviation: 0.02 })([784, 256]).shape; // [784, 256]
 */
export const normal: InitializerFamily<NormalSettings> = /* @__PURE__ */ family(
  "normal",
  small,
  normalRules,
  (shape, settings, options) => randomNormal(shape, { ...settings, ...options }),
);

/** √Var of a standard normal cut off at ±2: √(1 − 4·φ(2) / (2·Φ(2) − 1)). */
const SPREAD_WITHIN_TWO = 0.879_625_661_034_239_8;

/**
 * Normal without its tails beyond two standard deviations, widened so that `standardDeviation` is that of the result.
 * @example initializers.truncatedNormal({ standardDeviation: 0.02 })([784, 256]).shape; // [784, 256]
 */
export const truncatedNormal: InitializerFamily<NormalSettings> = /* @__PURE__ */ family(
  "truncatedNormal",
  small,
  normalRules,
  (shape, { mean, standardDeviation }, options) =>
    randomTruncatedNormal(shape, { mean, standardDeviation: standardDeviation / SPREAD_WITHIN_TWO, ...options }),
);
