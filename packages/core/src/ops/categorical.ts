// Classes drawn at random: which of K happens, given their log-odds.

import { contiguousView } from "../engine/copy.ts";
import { checkOptionNames, DataError, DTypeError, ShapeError } from "../errors.ts";
import { portable } from "../expr/elementary.ts";
import type { Generator } from "../random.ts";
import { checkShape, formatShape, normalizeAxis, type Shape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { allocateView, elements } from "../view.ts";
import { type PrimitiveOp, primitive } from "./constructors.ts";
import { uniform } from "./random.ts";

/** Options of {@link categorical}. */
export interface CategoricalOptions {
  /** The shape of the draws that are made of every distribution; one draw by default. Its axes come in front. */
  readonly shape?: Shape;
  /** The axis of the classes; the last by default. */
  readonly axis?: number;
  /** Where the numbers come from; the default generator if none is given. */
  readonly generator?: Generator;
}

/**
 * Classes drawn with probabilities softmax(logits), as `int32`: one for each distribution along the axis of the classes, or as many
 * as `shape` says. A class whose logit is −∞ never happens. The method is the inverse of the cumulative distribution.
 *
 * @returns indices of shape [...shape, ...shape of logits without the axis]
 * @throws DataError for logits that are NaN or ∞, and where every one of a distribution is −∞
 * @example
 * categorical(tensor([[0, -Infinity], [-Infinity, 0]])).toArray(); // [0, 1]
 * categorical(tensor([0, 0, 0]), { shape: [5] }).shape; // [5]
 */
export function categorical(logits: Tensor, options: CategoricalOptions = {}): Tensor {
  checkOptionNames("categorical", options, ["shape", "axis", "generator"]);
  const { shape = [], axis = -1, generator } = options;
  checkShape("categorical", shape);
  if (logits.rank === 0) throw new ShapeError("categorical []: a scalar has no axis of classes");
  if (logits.dtype !== "float32" && logits.dtype !== "float64")
    throw new DTypeError(`categorical: the logits are ${logits.dtype}, not floats`);
  const place = normalizeAxis("categorical", axis, logits.rank);
  const rest = logits.shape.flatMap((_, index) => (index === place ? [] : [index]));
  const batch = rest.map((index) => logits.shape[index] ?? 1);
  if (logits.shape[place] === 0 && sizeOf([...shape, ...batch]) > 0)
    throw new ShapeError(`categorical ${formatShape(logits.shape)}: there are no classes along axis ${place}`);
  const unit = uniform([...shape, ...batch], { dtype: "float64", ...(generator === undefined ? {} : { generator }) });
  return choosing([logits.permute([...rest, place]), unit], null);
}

const choosing: PrimitiveOp<null> = /* @__PURE__ */ primitive({
  name: "categorical",
  infer: ([, unit]) => ({ shape: unit?.shape ?? [], dtype: "int32" }),
  kernel: ([logits, unit], spec) => {
    const out = allocateView(spec);
    if (logits === undefined || unit === undefined || sizeOf(spec.shape) === 0) return out;
    const [values, units] = [elements(contiguousView(logits)), elements(contiguousView(unit))];
    const classes = logits.shape.at(-1) ?? 1;
    const rows = values.length / classes;
    for (let row = 0; row < rows; row++) {
      const shares = cumulative(values.subarray(row * classes, (row + 1) * classes), row);
      const total = shares[classes - 1] ?? 0;
      for (let at = row; at < units.length; at += rows)
        out.storage.array[at] = firstAbove(shares, (units[at] ?? 0) * total);
    }
    return out;
  },
  reads: [],
  gradient: () => [null, null],
});

/** The sums of e^(logit − greatest logit) up to each class. */
function cumulative(logits: ArrayLike<number>, row: number): Float64Array {
  const exp = portable()?.exp ?? Math.exp;
  let greatest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < logits.length; index++) {
    const logit = logits[index] ?? Number.NaN;
    if (!(logit < Number.POSITIVE_INFINITY))
      throw new DataError(`categorical: logit ${index} of distribution ${row} is ${logit}`);
    greatest = Math.max(greatest, logit);
  }
  if (greatest === Number.NEGATIVE_INFINITY)
    throw new DataError(`categorical: every logit of distribution ${row} is -Infinity: no class is possible`);
  const sums = new Float64Array(logits.length);
  let sum = 0;
  for (let index = 0; index < logits.length; index++) {
    sum += exp((logits[index] ?? 0) - greatest, 0);
    sums[index] = sum;
  }
  return sums;
}

/** The first class whose sum exceeds `target`; where rounding leaves none, the first that has them all. */
function firstAbove(sums: Float64Array, target: number): number {
  let [low, high] = [0, sums.length - 1];
  const total = sums[high] ?? 0;
  const limit = Math.min(target, total * (1 - 2 ** -53));
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sums[middle] ?? 0) > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}
