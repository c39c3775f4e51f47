// Where the extremes of each line stand: the first or the last of equal ones, and NaN before all.

import type { TypedArray } from "../dtype.ts";
import { around } from "../shape.ts";
import { elements, type View } from "../view.ts";
import { contiguousView } from "./copy.ts";

/** Which extreme is sought. */
export interface ExtremePlace {
  readonly axis: number;
  readonly greatest: boolean;
  /** Of equal ones the last. */
  readonly last: boolean;
}

/** The index of the extreme of each line of `view` along an axis, into `out`. */
export function placesOfExtremes(view: View, { axis, greatest, last }: ExtremePlace, out: TypedArray): void {
  const values = elements(contiguousView(view));
  const { size, inner } = around(view.shape, axis);
  const [from, step] = last ? [size - 1, -1] : [0, 1];
  for (let line = 0; line < out.length; line++) {
    const start = Math.floor(line / inner) * size * inner + (line % inner);
    let best = from;
    let extreme = values[start + from * inner] ?? Number.NaN;
    for (let count = 1; count < size && !Number.isNaN(extreme); count++) {
      const place = from + count * step;
      const value = values[start + place * inner] ?? Number.NaN;
      if ((greatest ? value > extreme : value < extreme) || Number.isNaN(value)) {
        best = place;
        extreme = value;
      }
    }
    out[line] = best;
  }
}
