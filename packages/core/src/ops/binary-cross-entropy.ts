// The cross-entropy of yes or no, from logits or from probabilities.

import { checkOption } from "../errors.ts";
import type { SameShapes, Shape } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { type BinaryOp, elementwise, floatDType, type TernaryOp } from "./constructors.ts";
import {
  checkLoss,
  checkSameShape,
  checkWithin,
  type LossOptions,
  type LossReduction,
  type Reduction,
  reduceLoss,
  type TargetOf,
} from "./loss-reduction.ts";

/** Options of {@link binaryCrossEntropy}. */
export interface BinaryCrossEntropyOptions<R extends LossReduction = LossReduction> extends LossOptions<R> {
  /** Whether the predictions are logits (the default), or probabilities from 0 to 1. */
  readonly fromLogits?: boolean;
  /** What each loss is multiplied with; must broadcast to the predictions. 1 by default. */
  readonly weights?: Tensor | number;
  /** What the losses of positives are multiplied with, to weigh recall against precision; logits only. 1 by default. */
  readonly positiveWeight?: Tensor | number;
}

// w·t·softplus(−x) + (1 − t)·softplus(x), each part only where its factor is not 0: infinite logits stay exact.
// d/dx = (1 − t)·σ(x) − w·t·σ(−x)
const ofLogits: TernaryOp = /* @__PURE__ */ elementwise({
  name: "binaryCrossEntropy",
  result: floatDType,
  forward: (x, t, w) => {
    const tail = x.abs().neg().exp().log1p();
    const yes = t.eq(0).where(0, t.mul(w).mul(x.neg().maximum(0).add(tail)));
    const no = t.eq(1).where(0, t.neg().add(1).mul(x.maximum(0).add(tail)));
    return yes.add(no);
  },
  gradient: (dy, [x = dy, t = dy, w = dy]) => {
    const tail = x.abs().neg().exp().log1p();
    const [yes, no] = [x.neg().maximum(0).add(tail), x.maximum(0).add(tail)];
    const slope = t.neg().add(1).mul(x.sigmoid()).sub(t.mul(w).mul(x.neg().sigmoid()));
    return [dy.mul(slope), dy.mul(w.mul(yes).sub(no)), dy.mul(t.mul(yes))];
  },
});

// −t·ln p − (1 − t)·ln(1 − p), with logarithms from −100 on as in PyTorch: a certain mistake costs 100, not ∞
const ofProbabilities: BinaryOp<"binaryCrossEntropy"> = /* @__PURE__ */ elementwise({
  name: "binaryCrossEntropy.probabilities",
  result: floatDType,
  forward: (p, t) =>
    t
      .sub(1)
      .mul(p.neg().log1p().maximum(-100))
      .sub(t.mul(p.log().maximum(-100))),
  gradient: (dy, [p = dy, t = dy]) => {
    const slope = p.sub(t).div(p.neg().add(1).mul(p).maximum(1e-12));
    return [dy.mul(slope), dy.mul(p.neg().log1p().maximum(-100).sub(p.log().maximum(-100)))];
  },
});

/**
 * The mean of −t·ln p − (1 − t)·ln(1 − p) for predictions and targets t (from 0 to 1) of one shape. Predictions are logits x with
 * p = 1/(1 + e⁻ˣ), exact for every x; with `fromLogits: false` they are p itself, whose logarithms count from −100 on.
 *
 * @throws ShapeError where the shapes differ
 * @throws OptionError for `positiveWeight` with probabilities
 * @example binaryCrossEntropy([0, 2], [1, 0]) // 1.410038
 * @example binaryCrossEntropy([0.5, 0.25], [1, 0], { fromLogits: false }) // 0.490415
 */
export function binaryCrossEntropy<P extends Shape, T extends Shape, R extends LossReduction = "mean">(
  prediction: Tensor<P>,
  target: TargetOf<P, T, "binaryCrossEntropy">,
  options: BinaryCrossEntropyOptions<R> = {},
): Reduction<SameShapes<P, T, "binaryCrossEntropy">, R> {
  const name = "binaryCrossEntropy";
  const reduction = checkLoss(name, options, ["fromLogits", "weights", "positiveWeight"]);
  const { fromLogits = true, weights, positiveWeight } = options;
  checkOption(typeof fromLogits === "boolean", name, "fromLogits", "true or false", fromLogits);
  checkOption(
    fromLogits || positiveWeight === undefined,
    name,
    "positiveWeight",
    "left out where predictions are probabilities",
    "one",
  );
  checkSameShape(name, prediction, target);
  checkWithin(name, "weights", prediction, weights);
  checkWithin(name, "positiveWeight", prediction, positiveWeight);
  const losses: Tensor = fromLogits
    ? ofLogits(prediction, target, positiveWeight ?? 1)
    : ofProbabilities(prediction, target);
  return reduceLoss(weights === undefined ? losses : losses.mul(weights), reduction);
}
