// Losses that compare vectors and distributions rather than single numbers.

import { checkOption, checkOptionNames, ShapeError } from "../errors.ts";
import { broadcastShapes, formatShape, sameShape } from "../shape.ts";
import {
  type Broadcast,
  type Check,
  type Reduced,
  type Result,
  type SameShapes,
  type Shape,
  typed,
} from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { type BinaryOp, elementwise, floatDType } from "./constructors.ts";
import {
  checkLoss,
  checkSameShape,
  type LossOptions,
  type LossReduction,
  type Reduction,
  reduceLoss,
  type TargetOf,
} from "./loss-reduction.ts";
import { norm } from "./statistics.ts";

/** Options of {@link klDivergence}. */
export interface KLDivergenceOptions<R extends LossReduction | "batchMean" = LossReduction | "batchMean"> {
  /**
   * As of other losses, `mean` by default, or `batchMean`: the sum over the number of rows, which is the divergence
   * itself.
   */
  readonly reduction?: R;
  /** Whether the target is given as logarithms of probabilities; false by default. */
  readonly logTarget?: boolean;
}

// t·(ln t − x), 0 where t is 0: the limit
const divergence: BinaryOp<"klDivergence"> = /* @__PURE__ */ elementwise({
  name: "klDivergence",
  result: floatDType,
  forward: (x, t) => t.eq(0).where(0, t.mul(t.log().sub(x))),
  gradient: (dy, [x = dy, t = dy]) => {
    return [dy.mul(t).neg(), t.gt(0).where(dy.mul(t.log().add(1).sub(x)), 0)];
  },
});

// The same for s = ln t: eˢ·(s − x), 0 where eˢ is 0
const divergenceOfLogs: BinaryOp<"klDivergence"> = /* @__PURE__ */ elementwise({
  name: "klDivergence.logs",
  result: floatDType,
  forward: (x, s) =>
    s
      .exp()
      .eq(0)
      .where(0, s.exp().mul(s.sub(x))),
  gradient: (dy, [x = dy, s = dy]) => {
    const t = s.exp();
    return [dy.mul(t).neg(), t.eq(0).where(0, dy.mul(t.mul(s.sub(x).add(1))))];
  },
});

/**
 * The Kullback–Leibler divergence Σ t·(ln t − x) of a target distribution t from a prediction given as logarithms of
 * probabilities x, as `logSoftmax` makes them. `mean`, the default, divides by the number of elements, `batchMean`
 * by that of rows. Source: S. Kullback, R. A. Leibler, "On information and sufficiency", 1951.
 *
 * @throws ShapeError unless prediction and target have one shape
 * @throws OptionError for an option that is unknown or out of range
 * @example klDivergence([[-0.693147, -0.693147]], [[1, 0]], { reduction: "sum" }) // 0.693147
 */
export function klDivergence<P extends Shape, T extends Shape, R extends LossReduction | "batchMean" = "mean">(
  prediction: Tensor<P>,
  target: TargetOf<P, T, "klDivergence">,
  options: KLDivergenceOptions<R> = {},
): Reduction<SameShapes<P, T, "klDivergence">, R> {
  const name = "klDivergence";
  checkOptionNames(name, options, ["reduction", "logTarget"]);
  const { logTarget = false } = options;
  const reduction: LossReduction | "batchMean" = options.reduction ?? "mean";
  const rules = '"mean", "batchMean", "sum" or "none"';
  checkOption(["mean", "batchMean", "sum", "none"].includes(reduction), name, "reduction", rules, reduction);
  checkOption(typeof logTarget === "boolean", name, "logTarget", "true or false", logTarget);
  checkSameShape(name, prediction, target);
  const losses: Tensor = logTarget ? divergenceOfLogs(prediction, target) : divergence(prediction, target);
  if (reduction === "batchMean") return typed(losses.sum().div(prediction.shape[0] ?? 1));
  return reduceLoss(losses, reduction);
}

/** Options of {@link cosineSimilarity}. */
export interface CosineOptions<X extends number = number> {
  /** The axis of the vectors; the last by default. */
  readonly axis?: X;
  /** The least length that is divided by; 1e-8 by default. */
  readonly epsilon?: number;
}

/**
 * The cosine of the angle between vectors: a·b / (max(‖a‖, ε) · max(‖b‖, ε)), from −1 to 1; other axes broadcast. A
 * vector of zeros is similar to nothing: 0.
 *
 * @throws ShapeError for shapes that do not broadcast, and for an axis that is not there
 * @throws OptionError unless ε > 0
 * @example cosineSimilarity([[1, 0], [1, 1]], [[1, 0], [1, -1]]) // [1, 0]
 */
export function cosineSimilarity<A extends Shape, B extends Shape, const X extends number = -1>(
  a: Tensor<A>,
  b: Tensor<B> & Check<Broadcast<A, B, "cosineSimilarity">>,
  options: CosineOptions<X> = {},
): Tensor<Result<Reduced<Result<Broadcast<A, B>>, X, false, "cosineSimilarity">>> {
  checkOptionNames("cosineSimilarity", options, ["axis", "epsilon"]);
  const { epsilon = 1e-8 } = options;
  const axis: number = options.axis ?? -1;
  checkOption(epsilon > 0, "cosineSimilarity", "epsilon", "a number > 0", epsilon);
  const shape = broadcastShapes("cosineSimilarity", a.shape, b.shape);
  const unit = (x: Tensor): Tensor => {
    const whole = x.broadcastTo(shape);
    return whole.div(norm(whole, axis, { keepDims: true }).maximum(epsilon));
  };
  return typed(unit(a).mul(unit(b)).sum(axis));
}

/** Options of {@link cosineDistance}. */
export interface CosineDistanceOptions<R extends LossReduction = LossReduction, X extends number = number>
  extends LossOptions<R>,
    CosineOptions<X> {}

/**
 * The mean of 1 − {@link cosineSimilarity}: a loss that is 0 where directions agree, and 2 where they are opposite.
 *
 * @throws ShapeError unless prediction and target have one shape
 * @throws OptionError for an option that is unknown or out of range
 * @example cosineDistance([[1, 0]], [[0, 2]]) // 1
 */
export function cosineDistance<
  P extends Shape,
  T extends Shape,
  R extends LossReduction = "mean",
  const X extends number = -1,
>(
  prediction: Tensor<P>,
  target: TargetOf<P, T, "cosineDistance">,
  options: CosineDistanceOptions<R, X> = {},
): Reduction<Reduced<Result<SameShapes<P, T, "cosineDistance">>, X, false, "cosineDistance">, R> {
  const reduction = checkLoss("cosineDistance", options, ["axis", "epsilon"]);
  checkSameShape("cosineDistance", prediction, target);
  const { reduction: _, ...cosine } = options;
  const [predicted, wanted]: readonly [Tensor, Tensor] = [prediction, target];
  return reduceLoss(cosineSimilarity(predicted, wanted, cosine).neg().add(1), reduction);
}

/** Options of {@link tripletMargin}. */
export interface TripletMarginOptions<R extends LossReduction = LossReduction> extends LossOptions<R> {
  /** How much farther than the positive the negative should be; 1 by default. */
  readonly margin?: number;
  /** The p of the norm; 2 by default. */
  readonly p?: number;
  /** Added to the differences, so that equal vectors have a gradient; 1e-6 by default. */
  readonly epsilon?: number;
  /** Whether the negative is compared with the positive where that is nearer than the anchor; false by default. */
  readonly swap?: boolean;
}

/**
 * The mean of max(0, ‖a − p + ε‖ − ‖a − n + ε‖ + margin) over rows [..., features]: the anchor a should be nearer to the positive p
 * than to the negative n. Sources: V. Balntas et al., BMVC 2016; the ε as in PyTorch.
 *
 * @throws ShapeError where the shapes differ
 * @example tripletMargin([[0, 0]], [[0, 1]], [[0, 1.5]]) // 0.5
 */
export function tripletMargin<A extends Shape, P extends Shape, N extends Shape, R extends LossReduction = "mean">(
  anchor: Tensor<A>,
  positive: TargetOf<A, P, "tripletMargin">,
  negative: TargetOf<A, N, "tripletMargin">,
  options: TripletMarginOptions<R> = {},
): Reduction<Reduced<Result<SameShapes<A, Result<SameShapes<P, N, "tripletMargin">>, "tripletMargin">>, -1>, R> {
  const name = "tripletMargin";
  const reduction = checkLoss(name, options, ["margin", "p", "epsilon", "swap"]);
  const { margin = 1, p = 2, epsilon = 1e-6, swap = false } = options;
  checkOption(Number.isFinite(margin), name, "margin", "a finite number", margin);
  checkOption(typeof swap === "boolean", name, "swap", "true or false", swap);
  if (!sameShape(anchor.shape, positive.shape) || !sameShape(anchor.shape, negative.shape)) {
    const shapes = [anchor, positive, negative].map(({ shape }) => formatShape(shape));
    throw new ShapeError(`${name}: anchor ${shapes[0]}, positive ${shapes[1]} and negative ${shapes[2]} must be equal`);
  }
  const distance = (a: Tensor, b: Tensor): Tensor => norm(a.sub(b).add(epsilon), -1, { p });
  const away = distance(anchor, negative);
  const nearest: Tensor = swap ? away.minimum(distance(positive, negative)) : away;
  return reduceLoss(distance(anchor, positive).sub(nearest).add(margin).relu(), reduction);
}
