// Eager pooling on typed arrays: the maximum or the mean of each window.

import { allocate, arrayFrom, type DType, type TypedArray } from "../dtype.ts";
import type { Axis, Windows } from "../window.ts";
import { placesOf, rangesOf, walk } from "./windows.ts";

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

/** Windows, and by what the sum of each is divided: a number, or as many pixels as lie inside of the image (null). */
export interface Averaging extends Windows {
  readonly divisor: number | null;
}

/** The sum of each window's pixels, divided. */
export function poolMean(windows: Averaging, x: TypedArray, dtype: DType): TypedArray {
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
export function unpoolMean(windows: Averaging, dy: TypedArray, dtype: DType): TypedArray {
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

/** What a pixel of each window counts for. */
function sharesOf({ rows, columns, divisor }: Averaging): Float64Array {
  if (divisor !== null) return new Float64Array(rows.output * columns.output).fill(1 / divisor);
  const counts = (axis: Axis): number[] => rangesOf(axis).map(([from, to]) => to - from);
  const across = counts(columns);
  return Float64Array.from(counts(rows).flatMap((down) => across.map((count) => 1 / (down * count))));
}
