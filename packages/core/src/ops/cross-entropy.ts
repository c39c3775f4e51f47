// Losses with gradients of their own: the cross-entropy, exact for logits of any size, and the mean of squares.

import { allocate, isFloat } from "../dtype.ts";
import { contiguousView } from "../engine/copy.ts";
import { checkOption, DataError, DTypeError, ShapeError } from "../errors.ts";
import { formatShape, sameShape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { elements, viewOf } from "../view.ts";
import {
  composite,
  type ElementwiseOp,
  elementwise,
  floatDType,
  type PrimitiveOp,
  primitive,
  required,
  type TernaryOp,
} from "./constructors.ts";
import { arange } from "./creation.ts";

const labelsOf: PrimitiveOp<{ readonly operation: string; readonly classes: number }> = /* @__PURE__ */ primitive({
  name: "classLabels",
  infer: ([labels]) => ({ shape: labels?.shape ?? [], dtype: "int32" }),
  kernel: ([labels], spec, { operation, classes }) => {
    const out = allocate("int32", sizeOf(spec.shape));
    const values = labels === undefined ? out : elements(contiguousView(labels));
    for (let row = 0; row < out.length; row++) {
      const label = values[row] ?? Number.NaN;
      if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
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

/** (softmax(x) − [class = label]) · scale, given logSumExp x: the gradient of the cross-entropy. */
const entropyGradient: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "crossEntropy.gradient",
  forward: (x, total, label, kind, scale) => x.sub(total).exp().sub(label.eq(kind)).mul(scale),
});

/** x where the class is the label, else 0. */
const ofLabel: TernaryOp = /* @__PURE__ */ elementwise({
  name: "crossEntropy.ofLabel",
  result: floatDType,
  forward: (x, label, kind) => label.eq(kind).where(x, 0),
});

const classesOf = (logits: Tensor): Tensor => arange(logits.shape.at(-1) ?? 0, { dtype: "int32" });

// loss = logSumExp x − x[label];  dx = (softmax x − one-hot) · dy
const entropyOf = /* @__PURE__ */ composite<null>({
  name: "crossEntropy",
  intermediates: ([x]) => [required(x).logSumExp(-1, { keepDims: true })],
  forward: ([x, labels], [total]) => {
    const logits = required(x);
    const chosen = ofLabel(logits, required(labels), classesOf(logits)).sum(-1, { keepDims: true });
    return required(total).sub(chosen).squeeze(-1);
  },
  gradient: ({ dy, inputs: [x, labels], shared: [total] }) => {
    const logits = required(x);
    return [entropyGradient(logits, required(total), required(labels), classesOf(logits), dy.unsqueeze(-1)), null];
  },
});

/** How the losses of the rows become one. */
export type LossReduction = "mean" | "sum" | "none";

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions {
  /** The mean over the rows (the default), their sum, or each by itself. */
  readonly reduction?: LossReduction;
}

/**
 * The cross-entropy of the softmax of `logits` [..., classes] and integer `labels` [...]:
 * −ln softmax(logits)[label], in nats, averaged over the rows; exact for logits of any size.
 *
 * @throws ShapeError if the labels' shape is not the logits' without its last axis
 * @throws DataError for a label that is no class, with its value and row
 * @example crossEntropy([[0, 1, 2], [2, 0, 0]], [2, 0]) // 0.323575
 */
export function crossEntropy(logits: Tensor, labels: Tensor, { reduction = "mean" }: CrossEntropyOptions = {}): Tensor {
  const rows = logits.shape.slice(0, -1);
  checkOption(
    ["mean", "sum", "none"].includes(reduction),
    "crossEntropy",
    "reduction",
    '"mean", "sum" or "none"',
    reduction,
  );
  if (logits.rank === 0 || !sameShape(rows, labels.shape)) {
    throw new ShapeError(
      `crossEntropy: logits ${formatShape(logits.shape)} want labels of shape ${formatShape(rows)} (one class a row), got ${formatShape(labels.shape)}`,
    );
  }
  if (!isFloat(logits.dtype)) throw new DTypeError(`crossEntropy: the logits are ${logits.dtype}, not floats`);
  const checked = labelsOf([labels], { operation: "crossEntropy", classes: logits.shape.at(-1) ?? 0 });
  const { output } = entropyOf([logits, checked.unsqueeze(-1)], null);
  return reduction === "none" ? output : reduction === "sum" ? output.sum() : output.mean();
}

/** The mean of (prediction − target)² over all elements. @example meanSquaredError([1, 2], [1, 4]) // 2 */
export function meanSquaredError(
  prediction: Tensor,
  target: Tensor,
  { reduction = "mean" }: CrossEntropyOptions = {},
): Tensor {
  checkOption(
    ["mean", "sum", "none"].includes(reduction),
    "meanSquaredError",
    "reduction",
    '"mean", "sum" or "none"',
    reduction,
  );
  if (!sameShape(prediction.shape, target.shape)) {
    throw new ShapeError(
      `meanSquaredError: the prediction is ${formatShape(prediction.shape)}, the target ${formatShape(target.shape)}: they must be equal`,
    );
  }
  const squares = prediction.sub(target).square();
  return reduction === "none" ? squares : reduction === "sum" ? squares.sum() : squares.mean();
}
