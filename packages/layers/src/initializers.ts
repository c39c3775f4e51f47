// How parameters start. Each initializer is a function of a shape; those with settings are called with them first:
// `heNormal` and `heNormal({ gain: 1 })` are both initializers.
//
// Sources: X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS
// 2010 (Xavier); K. He et al., "Delving deep into rectifiers", ICCV 2015 (He).

import {
  type DType,
  full,
  type Generator,
  normal as randomNormal,
  truncatedNormal as randomTruncatedNormal,
  uniform as randomUniform,
  type Shape,
  type Tensor,
} from "@gradus/core";
import { checkOptions, finite, notNegative, type OptionRules, positive } from "./options.ts";

export { ones, zeros } from "@gradus/core";

/** Types that parameters can have. */
export type FloatDType = Extract<DType, "float32" | "float64">;

/** What an initializer is told beside the shape. */
export interface InitializerOptions {
  readonly dtype?: FloatDType;
  /** Where random numbers come from; the default generator if none is given. */
  readonly generator?: Generator;
}

/** Makes the first value of a parameter. */
export type Initializer = (shape: Shape, options?: InitializerOptions) => Tensor;

/** An initializer with settings: used as it is, or called with settings for another initializer. */
export interface InitializerFamily<Settings> {
  (shape: Shape, options?: InitializerOptions): Tensor;
  (settings?: Partial<Settings>): Initializer;
}

type Draw<Settings> = (shape: Shape, settings: Settings, options: InitializerOptions) => Tensor;

function family<Settings extends object>(
  name: string,
  defaults: Settings,
  rules: OptionRules<Settings>,
  draw: Draw<Settings>,
): InitializerFamily<Settings> {
  const make = (first?: Shape | Partial<Settings>, options: InitializerOptions = {}): Tensor | Initializer => {
    if (isShape(first)) return draw(first, defaults, options);
    const given: Partial<Settings> = first ?? {};
    checkOptions<Partial<Settings>>(name, given, rules);
    const settings: Settings = { ...defaults, ...given };
    return (shape: Shape, inner: InitializerOptions = {}) => draw(shape, settings, inner);
  };
  return make as InitializerFamily<Settings>; // cast: a shape gives a tensor, settings an initializer
}

const isShape = (first: unknown): first is Shape => Array.isArray(first);

/** One value everywhere. */
export function constant(value: number): Initializer {
  return (shape, { dtype = "float32" } = {}) => full(shape, value, { dtype });
}

/** The settings of {@link uniform}. */
export interface UniformSettings {
  readonly low: number;
  readonly high: number;
}

/** Uniform in [low, high): [−0.05, 0.05) by default. */
export const uniform: InitializerFamily<UniformSettings> = /* @__PURE__ */ family(
  "uniform",
  { low: -0.05, high: 0.05 },
  { low: finite, high: finite },
  (shape, { low, high }, options) => randomUniform(shape, { low, high, ...options }),
);

/** The settings of {@link normal} and {@link truncatedNormal}. */
export interface NormalSettings {
  readonly mean: number;
  readonly standardDeviation: number;
}

const small: NormalSettings = { mean: 0, standardDeviation: 0.01 };
const normalRules: OptionRules<NormalSettings> = { mean: finite, standardDeviation: notNegative };

/** Normal, of mean 0 and standard deviation 0.01 by default. */
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
 */
export const truncatedNormal: InitializerFamily<NormalSettings> = /* @__PURE__ */ family(
  "truncatedNormal",
  small,
  normalRules,
  (shape, { mean, standardDeviation }, options) =>
    randomTruncatedNormal(shape, { mean, standardDeviation: standardDeviation / SPREAD_WITHIN_TWO, ...options }),
);

/** How many inputs one output of a kernel sums, and how many outputs one input reaches. */
export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/**
 * The fans of a kernel: of `[in, out]` these two, of `[…window, in, out]` each times the size of the window, of `[n]`
 * n.
 */
export function fans(shape: Shape): Fans {
  const window = shape.slice(0, -2).reduce((product, size) => product * size, 1);
  const fanOut = (shape.at(-1) ?? 1) * window;
  const fanIn = (shape.at(-2) ?? shape.at(-1) ?? 1) * window;
  return { fanIn: Math.max(1, fanIn), fanOut: Math.max(1, fanOut) };
}

/** The settings of initializers that look at the fans. */
export interface GainSettings {
  /** A factor on the standard deviation, for the activation that follows. */
  readonly gain: number;
}

/** Uniform numbers of mean 0 and standard deviation σ: within ±√3·σ. */
const spreadUniform = (shape: Shape, sigma: number, options: InitializerOptions): Tensor =>
  randomUniform(shape, { low: -Math.sqrt(3) * sigma, high: Math.sqrt(3) * sigma, ...options });
const spreadNormal = (shape: Shape, sigma: number, options: InitializerOptions): Tensor =>
  randomNormal(shape, { standardDeviation: sigma, ...options });

// σ² = gain² · 2 / (fanIn + fanOut)
const xavier = (shape: Shape, { gain }: GainSettings): number =>
  gain * Math.sqrt(2 / (fans(shape).fanIn + fans(shape).fanOut));
// σ² = gain² / fanIn
const he = (shape: Shape, { gain }: GainSettings): number => gain / Math.sqrt(fans(shape).fanIn);

/**
 * Uniform with σ = gain · √(2 / (fanIn + fanOut)), gain 1: keeps the variance of activations and gradients through
 * tanh and linear layers.
 */
export const xavierUniform: InitializerFamily<GainSettings> = /* @__PURE__ */ family(
  "xavierUniform",
  { gain: 1 },
  { gain: positive },
  (shape, settings, options) => spreadUniform(shape, xavier(shape, settings), options),
);

/** Normal with σ = gain · √(2 / (fanIn + fanOut)), gain 1. */
export const xavierNormal: InitializerFamily<GainSettings> = /* @__PURE__ */ family(
  "xavierNormal",
  { gain: 1 },
  { gain: positive },
  (shape, settings, options) => spreadNormal(shape, xavier(shape, settings), options),
);

/** Uniform with σ = gain / √fanIn, gain √2: keeps the variance through ReLU, which halves it. */
export const heUniform: InitializerFamily<GainSettings> = /* @__PURE__ */ family(
  "heUniform",
  { gain: Math.SQRT2 },
  { gain: positive },
  (shape, settings, options) => spreadUniform(shape, he(shape, settings), options),
);

/** Normal with σ = gain / √fanIn, gain √2. */
export const heNormal: InitializerFamily<GainSettings> = /* @__PURE__ */ family(
  "heNormal",
  { gain: Math.SQRT2 },
  { gain: positive },
  (shape, settings, options) => spreadNormal(shape, he(shape, settings), options),
);
