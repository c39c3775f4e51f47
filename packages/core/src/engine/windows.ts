// The walk that eager convolutions, pooling and patches share: every place where a tap of a window meets a pixel.

import { type Axis, tapsInside, type Windows } from "../window.ts";

/** Calls `meet(pixel, place, tap)` wherever a tap of a window lies on a pixel of these images; all three are counted from 0. */
export function walk(
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

/** The taps inside of the image, for each place along an axis. */
export const rangesOf = (axis: Axis): (readonly [number, number])[] =>
  Array.from({ length: axis.output }, (_, place) => tapsInside(axis, place));

/** The number of windows over one image. */
export const placesOf = ({ rows, columns }: Windows): number => rows.output * columns.output;
/** The taps of a window. */
export const tapsOf = ({ rows, columns }: Windows): number => rows.size * columns.size;
