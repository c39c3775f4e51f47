// What the operands of convolutions must be: shapes and options become a Convolution, or an error that names axes and sizes.

import { checkOption, checkOptionNames, OptionError, ShapeError } from "../errors.ts";
import { formatShape, type Shape } from "../shape.ts";
import {
  type Axis,
  checkImages,
  type Extent,
  extent,
  type Padding,
  type Pads,
  paddingOf,
  padSame,
  slide,
} from "../window.ts";
import type { Convolution } from "./convolution.ts";

/** Options of a convolution of images. */
export interface ConvolutionOptions {
  /** Steps between neighbouring windows; 1 by default. */
  readonly stride?: Extent;
  /** Rows and columns of zeros around the image: none for `"valid"` (the default), as many as keep ⌈size / stride⌉ for `"same"`. */
  readonly padding?: Padding;
  /** Steps between neighbouring taps of the kernel; 1 by default. */
  readonly dilation?: Extent;
  /** Parts into which channels and filters fall, each convolved by itself; 1 by default. */
  readonly groups?: number;
}

/** Options of a transposed convolution of images. */
export interface ConvolutionTransposeOptions extends Omit<ConvolutionOptions, "padding"> {
  /**
   * Rows and columns taken off the result: none for `"valid"` (the default), as many as leave size · stride for `"same"`, else as many
   * as the convolution that is undone was padded with.
   */
  readonly padding?: Padding;
  /** Rows and columns added after the result, less than a stride or a dilation; 0 by default. */
  readonly outputPadding?: number | readonly [height: number, width: number];
}

const names = ["stride", "padding", "dilation", "groups"] as const;

/** The convolution of images and a kernel of these shapes. */
export function convolutionOf(x: Shape, kernel: Shape, options: ConvolutionOptions): Convolution {
  checkOptionNames("conv2d", options, names);
  const { stride = 1, padding = "valid", dilation = 1, groups = 1 } = options;
  const given = `conv2d ${formatShape(x)} ∗ ${formatShape(kernel)}`;
  const [height, width, depth, filters] = kernelSizes(given, kernel, "channels / groups,filters");
  checkGroups("conv2d", groups);
  const windows = slide("conv2d", x, { size: [height, width], stride, dilation, padding });
  checkChannels(given, { channels: windows.channels, depth, filters, groups });
  return { ...windows, filters, groups };
}

/** The convolution whose adjoint takes images of this shape: its result's shape is x, its images are what the adjoint gives. */
export function transposedOf(x: Shape, kernel: Shape, options: ConvolutionTransposeOptions): Convolution {
  const operation = "convTranspose2d";
  checkOptionNames(operation, options, [...names, "outputPadding"]);
  const { stride = 1, padding = "valid", dilation = 1, groups = 1, outputPadding = 0 } = options;
  const given = `${operation} ${formatShape(x)} ∗ ${formatShape(kernel)}`;
  const [tall, wide, depth, inputs] = kernelSizes(given, kernel, "filters / groups,channels");
  checkImages(operation, x);
  checkGroups(operation, groups);
  const [batch = 0, height = 0, width = 0, channels = 0] = x;
  if (channels !== inputs)
    throw new ShapeError(
      `${given}: the images have ${channels} channels (axis 3), the kernel takes ${inputs} (axis 3): they must be equal`,
    );
  if (channels % groups !== 0)
    throw new ShapeError(`${given}: ${channels} channels (axis 3) do not fall into ${groups} groups`);
  const strides = extent(operation, "stride", stride);
  const dilations = extent(operation, "dilation", dilation);
  const paddings = paddingOf(operation, padding);
  const extras = outputPaddingOf(outputPadding, padding, strides, dilations);
  const along = (axis: 0 | 1, output: number, size: number): Axis =>
    transposedAxis(`${given}: axis ${axis + 1}`, output, {
      size,
      stride: strides[axis],
      dilation: dilations[axis],
      padding: paddings[axis],
      extra: extras[axis],
    });
  return {
    batch,
    channels: depth * groups,
    rows: along(0, height, tall),
    columns: along(1, width, wide),
    filters: channels,
    groups,
  };
}

/** What decides how long the result is along an axis. */
interface Transposition {
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: "same" | Pads;
  readonly extra: number;
}

/** The axis of which `output` windows are left: (output − 1) · stride + reach − padding, and what is added. */
function transposedAxis(place: string, output: number, options: Transposition): Axis {
  const { size, stride, dilation, padding, extra } = options;
  const axis = { output, size, stride, dilation };
  if (padding === "same") {
    const input = output * stride;
    return { ...axis, input, before: padSame(input, size, stride, dilation)[0] };
  }
  const [before, after] = padding;
  const input = (output - 1) * stride + (size - 1) * dilation + 1 - before - after + extra;
  if (input < 1)
    throw new ShapeError(`${place}: nothing is left of ${output} with padding ${before} and ${after}: pad less`);
  return { ...axis, input, before };
}

function outputPaddingOf(
  value: number | readonly [number, number],
  padding: Padding,
  strides: readonly [number, number],
  dilations: readonly [number, number],
): readonly [number, number] {
  const [rows = -1, columns = -1, ...more]: readonly number[] = typeof value === "number" ? [value, value] : value;
  const extras = [rows, columns] as const;
  const valid = extras.every((extra, axis) => {
    const limit = Math.max(strides[axis] ?? 1, dilations[axis] ?? 1);
    return Number.isInteger(extra) && extra >= 0 && extra < limit;
  });
  const rule = "a whole number ≥ 0 and less than the stride or the dilation, or [height, width] of such";
  checkOption(valid && more.length === 0, "convTranspose2d", "outputPadding", rule, value);
  if (padding === "same" && (rows > 0 || columns > 0))
    throw new OptionError('convTranspose2d: outputPadding must be 0 with padding "same", which fixes the size');
  return extras;
}

/** The sizes of a kernel. */
function kernelSizes(given: string, kernel: Shape, last: string): readonly [number, number, number, number] {
  if (kernel.length !== 4)
    throw new ShapeError(`${given}: the kernel must be [height,width,${last}], got rank ${kernel.length}`);
  const [height = 0, width = 0, depth = 0, filters = 0] = kernel;
  if (height === 0 || width === 0)
    throw new ShapeError(`${given}: axis ${height === 0 ? 0 : 1} of the kernel is empty`);
  return [height, width, depth, filters];
}

/** @throws OptionError unless `groups` is a whole number ≥ 1 */
export function checkGroups(operation: string, groups: number): void {
  checkOption(Number.isInteger(groups) && groups >= 1, operation, "groups", "a whole number ≥ 1", groups);
}

/** Checks that channels and filters fit a kernel and its groups; `axes` are those of channels, depth and filters. */
export function checkChannels(
  given: string,
  sizes: Pick<Convolution, "channels" | "filters" | "groups"> & { readonly depth: number },
  axes: readonly [channels: number, depth: number, filters: number] = [3, 2, 3],
): void {
  const { channels, depth, filters, groups } = sizes;
  if (channels !== depth * groups) {
    const fix =
      channels % groups === 0
        ? `the kernel's axis ${axes[1]} should be ${channels / groups}`
        : `groups must divide ${channels}`;
    throw new ShapeError(
      `${given}: the images have ${channels} channels (axis ${axes[0]}), the kernel takes ${depth} (axis ${axes[1]}) × ` +
        `${groups} groups = ${depth * groups}: ${fix}`,
    );
  }
  if (filters % groups !== 0)
    throw new ShapeError(
      `${given}: ${filters} filters (axis ${axes[2]} of the kernel) do not fall into ${groups} groups`,
    );
}
