// What is taken off exponents so that they do not overflow.

import type { Tensor } from "../tensor.ts";

/** The maximum over axes, which stay with size 1; 0 where it is infinite: ∞ − ∞ would be NaN. */
export function finitePeak(x: Tensor, axes: readonly number[]): Tensor {
  const peak = x.max(axes, { keepDims: true });
  return peak.isFinite().where(peak, 0);
}
