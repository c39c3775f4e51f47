// Losses: how far a prediction is from what it should be, as one number to be made small.

import { type CrossEntropyOptions, crossEntropy as entropyOfLogits, GradusError, type Tensor } from "@gradus/core";
import { isProbabilities } from "./probabilities.ts";

export { type CrossEntropyOptions, type LossReduction, meanSquaredError } from "@gradus/core";

/** A loss as `Trainer` takes it: of predictions and targets. */
export type Loss = (prediction: Tensor, target: Tensor) => Tensor;

/**
 * The cross-entropy of the softmax of `logits` `[…, classes]` and integer `labels` `[…]`: −ln softmax(logits)[label],
 * in nats, averaged over the rows; exact for logits of any size.
 *
 * @throws GradusError if the logits went through a softmax already
 * @throws ShapeError if the labels' shape is not the logits' without its last axis
 * @throws DataError for a label that is no class, with its value and row
 * @example
 * crossEntropy(tensor([[0, 1, 2], [2, 0, 0]]), tensor([2, 0])).item(); // 0.323575
 */
export function crossEntropy(logits: Tensor, labels: Tensor, options: CrossEntropyOptions = {}): Tensor {
  if (isProbabilities(logits)) {
    throw new GradusError(
      "crossEntropy: the input is the result of a softmax, but crossEntropy takes logits and applies softmax itself: " +
        "leave out the Softmax at the end of the model, and apply it to predictions",
    );
  }
  return entropyOfLogits(logits, labels, options);
}
