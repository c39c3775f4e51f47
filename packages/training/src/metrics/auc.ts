// The area under the ROC curve: how likely a sample of the class has a greater score than one that is not.
// Source: J. A. Hanley, B. J. McNeil, "The meaning and use of the area under a receiver operating characteristic curve", 1982.

import { checkOption, concat, DataError, OptionError, type Tensor } from "@gradus/core";
import { binaryLabels, isBinary, labelsOf } from "./classes.ts";
import type { Metric } from "./metric.ts";

/** Options of {@link auc}. */
export interface AucOptions<Name extends string = "auc"> {
  /**
   * How one number is made of more than two classes: the mean over the classes, `"macro"` (the default), or
   * `"weighted"` by numbers of labels.
   */
  readonly average?: "macro" | "weighted";
  /** The class that is meant, against all others, in place of an average, which is the default. */
  readonly class?: number;
  /** What scores of several classes are: `"logits"` (the default), or `"probabilities"`. One score for "yes" may be either. */
  readonly from?: "logits" | "probabilities";
  /** What it is called, "auc" by default; another name where it is reported for several classes. */
  readonly name?: Name;
}

/**
 * The area under the ROC curve, exactly: the share of pairs of a sample of the class and one that is not in which the first has the
 * greater score, ties counting one half. Two columns of scores are as good as one score for class 1. Of more classes, each is compared
 * with all others by its probability (softmax of the logits), and the classes that have both are averaged.
 *
 * It is a matter of ranks among all samples, so all predictions are kept until the end of the pass: 8 bytes for each score and label. Where all
 * labels are alike it is NaN.
 *
 * Predictions and targets as those of `accuracy`.
 *
 * @throws OptionError for options out of range; DataError for a label that is no class
 * @example evaluateMetric(auc(), tensor([0.1, 0.4, 0.35, 0.8]), tensor([0, 0, 1, 1])); // 0.75
 */
export function auc<const Name extends string = "auc">(options: AucOptions<Name> = {}): Metric<NoInfer<Name>> {
  const { average = "macro", class: chosen, from = "logits", name = "auc" } = options;
  const names = ["average", "class", "from", "name"];
  for (const key of Object.keys(options)) {
    if (!names.includes(key)) throw new OptionError(`auc: there is no option ${key}; there are ${names.join(", ")}`);
  }
  checkOption(["macro", "weighted"].includes(average), "auc", "average", "macro or weighted", average);
  checkOption(["logits", "probabilities"].includes(from), "auc", "from", "logits or probabilities", from);
  const isClass = chosen === undefined || (Number.isInteger(chosen) && chosen >= 0);
  checkOption(isClass, "auc", "class", "a whole number ≥ 0", chosen);
  return {
    name: name as Name, // cast: without an option, Name is "auc"
    accumulate: "rows",
    measure(prediction, target) {
      const single = isBinary(prediction, target);
      const classes = single ? 2 : (prediction.shape.at(-1) ?? 0);
      checkOption(
        chosen === undefined || chosen < classes,
        "auc",
        "class",
        `below ${classes}, the number of classes`,
        chosen,
      );
      const labels = single ? binaryLabels("auc", prediction, target) : labelsOf("auc", prediction, target);
      return concat([matrixOf(prediction, single ? 1 : classes), matrixOf(labels.cast(prediction.dtype), 1)], 1);
    },
    result(values, width) {
      const rows = values.length / width;
      const labels = Float64Array.from({ length: rows }, (_, row) => values[(row + 1) * width - 1] ?? Number.NaN);
      const classes = Math.max(2, width - 1);
      const wrong = labels.findIndex((label) => !(label >= 0 && label < classes));
      if (wrong >= 0) {
        throw new DataError(
          `auc: label ${labels[wrong]} in row ${wrong} is no class: the ${classes} classes are 0 to ${classes - 1}`,
        );
      }
      const areaOf = (kind: number): number => area(scoresOf(values, width, kind, from === "logits"), labels, kind);
      if (chosen !== undefined || classes === 2) return areaOf(chosen ?? 1);
      return averageOf(
        Array.from({ length: classes }, (_, kind) => areaOf(kind)),
        labels,
        average,
      );
    },
  };
}

const matrixOf = (x: Tensor, columns: number): Tensor => x.reshape<readonly number[], readonly number[]>([-1, columns]);

/** A score of the class for each row, by which rows are ranked as by its probability. */
function scoresOf(values: readonly number[], width: number, kind: number, logits: boolean): Float64Array {
  const rows = values.length / width;
  const columns = width - 1;
  return Float64Array.from({ length: rows }, (_, row) => {
    const start = row * width;
    const own = values[start + (columns === 1 ? 0 : kind)] ?? Number.NaN;
    if (columns === 1) return kind === 1 ? own : -own;
    return logits ? own - logSumOfOthers(values, start, columns, kind) : own;
  });
}

/** ln Σ eˣ over all columns but one: logits less it are the log-odds of that class, which never saturate as probabilities do. */
function logSumOfOthers(values: readonly number[], start: number, columns: number, but: number): number {
  let peak = Number.NEGATIVE_INFINITY;
  for (let column = 0; column < columns; column++) {
    if (column !== but) peak = Math.max(peak, values[start + column] ?? Number.NaN);
  }
  if (!Number.isFinite(peak)) return peak;
  let sum = 0;
  for (let column = 0; column < columns; column++) {
    if (column !== but) sum += Math.exp((values[start + column] ?? Number.NaN) - peak);
  }
  return peak + Math.log(sum);
}

/** (Σ ranks of the class − p·(p + 1)/2) / (p·n), where equal scores share the mean of their ranks; NaN scores give NaN. */
function area(scores: Float64Array, labels: Float64Array, kind: number): number {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0));
  let [ranks, positives] = [0, 0];
  for (let start = 0; start < order.length; ) {
    const score = scores[order[start] ?? 0] ?? Number.NaN;
    if (Number.isNaN(score)) return Number.NaN;
    let end = start;
    let inside = 0;
    while (end < order.length && scores[order[end] ?? 0] === score) {
      if (labels[order[end] ?? 0] === kind) inside++;
      end++;
    }
    // The ranks from start + 1 to end have the mean (start + 1 + end) / 2.
    ranks += (inside * (start + 1 + end)) / 2;
    positives += inside;
    start = end;
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * (order.length - positives));
}

/** The mean over the classes that have samples and counterparts. */
function averageOf(areas: readonly number[], labels: Float64Array, average: "macro" | "weighted"): number {
  const support = areas.map(() => 0);
  for (const label of labels) support[label] = (support[label] ?? 0) + 1;
  let [sum, weights] = [0, 0];
  for (const [kind, value] of areas.entries()) {
    const count = support[kind] ?? 0;
    if (count === 0 || count === labels.length) continue;
    const weight = average === "macro" ? 1 : count;
    sum += weight * value;
    weights += weight;
  }
  return weights === 0 ? Number.NaN : sum / weights;
}
