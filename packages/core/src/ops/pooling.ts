// Pooling of images, channels last: the maximum or the mean of each window. The gradient of a maximum goes to the first one in its
// window, which is found again from x: nothing is kept for it.

import { allocate, arithmetic, floating, type TypedArray } from "../dtype.ts";
import { poolMax, poolMean, unpoolMax, unpoolMean } from "../engine/convolution.ts";
import { contiguousView } from "../engine/copy.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { formatShape, type Shape } from "../shape.ts";
import { typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { elements, type View, viewOf } from "../view.ts";
import { poolingKernel } from "../wasm/pooling.ts";
import { type Extent, type Padding, slide, tapsInside, type Windows } from "../window.ts";
import { type PrimitiveOp, primitive } from "./constructors.ts";
import type { Images, Last } from "./convolution.ts";

/** Options of {@link maxPool2d} and {@link avgPool2d}. */
export interface PoolingOptions {
  /** Height and width of a window; 2 by default. */
  readonly size?: Extent;
  /** Steps between neighbouring windows; the size by default, so that windows stand side by side. */
  readonly stride?: Extent;
  /** Rows and columns around the image that count for nothing; none (`"valid"`) by default. */
  readonly padding?: Padding;
}

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
  reads: [0],
  gradient: ({ dy, input }, windows) => [null, toMaximum([input(0), dy], windows)],
});

const mean: PrimitiveOp<Windows> = /* @__PURE__ */ primitive({
  name: "avgPool2d",
  infer: ([x], windows) => ({ shape: outputShape(windows), dtype: x?.dtype ?? "float32" }),
  kernel: ([x], { shape, dtype }, windows) => viewOf(poolMean(windows, read(x), dtype), dtype, shape),
  lowering: { kind: "native", kernel: (windows) => poolingKernel("mean", windows) },
  reads: [],
  gradient: ({ dy }, windows) => [toMean([dy], windows)],
});

const toMean: PrimitiveOp<Windows> = /* @__PURE__ */ primitive({
  name: "avgPool2dGradient",
  infer: ([dy], windows) => ({ shape: inputShape(windows), dtype: dy?.dtype ?? "float32" }),
  kernel: ([dy], { shape, dtype }, windows) => viewOf(unpoolMean(windows, read(dy), dtype), dtype, shape),
  lowering: { kind: "native", kernel: (windows) => poolingKernel("toMean", windows) },
  reads: [],
  gradient: ({ dy: dx }, windows) => [mean([dx], windows)],
});

/**
 * The maximum of each window and channel of images [batch, height, width, channels]. Padding never wins, NaN always does, and
 * the gradient goes to the first maximum of a window, row by row.
 *
 * @throws ShapeError where axes are missing or no window fits
 * @throws OptionError for a size, stride or padding out of range, and for padding as wide as a window
 * @example maxPool2d([[[[1], [2]], [[4], [3]]]]) // [[[[4]]]]
 * @example maxPool2d([[[[1], [2], [0]]]], { size: [1, 2], stride: 1 }) // [[[[2], [2]]]]
 */
export function maxPool2d<X extends Shape>(x: Tensor<X>, options: PoolingOptions = {}): Tensor<Images<X, Last<X>>> {
  return typed(maximum([x.cast(arithmetic(x.dtype))], windowsOf("maxPool2d", x.shape, options)));
}

/**
 * The mean of each window and channel of images [batch, height, width, channels]; only pixels of the image count, not the padding.
 *
 * @throws ShapeError where axes are missing or no window fits
 * @throws OptionError for a size, stride or padding out of range, and for padding as wide as a window
 * @example avgPool2d([[[[1], [2]], [[4], [3]]]]) // [[[[2.5]]]]
 * @example avgPool2d([[[[1], [2], [4]]]], { size: [1, 2], padding: "same" }) // [[[[1.5], [4]]]]
 */
export function avgPool2d<X extends Shape>(x: Tensor<X>, options: PoolingOptions = {}): Tensor<Images<X, Last<X>>> {
  return typed(mean([x.cast(floating(x.dtype))], windowsOf("avgPool2d", x.shape, options)));
}

function windowsOf(
  operation: string,
  shape: Shape,
  { size = 2, stride = size, padding = "valid" }: PoolingOptions,
): Windows {
  const windows = slide(operation, shape, { size, stride, padding, dilation: 1 });
  for (const [index, axis] of [windows.rows, windows.columns].entries()) {
    // With so much padding a window would see none of the image.
    for (const place of [0, axis.output - 1]) {
      const [from, to] = tapsInside(axis, place);
      if (axis.output === 0 || to > from) continue;
      if (axis.input === 0)
        throw new ShapeError(
          `${operation} ${formatShape(shape)}: axis ${index + 1} is empty: a window of nothing has no value`,
        );
      throw new OptionError(
        `${operation}: padding along axis ${index + 1} must be less than the window's size ${axis.size}: one window would lie outside`,
      );
    }
  }
  return windows;
}
