// How far predicted numbers are from the true ones.

import {
  meanAbsoluteError as absoluteError,
  concat,
  formatShape,
  ShapeError,
  meanSquaredError as squaredError,
  type Tensor,
} from "@gradus/core";
import type { Metric } from "./metric.ts";

/**
 * The mean of |prediction − target| over all elements.
 *
 * @throws ShapeError unless both have one shape
 * @example evaluateMetric(metrics.meanAbsoluteError, tensor([1, 3]), tensor([2, 5])); // 1.5
 */
export const meanAbsoluteError: Metric<"meanAbsoluteError"> = {
  name: "meanAbsoluteError",
  measure: (prediction: Tensor, target: Tensor): Tensor =>
    perSample(absoluteError(prediction, target, { reduction: "none" })),
};

/**
 * The mean of (prediction − target)² over all elements.
 *
 * @throws ShapeError unless both have one shape
 * @example evaluateMetric(metrics.meanSquaredError, tensor([1, 3]), tensor([2, 5])); // 2.5
 */
export const meanSquaredError: Metric<"meanSquaredError"> = {
  name: "meanSquaredError",
  measure: (prediction: Tensor, target: Tensor): Tensor =>
    perSample(squaredError(prediction, target, { reduction: "none" })),
};

/**
 * The coefficient of determination, R² = 1 − Σ(y − ŷ)² / Σ(y − ȳ)², of predictions `[batch, …]` and targets alike; of several outputs
 * the average. Always guessing the mean gives 0. Of constant targets it is 1 if all are met and 0 if not, of fewer than two samples NaN,
 * as in scikit-learn. The mean ȳ is that of all samples, so all predictions are kept until the end of the pass, 16 bytes an output.
 *
 * @throws ShapeError unless both have one shape
 * @example evaluateMetric(r2, tensor([2.5, 0, 2, 8]), tensor([3, -0.5, 2, 7])); // 0.948608
 */
export const r2: Metric<"r2"> = {
  name: "r2",
  accumulate: "rows",
  measure(prediction: Tensor, target: Tensor): Tensor {
    const [given, wanted] = [formatShape(prediction.shape), formatShape(target.shape)];
    if (given !== wanted || prediction.rank === 0) {
      throw new ShapeError(`r2: predictions ${given} and targets ${wanted} do not fit: expected one shape [batch, …]`);
    }
    const rows = [prediction.shape[0] ?? 0, outputsOf(prediction)];
    const [left, right] = [prediction, target].map((x) => x.reshape<readonly number[], readonly number[]>(rows));
    return left === undefined || right === undefined ? prediction : concat([left, right.cast(left.dtype)], 1);
  },
  result(values, width) {
    const outputs = width / 2;
    const each = Array.from({ length: outputs }, (_, output) => determination(values, width, output));
    return each.reduce((sum, value) => sum + value, 0) / outputs;
  },
};

const outputsOf = ({ shape }: Tensor): number => shape.slice(1).reduce((product, size) => product * size, 1);

/** The mean of each sample's values. */
function perSample(values: Tensor): Tensor {
  if (values.rank < 2) return values;
  return values.reshape<readonly number[], readonly number[]>([values.shape[0] ?? 0, outputsOf(values)]).mean(1);
}

/** R² of one output: rows hold the predictions of all outputs, then the targets. */
function determination(values: readonly number[], width: number, output: number): number {
  const rows = values.length / width;
  if (rows < 2) return Number.NaN;
  const target = (row: number): number => values[row * width + width / 2 + output] ?? 0;
  let sum = 0;
  let constant = true;
  for (let row = 0; row < rows; row++) {
    sum += target(row);
    constant &&= target(row) === target(0);
  }
  const mean = constant ? target(0) : sum / rows;
  let [residual, total] = [0, 0];
  for (let row = 0; row < rows; row++) {
    residual += (target(row) - (values[row * width + output] ?? 0)) ** 2;
    total += (target(row) - mean) ** 2;
  }
  if (total !== 0) return 1 - residual / total;
  return residual === 0 ? 1 : 0;
}
