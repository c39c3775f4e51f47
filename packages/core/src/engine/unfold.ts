// Eager patches: the pixels under each window as a row, and rows added back to the pixels that they came from.

import { allocate, arrayFrom, type DType, type TypedArray } from "../dtype.ts";
import type { Windows } from "../window.ts";
import { placesOf, tapsOf, walk } from "./windows.ts";

/** U[place, tap, c] = X[pixel, c], 0 outside of the image. */
export function gatherPatches(windows: Windows, x: TypedArray, dtype: DType): TypedArray {
  const { batch, channels } = windows;
  const taps = tapsOf(windows);
  const patches = allocate(dtype, batch * placesOf(windows) * taps * channels);
  walk(windows, 0, batch, (pixel, place, tap) => {
    const [to, from] = [(place * taps + tap) * channels, pixel * channels];
    for (let c = 0; c < channels; c++) patches[to + c] = x[from + c] ?? 0;
  });
  return patches;
}

/** X[pixel, c] = Σ over the windows above the pixel of U[place, tap, c]: the adjoint of {@link gatherPatches}. */
export function addPatches(windows: Windows, patches: TypedArray, dtype: DType): TypedArray {
  const { batch, channels, rows, columns } = windows;
  const taps = tapsOf(windows);
  const sums = new Float64Array(batch * rows.input * columns.input * channels);
  walk(windows, 0, batch, (pixel, place, tap) => {
    const [from, to] = [(place * taps + tap) * channels, pixel * channels];
    for (let c = 0; c < channels; c++) sums[to + c] = (sums[to + c] ?? 0) + (patches[from + c] ?? 0);
  });
  return dtype === "float64" ? sums : arrayFrom(dtype, sums);
}
