// Metrics: what is reported beside the loss. A metric says what it measures of each sample, in tensor code and without keeping
// anything, so that it can run within a captured step; adding up over batches is the trainer's part (tally.ts).

import { checkOption, DTypeError, formatShape, OptionError, ShapeError, type Tensor } from "@gradus/core";

/**
 * A metric: a name, and a measure of each sample.
 *
 * @example
 * // The mean absolute error.
 * const error: Metric = { name: "error", measure: (prediction, target) => prediction.sub(target).abs() };
 * // Ratios of averages: measure columns, and make one number of their means.
 * const recall: Metric = {
 *   name: "recall",
 *   measure: (prediction, target) => stack([prediction.mul(target), target], 1), // [batch, 2]
 *   result: ([hits = 0, positives = 0]) => hits / positives,
 * };
 */
export interface Metric<Name extends string = string> {
  /** What it is called in logs, in the history and on the screen. */
  readonly name: Name;
  /**
   * A value for each sample, `[batch]`, or several, `[batch, …]`: the metric is the average of them all. A scalar counts as the
   * average of its batch.
   */
  measure(prediction: Tensor, target: Tensor): Tensor;
  /** Makes the metric of the averages over all samples, one for each element of a sample's values (`[batch, k]`: k of them). */
  result?(means: readonly number[]): number;
}

/** A metric, or the name of one that the package has. */
export type MetricOption = "accuracy" | Metric;

/** The names that a list of metrics is reported under. */
export type MetricNames<M extends readonly MetricOption[]> = {
  [K in keyof M]: M[K] extends Metric<infer Name> ? Name : M[K];
}[number] &
  string;

/**
 * The share of samples whose greatest logit (or probability) is that of their label. Predictions `[…, classes]`, labels `[…]` of
 * whole numbers.
 *
 * @throws ShapeError for labels of another shape, DTypeError for labels that are not whole numbers
 * @example
 * accuracy.measure(tensor([[0.1, 0.9], [0.8, 0.2]]), tensor([1, 1], { dtype: "int32" })).toArray(); // [true, false]
 */
export const accuracy: Metric<"accuracy"> = {
  name: "accuracy",
  measure(prediction: Tensor, target: Tensor): Tensor {
    const rows = prediction.shape.slice(0, -1);
    if (
      prediction.rank === 0 ||
      target.rank !== rows.length ||
      rows.some((size, axis) => size !== target.shape[axis])
    ) {
      const shapes = `predictions ${formatShape(prediction.shape)} and labels ${formatShape(target.shape)}`;
      throw new ShapeError(
        `accuracy: ${shapes} do not fit: expected labels ${formatShape(rows)}, a class number per row`,
      );
    }
    if (target.dtype !== "int32" && target.dtype !== "uint8") {
      throw new DTypeError(
        `accuracy: labels must be int32 or uint8, got ${target.dtype}: cast them with labels.cast("int32")`,
      );
    }
    return prediction.argMax(-1).eq(target);
  },
};

/** The metrics that options name, checked. @throws OptionError for an unknown, doubled or reserved name */
export function resolveMetrics(options: readonly MetricOption[]): readonly Metric[] {
  const metrics = options.map((option) => {
    if (typeof option !== "string") return option;
    checkOption(option === "accuracy", "Trainer", "a metric", '"accuracy" or an object { name, measure }', option);
    return accuracy;
  });
  const taken = new Set(["loss"]);
  for (const { name } of metrics) {
    const valid = typeof name === "string" && name !== "" && !name.startsWith("val_");
    checkOption(valid, "Trainer", "a metric's name", "a text that does not start with val_", name);
    if (taken.has(name))
      throw new OptionError(`Trainer: two values would be reported as ${JSON.stringify(name)}: rename one`);
    taken.add(name);
  }
  return metrics;
}
