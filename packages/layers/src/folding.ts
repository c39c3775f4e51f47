// What a normalization can be folded into for inference: any layer that ends in a product and a bias.

import { formatShape, OptionError, ShapeError, Variable } from "@gradus/core";

/** A layer whose weight has the outputs on its last axis: Dense, the convolutions, one of your own. */
export interface Foldable {
  /** `[…, outputs]`, at least two axes. */
  readonly weight: Variable;
  /** `[outputs]`, or null without one. */
  readonly bias: Variable | null;
}

/**
 * Checks that a normalization of so many features over an axis can be folded into a layer.
 * @throws OptionError for another axis than the last, and for what has no weight and bias
 * @throws ShapeError `BatchNorm(4): a layer with weight [3,5] and bias [5] does not have 4 outputs`
 */
export function checkFoldable(
  owner: { toString(): string },
  { weight, bias }: Foldable,
  features: number,
  axis: number,
): void {
  if (axis !== -1) {
    throw new OptionError(`${owner}: only a normalization of the last axis can be folded, not of axis ${axis}`);
  }
  const isLayer = weight instanceof Variable && (bias === null || bias instanceof Variable);
  if (!isLayer) throw new OptionError(`${owner}: foldInto takes a layer with a weight and a bias`);
  const fits = bias === null || (bias.rank === 1 && bias.shape[0] === features);
  if (weight.rank < 2 || weight.shape.at(-1) !== features || !fits) {
    const given = `weight ${formatShape(weight.shape)}${bias === null ? "" : ` and bias ${formatShape(bias.shape)}`}`;
    throw new ShapeError(`${owner}: a layer with ${given} does not have ${features} outputs`);
  }
}
