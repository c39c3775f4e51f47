// Initializers that keep the variance of what flows through a layer, by looking at how many values each output sums.
//
// Sources: Y. LeCun et al., "Efficient backprop", 1998 (LeCun); X. Glorot, Y. Bengio, "Understanding the difficulty of training deep
// feedforward neural networks", AISTATS 2010 (Xavier); K. He et al., "Delving deep into rectifiers", ICCV 2015 (He).

import { normal, type Shape, type Tensor, uniform } from "@gradus/core";
import { type OptionRule, type OptionRules, positive } from "../options.ts";
import { truncatedNormal } from "./distributions.ts";
import { family, type InitializerFamily, type InitializerOptions } from "./family.ts";

/** How many inputs one output of a kernel sums, and how many outputs one input reaches. */
export interface Fans {
  /** How many values one output sums, at least 1. */
  readonly fanIn: number;
  /** How many outputs one input reaches, at least 1. */
  readonly fanOut: number;
}

/**
 * The fans of a kernel: of `[in, out]` these two, of `[…window, in, out]` each times the size of the window, of `[n]` n. The kernel of a
 * convolution in groups is `[…window, channels / groups, filters]`, so that its fan in is that of one group; its fan out is not divided,
 * as in PyTorch and Keras.
 *
 * @example fans([3, 3, 16, 32]); // { fanIn: 144, fanOut: 288 }
 */
export function fans(shape: Shape): Fans {
  const window = shape.slice(0, -2).reduce((product, size) => product * size, 1);
  const fanOut = (shape.at(-1) ?? 1) * window;
  const fanIn = (shape.at(-2) ?? shape.at(-1) ?? 1) * window;
  return { fanIn: Math.max(1, fanIn), fanOut: Math.max(1, fanOut) };
}

/** The settings of initializers that look at the fans. */
export interface GainSettings {
  /**
   * A factor on the standard deviation, above 0, for the activation that follows: √2 for ReLU, 1 for tanh and linear
   * layers.
   */
  readonly gain: number;
}

type Sigma = (shape: Shape, gain: number) => number;
type Draw = (shape: Shape, sigma: number, options: InitializerOptions) => Tensor;

/** Uniform numbers of mean 0 and standard deviation σ: within ±√3·σ. */
const spreadUniform: Draw = (shape, sigma, options) =>
  uniform(shape, { low: -Math.sqrt(3) * sigma, high: Math.sqrt(3) * sigma, ...options });
const spreadNormal: Draw = (shape, sigma, options) => normal(shape, { standardDeviation: sigma, ...options });
const spreadTruncated: Draw = (shape, sigma, options) => truncatedNormal({ standardDeviation: sigma })(shape, options);

function scaled(name: string, gain: number, sigma: Sigma, draw: Draw): InitializerFamily<GainSettings> {
  return family(name, { gain }, { gain: positive }, (shape, settings, options) =>
    draw(shape, sigma(shape, settings.gain), options),
  );
}

// σ² = gain² · 2 / (fanIn + fanOut)
const byBoth: Sigma = (shape, gain) => gain * Math.sqrt(2 / (fans(shape).fanIn + fans(shape).fanOut));
// σ² = gain² / fanIn
const byInputs: Sigma = (shape, gain) => gain / Math.sqrt(fans(shape).fanIn);

/**
 * Uniform with σ = gain · √(2 / (fanIn + fanOut)), gain 1: keeps the variance of activations and gradients through
 * tanh and linear layers. Source: X. Glorot and Y. Bengio, AISTATS 2010.
 * @example xavierUniform([3, 3]).abs().max().item() <= 1; // true: the bound is √(6 / (fanIn + fanOut))
 */
export const xavierUniform: InitializerFamily<GainSettings> = /* @__PURE__ */ scaled(
  "xavierUniform",
  1,
  byBoth,
  spreadUniform,
);

/** Normal with σ = gain · √(2 / (fanIn + fanOut)), gain 1. @example xavierNormal([784, 256]).shape; // [784, 256] */
export const xavierNormal: InitializerFamily<GainSettings> = /* @__PURE__ */ scaled(
  "xavierNormal",
  1,
  byBoth,
  spreadNormal,
);

/**
 * Uniform with σ = gain / √fanIn, gain √2: keeps the variance through ReLU, which halves it. Source: K. He et al., ICCV 2015.
 * @example heUniform([6, 4]).abs().max().item() <= 1; // true: the bound is √(6 / fanIn)
 */
export const heUniform: InitializerFamily<GainSettings> = /* @__PURE__ */ scaled(
  "heUniform",
  Math.SQRT2,
  byInputs,
  spreadUniform,
);

/** Normal with σ = gain / √fanIn, gain √2. @example new Dense(784, 256, { initializer: heNormal }); */
export const heNormal: InitializerFamily<GainSettings> = /* @__PURE__ */ scaled(
  "heNormal",
  Math.SQRT2,
  byInputs,
  spreadNormal,
);

/**
 * Uniform with σ = gain / √fanIn, gain 1: keeps the variance through SELU, which undoes its own changes of it.
 * @example initializers.leCunUniform([3, 4]).abs().max().item() <= 1; // true: the bound is √(3 / fanIn)
 */
export const leCunUniform: InitializerFamily<GainSettings> = /* @__PURE__ */ scaled(
  "leCunUniform",
  1,
  byInputs,
  spreadUniform,
);

/**
 * Normal with σ = gain / √fanIn, gain 1. Keras's is truncated: `varianceScaling`.
 * @example initializers.leCunNormal([784, 256]).shape; // [784, 256]
 */
export const leCunNormal: InitializerFamily<GainSettings> = /* @__PURE__ */ scaled(
  "leCunNormal",
  1,
  byInputs,
  spreadNormal,
);

/** The settings of {@link varianceScaling}. */
export interface VarianceScalingSettings {
  /** A factor on the variance, above 0; 1 by default, 2 for ReLU. */
  readonly scale: number;
  /** What the variance is divided by: inputs (the default), outputs, or the mean of both. */
  readonly mode: "fanIn" | "fanOut" | "fanAverage";
  /**
   * What is drawn from, with the same σ each time: `"truncatedNormal"` (the default) has no tails beyond 2σ before
   * it is widened.
   */
  readonly distribution: "truncatedNormal" | "normal" | "uniform";
}

const draws: Readonly<Record<VarianceScalingSettings["distribution"], Draw>> = {
  truncatedNormal: spreadTruncated,
  normal: spreadNormal,
  uniform: spreadUniform,
};

const oneOf = (names: readonly string[]): OptionRule => ({
  rule: names.map((name) => JSON.stringify(name)).join(" or "),
  valid: (value) => typeof value === "string" && names.includes(value),
});

const scalingRules: OptionRules<VarianceScalingSettings> = {
  scale: positive,
  mode: /* @__PURE__ */ oneOf(["fanIn", "fanOut", "fanAverage"]),
  distribution: /* @__PURE__ */ oneOf(["truncatedNormal", "normal", "uniform"]),
};

/**
 * σ² = scale / n, where n is fanIn (the default), fanOut or their mean; from a normal distribution without tails (the default), a normal
 * or a uniform one. As in Keras, of which all others here are cases.
 *
 * @example
 * const heFromKeras = varianceScaling({ scale: 2 });
 * heFromKeras([784, 256]).shape; // [784, 256]
 */
export const varianceScaling: InitializerFamily<VarianceScalingSettings> = /* @__PURE__ */ family(
  "varianceScaling",
  { scale: 1, mode: "fanIn", distribution: "truncatedNormal" },
  scalingRules,
  (shape, { scale, mode, distribution }, options) => {
    const { fanIn, fanOut } = fans(shape);
    const n = { fanIn, fanOut, fanAverage: (fanIn + fanOut) / 2 }[mode];
    return draws[distribution](shape, Math.sqrt(scale / n), options);
  },
);
