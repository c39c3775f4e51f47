// What a metric is. It says in tensor code, without keeping anything, what it takes from a batch, so that it can run within a captured
// step; what is taken is added up over all batches (accumulated.ts), and one number is made of it at the end. So the value of an epoch
// is that of all its samples at once, and never an average of the batches' values.

import type { Tensor } from "@gradus/core";

/**
 * What becomes of the values of batches: `"means"` are averages over all samples, `"sums"` totals over all batches, `"rows"` keeps every
 * value.
 */
export type Accumulation = "means" | "sums" | "rows";

/**
 * A metric: a name, what it measures, and the number that is made of it.
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
 * // What needs all predictions at once keeps them.
 * const greatest: Metric = {
 *   name: "greatest",
 *   accumulate: "rows",
 *   measure: (prediction) => prediction.flatten(),
 *   result: (values) => Math.max(...values),
 * };
 */
export interface Metric<Name extends string = string> {
  /** What it is called in logs, in the history and on the screen. */
  readonly name: Name;
  /** What becomes of the values of batches; `"means"` by default. */
  readonly accumulate?: Accumulation;
  /**
   * The values of a batch.
   *
   * For means: one for each sample, `[batch]`, or several, `[batch, …]`; a scalar counts as the average of its batch. For sums: totals
   * over the batch, in any shape that all batches share. For rows: what is to be kept, `[rows, …]`.
   */
  measure(prediction: Tensor, target: Tensor): Tensor;
  /**
   * Makes the metric of what was accumulated: the means, one for each element of a sample's values; the sums; or all rows, one after the
   * other. Without it the metric is the average of the means, or the sum of the sums; rows need one.
   * @param width how many values each sample, or each row, has; of sums, how many there are
   */
  result?(values: readonly number[], width: number): number;
}
