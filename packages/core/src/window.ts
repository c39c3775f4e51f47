// Windows that slide over images: how many places there are along an axis, and where the first begins. Convolutions and pooling
// share this arithmetic; their eager loops and their compiled kernels read nothing else. Padding "same" is TensorFlow's: as many
// places as the stride leaves, with the odd zero at the end.

import { checkOption, describe, OptionError, ShapeError } from "./errors.ts";
import { formatShape, type Shape } from "./shape.ts";

/** One number for both axes, or one for the height and one for the width. */
export type Extent = number | readonly [height: number, width: number];

/** How far windows reach beyond the image: not at all, as far as `"same"` needs, or by so many rows and columns. */
export type Padding =
  | "valid"
  | "same"
  | number
  | readonly [rows: readonly [top: number, bottom: number], columns: readonly [left: number, right: number]];

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
}

/** `[height, width]` of an option. @throws OptionError unless both are whole numbers ≥ 1 */
export function extent(operation: string, name: string, value: Extent): readonly [number, number] {
  const pair: readonly number[] = typeof value === "number" ? [value, value] : value;
  const [height = 0, width = 0] = Array.isArray(value) && value.length !== 2 ? [] : pair;
  const valid = [height, width].every((size) => Number.isInteger(size) && size >= 1);
  checkOption(valid, operation, name, "a whole number ≥ 1, or [height, width] of such", value);
  return [height, width];
}

/** The windows over images [batch, height, width, channels]. @throws ShapeError where the images have no four axes or no window fits */
export function slide(operation: string, shape: Shape, options: WindowOptions): Windows {
  if (shape.length !== 4) {
    throw new ShapeError(
      `${operation}: images must be [batch,height,width,channels], got ${formatShape(shape)}: add missing axes with unsqueeze`,
    );
  }
  const [batch = 0, height = 0, width = 0, channels = 0] = shape;
  const size = extent(operation, "size", options.size);
  const stride = extent(operation, "stride", options.stride);
  const dilation = extent(operation, "dilation", options.dilation);
  const padding = paddingOf(operation, options.padding);
  const along = (axis: 0 | 1, input: number): Axis => {
    const pads = padding === "same" ? padSame(input, size[axis], stride[axis], dilation[axis]) : padding[axis];
    const reach = (size[axis] - 1) * dilation[axis] + 1;
    const room = input + pads[0] + pads[1] - reach;
    if (room < 0 && padding !== "same") {
      throw new ShapeError(
        `${operation} ${formatShape(shape)}: axis ${axis + 1}: a window of ${reach} (size ${size[axis]}, dilation ${dilation[axis]}) ` +
          `does not fit into ${input} with padding ${pads[0]} and ${pads[1]}: pad more, or use padding: "same"`,
      );
    }
    const output = padding === "same" ? Math.ceil(input / stride[axis]) : Math.floor(room / stride[axis]) + 1;
    return { input, output, size: size[axis], stride: stride[axis], dilation: dilation[axis], before: pads[0] };
  };
  return { batch, channels, rows: along(0, height), columns: along(1, width) };
}

type Pads = readonly [before: number, after: number];

function paddingOf(operation: string, padding: Padding): "same" | readonly [Pads, Pads] {
  if (padding === "same") return "same";
  if (padding === "valid")
    return [
      [0, 0],
      [0, 0],
    ];
  const pads: readonly unknown[] =
    typeof padding === "number"
      ? [
          [padding, padding],
          [padding, padding],
        ]
      : padding;
  const [rows, columns] = pads;
  const isPads = (value: unknown): value is Pads =>
    Array.isArray(value) && value.length === 2 && value.every((pad) => Number.isInteger(pad) && pad >= 0);
  if (pads.length === 2 && isPads(rows) && isPads(columns)) return [rows, columns];
  throw new OptionError(
    `${operation}: padding must be "valid", "same", a whole number ≥ 0, or [[top, bottom], [left, right]] of such, got ${describe(padding)}`,
  );
}

function padSame(input: number, size: number, stride: number, dilation: number): Pads {
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
