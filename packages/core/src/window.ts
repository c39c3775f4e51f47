// Windows that slide over images: how many places there are along an axis, and where the first begins. Convolutions and pooling
// share this arithmetic; their eager loops and their compiled kernels read nothing else. Padding "same" is TensorFlow's: as many
// places as the stride leaves, with the odd zero at the end.

import { checkOption, describe, OptionError, ShapeError } from "./errors.ts";
import { formatShape, type Shape } from "./shape.ts";

/** One number for both axes, or one for the height and one for the width. */
export type Extent = number | readonly [height: number, width: number];

/**
 * How far windows reach beyond the image: not at all, as far as `"same"` needs, or by so many rows and columns, on both sides the same
 * or each by itself.
 */
export type Padding =
  | "valid"
  | "same"
  | number
  | readonly [
      rows: number | readonly [top: number, bottom: number],
      columns: number | readonly [left: number, right: number],
    ];

/** Windows along one axis: place p covers the inputs p · stride + t · dilation − before for 0 ≤ t < size. */
export interface Axis {
  readonly input: number;
  readonly output: number;
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
}

/** Windows over a batch of images, channels last. */
export interface Windows {
  readonly batch: number;
  readonly channels: number;
  readonly rows: Axis;
  readonly columns: Axis;
}

/** What decides where windows stand. */
export interface WindowOptions {
  readonly size: Extent;
  readonly stride: Extent;
  readonly dilation: Extent;
  readonly padding: Padding;
  /** Whether a last window may begin on the image, or the padding before it, and reach beyond the padding after it. */
  readonly ceilMode?: boolean;
}

/** What decides where windows stand along one axis. */
export interface AxisOptions {
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: "same" | Pads;
  readonly ceilMode?: boolean;
}

/** Zeros before and after an axis. */
export type Pads = readonly [before: number, after: number];

/** `[height, width]` of an option. @throws OptionError unless both are whole numbers ≥ 1 */
export function extent(operation: string, name: string, value: Extent): readonly [number, number] {
  const pair: readonly number[] = typeof value === "number" ? [value, value] : value;
  const [height = 0, width = 0] = Array.isArray(value) && value.length !== 2 ? [] : pair;
  const valid = [height, width].every((size) => Number.isInteger(size) && size >= 1);
  checkOption(valid, operation, name, "a whole number ≥ 1, or [height, width] of such", value);
  return [height, width];
}

/** The padding along the rows and along the columns. @throws OptionError for what is none */
export function paddingOf(operation: string, padding: Padding): readonly ["same" | Pads, "same" | Pads] {
  if (padding === "same") return ["same", "same"];
  const given: unknown = padding === "valid" ? 0 : padding;
  const axes: readonly unknown[] = Array.isArray(given) ? given : [given, given];
  const [rows, columns] = axes.map((pad) => (typeof pad === "number" ? [pad, pad] : pad));
  if (axes.length === 2 && isPads(rows) && isPads(columns)) return [rows, columns];
  throw new OptionError(
    `${operation}: padding must be "valid", "same", a whole number ≥ 0, [height, width] or [[top, bottom], [left, right]] ` +
      `of such, got ${describe(padding)}`,
  );
}

/** Whether a value is `[before, after]`, whole numbers from 0 on. */
export function isPads(value: unknown): value is Pads {
  return Array.isArray(value) && value.length === 2 && value.every((pad) => Number.isInteger(pad) && pad >= 0);
}

/** The windows over images [batch, height, width, channels]. @throws ShapeError where the images have no four axes or no window fits */
export function slide(operation: string, shape: Shape, options: WindowOptions): Windows {
  checkImages(operation, shape);
  const [batch = 0, height = 0, width = 0, channels = 0] = shape;
  const size = extent(operation, "size", options.size);
  const stride = extent(operation, "stride", options.stride);
  const dilation = extent(operation, "dilation", options.dilation);
  const padding = paddingOf(operation, options.padding);
  const { ceilMode = false } = options;
  checkOption(typeof ceilMode === "boolean", operation, "ceilMode", "true or false", ceilMode);
  const along = (axis: 0 | 1, input: number): Axis => {
    const given = {
      size: size[axis],
      stride: stride[axis],
      dilation: dilation[axis],
      padding: padding[axis],
      ceilMode,
    };
    return slideAlong(`${operation} ${formatShape(shape)}: axis ${axis + 1}`, input, given);
  };
  return { batch, channels, rows: along(0, height), columns: along(1, width) };
}

/** Checks that a shape is that of images. @throws ShapeError unless it has four axes */
export function checkImages(operation: string, shape: Shape): void {
  if (shape.length === 4) return;
  throw new ShapeError(
    `${operation}: images must be [batch,height,width,channels], got ${formatShape(shape)}: add missing axes with unsqueeze`,
  );
}

/** The windows along an axis of so many inputs. @throws ShapeError, beginning with `place`, where no window fits */
export function slideAlong(place: string, input: number, options: AxisOptions): Axis {
  const { size, stride, dilation, padding, ceilMode = false } = options;
  const reach = (size - 1) * dilation + 1;
  if (padding === "same") {
    const [before] = padSame(input, size, stride, dilation);
    return { input, output: Math.ceil(input / stride), size, stride, dilation, before };
  }
  const [before, after] = padding;
  const room = input + before + after - reach;
  if (room < 0) {
    throw new ShapeError(
      `${place}: a window of ${reach} (size ${size}, dilation ${dilation}) does not fit into ${input} ` +
        `with padding ${before} and ${after}: pad more, or use padding: "same"`,
    );
  }
  const whole = Math.floor(room / stride) + 1;
  // A window that is only half there counts where it begins before the end of the image.
  const half = ceilMode && room % stride !== 0 && whole * stride < input + before ? 1 : 0;
  return { input, output: whole + half, size, stride, dilation, before };
}

/** The padding of `"same"`: what ⌈input / stride⌉ windows need, the odd zero at the end. */
export function padSame(input: number, size: number, stride: number, dilation: number): Pads {
  const total = Math.max(0, (Math.ceil(input / stride) - 1) * stride + (size - 1) * dilation + 1 - input);
  return [Math.floor(total / 2), total - Math.floor(total / 2)];
}

/** The inputs that the window at a place covers, as a range of its taps: those inside the image. */
export function tapsInside(
  { input, size, stride, dilation, before }: Axis,
  place: number,
): readonly [from: number, to: number] {
  const start = place * stride - before;
  const from = Math.max(0, Math.ceil(-start / dilation));
  const to = Math.min(size, Math.ceil((input - start) / dilation));
  return [from, Math.max(from, to)];
}
