// Patches of images (im2col) and images of patches (col2im): each is the adjoint of the other.

import { arithmetic, type TypedArray } from "../dtype.ts";
import { contiguousView } from "../engine/copy.ts";
import { addPatches, gatherPatches } from "../engine/unfold.ts";
import { checkOption, checkOptionNames, OptionError, ShapeError } from "../errors.ts";
import { formatShape, type Shape } from "../shape.ts";
import { typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { elements, type Spec, type View, viewOf } from "../view.ts";
import { patchesKernel } from "../wasm/patches.ts";
import { type Extent, type Padding, slide, type Windows } from "../window.ts";
import { type PrimitiveOp, primitive } from "./constructors.ts";
import type { One } from "./op.ts";

/** Options of {@link unfold} and {@link fold}. */
export interface UnfoldOptions {
  /** Height and width of a window. */
  readonly size: Extent;
  /** Steps between neighbouring windows; 1 by default. */
  readonly stride?: Extent;
  /** Rows and columns of zeros around the image; none (`"valid"`) by default. */
  readonly padding?: Padding;
  /** Steps between neighbouring pixels of a window; 1 by default. */
  readonly dilation?: Extent;
}

/** The shape of patches, with what is known of the batch's size. */
export type Patches<X extends Shape> = readonly [
  X extends readonly [infer N extends number, ...Shape] ? N : number,
  number,
  number,
];

/** The shape of images, with what is known of the batch's size and of height and width. */
export type Folded<X extends Shape, H extends number, W extends number> = readonly [
  X extends readonly [infer N extends number, ...Shape] ? N : number,
  H,
  W,
  number,
];

const read = (view: View): TypedArray => elements(contiguousView(view));

// U[n, p, t, c] = X[n, p · stride + t · dilation − before, c]
const gather: PrimitiveOp<Windows> = /* @__PURE__ */ primitive({
  name: "unfold",
  infer: ([x]: One<Spec>, { batch, channels, rows, columns }) => ({
    shape: [batch, rows.output * columns.output, rows.size * columns.size * channels],
    dtype: x.dtype,
  }),
  kernel: ([x]: One<View>, { shape, dtype }, windows) => viewOf(gatherPatches(windows, read(x), dtype), dtype, shape),
  lowering: { kind: "native", kernel: (windows) => patchesKernel("gather", windows) },
  reads: [],
  gradient: ({ dy }, windows) => [add([dy], windows)],
});

// X[n, i, c] = Σ over all p and t with p · stride + t · dilation − before = i of U[n, p, t, c]
const add: PrimitiveOp<Windows> = /* @__PURE__ */ primitive({
  name: "fold",
  infer: ([patches]: One<Spec>, { batch, channels, rows, columns }) => ({
    shape: [batch, rows.input, columns.input, channels],
    dtype: patches.dtype,
  }),
  kernel: ([patches]: One<View>, { shape, dtype }, windows) =>
    viewOf(addPatches(windows, read(patches), dtype), dtype, shape),
  lowering: { kind: "native", kernel: (windows) => patchesKernel("add", windows) },
  reads: [],
  gradient: ({ dy }, windows) => [gather([dy], windows)],
});

/**
 * The windows of images `[batch, height, width, channels]` as rows: `[batch, windows, size · size · channels]`, windows row by row, and
 * in each its pixels row by row, all channels of a pixel side by side. Padding reads as 0. With a kernel of conv2d as a matrix,
 * `unfold(x, { size }).matmul(kernel.reshape([-1, filters]))` is its convolution.
 *
 * @throws ShapeError where axes are missing or no window fits
 * @throws OptionError for a size, stride, dilation or padding out of range
 * @example unfold([[[[1], [2], [3]]]], { size: [1, 2] }) // [[[1, 2], [2, 3]]]
 * @example unfold([[[[1], [2]], [[3], [4]]]], { size: 2 }) // [[[1, 2, 3, 4]]]
 */
export function unfold<X extends Shape>(x: Tensor<X>, options: UnfoldOptions): Tensor<Patches<X>> {
  return typed(gather([x.cast(arithmetic(x.dtype))], windowsOf("unfold", x.shape, options)));
}

/**
 * Images `[batch, height, width, channels]` from rows `[batch, windows, size · size · channels]` as {@link unfold} gives them: each value is
 * added to the pixel that it came from, so that pixels under several windows are sums. The adjoint of {@link unfold}.
 *
 * @throws ShapeError where the number of windows or of their values does not fit the images
 * @throws OptionError for an image's size, a window's size, a stride, dilation or padding out of range
 * @example fold([[[1, 2], [2, 3]]], [1, 3], { size: [1, 2] }) // [[[[1], [4], [3]]]]
 */
export function fold<X extends Shape, const H extends number, const W extends number>(
  patches: Tensor<X>,
  outputSize: readonly [height: H, width: W],
  options: UnfoldOptions,
): Tensor<Folded<X, H, W>> {
  const given = `fold ${formatShape(patches.shape)}`;
  if (patches.rank !== 3)
    throw new ShapeError(`${given}: patches must be [batch,windows,size · size · channels], got rank ${patches.rank}`);
  const isSize = Array.isArray(outputSize) && outputSize.length === 2;
  const isWhole = isSize && outputSize.every((size) => Number.isInteger(size) && size >= 0);
  checkOption(isWhole, "fold", "outputSize", "[height, width], whole numbers ≥ 0", outputSize);
  const [batch = 0, count = 0, length = 0] = patches.shape;
  const { rows, columns } = windowsOf("fold", [batch, ...outputSize, 1], options);
  const taps = rows.size * columns.size;
  if (length % taps !== 0)
    throw new ShapeError(`${given}: ${length} values (axis 2) are no whole number of channels for ${taps} pixels`);
  const windows = rows.output * columns.output;
  if (count !== windows)
    throw new ShapeError(
      `${given}: ${count} windows (axis 1) were given, images of ${formatShape(outputSize)} have ${rows.output} × ${columns.output} = ${windows}`,
    );
  const dtype = arithmetic(patches.dtype);
  return typed(add([patches.cast(dtype)], { batch, channels: length / taps, rows, columns }));
}

function windowsOf(operation: string, shape: Shape, options: UnfoldOptions): Windows {
  if (typeof options !== "object" || options === null)
    throw new OptionError(`${operation}: a window's size is needed, as { size: 3 }`);
  checkOptionNames(operation, options, ["size", "stride", "padding", "dilation"]);
  const { size, stride = 1, padding = "valid", dilation = 1 } = options;
  return slide(operation, shape, { size, stride, padding, dilation });
}
