// Which tensors are probabilities already. `crossEntropy` takes logits and applies a softmax of its own; a second one
// before it trains slowly and never says why, so results of softmax are recognized.

import type { Tensor } from "@gradus/core";

const marked: WeakSet<Tensor> = /* @__PURE__ */ new WeakSet();

/** Remembers `x` as the result of a softmax, also where no tape is recorded. */
export function markProbabilities<T extends Tensor>(x: T): T {
  marked.add(x);
  return x;
}

/** Whether `x` is the result of a softmax: of a Softmax layer, or of any softmax on the tape. */
export function isProbabilities(x: Tensor): boolean {
  return marked.has(x) || x.node?.name === "softmax";
}
