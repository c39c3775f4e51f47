// The share of right answers.

import { checkOption, type Tensor, topK } from "@gradus/core";
import { checkThreshold, classesOf, labelsOf } from "./classes.ts";
import type { Metric } from "./metric.ts";

/**
 * The share of samples that are classified rightly. Predictions are logits or probabilities `[…, classes]`, of which the greatest
 * counts, or one logit for "yes", `[batch]` or `[…, 1]`, which counts from 0 up (of probabilities: {@link binaryAccuracy}). Targets are
 * class numbers `[…]`, or one-hot rows or probabilities `[…, classes]`.
 *
 * @throws ShapeError for labels of another shape, DTypeError for labels that are not whole numbers
 * @example
 * accuracy.measure(tensor([[0.1, 0.9], [0.8, 0.2]]), tensor([1, 1], { dtype: "int32" })).toArray(); // [true, false]
 */
export const accuracy: Metric<"accuracy"> = {
  name: "accuracy",
  measure(prediction: Tensor, target: Tensor): Tensor {
    const { predicted, labels } = classesOf("accuracy", prediction, target, 0);
    return predicted.eq(labels);
  },
};

/** Options of {@link binaryAccuracy}. */
export interface BinaryAccuracyOptions {
  /** Scores above it say "yes": 0 by default, for logits; 0.5 for probabilities. */
  readonly threshold?: number;
}

/**
 * The share of answers that are right where each is yes or no: one score for each, and targets of 0 and 1 in the same shape. Several
 * answers per sample, `[batch, answers]`, count alike.
 *
 * @throws OptionError for a threshold that is no finite number
 * @example
 * evaluateMetric(binaryAccuracy({ threshold: 0.5 }), tensor([0.2, 0.7, 0.6]), tensor([0, 1, 0])); // 0.666667
 */
export function binaryAccuracy({ threshold = 0 }: BinaryAccuracyOptions = {}): Metric<"binaryAccuracy"> {
  const name = "binaryAccuracy";
  checkThreshold(name, threshold);
  return {
    name,
    measure(prediction: Tensor, target: Tensor): Tensor {
      const column =
        prediction.rank > 0 && target.rank === prediction.rank ? [...prediction.shape, 1] : prediction.shape;
      const scores = prediction.reshape<readonly number[], readonly number[]>(column);
      const { predicted, labels } = classesOf(name, scores, target, threshold);
      return predicted.eq(labels);
    },
  };
}

/**
 * The share of samples whose label is among the k classes with the greatest scores; of equal scores the first classes count. Scores are
 * `[…, classes]`, targets as those of {@link accuracy}. It is reported as `top5Accuracy` for k = 5.
 *
 * @throws OptionError for a k that is no whole number ≥ 1, ShapeError for one beyond the number of classes
 * @example
 * const scores = tensor([[0.1, 0.5, 0.4], [0.7, 0.2, 0.1]]);
 * evaluateMetric(topKAccuracy(2), scores, tensor([2, 2], { dtype: "int32" })); // 0.5
 */
export function topKAccuracy<const K extends number>(k: K): Metric<`top${K}Accuracy`> {
  checkOption(Number.isInteger(k) && k >= 1, "topKAccuracy", "k", "a whole number ≥ 1", k);
  const name = `top${k}Accuracy` as const;
  return {
    name,
    measure(prediction: Tensor, target: Tensor): Tensor {
      const labels = labelsOf(name, prediction, target);
      return topK(prediction, k).indices.eq(labels.unsqueeze(-1)).any(-1);
    },
  };
}
