// Losses of regression: how far numbers are from what they should be. Each is a formula of one prediction and one target.

import { checkOption } from "../errors.ts";
import type { SameShapes, Shape } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { type BinaryOp, elementwise, floatDType, type TernaryOp } from "./constructors.ts";
import {
  checkLoss,
  checkSameShape,
  type LossOptions,
  type LossReduction,
  type Reduction,
  reduceLoss,
  type TargetOf,
} from "./loss-reduction.ts";

/**
 * The mean of (prediction − target)² over all elements; with `reduction` their sum, or each.
 *
 * @throws ShapeError unless prediction and target have one shape
 * @throws OptionError for another reduction
 * @example meanSquaredError([1, 2], [1, 4]) // 2
 */
export function meanSquaredError<P extends Shape, T extends Shape, R extends LossReduction = "mean">(
  prediction: Tensor<P>,
  target: TargetOf<P, T, "meanSquaredError">,
  options: LossOptions<R> = {},
): Reduction<SameShapes<P, T, "meanSquaredError">, R> {
  const reduction = checkLoss("meanSquaredError", options);
  checkSameShape("meanSquaredError", prediction, target);
  return reduceLoss(prediction.sub(target).square(), reduction);
}

/**
 * The mean of |prediction − target| over all elements; its gradient at 0 is 0. With `reduction` their sum, or each.
 *
 * @throws ShapeError unless prediction and target have one shape
 * @throws OptionError for another reduction
 * @example meanAbsoluteError([1, 2], [1, 5]) // 1.5
 */
export function meanAbsoluteError<P extends Shape, T extends Shape, R extends LossReduction = "mean">(
  prediction: Tensor<P>,
  target: TargetOf<P, T, "meanAbsoluteError">,
  options: LossOptions<R> = {},
): Reduction<SameShapes<P, T, "meanAbsoluteError">, R> {
  const reduction = checkLoss("meanAbsoluteError", options);
  checkSameShape("meanAbsoluteError", prediction, target);
  return reduceLoss(prediction.sub(target).abs(), reduction);
}

/** Options of {@link huber}. */
export interface HuberOptions<R extends LossReduction = LossReduction> extends LossOptions<R> {
  /** Where the parabola becomes a line; > 0, and 1 by default. */
  readonly delta?: number;
}

// e²/2 where |e| ≤ δ, δ·(|e| − δ/2) beyond: value and slope meet at δ
const huberOf: TernaryOp = /* @__PURE__ */ elementwise({
  name: "huber",
  result: floatDType,
  forward: (prediction, target, delta) => {
    const error = prediction.sub(target);
    const size = error.abs();
    return size.le(delta).where(error.square().mul(0.5), delta.mul(size.sub(delta.mul(0.5))));
  },
});

/**
 * The mean of e²/2 where the error e = prediction − target is at most δ in size, and of δ·(|e| − δ/2) beyond.
 * Source: P. J. Huber, "Robust estimation of a location parameter", 1964.
 *
 * @throws OptionError unless δ > 0
 * @example huber([0, 0], [0.5, 3]) // 1.3125
 */
export function huber<P extends Shape, T extends Shape, R extends LossReduction = "mean">(
  prediction: Tensor<P>,
  target: TargetOf<P, T, "huber">,
  options: HuberOptions<R> = {},
): Reduction<SameShapes<P, T, "huber">, R> {
  const reduction = checkLoss("huber", options, ["delta"]);
  const { delta = 1 } = options;
  checkOption(delta > 0 && Number.isFinite(delta), "huber", "delta", "a finite number > 0", delta);
  checkSameShape("huber", prediction, target);
  return reduceLoss(huberOf(prediction, target, delta), reduction);
}

/** Options of {@link smoothL1}. */
export interface SmoothL1Options<R extends LossReduction = LossReduction> extends LossOptions<R> {
  /** Where the parabola becomes a line; ≥ 0, and 1 by default. */
  readonly beta?: number;
}

// e²/2β where |e| < β, |e| − β/2 beyond
const smoothL1Of: TernaryOp = /* @__PURE__ */ elementwise({
  name: "smoothL1",
  result: floatDType,
  forward: (prediction, target, beta) => {
    const error = prediction.sub(target);
    const size = error.abs();
    return size.lt(beta).where(error.square().mul(0.5).div(beta), size.sub(beta.mul(0.5)));
  },
});

/**
 * The mean of e²/2β where |e| < β, and of |e| − β/2 beyond: {@link huber} divided by β. With β = 0 it is the mean of |e|.
 * Source: R. Girshick, "Fast R-CNN", ICCV 2015.
 *
 * @throws OptionError unless β ≥ 0
 * @example smoothL1([0, 0], [0.5, 3]) // 1.3125
 */
export function smoothL1<P extends Shape, T extends Shape, R extends LossReduction = "mean">(
  prediction: Tensor<P>,
  target: TargetOf<P, T, "smoothL1">,
  options: SmoothL1Options<R> = {},
): Reduction<SameShapes<P, T, "smoothL1">, R> {
  const reduction = checkLoss("smoothL1", options, ["beta"]);
  const { beta = 1 } = options;
  checkOption(beta >= 0 && Number.isFinite(beta), "smoothL1", "beta", "a finite number ≥ 0", beta);
  checkSameShape("smoothL1", prediction, target);
  const losses = beta === 0 ? prediction.sub(target).abs() : smoothL1Of(prediction, target, beta);
  return reduceLoss(losses, reduction);
}

// ln cosh e = |e| + ln(1 + e^(−2|e|)) − ln 2, which no e overflows; its slope is tanh e
const logCoshOf: BinaryOp<"logCosh"> = /* @__PURE__ */ elementwise({
  name: "logCosh",
  result: floatDType,
  forward: (prediction, target) => {
    const size = prediction.sub(target).abs();
    return size.add(size.mul(-2).exp().log1p()).sub(Math.LN2);
  },
  gradient: (dy, [prediction = dy, target = dy]) => {
    const slope = dy.mul(prediction.sub(target).tanh());
    return [slope, slope.neg()];
  },
});

/**
 * The mean of ln cosh(prediction − target): a parabola near 0, |e| − ln 2 far out. It neither overflows nor has a
 * corner.
 *
 * @throws ShapeError unless prediction and target have one shape
 * @throws OptionError for another reduction
 * @example logCosh([0, 0], [0, 1]) // 0.21689
 */
export function logCosh<P extends Shape, T extends Shape, R extends LossReduction = "mean">(
  prediction: Tensor<P>,
  target: TargetOf<P, T, "logCosh">,
  options: LossOptions<R> = {},
): Reduction<SameShapes<P, T, "logCosh">, R> {
  const reduction = checkLoss("logCosh", options);
  checkSameShape("logCosh", prediction, target);
  return reduceLoss(logCoshOf(prediction, target), reduction);
}

const hingeOf: BinaryOp<"hinge"> = /* @__PURE__ */ elementwise({
  name: "hinge",
  forward: (prediction, target) => prediction.mul(target).neg().add(1).maximum(0),
  // The slope at the hinge itself is 0, as that of relu.
  gradient: (dy, [prediction = dy, target = dy], y) => {
    const inside = y.gt(0).where(dy.neg(), 0);
    return [inside.mul(target), inside.mul(prediction)];
  },
});

/**
 * The mean of max(0, 1 − prediction · target), with targets −1 and 1: the loss of support vector machines. Source:
 * C. Cortes, V. Vapnik, "Support-vector networks", 1995.
 *
 * @throws ShapeError unless prediction and target have one shape
 * @throws OptionError for another reduction
 * @example hinge([0.5, 2], [1, -1]) // 1.75
 */
export function hinge<P extends Shape, T extends Shape, R extends LossReduction = "mean">(
  prediction: Tensor<P>,
  target: TargetOf<P, T, "hinge">,
  options: LossOptions<R> = {},
): Reduction<SameShapes<P, T, "hinge">, R> {
  const reduction = checkLoss("hinge", options);
  checkSameShape("hinge", prediction, target);
  return reduceLoss(hingeOf(prediction, target), reduction);
}
