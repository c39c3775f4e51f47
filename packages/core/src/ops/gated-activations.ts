// x times a smooth step from 0 to 1: the activations of transformers and of recent networks for images. Each states its gradient,
// which computes the step once.

import { checkOption, describe, OptionError } from "../errors.ts";
import type { Vocabulary } from "../expr/expr.ts";
import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { elementwise, floatDType, type UnaryOp } from "./constructors.ts";

/**
 * x·σ(x), also called swish; σ(x) + x·σ(x)·σ(−x) is its gradient.
 * Source: P. Ramachandran et al., "Searching for activation functions", 2017.
 *
 * @example silu([-1, 0, 2]) // [-0.268941, 0, 1.761594]
 */
export const silu: UnaryOp = /* @__PURE__ */ elementwise({
  name: "silu",
  result: floatDType,
  forward: (x) => x.mul(x.sigmoid()),
  gradient: (dy, [x = dy]) => [dy.mul(x.sigmoid().mul(x.mul(x.neg().sigmoid()).add(1)))],
});

/**
 * x·t with t = tanh(ln(1 + eˣ)); t + x·σ(x)·(1 − t²) is its gradient.
 * Source: D. Misra, "Mish: a self regularized non-monotonic activation function", BMVC 2020.
 *
 * @example mish([-1, 0, 2]) // [-0.303401, 0, 1.943959]
 */
export const mish: UnaryOp = /* @__PURE__ */ elementwise({
  name: "mish",
  result: floatDType,
  forward: (x) => x.mul(x.maximum(0).add(x.abs().neg().exp().log1p()).tanh()),
  gradient: (dy, [x = dy]) => {
    const t = x.maximum(0).add(x.abs().neg().exp().log1p()).tanh();
    return [dy.mul(x.mul(x.sigmoid()).mul(t.square().neg().add(1)).add(t))];
  },
});

/** 1/√(2π), the density of the standard normal distribution at 0. */
const DENSITY = /* @__PURE__ */ Math.sqrt(0.5 / Math.PI);
const CUBIC = 0.044715;

// d x·Φ(x) = (Φ(x) + x·φ(x)) dx
const exactGelu: UnaryOp = /* @__PURE__ */ elementwise({
  name: "gelu",
  result: floatDType,
  forward: (x) => x.mul(x.mul(Math.SQRT1_2).erf().add(1).mul(0.5)),
  gradient: (dy, [x = dy]) => {
    const density = x.square().mul(-0.5).exp().mul(DENSITY);
    return [dy.mul(x.mul(density).add(x.mul(Math.SQRT1_2).erf().add(1).mul(0.5)))];
  },
});

/** 2√(2/π)·(x + 0.044715·x³): (1 + tanh u)/2 is σ(2u). */
const cubic = <T extends Vocabulary<T>>(x: T): T =>
  x
    .square()
    .mul(CUBIC)
    .add(1)
    .mul(x)
    .mul(4 * DENSITY);

const tanhGelu: UnaryOp = /* @__PURE__ */ elementwise({
  name: "gelu",
  result: floatDType,
  forward: (x) => x.mul(cubic(x).sigmoid()),
  gradient: (dy, [x = dy]) => {
    // Far out, where one of the two steps is 0, the slope of u must not overflow.
    const near = x.maximum(-100).minimum(100);
    const slope = near
      .square()
      .mul(3 * CUBIC)
      .add(1)
      .mul(4 * DENSITY);
    const u = cubic(x);
    const step = u.sigmoid();
    return [dy.mul(step.add(x.mul(step.mul(u.neg().sigmoid()).mul(slope))))];
  },
});

/** Options of {@link gelu}. */
export interface GeluOptions {
  /** `"none"` for the normal distribution itself (the default), `"tanh"` for the approximation that GPT-2 and BERT used. */
  readonly approximate?: "none" | "tanh";
}

/**
 * x·Φ(x), with Φ the standard normal distribution: x·(1 + erf(x/√2))/2; approximately x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))/2.
 * Source: D. Hendrycks, K. Gimpel, "Gaussian error linear units", 2016.
 *
 * @throws OptionError for another approximation
 * @example gelu([-1, 0, 2]) // [-0.158655, 0, 1.9545]
 */
export function gelu<S extends Shape>(x: Tensor<S>, options: GeluOptions = {}): Tensor<S> {
  const { approximate = "none", ...unknown } = options;
  for (const name of Object.keys(unknown))
    throw new OptionError(`gelu: unknown option ${describe(name)}: the options are approximate`);
  checkOption(approximate === "none" || approximate === "tanh", "gelu", "approximate", '"none" or "tanh"', approximate);
  return approximate === "tanh" ? tanhGelu(x) : exactGelu(x);
}
