// Eager convolutions on typed arrays. A convolution gathers the patches of some images as rows of a matrix and leaves the sums to the
// matrix product; groups come one after the other, and depthwise ones are summed directly.

import { allocate, arrayFrom, type DType, type TypedArray } from "../dtype.ts";
import type { Windows } from "../window.ts";
import { type MatrixData, multiplyInto } from "./matmul.ts";
import { placesOf, tapsOf, walk } from "./windows.ts";

/** A convolution of images [batch, height, width, channels] with a kernel [height, width, channels / groups, filters]. */
export interface Convolution extends Windows {
  readonly filters: number;
  readonly groups: number;
}

/** Elements of patches that are gathered at a time. */
const PATCHES = 1 << 19;

/** Y[place, f] = Σ over taps and channels of X[pixel, c] · K[tap, c, f]. */
export function convolve(convolution: Convolution, x: TypedArray, kernel: TypedArray, dtype: DType): TypedArray {
  const { filters, channels, groups } = convolution;
  const y = allocate(dtype, convolution.batch * placesOf(convolution) * filters);
  if (groups > 1) return grouped(convolution, { x, kernel, y: null }, y.length, dtype);
  const weights = matrix(kernel, 0, tapsOf(convolution) * channels, filters);
  byPatches(convolution, dtype, (patches, first, count, from, to) => {
    gather(convolution, x, from, to, patches);
    multiplyInto(matrix(patches, 0, count, weights.rows), weights, floats(y), first * filters);
  });
  return y;
}

/** dX[pixel, c] = Σ over windows and filters of dY[place, f] · K[tap, c, f]. */
export function convolveInput(convolution: Convolution, dy: TypedArray, kernel: TypedArray, dtype: DType): TypedArray {
  const { filters, channels, groups, batch, rows, columns } = convolution;
  const size = batch * rows.input * columns.input * channels;
  if (groups > 1) return grouped(convolution, { x: null, kernel, y: dy }, size, dtype);
  const dx = allocate(dtype, size);
  const weights = matrix(kernel, 0, tapsOf(convolution) * channels, filters);
  const across = { ...weights, rows: weights.columns, columns: weights.rows, rowStride: 1, columnStride: filters };
  byPatches(convolution, dtype, (patches, first, count, from, to) => {
    multiplyInto(matrix(dy, first * filters, count, filters), across, floats(patches), 0);
    walk(convolution, from, to, (pixel, place, tap) => {
      const at = ((place - first) * tapsOf(convolution) + tap) * channels;
      const to = pixel * channels;
      for (let c = 0; c < channels; c++) dx[to + c] = (dx[to + c] ?? 0) + (patches[at + c] ?? 0);
    });
  });
  return dx;
}

/** dK[tap, c, f] = Σ over windows of X[pixel, c] · dY[place, f]. */
export function convolveKernel(convolution: Convolution, x: TypedArray, dy: TypedArray, dtype: DType): TypedArray {
  const { filters, channels, groups } = convolution;
  const depth = tapsOf(convolution) * (channels / groups);
  if (groups > 1) return grouped(convolution, { x, kernel: null, y: dy }, depth * filters, dtype);
  const total = allocate(dtype, depth * filters);
  const part = allocate(dtype, depth * filters);
  byPatches(convolution, dtype, (patches, first, count, from, to) => {
    gather(convolution, x, from, to, patches);
    const across = { ...matrix(patches, 0, depth, count), rowStride: 1, columnStride: depth };
    multiplyInto(across, matrix(dy, first * filters, count, filters), floats(part), 0);
    for (let index = 0; index < total.length; index++) total[index] = (total[index] ?? 0) + (part[index] ?? 0);
  });
  return total;
}

/** The operands of a convolution and its gradients: two of them, and null for the one that is asked for. */
interface Operands {
  readonly x: TypedArray | null;
  readonly kernel: TypedArray | null;
  readonly y: TypedArray | null;
}

/** The one of x, kernel and y that is null, from the other two, where channels fall into groups: one group after the other. */
function grouped(convolution: Convolution, operands: Operands, size: number, dtype: DType): TypedArray {
  const { channels, filters, groups } = convolution;
  if (channels === groups && filters === groups) return depthwise(convolution, operands, size, dtype);
  const [depth, width] = [channels / groups, filters / groups];
  const part: Convolution = { ...convolution, channels: depth, filters: width, groups: 1 };
  const result = allocate(dtype, size);
  for (let group = 0; group < groups; group++) {
    const x = columnsOf(operands.x, channels, group * depth, depth);
    const kernel = columnsOf(operands.kernel, filters, group * width, width);
    const y = columnsOf(operands.y, filters, group * width, width);
    if (x !== null && kernel !== null)
      setColumns(result, filters, group * width, width, convolve(part, x, kernel, dtype));
    else if (x !== null && y !== null)
      setColumns(result, filters, group * width, width, convolveKernel(part, x, y, dtype));
    else if (y !== null && kernel !== null)
      setColumns(result, channels, group * depth, depth, convolveInput(part, y, kernel, dtype));
  }
  return result;
}

/** `count` columns of a matrix with rows of `length`, from `first` on. */
function columnsOf(array: TypedArray | null, length: number, first: number, count: number): TypedArray | null {
  if (array === null) return null;
  const rows = length === 0 ? 0 : array.length / length;
  const part = array.slice(0, rows * count);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < count; column++)
      part[row * count + column] = array[row * length + first + column] ?? 0;
  return part;
}

/** Writes the columns that {@link columnsOf} reads. */
function setColumns(array: TypedArray, length: number, first: number, count: number, part: TypedArray): void {
  for (let index = 0; index < part.length; index++) {
    const column = index % count;
    array[((index - column) / count) * length + first + column] = part[index] ?? 0;
  }
}

/** The same where each channel is a group with one filter. */
function depthwise(convolution: Convolution, { x, kernel, y }: Operands, size: number, dtype: DType): TypedArray {
  const sums = new Float64Array(size);
  if (y === null) addDepthwise(convolution, sums, x, kernel, (pixel, place, tap) => [place, pixel, tap]);
  else if (kernel === null) addDepthwise(convolution, sums, x, y, (pixel, place, tap) => [tap, pixel, place]);
  else addDepthwise(convolution, sums, y, kernel, (pixel, place, tap) => [pixel, place, tap]);
  return dtype === "float64" ? sums : arrayFrom(dtype, sums);
}

/** Each channel by itself: a row of channels of the sums from a row of each operand; `order` names the three rows. */
function addDepthwise(
  convolution: Convolution,
  sums: Float64Array,
  one: TypedArray | null,
  other: TypedArray | null,
  order: (pixel: number, place: number, tap: number) => readonly [to: number, one: number, other: number],
): void {
  const { channels, batch } = convolution;
  if (one === null || other === null) return;
  walk(convolution, 0, batch, (pixel, place, tap) => {
    const [to, from, by] = order(pixel, place, tap);
    const [atTo, atFrom, atBy] = [to * channels, from * channels, by * channels];
    for (let c = 0; c < channels; c++)
      sums[atTo + c] = (sums[atTo + c] ?? 0) + (one[atFrom + c] ?? 0) * (other[atBy + c] ?? 0);
  });
}

/** Some images after the other: room for their patches, the first window, the number of windows, and the images. */
function byPatches(
  convolution: Convolution,
  dtype: DType,
  body: (patches: TypedArray, first: number, count: number, from: number, to: number) => void,
): void {
  const [places, width] = [placesOf(convolution), tapsOf(convolution) * convolution.channels];
  const step = Math.max(1, Math.floor(PATCHES / Math.max(1, places * width)));
  let patches: TypedArray | null = null;
  for (let from = 0; from < convolution.batch; from += step) {
    const to = Math.min(convolution.batch, from + step);
    patches ??= allocate(dtype, (to - from) * places * width);
    body(patches, from * places, (to - from) * places, from, to);
  }
}

/** The patches of these images: one row for each window, zero outside of the image, where nothing was ever written. */
function gather(convolution: Convolution, x: TypedArray, from: number, to: number, patches: TypedArray): void {
  const { channels } = convolution;
  const [taps, first] = [tapsOf(convolution), from * placesOf(convolution)];
  walk(convolution, from, to, (pixel, place, tap) => {
    const [at, source] = [((place - first) * taps + tap) * channels, pixel * channels];
    for (let c = 0; c < channels; c++) patches[at + c] = x[source + c] ?? 0;
  });
}

const matrix = (array: TypedArray, offset: number, rows: number, columns: number) => ({
  data: floats(array),
  offset,
  rows,
  columns,
  rowStride: columns,
  columnStride: 1,
});

/** Operands were brought to a dtype of arithmetic before. */
function floats(array: TypedArray): MatrixData {
  if (array instanceof Uint8Array) throw new TypeError("bytes have no products");
  return array;
}
