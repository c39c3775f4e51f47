// Pooling of images, channels last: the maximum or the mean of each window. The gradient of a maximum goes to the first one in its
// window, which is found again from x: nothing is kept for it.

import { allocate, arithmetic, floating, type TypedArray } from "../dtype.ts";
import { contiguousView } from "../engine/copy.ts";
import { type Averaging, poolMax, poolMean, unpoolMax, unpoolMean } from "../engine/pooling.ts";
import { checkOption, checkOptionNames, OptionError, ShapeError } from "../errors.ts";
import { formatShape, type Shape } from "../shape.ts";
import {
  type Check,
  type KnownOptions,
  type PoolSize,
  type Result,
  typed,
  type WindowedImages,
} from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { elements, type View, viewOf } from "../view.ts";
import { poolingKernel } from "../wasm/pooling.ts";
import { type Axis, type Extent, type Padding, paddingOf, slide, tapsInside, type Windows } from "../window.ts";
import { type PrimitiveOp, primitive } from "./constructors.ts";
import type { Last } from "./convolution.ts";
import { tensor } from "./creation.ts";

/** Options of pooling. */
export interface PoolingOptions {
  /** Height and width of a window; 2 by default. */
  readonly size?: Extent;
  /** Steps between neighbouring windows; the size by default, so that windows stand side by side. */
  readonly stride?: Extent;
  /** Rows and columns around the image that count for nothing; none (`"valid"`) by default. */
  readonly padding?: Padding;
  /** Whether a last window that is only partly there counts, if it begins before the end of the image; false by default. */
  readonly ceilMode?: boolean;
}

/** Options of {@link maxPool2d}. */
export interface MaxPoolingOptions extends PoolingOptions {
  /** Steps between neighbouring pixels of a window; 1 by default. */
  readonly dilation?: Extent;
}

/** Options of {@link avgPool2d}. */
export interface AveragePoolingOptions extends PoolingOptions {
  /** Whether the zeros of the padding count as pixels; false by default. */
  readonly countIncludePad?: boolean;
}

const names = ["size", "stride", "padding", "ceilMode"] as const;

const inputShape = ({ batch, rows, columns, channels }: Windows): Shape => [batch, rows.input, columns.input, channels];
const outputShape = ({ batch, rows, columns, channels }: Windows): Shape => [
  batch,
  rows.output,
  columns.output,
  channels,
];

const read = (view: View | undefined): TypedArray =>
  view === undefined ? allocate("float32", 0) : elements(contiguousView(view));

const maximum: PrimitiveOp<Windows> = /* @__PURE__ */ primitive({
  name: "maxPool2d",
  infer: ([x], windows) => ({ shape: outputShape(windows), dtype: x?.dtype ?? "float32" }),
  kernel: ([x], { shape, dtype }, windows) => viewOf(poolMax(windows, read(x), read(x), dtype), dtype, shape),
  lowering: { kind: "native", kernel: (windows) => poolingKernel("maximum", windows) },
  gradient: ({ dy, input }, windows) => [toMaximum([input(0), dy], windows)],
});

/** dy where x has the first maximum of a window, else 0; linear in dy, and constant in x wherever it has a gradient. */
const toMaximum: PrimitiveOp<Windows> = /* @__PURE__ */ primitive({
  name: "maxPool2dGradient",
  infer: ([, dy], windows) => ({ shape: inputShape(windows), dtype: dy?.dtype ?? "float32" }),
  kernel: ([x, dy], { shape, dtype }, windows) => viewOf(unpoolMax(windows, read(x), read(dy), dtype), dtype, shape),
  lowering: { kind: "native", kernel: (windows) => poolingKernel("toMaximum", windows) },
  reads: [0],
  gradient: ({ dy: dx, input }, windows) => [null, atMaximum([input(0), dx], windows)],
});

/** What `values` has where x has the first maximum of a window. */
const atMaximum: PrimitiveOp<Windows> = /* @__PURE__ */ primitive({
  name: "maxPool2dChoice",
  infer: ([, values], windows) => ({ shape: outputShape(windows), dtype: values?.dtype ?? "float32" }),
  kernel: ([x, values], { shape, dtype }, windows) =>
    viewOf(poolMax(windows, read(x), read(values), dtype), dtype, shape),
  lowering: { kind: "native", kernel: (windows) => poolingKernel("atMaximum", windows) },
  reads: [0],
  gradient: ({ dy, input }, windows) => [null, toMaximum([input(0), dy], windows)],
});

const mean: PrimitiveOp<Averaging> = /* @__PURE__ */ primitive({
  name: "avgPool2d",
  infer: ([x], windows) => ({ shape: outputShape(windows), dtype: x?.dtype ?? "float32" }),
  kernel: ([x], { shape, dtype }, windows) => viewOf(poolMean(windows, read(x), dtype), dtype, shape),
  lowering: { kind: "native", kernel: (windows) => poolingKernel("mean", windows) },
  reads: [],
  gradient: ({ dy }, windows) => [toMean([dy], windows)],
});

const toMean: PrimitiveOp<Averaging> = /* @__PURE__ */ primitive({
  name: "avgPool2dGradient",
  infer: ([dy], windows) => ({ shape: inputShape(windows), dtype: dy?.dtype ?? "float32" }),
  kernel: ([dy], { shape, dtype }, windows) => viewOf(unpoolMean(windows, read(dy), dtype), dtype, shape),
  lowering: { kind: "native", kernel: (windows) => poolingKernel("toMean", windows) },
  reads: [],
  gradient: ({ dy: dx }, windows) => [mean([dx], windows)],
});

/**
 * The maximum of each window and channel of images `[batch, height, width, channels]`. Padding never wins, NaN always does, and
 * the gradient goes to the first maximum of a window, row by row.
 *
 * @throws ShapeError where axes are missing or no window fits
 * @throws OptionError for a size, stride, dilation or padding out of range, and for padding that leaves a window outside
 * @example maxPool2d([[[[1], [2]], [[4], [3]]]]) // [[[[4]]]]
 * @example maxPool2d([[[[1], [2], [0]]]], { size: [1, 2], stride: 1 }) // [[[[2], [2]]]]
 */
export function maxPool2d<X extends Shape, const O extends MaxPoolingOptions = Record<never, never>>(
  x: Tensor<X> & Check<WindowedImages<X, Last<X>, PoolSize<O>, O, "maxPool2d", PoolSize<O>>>,
  options?: O & KnownOptions<O, MaxPoolingOptions>,
): Tensor<Result<WindowedImages<X, Last<X>, PoolSize<O>, O, "maxPool2d", PoolSize<O>>>> {
  checkOptionNames("maxPool2d", options ?? {}, [...names, "dilation"]);
  return typed(maximum([x.cast(arithmetic(x.dtype))], windowsOf("maxPool2d", x.shape, options ?? {})));
}

/**
 * The mean of each window and channel of images `[batch, height, width, channels]`; by default only pixels of the image count, not
 * the padding.
 *
 * @throws ShapeError where axes are missing or no window fits
 * @throws OptionError for a size, stride or padding out of range, and for padding that leaves a window outside
 * @example avgPool2d([[[[1], [2]], [[4], [3]]]]) // [[[[2.5]]]]
 * @example avgPool2d([[[[1], [2], [4]]]], { size: [1, 2], padding: "same" }) // [[[[1.5], [4]]]]
 */
export function avgPool2d<X extends Shape, const O extends AveragePoolingOptions = Record<never, never>>(
  x: Tensor<X> & Check<WindowedImages<X, Last<X>, PoolSize<O>, O, "avgPool2d", PoolSize<O>>>,
  options?: O & KnownOptions<O, AveragePoolingOptions>,
): Tensor<Result<WindowedImages<X, Last<X>, PoolSize<O>, O, "avgPool2d", PoolSize<O>>>> {
  return typed(averages(x, options ?? {}));
}

function averages(x: Tensor, options: AveragePoolingOptions): Tensor {
  checkOptionNames("avgPool2d", options, [...names, "countIncludePad"]);
  const { countIncludePad = false } = options;
  checkOption(typeof countIncludePad === "boolean", "avgPool2d", "countIncludePad", "true or false", countIncludePad);
  const windows = windowsOf("avgPool2d", x.shape, options);
  const input = x.cast(floating(x.dtype));
  if (!countIncludePad) return mean([input], { ...windows, divisor: null });
  const counts = [windows.rows, windows.columns].map((axis, index) => paddedCounts(axis, afterOf(options, index)));
  const [down = [], across = []] = counts;
  const taps = windows.rows.size * windows.columns.size;
  const isWhole =
    down.every((count) => count === windows.rows.size) && across.every((count) => count === windows.columns.size);
  if (isWhole) return mean([input], { ...windows, divisor: taps });
  // The last windows reach beyond the padding too: what lies there does not count.
  const shares = Float64Array.from(down.flatMap((rows) => across.map((columns) => 1 / (rows * columns))));
  const sum = mean([input], { ...windows, divisor: 1 });
  return sum.mul(tensor(shares, { shape: [down.length, across.length, 1], dtype: input.dtype }));
}

/** The padding after the rows (0) or the columns (1), where it is not "same", which leaves no half windows. */
function afterOf({ padding = "valid" }: PoolingOptions, index: number): number {
  if (padding === "same") return Number.POSITIVE_INFINITY;
  const pads = paddingOf("avgPool2d", padding)[index];
  return pads === undefined || pads === "same" ? 0 : pads[1];
}

/** The taps of each window along an axis that lie on the image or its padding. */
function paddedCounts({ input, output, size, stride, before }: Axis, after: number): number[] {
  return Array.from({ length: output }, (_, place) => Math.min(size, input + after - (place * stride - before)));
}

function windowsOf(
  operation: string,
  shape: Shape,
  { size = 2, stride = size, padding = "valid", dilation = 1, ceilMode = false }: MaxPoolingOptions,
): Windows {
  const windows = slide(operation, shape, { size, stride, padding, dilation, ceilMode });
  for (const [index, axis] of [windows.rows, windows.columns].entries()) {
    if (axis.output > 0 && axis.input === 0)
      throw new ShapeError(
        `${operation} ${formatShape(shape)}: axis ${index + 1} is empty: a window of nothing has no value`,
      );
    // With so much padding a window would see none of the image.
    for (let place = 0; place < axis.output; place++) {
      const [from, to] = tapsInside(axis, place);
      if (to > from) continue;
      throw new OptionError(
        `${operation}: padding along axis ${index + 1} must be less than the window's size ${axis.size}: one window would lie outside`,
      );
    }
  }
  return windows;
}
