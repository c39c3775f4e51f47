// The confusion matrix: how often each class was taken for each. And what it says of each class.

import { checkOption, DataError, formatShape, OptionError, oneHot, ShapeError, type Tensor } from "@gradus/core";
import { checkThreshold, classesOf } from "./classes.ts";
import { type ClassCounts, f1Of, precisionOf, recallOf } from "./counts.ts";

/** Options of {@link confusionMatrix}. */
export interface ConfusionOptions {
  /** How many classes there are; needed only where predictions are class numbers, which do not tell. */
  readonly classes?: number;
  /** Where predictions are one score for "yes": scores above it say so. 0 by default, for logits; 0.5 for probabilities. */
  readonly threshold?: number;
}

/**
 * How many samples of class i were taken for class j: int32 `[classes, classes]`, a row for each true class, a column for each predicted
 * one. Predictions are class numbers, or scores as those of `accuracy`.
 *
 * @throws OptionError for a number of classes that is missing or contradicts the scores
 * @throws DataError for a label, or a predicted class, that is no class; ShapeError for labels that do not fit
 * @example
 * const labels = tensor([0, 1, 1, 2], { dtype: "int32" });
 * confusionMatrix(tensor([0, 2, 1, 2], { dtype: "int32" }), labels, { classes: 3 }).toArray(); // [[1, 0, 0], [0, 1, 1], [0, 0, 1]]
 */
export function confusionMatrix(predictions: Tensor, labels: Tensor, options: ConfusionOptions = {}): Tensor {
  const owner = "confusionMatrix";
  const { classes: given, threshold = 0 } = options;
  for (const key of Object.keys(options)) {
    if (key !== "classes" && key !== "threshold") {
      throw new OptionError(`${owner}: there is no option ${key}; there are classes, threshold`);
    }
  }
  checkThreshold(owner, threshold);
  checkOption(
    given === undefined || (Number.isInteger(given) && given >= 1),
    owner,
    "classes",
    "a whole number ≥ 1",
    given,
  );
  const found = classesOf(owner, predictions, labels, threshold);
  const classes = found.classes ?? given;
  if (classes === undefined) {
    throw new OptionError(`${owner}: predictions are class numbers, not scores: pass { classes }`);
  }
  checkOption(given === undefined || given === classes, owner, "classes", `${classes}, as the scores say`, given);
  const [truth, guess] = [found.labels, found.predicted].map((numbers) =>
    oneHot(numbers, classes).reshape<readonly number[], readonly number[]>([-1, classes]),
  );
  if (truth === undefined || guess === undefined) return labels;
  return truth.transpose(0, 1).matmul<readonly number[], readonly number[]>(guess).cast("int32");
}

/** The values of each class, by its number. */
export interface ClassScores {
  /** Of the samples taken for the class, the share that belong to it: hits / predicted. */
  readonly precision: readonly number[];
  /** Of the samples of the class, the share that were taken for it: hits / actual. */
  readonly recall: readonly number[];
  /** The harmonic mean of both: 2 · hits / (predicted + actual). */
  readonly f1: readonly number[];
  /** How many samples of the class there are. */
  readonly support: readonly number[];
}

/**
 * Precision, recall and F1 of each class, from a {@link confusionMatrix}. Where there is nothing to divide by they are 0.
 *
 * @throws ShapeError for what is not square, DataError for what is no count
 * @example classScores(tensor([[1, 0, 0], [0, 1, 1], [0, 0, 1]])).recall; // [1, 0.5, 1]
 */
export function classScores(matrix: Tensor): ClassScores {
  const [rows = 0, columns] = matrix.shape;
  if (matrix.rank !== 2 || rows !== columns) {
    throw new ShapeError(
      `classScores: expected a confusion matrix [classes, classes], got ${formatShape(matrix.shape)}`,
    );
  }
  const cells = Array.from(matrix.toTypedArray());
  const wrong = cells.findIndex((cell) => !(Number.isInteger(cell) && cell >= 0));
  if (wrong >= 0) {
    const place = `row ${Math.floor(wrong / rows)}, column ${wrong % rows}`;
    throw new DataError(`classScores: ${cells[wrong]} in ${place} is no count`);
  }
  const sum = (start: number, step: number): number =>
    Array.from({ length: rows }, (_, index) => cells[start + index * step] ?? 0).reduce((a, b) => a + b, 0);
  const counts = Array.from(
    { length: rows },
    (_, kind): ClassCounts => ({
      hits: cells[kind * rows + kind] ?? 0,
      predicted: sum(kind, rows),
      actual: sum(kind * rows, 1),
    }),
  );
  return {
    precision: counts.map(precisionOf),
    recall: counts.map(recallOf),
    f1: counts.map(f1Of),
    support: counts.map(({ actual }) => actual),
  };
}
