// Activations of straight and exponential pieces, with the definitions and the slopes at kinks of PyTorch. Options are operands of
// their formulas, so that one loop serves all of their values.

import { checkOption, describe, OptionError, ShapeError } from "../errors.ts";
import { broadcastShapes, formatShape, type Shape, sameShape } from "../shape.ts";
import { typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import {
  type BinaryOp,
  type ElementwiseOp,
  elementwise,
  floatDType,
  required,
  type TernaryOp,
  type UnaryOp,
} from "./constructors.ts";
import { tensorsOf } from "./op.ts";

/**
 * Options that are numbers, those left out by default.
 * @throws OptionError for an unknown name or what is no finite number
 */
function numbers<Name extends string>(
  owner: string,
  given: { readonly [K in Name]?: number | undefined },
  defaults: Readonly<Record<Name, number>>,
): Readonly<Record<Name, number>> {
  const options: Record<Name, number> = { ...defaults };
  for (const name of Object.keys(given)) {
    if (!(name in defaults))
      throw new OptionError(`${owner}: unknown option ${describe(name)}: the options are ${Object.keys(defaults)}`);
  }
  for (const name in defaults) {
    const value = given[name];
    if (value === undefined) continue;
    checkOption(Number.isFinite(value), owner, name, "a finite number", value);
    options[name] = value;
  }
  return options;
}

// Rational and piecewise linear ---------------------------------------------------------------------------------------------

/** x / (1 + |x|): between −1 and 1, as tanh, but with tails like 1/x. @example softsign([-1, 0, 3]) // [-0.5, 0, 0.75] */
export const softsign: UnaryOp = /* @__PURE__ */ elementwise({
  name: "softsign",
  result: floatDType,
  forward: (x) => x.div(x.abs().add(1)),
  // At ±∞ it has no value, ∞/∞, and no slope either.
  gradient: (dy, [x = dy]) => [x.isFinite().where(dy.div(x.abs().add(1).square()), Number.NaN)],
});

/** min(max(x, 0), 6); its gradient at 0 and 6 is 0. @example relu6([-1, 3, 8]) // [0, 3, 6] */
export const relu6: UnaryOp = /* @__PURE__ */ elementwise({
  name: "relu6",
  forward: (x) => x.maximum(0).minimum(6),
  gradient: (dy, [x = dy]) => [x.le(0).logicalOr(x.ge(6)).where(0, dy)],
});

/** Options of {@link hardTanh}. */
export interface HardTanhOptions {
  /** The lowest value; −1 by default. */
  readonly min?: number;
  /** The highest value; 1 by default. */
  readonly max?: number;
}

const hardTanhOf: TernaryOp = /* @__PURE__ */ elementwise({
  name: "hardTanh",
  forward: (x, min, max) => x.maximum(min).minimum(max),
  gradient: (dy, [x = dy, min = dy, max = dy]) => [x.le(min).logicalOr(x.ge(max)).where(0, dy), null, null],
});

/**
 * x limited to [min, max]; its gradient is 1 between them, 0 at both. A min above max gives max.
 * @example hardTanh([-3, 0.5, 2]) // [-1, 0.5, 1]
 */
export function hardTanh<S extends Shape>(x: Tensor<S>, options: HardTanhOptions = {}): Tensor<S> {
  const { min, max } = numbers("hardTanh", options, { min: -1, max: 1 });
  return typed(hardTanhOf(x, min, max));
}

/** Options of {@link hardSigmoid}. */
export interface HardSigmoidOptions {
  /** The slope in the middle; 1/6 by default, as in PyTorch and Keras (ONNX: 0.2). */
  readonly slope?: number;
  /** The value at 0; 0.5 by default. */
  readonly offset?: number;
}

const hardSigmoidOf: TernaryOp = /* @__PURE__ */ elementwise({
  name: "hardSigmoid",
  result: floatDType,
  forward: (x, slope, offset) => x.mul(slope).add(offset).maximum(0).minimum(1),
  gradient: (dy, [, slope = dy], y) => [y.gt(0).logicalAnd(y.lt(1)).where(dy.mul(slope), 0), null, null],
});

/** slope·x + offset, limited to [0, 1]; its gradient is 0 at both limits. @example hardSigmoid([-3, 0, 1.5]) // [0, 0.5, 0.75] */
export function hardSigmoid<S extends Shape>(x: Tensor<S>, options: HardSigmoidOptions = {}): Tensor<S> {
  const { slope, offset } = numbers("hardSigmoid", options, { slope: 1 / 6, offset: 0.5 });
  return typed(hardSigmoidOf(x, slope, offset));
}

/** x·min(max(x + 3, 0), 6)/6, with the slopes −½ at −3 and 1½ at 3. @example hardSwish([-4, 0, 1.5, 3]) // [0, 0, 1.125, 3] */
export const hardSwish: UnaryOp = /* @__PURE__ */ elementwise({
  name: "hardSwish",
  result: floatDType,
  forward: (x) => x.mul(x.add(3).maximum(0).minimum(6).div(6)),
  gradient: (dy, [x = dy]) => [x.lt(-3).where(0, x.le(3).where(dy.mul(x.div(3).add(0.5)), dy))],
});

// One slope above 0, another below ------------------------------------------------------------------------------------------

/** Options of {@link leakyRelu}. */
export interface LeakyReluOptions {
  /** The slope for x ≤ 0; 0.01 by default. */
  readonly negativeSlope?: number;
}

const leakyReluOf: BinaryOp = /* @__PURE__ */ elementwise({
  name: "leakyRelu",
  result: floatDType,
  forward: (x, slope) => x.gt(0).where(x, x.mul(slope)),
  gradient: (dy, [x = dy, slope = dy]) => [x.gt(0).where(dy, dy.mul(slope)), null],
});

/** x where it is positive, negativeSlope·x elsewhere; its gradient at 0 is the negative slope. @example leakyRelu([-100, 2]) // [-1, 2] */
export function leakyRelu<S extends Shape>(x: Tensor<S>, options: LeakyReluOptions = {}): Tensor<S> {
  const { negativeSlope } = numbers("leakyRelu", options, { negativeSlope: 0.01 });
  return typed(leakyReluOf(x, negativeSlope));
}

const preluOf: BinaryOp = /* @__PURE__ */ elementwise({
  name: "prelu",
  forward: (x, weight) => x.gt(0).where(x, weight.mul(x)),
  gradient: (dy, [x = dy, weight = dy]) => [x.gt(0).where(dy, weight.mul(dy)), x.gt(0).where(0, x.mul(dy))],
});

/**
 * x where it is positive, weight·x elsewhere. The weight is one number, one for each channel (the last axis), or of any shape that
 * broadcasts to x; a gradient flows to it.
 * Source: K. He et al., "Delving deep into rectifiers", ICCV 2015.
 *
 * @throws ShapeError for a weight that does not broadcast to the shape of x
 * @example prelu([-4, 2], 0.25) // [-1, 2]
 */
export function prelu<S extends Shape>(x: Tensor<S>, weight: Tensor | number): Tensor<S> {
  const [input, slope] = tensorsOf("prelu", [x, weight]);
  const shapes = [required(input).shape, required(slope).shape] as const;
  if (!sameShape(broadcastShapes("prelu", ...shapes), shapes[0])) {
    throw new ShapeError(
      `prelu: the weight ${formatShape(shapes[1])} does not broadcast to the input ${formatShape(shapes[0])}`,
    );
  }
  return typed(preluOf(required(input), required(slope)));
}

// Exponential below 0 -------------------------------------------------------------------------------------------------------

/** x for positive x, else rise·(e^(x·rate) − 1); all of it times scale. */
const exponentialUnit: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "elu",
  result: floatDType,
  forward: (x, rise, rate, scale) => x.le(0).where(x.mul(rate).expm1().mul(rise), x).mul(scale),
  gradient: (dy, [x = dy, rise = dy, rate = dy, scale = dy]) => {
    const scaled = dy.mul(scale);
    return [x.gt(0).where(scaled, x.mul(rate).exp().mul(rise.mul(rate)).mul(scaled)), null, null, null];
  },
});

/** Options of {@link elu} and {@link celu}. */
export interface EluOptions {
  /** What the result tends to at −∞, negated; 1 by default. */
  readonly alpha?: number;
}

/**
 * x for positive x, else α·(eˣ − 1); its gradient at 0 is α.
 * Source: D.-A. Clevert et al., "Fast and accurate deep network learning by exponential linear units", ICLR 2016.
 *
 * @example elu([-1, 0, 2]) // [-0.632121, 0, 2]
 */
export function elu<S extends Shape>(x: Tensor<S>, options: EluOptions = {}): Tensor<S> {
  const { alpha } = numbers("elu", options, { alpha: 1 });
  return typed(exponentialUnit(x, alpha, 1, 1));
}

/** Options of {@link selu}. */
export interface SeluOptions {
  /** α, 1.6732632423543772 by default. */
  readonly alpha?: number;
  /** λ, 1.0507009873554805 by default. */
  readonly scale?: number;
}

/**
 * λ·x for positive x, else λα·(eˣ − 1): with the default constants, activations keep mean 0 and variance 1.
 * Source: G. Klambauer et al., "Self-normalizing neural networks", NeurIPS 2017.
 *
 * @example selu([-1, 0, 2]) // [-1.111331, 0, 2.101402]
 */
export function selu<S extends Shape>(x: Tensor<S>, options: SeluOptions = {}): Tensor<S> {
  const { alpha, scale } = numbers("selu", options, { alpha: 1.6732632423543772, scale: 1.0507009873554805 });
  return typed(exponentialUnit(x, alpha, 1, scale));
}

/**
 * x for positive x, else α·(e^(x/α) − 1): an elu whose slope has no jump, whatever α is.
 * Source: J. T. Barron, "Continuously differentiable exponential linear units", 2017.
 *
 * @throws OptionError for α = 0
 * @example celu([-1, 0, 2]) // [-0.632121, 0, 2]
 */
export function celu<S extends Shape>(x: Tensor<S>, options: EluOptions = {}): Tensor<S> {
  const { alpha } = numbers("celu", options, { alpha: 1 });
  checkOption(alpha !== 0, "celu", "alpha", "other than 0", alpha);
  return typed(exponentialUnit(x, alpha, 1 / alpha, 1));
}
