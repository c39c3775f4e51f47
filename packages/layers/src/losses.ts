// Losses: how far a prediction is from what it should be, as one number to be made small.

import {
  type Check,
  type CrossEntropyOptions,
  crossEntropy as entropyOfLogits,
  GradusError,
  type LabelledRows,
  type LossReduction,
  type LossShape,
  type Result,
  type Shape,
  type Tensor,
  typed,
} from "@gradus/core";
import { isProbabilities } from "./probabilities.ts";

export {
  type BinaryCrossEntropyOptions,
  binaryCrossEntropy,
  type CategoricalCrossEntropyOptions,
  type CosineDistanceOptions,
  type CosineOptions,
  type CrossEntropyOptions,
  categoricalCrossEntropy,
  cosineDistance,
  cosineSimilarity,
  type HuberOptions,
  hinge,
  huber,
  type KLDivergenceOptions,
  klDivergence,
  type LossOptions,
  type LossReduction,
  logCosh,
  meanAbsoluteError,
  meanSquaredError,
  type NllOptions,
  nll,
  type SmoothL1Options,
  smoothL1,
  type TripletMarginOptions,
  tripletMargin,
} from "@gradus/core";

/** A loss as `Trainer` takes it: of predictions and targets. */
export type Loss = (prediction: Tensor, target: Tensor) => Tensor;

/**
 * The cross-entropy −Σ t·ln softmax(logits) of `logits` `[…, classes]`, in nats, averaged over the rows; exact for logits
 * of any size. Targets are integer labels `[…]` or probabilities `[…, classes]`; `weights`, `ignoreIndex` and
 * `labelSmoothing` as in core's `crossEntropy`.
 *
 * @throws GradusError if the logits went through a softmax already
 * @throws ShapeError if the target has neither the shape of the logits nor that without its last axis
 * @throws DataError for a label that is no class, with its value and row
 * @example
 * crossEntropy(tensor([[0, 1, 2], [2, 0, 0]]), tensor([2, 0])).item(); // 0.323575
 */
export function crossEntropy<P extends Shape, T extends Shape, R extends LossReduction = "mean">(
  logits: Tensor<P>,
  labels: Tensor<T> & Check<LabelledRows<P, T, "crossEntropy", true, "logits">>,
  options: CrossEntropyOptions<R> = {},
): Tensor<LossShape<Result<LabelledRows<P, T, "crossEntropy", true, "logits">>, R>> {
  if (isProbabilities(logits)) {
    throw new GradusError(
      "crossEntropy: the input is the result of a softmax, but crossEntropy takes logits and applies softmax itself: " +
        "leave out the Softmax at the end of the model, and apply it to predictions",
    );
  }
  const [given, wanted]: readonly [Tensor, Tensor] = [logits, labels];
  return typed(entropyOfLogits(given, wanted, options));
}
