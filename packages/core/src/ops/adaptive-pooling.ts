// Pooling to a given size: windows as even as whole pixels allow.

import { floating } from "../dtype.ts";
import { checkOption, ShapeError } from "../errors.ts";
import { formatShape, type Shape } from "../shape.ts";
import { typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { checkImages } from "../window.ts";
import { concat } from "./joining.ts";
import { avgPool2d } from "./pooling.ts";
import { type Range, slice } from "./slicing.ts";

/** Height and width of a result, one number for both; null keeps the image's. */
export type OutputSize = number | readonly [height: number | null, width: number | null];

/** The shape of images brought to a size, `null` keeping what there is. */
export type Adapted<X extends Shape, O> = X extends readonly [
  infer N extends number,
  infer H extends number,
  infer W extends number,
  infer C extends number,
]
  ? [O] extends [number]
    ? readonly [N, O, O, C]
    : O extends readonly [infer Rows, infer Columns]
      ? readonly [N, Rows extends number ? Rows : H, Columns extends number ? Columns : W, C]
      : readonly [N, number, number, C]
  : readonly [number, number, number, number];

/**
 * The means of images `[batch, height, width, channels]` over as many windows as `outputSize` says: window i along an axis of n pixels
 * covers those from ⌊i · n / size⌋ to ⌈(i + 1) · n / size⌉. `adaptiveAvgPool2d(x, 1)` is the mean of each channel.
 *
 * @throws ShapeError where axes are missing or empty
 * @throws OptionError for an output size that is no whole number ≥ 1
 * @example adaptiveAvgPool2d([[[[1], [2], [3], [6]]]], [1, 2]) // [[[[1.5], [4.5]]]]
 * @example adaptiveAvgPool2d([[[[1], [2], [3]]]], [null, 2]) // [[[[1.5], [2.5]]]]
 */
export function adaptiveAvgPool2d<X extends Shape, const O extends OutputSize>(
  x: Tensor<X>,
  outputSize: O,
): Tensor<Adapted<X, O>> {
  checkImages("adaptiveAvgPool2d", x.shape);
  const [, height = 0, width = 0] = x.shape;
  const [tall, wide] = sizesOf(outputSize, height, width);
  const empty = [height, width].indexOf(0);
  if (empty >= 0)
    throw new ShapeError(
      `adaptiveAvgPool2d ${formatShape(x.shape)}: axis ${empty + 1} is empty: a window of nothing has no mean`,
    );
  const input: Tensor = x.cast(floating(x.dtype));
  if (tall === 1 && wide === 1) return typed(input.mean([1, 2], { keepDims: true }));
  if (height % tall === 0 && width % wide === 0)
    return typed(avgPool2d(input, { size: [height / tall, width / wide] }));
  return typed(meansAlong(meansAlong(input, 1, tall), 2, wide));
}

/** Windows are products of ranges, so that the mean of a window is the mean of its rows' means. */
function meansAlong(x: Tensor, axis: 1 | 2, count: number): Tensor {
  const size = x.shape[axis] ?? 0;
  if (count === size) return x;
  const means = Array.from({ length: count }, (_, index) => {
    const range: Range = [Math.floor((index * size) / count), Math.ceil(((index + 1) * size) / count)];
    const window: Tensor = axis === 1 ? slice(x, null, range) : slice(x, null, null, range);
    const mean: Tensor = window.mean([axis], { keepDims: true });
    return mean;
  });
  return concat(means, axis);
}

function sizesOf(outputSize: OutputSize, height: number, width: number): readonly [number, number] {
  const given: readonly unknown[] = Array.isArray(outputSize) ? outputSize : [outputSize, outputSize];
  const [tall, wide] = [given[0] ?? height, given[1] ?? width];
  const isSize = (size: unknown): size is number => typeof size === "number" && Number.isInteger(size) && size >= 1;
  const valid = given.length === 2 && given.every((size) => size === null || isSize(size));
  const rule = "a whole number ≥ 1, or [height, width] of such or null";
  checkOption(valid, "adaptiveAvgPool2d", "outputSize", rule, outputSize);
  return [Number(tall), Number(wide)];
}
