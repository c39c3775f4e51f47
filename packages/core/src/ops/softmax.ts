// The softmax and its logarithm: expressions of other operators, with gradients that are stabler and cheaper than theirs.

import { floating } from "../dtype.ts";
import { normalizeAxis, type Shape } from "../shape.ts";
import { typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { composite, required } from "./constructors.ts";

// y = eˣ / Σ eˣ = e^(x − logSumExp x);  dx = y · (dy − Σ dy·y)
const softmaxOf = /* @__PURE__ */ composite<{ readonly axis: number }>({
  name: "softmax",
  forward: ([x], _, { axis }) => {
    const input = required(x);
    const peak = input.max(axis, { keepDims: true });
    const e = input.sub(peak.isFinite().where(peak, 0)).exp();
    return e.div(e.sum(axis, { keepDims: true }));
  },
  gradient: ({ dy, y }, { axis }) => [y.mul(dy.sub(dy.mul(y).sum(axis, { keepDims: true })))],
});

/**
 * eˣ / Σ eˣ along an axis: positive, with sum 1; exact for logits of any size.
 * @example softmax([0, 1, 2]) // [0.090031, 0.244728, 0.665241]
 */
export function softmax<S extends Shape>(x: Tensor<S>, axis = -1): Tensor<S> {
  const place = normalizeAxis("softmax", axis, x.rank);
  if (x.shape[place] === 0) return x;
  return typed(softmaxOf([x.cast(floating(x.dtype))], { axis: place }).output);
}

// y = x − logSumExp x;  dx = dy − eʸ · Σ dy
const logSoftmaxOf = /* @__PURE__ */ composite<{ readonly axis: number }>({
  name: "logSoftmax",
  forward: ([x], _, { axis }) => required(x).sub(required(x).logSumExp(axis, { keepDims: true })),
  gradient: ({ dy, y }, { axis }) => [dy.sub(y.exp().mul(dy.sum(axis, { keepDims: true })))],
});

/** The logarithm of the {@link softmax}, without its rounding to 0. @example logSoftmax([0, 1, 2]) // [-2.407606, -1.407606, -0.407606] */
export function logSoftmax<S extends Shape>(x: Tensor<S>, axis = -1): Tensor<S> {
  const place = normalizeAxis("logSoftmax", axis, x.rank);
  if (x.shape[place] === 0) return x;
  return typed(logSoftmaxOf([x.cast(floating(x.dtype))], { axis: place }).output);
}
