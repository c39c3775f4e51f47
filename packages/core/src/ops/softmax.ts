// The softmax and its logarithm: expressions of other operators, with gradients that are stabler and cheaper than theirs.

import { floating } from "../dtype.ts";
import { normalizeAxes, type Shape } from "../shape.ts";
import { typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { type CompositeResult, composite } from "./constructors.ts";
import type { One } from "./op.ts";

interface Along {
  readonly axis: number;
}

// y = e^(x − max x) / Σ e^(x − max x);  dx = y · (dy − Σ dy·y)
const softmaxOf = /* @__PURE__ */ composite<Along>({
  name: "softmax",
  forward: ([x]: One<Tensor>, _, { axis }) => {
    const e = x.sub(x.max(axis, { keepDims: true })).exp();
    return e.div(e.sum(axis, { keepDims: true }));
  },
  gradient: ({ dy, y }, { axis }) => [y.mul(dy.sub(dy.mul(y).sum(axis, { keepDims: true })))],
});

/**
 * eˣ / Σ eˣ along an axis: positive, with sum 1; exact for logits of any size.
 * @example softmax([0, 1, 2]) // [0.090031, 0.244728, 0.665241]
 */
export function softmax<S extends Shape>(x: Tensor<S>, axis = -1): Tensor<S> {
  return typed(along("softmax", softmaxOf, x, axis));
}

// y = (x − max x) − ln Σ e^(x − max x), in this order: large logits that are close keep their digits.  dx = dy − eʸ · Σ dy
const logSoftmaxOf = /* @__PURE__ */ composite<Along>({
  name: "logSoftmax",
  forward: ([x]: One<Tensor>, _, { axis }) => {
    const low = x.sub(x.max(axis, { keepDims: true }));
    return low.sub(low.exp().sum(axis, { keepDims: true }).log());
  },
  gradient: ({ dy, y }, { axis }) => [dy.sub(y.exp().mul(dy.sum(axis, { keepDims: true })))],
});

/** The logarithm of the {@link softmax} along an axis, without its rounding to 0. @example logSoftmax([0, 1, 2]) // [-2.407606, -1.407606, -0.407606] */
export function logSoftmax<S extends Shape>(x: Tensor<S>, axis = -1): Tensor<S> {
  return typed(along("logSoftmax", logSoftmaxOf, x, axis));
}

/** A composite along an axis; a scalar is one element, and along an axis of nothing there is nothing to compute. */
function along(
  name: string,
  op: (inputs: readonly Tensor[], attributes: Along) => CompositeResult,
  x: Tensor,
  axis: number,
): Tensor {
  const values = x.cast(floating(x.dtype));
  const [place] = normalizeAxes(name, axis, x.rank);
  if (place === undefined) return op([values.reshape([1])], { axis: 0 }).output.reshape([]);
  return values.shape[place] === 0 ? values : op([values], { axis: place }).output;
}
