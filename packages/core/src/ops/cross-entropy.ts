// The cross-entropy of classes: from logits, exact for logits of any size; from logarithms of probabilities; from probabilities.

import { allocate, isFloat } from "../dtype.ts";
import { contiguousView } from "../engine/copy.ts";
import { checkOption, DataError, DTypeError, OptionError, ShapeError } from "../errors.ts";
import { formatShape, sameShape, sizeOf } from "../shape.ts";
import {
  type Check,
  type LabelledRows,
  type Reduced,
  type Result,
  type SameShapes,
  type Shape,
  typed,
} from "../shape-types.ts";
import { Tensor } from "../tensor.ts";
import { elements, type Spec, type View, viewOf } from "../view.ts";
import {
  type CompositeParts,
  composite,
  type ElementwiseOp,
  elementwise,
  floatDType,
  type PrimitiveOp,
  primitive,
  type TernaryOp,
} from "./constructors.ts";
import {
  checkLoss,
  type LossOptions,
  type LossReduction,
  type Reduction,
  reduceLoss,
  type TargetOf,
} from "./loss-reduction.ts";
import { type One, scalar, type Two } from "./op.ts";
import { finitePeak } from "./peak.ts";
import { logSoftmax } from "./softmax.ts";

interface LabelRule {
  readonly operation: string;
  readonly classes: number;
  /** A label that is allowed beside the classes. */
  readonly ignored: number | null;
}

const labelsOf: PrimitiveOp<LabelRule> = /* @__PURE__ */ primitive({
  name: "classLabels",
  infer: ([{ shape }]: One<Spec>) => ({ shape, dtype: "int32" }),
  kernel: ([labels]: One<View>, spec, { operation, classes, ignored }) => {
    const out = allocate("int32", sizeOf(spec.shape));
    const values = elements(contiguousView(labels));
    for (let row = 0; row < out.length; row++) {
      const label = values[row] ?? Number.NaN;
      if (label !== ignored && !(Number.isInteger(label) && label >= 0 && label < classes)) {
        const problem = Number.isInteger(label) ? "is out of range" : "is no whole number";
        throw new DataError(
          `${operation}: label ${label} in row ${row} ${problem}: the ${classes} classes are 0 to ${classes - 1}`,
        );
      }
      out[row] = label;
    }
    return viewOf(out, "int32", spec.shape);
  },
  reads: [],
  gradient: () => [null],
});

/** (softmax(x) − [class = label]) · scale, given max x and ln Σ e^(x − max x): the gradient of the cross-entropy. */
const entropyGradient: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "crossEntropy.gradient",
  forward: (x, peak, total, label, kind, scale) => x.sub(peak).sub(total).exp().sub(label.eq(kind)).mul(scale),
});

/** x where the class is the label, else 0. */
const ofLabel: TernaryOp = /* @__PURE__ */ elementwise({
  name: "crossEntropy.ofLabel",
  result: floatDType,
  forward: (x, label, kind) => label.eq(kind).where(x, 0),
});

/** 0, 1, 2 … */
function classesOf(logits: Tensor): Tensor {
  const classes = Int32Array.from({ length: logits.shape.at(-1) ?? 0 }, (_, index) => index);
  return new Tensor(viewOf(classes, "int32", [classes.length]));
}

// loss = ln Σ e^(x − max x) − (x[label] − max x), in this order: large logits that are close keep their digits.
// dx = (softmax x − one-hot) · dy
const entropyOf = /* @__PURE__ */ composite<null>({
  name: "crossEntropy",
  intermediates: ([logits]: Two<Tensor>) => {
    const peak = finitePeak(logits, [logits.rank - 1]);
    return [peak, logits.sub(peak).exp().sum(-1, { keepDims: true }).log()];
  },
  forward: ([logits, labels]: Two<Tensor>, [peak, total]: Two<Tensor>) => {
    const chosen = ofLabel(logits, labels, classesOf(logits)).sum(-1, { keepDims: true });
    return total.sub(chosen.sub(peak)).squeeze(-1);
  },
  gradient: ({ dy, inputs: [logits, labels], shared: [peak, total] }: CompositeParts<Two<Tensor>, Two<Tensor>>) => [
    entropyGradient(logits, peak, total, labels, classesOf(logits), dy.unsqueeze(-1)),
    null,
  ],
});

/** Options of {@link nll}. */
export interface NllOptions<R extends LossReduction = LossReduction> extends LossOptions<R> {
  /**
   * What the losses of each class are multiplied with, [classes]; the mean then divides by the sum of the weights
   * that were used. All 1 by default.
   */
  readonly weights?: Tensor;
  /** A label whose rows count nowhere, neither in the sum nor in the number; none by default. */
  readonly ignoreIndex?: number;
}

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions<R extends LossReduction = LossReduction> extends NllOptions<R> {
  /** ε: the share of each target that is spread evenly over all classes; 0 by default. */
  readonly labelSmoothing?: number;
}

/**
 * The cross-entropy −Σ t·ln softmax(logits) of `logits` [..., classes], in nats, averaged over the rows; exact for logits of any
 * size. Targets are integer labels [...] or probabilities t [..., classes].
 *
 * With class `weights` w, row i counts w[label] times, and the mean is Σ w[labelᵢ]·lossᵢ / Σ w[labelᵢ] (with probabilities: over the
 * number of rows). With `labelSmoothing` ε targets become (1 − ε)·t + ε/classes. If every row is ignored the mean is NaN.
 *
 * @throws ShapeError if the target has neither the shape of the logits nor that without its last axis
 * @throws DataError for a label that is no class, with its value and row
 * @throws OptionError for an option out of range, and for `ignoreIndex` with probabilities
 * @example crossEntropy([[0, 1, 2], [2, 0, 0]], [2, 0]) // 0.323575
 */
export function crossEntropy<P extends Shape, T extends Shape, R extends LossReduction = "mean">(
  logits: Tensor<P>,
  labels: Tensor<T> & Check<LabelledRows<P, T, "crossEntropy", true, "logits">>,
  options: CrossEntropyOptions<R> = {},
): Reduction<LabelledRows<P, T, "crossEntropy", true, "logits">, R> {
  return typed(crossEntropyOf(logits, labels, options));
}

function crossEntropyOf(logits: Tensor, labels: Tensor, options: CrossEntropyOptions): Tensor {
  const name = "crossEntropy";
  const reduction = checkLoss(name, options, ["weights", "ignoreIndex", "labelSmoothing"]);
  const { weights, ignoreIndex, labelSmoothing: smoothing = 0 } = options;
  checkOption(smoothing >= 0 && smoothing <= 1, name, "labelSmoothing", "from 0 to 1", smoothing);
  checkLogits(name, logits, weights);
  const logs = (): Tensor => logSoftmax(logits, -1);
  if (isFloat(labels.dtype) && sameShape(logits.shape, labels.shape)) {
    if (ignoreIndex !== undefined)
      throw new OptionError(`${name}: ignoreIndex stands for a label, but the targets are probabilities`);
    return reduceLoss(entropyOfTargets(logs(), labels, smoothing, weights), reduction);
  }
  const checked = checkedLabels(name, logits, labels, ignoreIndex);
  if (weights === undefined && ignoreIndex === undefined && smoothing === 0) {
    return reduceLoss(entropyOf([logits, checked.unsqueeze(-1)], null).output, reduction);
  }
  return entropyOfLabels(logs(), checked, smoothing, options, reduction);
}

/**
 * The negative log-likelihood: −x[label], averaged over the rows, for logarithms of probabilities x [..., classes] as
 * {@link logSoftmax} makes them, and integer labels [...]. With class weights the mean divides by the sum of those used.
 *
 * @throws ShapeError if the labels' shape is not the predictions' without its last axis
 * @throws DataError for a label that is no class, with its value and row
 * @example nll([[-0.1, -2.4], [-1.6, -0.2]], [0, 0]) // 0.85
 */
export function nll<P extends Shape, T extends Shape, R extends LossReduction = "mean">(
  logProbabilities: Tensor<P>,
  labels: Tensor<T> & Check<LabelledRows<P, T, "nll">>,
  options: NllOptions<R> = {},
): Reduction<LabelledRows<P, T, "nll">, R> {
  const reduction = checkLoss("nll", options, ["weights", "ignoreIndex"]);
  checkLogits("nll", logProbabilities, options.weights);
  const checked = checkedLabels("nll", logProbabilities, labels, options.ignoreIndex);
  return typed(entropyOfLabels(logProbabilities, checked, 0, options, reduction));
}

/** Options of {@link categoricalCrossEntropy}. */
export interface CategoricalCrossEntropyOptions<R extends LossReduction = LossReduction> extends LossOptions<R> {
  /** ε: the share of each target that is spread evenly over all classes; 0 by default. */
  readonly labelSmoothing?: number;
}

/**
 * The cross-entropy −Σ t·ln p of predicted probabilities p [..., classes], which are first divided by their sum and kept within
 * 10⁻⁷ of 0 and 1 as in Keras, and targets t of the same shape. For models that end in a softmax; {@link crossEntropy} of logits is
 * exact and cheaper.
 *
 * @throws ShapeError where the shapes differ
 * @example categoricalCrossEntropy([[0.25, 0.75]], [[0, 1]]) // 0.287682
 */
export function categoricalCrossEntropy<P extends Shape, T extends Shape, R extends LossReduction = "mean">(
  probabilities: Tensor<P>,
  targets: TargetOf<P, T, "categoricalCrossEntropy">,
  options: CategoricalCrossEntropyOptions<R> = {},
): Reduction<Reduced<Result<SameShapes<P, T, "categoricalCrossEntropy">>, -1>, R> {
  const name = "categoricalCrossEntropy";
  const reduction = checkLoss(name, options, ["labelSmoothing"]);
  const { labelSmoothing: smoothing = 0 } = options;
  checkOption(smoothing >= 0 && smoothing <= 1, name, "labelSmoothing", "from 0 to 1", smoothing);
  checkLogits(name, probabilities, undefined);
  if (!sameShape(probabilities.shape, targets.shape)) {
    throw new ShapeError(
      `${name}: the probabilities are ${formatShape(probabilities.shape)}, the targets ${formatShape(targets.shape)}: they must be equal`,
    );
  }
  const logs = probabilities
    .div(probabilities.sum(-1, { keepDims: true }))
    .clip(1e-7, 1 - 1e-7)
    .log();
  return reduceLoss(entropyOfTargets(logs, targets, smoothing, undefined), reduction);
}

/** t·x, 0 where t is 0: logarithms may be −∞ there. */
const wherePositive: TernaryOp = /* @__PURE__ */ elementwise({
  name: "crossEntropy.term",
  result: floatDType,
  forward: (logs, t, weight) => t.eq(0).where(0, t.mul(weight).mul(logs)),
});

/** −Σ w·t·x for logarithms x and targets t, of which the share ε is spread evenly over all classes. */
function entropyOfTargets(logs: Tensor, targets: Tensor, smoothing: number, weights: Tensor | undefined): Tensor {
  const smooth: Tensor =
    smoothing === 0 ? targets : targets.mul(1 - smoothing).add(smoothing / (logs.shape.at(-1) ?? 1));
  return wherePositive(logs, smooth, weights?.cast(logs.dtype) ?? 1)
    .sum(-1)
    .neg();
}

/** The same for the targets that labels stand for, reduced: a mean over rows divides by the weights that were used. */
function entropyOfLabels(
  logs: Tensor,
  labels: Tensor,
  smoothing: number,
  { weights, ignoreIndex }: NllOptions,
  reduction: LossReduction,
): Tensor {
  const counted = (values: Tensor): Tensor =>
    ignoreIndex === undefined ? values : labels.eq(ignoreIndex).where(0, values);
  const hits = ofLabel(scalar(1, logs.dtype), labels.unsqueeze(-1), classesOf(logs));
  const rows = counted(entropyOfTargets(logs, hits, smoothing, weights));
  if (reduction !== "mean" || (weights === undefined && ignoreIndex === undefined)) return reduceLoss(rows, reduction);
  const used = counted(hits.where(weights ?? 1, 0).sum(-1));
  return rows.sum().div(used.cast(logs.dtype).sum());
}

function checkLogits(name: string, logits: Tensor, weights: Tensor | undefined): void {
  const what = name === "crossEntropy" ? "logits" : "predictions";
  if (logits.rank === 0) throw new ShapeError(`${name}: ${what} [] have no axis of classes`);
  if (!isFloat(logits.dtype)) throw new DTypeError(`${name}: the ${what} are ${logits.dtype}, not floats`);
  if (weights === undefined || sameShape(weights.shape, logits.shape.slice(-1))) return;
  throw new ShapeError(
    `${name}: weights of shape ${formatShape(weights.shape)} do not fit ${what} ${formatShape(logits.shape)}: one weight a class`,
  );
}

function checkedLabels(name: string, logits: Tensor, labels: Tensor, ignored: number | undefined): Tensor {
  const what = name === "crossEntropy" ? "logits" : "predictions";
  const rows = logits.shape.slice(0, -1);
  checkOption(ignored === undefined || Number.isInteger(ignored), name, "ignoreIndex", "a whole number", ignored);
  if (!sameShape(rows, labels.shape)) {
    throw new ShapeError(
      `${name}: ${what} ${formatShape(logits.shape)} want labels of shape ${formatShape(rows)} (one class a row), got ${formatShape(labels.shape)}`,
    );
  }
  return labelsOf([labels], { operation: name, classes: logits.shape.at(-1) ?? 0, ignored: ignored ?? null });
}
