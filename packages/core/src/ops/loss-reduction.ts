// How the losses of elements or rows become one number.

import { checkOption, checkOptionNames, ShapeError } from "../errors.ts";
import { broadcastShapes, formatShape, sameShape } from "../shape.ts";
import { type Check, type LossShape, type Result, type SameShapes, type Shape, typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";

/** The mean of the losses, their sum, or each by itself. */
export type LossReduction = "mean" | "sum" | "none";

/** A target that must have the prediction's shape. */
export type TargetOf<P extends Shape, T extends Shape, Name extends string> = Tensor<T> & Check<SameShapes<P, T, Name>>;

/** What a reduction leaves of losses whose shape a rule gives. */
export type Reduction<Losses, R> = Tensor<LossShape<Result<Losses>, R>>;

/** Options of every loss. */
export interface LossOptions<R extends LossReduction = LossReduction> {
  /** The mean over the rows or elements (the default), their sum, or each by itself. */
  readonly reduction?: R;
}

/** Checks the options of a loss: their names, and the reduction. */
export function checkLoss(name: string, options: LossOptions, others: readonly string[] = []): LossReduction {
  checkOptionNames(name, options, ["reduction", ...others]);
  const { reduction = "mean" } = options;
  checkOption(["mean", "sum", "none"].includes(reduction), name, "reduction", '"mean", "sum" or "none"', reduction);
  return reduction;
}

/** The losses as their reduction wants them. */
export function reduceLoss<S extends Shape>(losses: Tensor, reduction: LossReduction): Tensor<S> {
  return typed(reduction === "none" ? losses : reduction === "sum" ? losses.sum() : losses.mean());
}

/** Weights broadcast to the predictions: larger ones would repeat these. */
export function checkWithin(
  name: string,
  label: string,
  prediction: Tensor,
  weights: Tensor | number | undefined,
): void {
  if (weights === undefined || typeof weights === "number") return;
  if (sameShape(broadcastShapes(`${name}: ${label}`, weights.shape, prediction.shape), prediction.shape)) return;
  throw new ShapeError(
    `${name}: ${label} of shape ${formatShape(weights.shape)} do not broadcast to the predictions ${formatShape(prediction.shape)}`,
  );
}

/** Predictions and targets of regression have one shape: broadcasting would hide a forgotten axis. */
export function checkSameShape(name: string, prediction: Tensor, target: Tensor): void {
  if (sameShape(prediction.shape, target.shape)) return;
  throw new ShapeError(
    `${name}: the prediction is ${formatShape(prediction.shape)}, the target ${formatShape(target.shape)}: they must be equal`,
  );
}
