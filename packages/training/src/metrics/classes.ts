// What predictions and targets say about classes. Three forms are understood, and told apart by shapes and types alone, so that nothing
// has to be read: a column of scores for each class, one score for "yes", and class numbers.

import { checkOption, DTypeError, formatShape, ShapeError, type Tensor } from "@gradus/core";

/** Class numbers, predicted and true, int32 or uint8 and of one shape. */
export interface Classes {
  readonly predicted: Tensor;
  readonly labels: Tensor;
  /** How many classes there are; null where predictions are class numbers. */
  readonly classes: number | null;
  /** Whether predictions are one score for "yes". */
  readonly binary: boolean;
}

const isWhole = ({ dtype }: Tensor): boolean => dtype === "int32" || dtype === "uint8";
const isSame = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);

/**
 * Whether each prediction is one score: `[batch]` with targets alike, or `[…, 1]`.
 */
export function isBinary(prediction: Tensor, target: Tensor): boolean {
  if (isWhole(prediction) || prediction.dtype === "bool") return false;
  if (prediction.rank === 1) return isSame(prediction.shape, target.shape);
  return prediction.shape.at(-1) === 1;
}

/** Labels of 0 and 1, int32 `[…]`, for scores `[…]` or `[…, 1]`: whole numbers and truth values as they are, floats from 0.5 are 1. */
export function binaryLabels(owner: string, prediction: Tensor, target: Tensor): Tensor {
  const rows = prediction.rank === 1 ? prediction.shape : prediction.shape.slice(0, -1);
  if (!isSame(target.shape, rows) && !isSame(target.shape, prediction.shape)) {
    throw misfit(
      owner,
      prediction,
      target,
      `labels ${formatShape(rows)} or ${formatShape(prediction.shape)} of 0 and 1`,
    );
  }
  const labels = isWhole(target) || target.dtype === "bool" ? target : target.ge(0.5);
  return labels.cast("int32").reshape<readonly number[], readonly number[]>(rows);
}

/** Labels, whole numbers `[…]`, for scores `[…, classes]`: class numbers `[…]`, or the greatest of one-hot rows or probabilities. */
export function labelsOf(owner: string, prediction: Tensor, target: Tensor): Tensor {
  const rows = prediction.shape.slice(0, -1);
  if (prediction.rank >= 2 && isSame(target.shape, prediction.shape)) return target.argMax(-1);
  if (prediction.rank === 0 || !isSame(target.shape, rows)) {
    throw misfit(owner, prediction, target, `labels ${formatShape(rows)}, a class number per row`);
  }
  return wholeLabels(owner, target);
}

/**
 * Predicted and true class numbers. Scores `[…, classes]` predict the greatest; one score (`[batch]`, `[…, 1]`) predicts 1 above the
 * threshold; whole numbers are class numbers.
 *
 * @throws ShapeError for targets that do not fit, DTypeError for labels that are not whole numbers
 */
export function classesOf(owner: string, prediction: Tensor, target: Tensor, threshold: number): Classes {
  if (isWhole(prediction)) {
    if (!isSame(prediction.shape, target.shape)) {
      throw misfit(owner, prediction, target, `labels ${formatShape(prediction.shape)}, one for each predicted class`);
    }
    const labels = wholeLabels(owner, target);
    return { predicted: prediction, labels, classes: null, binary: false };
  }
  if (isBinary(prediction, target)) {
    const labels = binaryLabels(owner, prediction, target);
    const predicted = prediction
      .gt(threshold)
      .cast("int32")
      .reshape<readonly number[], readonly number[]>(labels.shape);
    return { predicted, labels, classes: 2, binary: true };
  }
  const labels = labelsOf(owner, prediction, target);
  return { predicted: prediction.argMax(-1), labels, classes: prediction.shape.at(-1) ?? 0, binary: false };
}

/** @throws OptionError unless it is a finite number */
export function checkThreshold(owner: string, threshold: number): void {
  checkOption(Number.isFinite(threshold), owner, "threshold", "a finite number", threshold);
}

function wholeLabels(owner: string, target: Tensor): Tensor {
  if (isWhole(target)) return target;
  throw new DTypeError(
    `${owner}: labels must be int32 or uint8, got ${target.dtype}: if all of them are whole numbers, cast them with labels.cast("int32")`,
  );
}

function misfit(owner: string, prediction: Tensor, target: Tensor, expected: string): ShapeError {
  const shapes = `predictions ${formatShape(prediction.shape)} and labels ${formatShape(target.shape)}`;
  return new ShapeError(`${owner}: ${shapes} do not fit: expected ${expected}`);
}
