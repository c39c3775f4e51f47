// Eager convolutions and pooling on typed arrays. A convolution gathers the patches of some images as rows of a matrix and leaves
// the sums to the matrix product; grouped ones, whose products would be thin, are summed directly. All loops are one walk over the
// places where a window's tap meets a pixel.

import { allocate, arrayFrom, type DType, type TypedArray } from "../dtype.ts";
import { type Axis, tapsInside, type Windows } from "../window.ts";
import { type MatrixData, multiplyInto } from "./matmul.ts";

/** A convolution of images [batch, height, width, channels] with a kernel [height, width, channels / groups, filters]. */
export interface Convolution extends Windows {
  readonly filters: number;
  readonly groups: number;
}

/** Elements of patches that are gathered at a time. */
const PATCHES = 1 << 19;

/** Calls `meet(pixel, place, tap)` wherever a tap of a window lies on a pixel of these images; all three are counted from 0. */
function walk(
  { rows, columns }: Windows,
  from: number,
  to: number,
  meet: (pixel: number, place: number, tap: number) => void,
): void {
  const [down, across] = [rangesOf(rows), rangesOf(columns)];
  for (let image = from; image < to; image++) {
    for (let row = 0; row < rows.output; row++) {
      const [top = 0, bottom = 0] = down[row] ?? [];
      for (let column = 0; column < columns.output; column++) {
        const [left = 0, right = 0] = across[column] ?? [];
        const place = (image * rows.output + row) * columns.output + column;
        for (let y = top; y < bottom; y++) {
          const line = image * rows.input + row * rows.stride + y * rows.dilation - rows.before;
          let pixel = line * columns.input + column * columns.stride + left * columns.dilation - columns.before;
          for (let x = left; x < right; x++, pixel += columns.dilation) meet(pixel, place, y * columns.size + x);
        }
      }
    }
  }
}

const rangesOf = (axis: Axis): (readonly [number, number])[] =>
  Array.from({ length: axis.output }, (_, place) => tapsInside(axis, place));

/** Y[place, f] = Σ over taps and channels of X[pixel, c] · K[tap, c, f]. */
export function convolve(convolution: Convolution, x: TypedArray, kernel: TypedArray, dtype: DType): TypedArray {
  const { filters, channels, groups } = convolution;
  const y = allocate(dtype, convolution.batch * placesOf(convolution) * filters);
  if (groups > 1) return summed(convolution, { x, kernel, y: null }, y.length, dtype);
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
  if (groups > 1) return summed(convolution, { x: null, kernel, y: dy }, size, dtype);
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
  if (groups > 1) return summed(convolution, { x, kernel: null, y: dy }, depth * filters, dtype);
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

/** The one of x, kernel and y that is null, from the other two: the same sum of products, added up in three places. */
function summed(
  convolution: Convolution,
  {
    x,
    kernel,
    y,
  }: { readonly x: TypedArray | null; readonly kernel: TypedArray | null; readonly y: TypedArray | null },
  size: number,
  dtype: DType,
): TypedArray {
  const { channels, filters, groups, batch } = convolution;
  const [depth, width] = [channels / groups, filters / groups];
  const sums = new Float64Array(size);
  walk(convolution, 0, batch, (pixel, place, tap) => {
    for (let c = 0; c < channels; c++) {
      const first = Math.floor(c / depth) * width;
      const [atX, atY, atK] = [
        pixel * channels + c,
        place * filters + first,
        (tap * depth + (c % depth)) * filters + first,
      ];
      for (let f = 0; f < width; f++) {
        if (y === null) sums[atY + f] = (sums[atY + f] ?? 0) + (x?.[atX] ?? 0) * (kernel?.[atK + f] ?? 0);
        else if (kernel === null) sums[atK + f] = (sums[atK + f] ?? 0) + (x?.[atX] ?? 0) * (y[atY + f] ?? 0);
        else sums[atX] = (sums[atX] ?? 0) + (y[atY + f] ?? 0) * (kernel[atK + f] ?? 0);
      }
    }
  });
  return dtype === "float64" ? sums : arrayFrom(dtype, sums);
}

/** The number of windows over one image, and of taps in a window. */
const placesOf = ({ rows, columns }: Windows): number => rows.output * columns.output;
const tapsOf = ({ rows, columns }: Windows): number => rows.size * columns.size;

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

// Pooling -------------------------------------------------------------------------------------------------------------------

/** For each window and channel the place of the first maximum in x; NaN counts as the maximum. */
function firstMaxima(windows: Windows, x: TypedArray): Int32Array {
  const { channels, batch } = windows;
  const best = new Int32Array(batch * placesOf(windows) * channels).fill(-1);
  walk(windows, 0, batch, (pixel, place) => {
    for (let c = 0, at = place * channels, from = pixel * channels; c < channels; c++, at++, from++) {
      const held = best[at] ?? -1;
      const [value, before] = [x[from] ?? 0, x[held] ?? 0];
      if (held < 0 || value > before || (Number.isNaN(value) && !Number.isNaN(before))) best[at] = from;
    }
  });
  return best;
}

/** What `values` has where each window of x has its first maximum: the maximum itself for x. */
export function poolMax(windows: Windows, x: TypedArray, values: TypedArray, dtype: DType): TypedArray {
  const places = firstMaxima(windows, x);
  const out = allocate(dtype, places.length);
  for (let at = 0; at < out.length; at++) out[at] = values[places[at] ?? 0] ?? 0;
  return out;
}

/** The adjoint of {@link poolMax} for its values: dy goes to the first maxima of x. */
export function unpoolMax(windows: Windows, x: TypedArray, dy: TypedArray, dtype: DType): TypedArray {
  const places = firstMaxima(windows, x);
  const out = allocate(dtype, x.length);
  for (let at = 0; at < places.length; at++) out[places[at] ?? 0] = (out[places[at] ?? 0] ?? 0) + (dy[at] ?? 0);
  return out;
}

/** The mean of each window's pixels inside the image. */
export function poolMean(windows: Windows, x: TypedArray, dtype: DType): TypedArray {
  const { channels, batch } = windows;
  const shares = sharesOf(windows);
  const sums = new Float64Array(batch * placesOf(windows) * channels);
  walk(windows, 0, batch, (pixel, place) => {
    const share = shares[place % shares.length] ?? 0;
    for (let c = 0, at = place * channels, from = pixel * channels; c < channels; c++, at++, from++) {
      sums[at] = (sums[at] ?? 0) + (x[from] ?? 0) * share;
    }
  });
  return dtype === "float64" ? sums : arrayFrom(dtype, sums);
}

/** The adjoint of {@link poolMean}. */
export function unpoolMean(windows: Windows, dy: TypedArray, dtype: DType): TypedArray {
  const { channels, batch, rows, columns } = windows;
  const shares = sharesOf(windows);
  const sums = new Float64Array(batch * rows.input * columns.input * channels);
  walk(windows, 0, batch, (pixel, place) => {
    const share = shares[place % shares.length] ?? 0;
    for (let c = 0, from = place * channels, at = pixel * channels; c < channels; c++, at++, from++) {
      sums[at] = (sums[at] ?? 0) + (dy[from] ?? 0) * share;
    }
  });
  return dtype === "float64" ? sums : arrayFrom(dtype, sums);
}

/** 1 / (the pixels of each window that lie inside the image). */
function sharesOf({ rows, columns }: Windows): Float64Array {
  const counts = (axis: Axis): number[] => rangesOf(axis).map(([from, to]) => to - from);
  const across = counts(columns);
  return Float64Array.from(counts(rows).flatMap((down) => across.map((count) => 1 / (down * count))));
}
