// Precision, recall and F1: what is true among what was found, what was found among what is true, and their harmonic mean.
// Source: C. J. van Rijsbergen, "Information retrieval", 1979; averages over classes as scikit-learn names them.

import { arange, checkOption, OptionError, oneHot, stack, type Tensor } from "@gradus/core";
import { type Classes, checkThreshold, classesOf } from "./classes.ts";
import type { Metric } from "./metric.ts";

/** How one number is made of several classes. */
export type Average = "binary" | "macro" | "micro" | "weighted";

/** Options of {@link precision}, {@link recall} and {@link f1}. */
export interface CountOptions<Name extends string = string> {
  /**
   * `"binary"` (the default) is the value of class 1 of two. `"macro"` is the mean over the classes that occur in labels or predictions,
   * `"weighted"` the mean by numbers of labels, `"micro"` counts all classes together.
   */
  readonly average?: Average;
  /** The class whose value is meant, in place of an average, which is the default. */
  readonly class?: number;
  /** Where predictions are one score for "yes": scores above it say so. 0 by default, for logits; 0.5 for probabilities. */
  readonly threshold?: number;
  /** What it is called, by default as the function; another name where one metric is reported for several classes. */
  readonly name?: Name;
}

/** What was counted of one class. */
export interface ClassCounts {
  /** Samples of this class that were found to be of it. */
  readonly hits: number;
  /** Samples that were found to be of it. */
  readonly predicted: number;
  /** Samples of this class. */
  readonly actual: number;
}

type Score = (counts: ClassCounts) => number;

/** a / b, and 0 where there is nothing to divide by: the convention of scikit-learn, which warns. */
const ratio = (a: number, b: number): number => (b === 0 ? 0 : a / b);

/** hits / predicted */
export const precisionOf: Score = ({ hits, predicted }) => ratio(hits, predicted);
/** hits / actual */
export const recallOf: Score = ({ hits, actual }) => ratio(hits, actual);
/** 2·hits / (predicted + actual), which is 2·P·R / (P + R) */
export const f1Of: Score = ({ hits, predicted, actual }) => ratio(2 * hits, predicted + actual);

/**
 * The share of true ones among those that were predicted: hits / predictions of the class. Where nothing was predicted it is 0.
 * Predictions and targets as those of `accuracy`.
 *
 * @throws OptionError for options out of range, and at the first batch for more than two classes without an average
 * @throws DataError for a label that is no class
 * @example
 * const logits = tensor([2, -1, 3, 1]);
 * evaluateMetric(precision(), logits, tensor([1, 1, 1, 0])); // 0.666667
 * const scores = tensor([[1, 0, 0], [0, 1, 0], [0, 1, 0]]);
 * evaluateMetric(precision({ average: "macro" }), scores, tensor([0, 1, 2], { dtype: "int32" })); // 0.5
 */
export function precision<const Name extends string = "precision">(
  options: CountOptions<Name> = {},
): Metric<NoInfer<Name>> {
  return counting("precision", options, precisionOf);
}

/**
 * The share of those found among those that are true: hits / labels of the class. Where there are no such labels it is 0. Predictions
 * and targets as those of `accuracy`.
 *
 * @throws OptionError for options out of range, and at the first batch for more than two classes without an average
 * @throws DataError for a label that is no class
 * @example evaluateMetric(recall(), tensor([2, -1, 3, 1]), tensor([1, 1, 1, 0])); // 0.666667
 */
export function recall<const Name extends string = "recall">(options: CountOptions<Name> = {}): Metric<NoInfer<Name>> {
  return counting("recall", options, recallOf);
}

/**
 * The harmonic mean of precision and recall, 2·hits / (predictions + labels of the class). Where there are neither it is 0. Predictions
 * and targets as those of `accuracy`.
 *
 * @throws OptionError for options out of range, and at the first batch for more than two classes without an average
 * @throws DataError for a label that is no class
 * @example evaluateMetric(f1(), tensor([2, -1, -3, 1]), tensor([1, 1, 1, 0])); // 0.4
 */
export function f1<const Name extends string = "f1">(options: CountOptions<Name> = {}): Metric<NoInfer<Name>> {
  return counting("f1", options, f1Of);
}

const optionNames = ["average", "class", "threshold", "name"];

function counting<Name extends string>(kind: string, options: CountOptions<Name>, score: Score): Metric<Name> {
  const { average, class: chosen, threshold = 0, name = kind } = options;
  for (const key of Object.keys(options)) {
    if (!optionNames.includes(key))
      throw new OptionError(`${kind}: there is no option ${key}; there are ${optionNames.join(", ")}`);
  }
  const averages = ["binary", "macro", "micro", "weighted"];
  checkOption(average === undefined || averages.includes(average), kind, "average", averages.join(", "), average);
  const isClass = chosen === undefined || (Number.isInteger(chosen) && chosen >= 0);
  checkOption(isClass, kind, "class", "a whole number ≥ 0", chosen);
  if (average !== undefined && chosen !== undefined) {
    throw new OptionError(`${kind}: average ${JSON.stringify(average)} and class ${chosen} exclude each other`);
  }
  checkThreshold(kind, threshold);
  return {
    name: name as Name, // cast: without an option, Name is the kind's own
    accumulate: "sums",
    measure(prediction, target) {
      const found = classesOf(kind, prediction, target, threshold);
      const classes = checkedClasses(kind, found, chosen, average);
      return countTensor(found, classes);
    },
    result(sums) {
      const counts = countsOf(sums);
      const one = chosen ?? (average === undefined || average === "binary" ? 1 : null);
      return one === null ? averaged(counts, score, average) : score(counts[one] ?? nothing);
    },
  };
}

/** How many classes there are. @throws OptionError where one number cannot be made of so many, or class numbers do not tell */
function checkedClasses(kind: string, { classes }: Classes, chosen: number | undefined, average?: Average): number {
  if (classes === null) {
    throw new OptionError(`${kind}: predictions are class numbers, not scores: count them with classScores`);
  }
  checkOption(
    chosen === undefined || chosen < classes,
    kind,
    "class",
    `below ${classes}, the number of classes`,
    chosen,
  );
  if (chosen === undefined && (average === undefined || average === "binary") && classes !== 2) {
    const advice = 'pass { average: "macro" }, "micro" or "weighted", or { class } for one of them';
    throw new OptionError(`${kind}: of ${classes} classes one number cannot be made without an average: ${advice}`);
  }
  return classes;
}

/** Hits, predictions and labels of each class, `[3, classes]`. @throws DataError for a label that is no class */
function countTensor({ predicted, labels }: Classes, classes: number): Tensor {
  const truth = oneHot(labels, classes).reshape<readonly number[], readonly number[]>([-1, classes]);
  const kinds: Tensor = arange(classes, { dtype: "int32" });
  const guess = predicted
    .reshape<readonly number[], readonly number[]>([-1, 1])
    .eq<readonly number[], readonly number[]>(kinds)
    .cast("float32");
  return stack([truth.mul<readonly number[], readonly number[]>(guess).sum(0), guess.sum(0), truth.sum(0)], 0);
}

const nothing: ClassCounts = { hits: 0, predicted: 0, actual: 0 };

function countsOf(sums: readonly number[]): readonly ClassCounts[] {
  const classes = sums.length / 3;
  return Array.from({ length: classes }, (_, kind) => ({
    hits: sums[kind] ?? 0,
    predicted: sums[classes + kind] ?? 0,
    actual: sums[2 * classes + kind] ?? 0,
  }));
}

function averaged(counts: readonly ClassCounts[], score: Score, average: Average | undefined): number {
  const total = (pick: (of: ClassCounts) => number): number => counts.reduce((sum, of) => sum + pick(of), 0);
  if (average === "micro") {
    const [hits, predicted, actual] = [total((c) => c.hits), total((c) => c.predicted), total((c) => c.actual)];
    return score({ hits, predicted, actual });
  }
  if (average === "weighted")
    return ratio(
      total((of) => score(of) * of.actual),
      total((of) => of.actual),
    );
  const there = counts.filter(({ predicted, actual }) => predicted + actual > 0);
  return ratio(
    there.reduce((sum, of) => sum + score(of), 0),
    there.length,
  );
}
