// Scans: running totals along an axis. One recurrence serves sums, products and their gradients; totals are kept in doubles.

import { isFloat, type TypedArray } from "../dtype.ts";
import { around } from "../shape.ts";
import { elements, type View } from "../view.ts";
import { contiguousView } from "./copy.ts";

/** How a recurrence runs. */
export interface ScanAttributes {
  readonly axis: number;
  /** From the last element to the first. */
  readonly reverse: boolean;
  /** Each result without its own term. */
  readonly exclusive: boolean;
}

/** s₀ = b₀, sᵢ₊₁ = aᵢ·sᵢ + bᵢ₊₁ along an axis; `links` are the a between neighbours, one fewer than the b, or null for ones. */
export function runRecurrence(
  terms: View,
  links: View | null,
  out: TypedArray,
  { axis, reverse, exclusive }: ScanAttributes,
): void {
  const { outer, size, inner } = around(terms.shape, axis);
  const b = elements(contiguousView(terms));
  const a = links === null ? null : elements(contiguousView(links));
  const integers = !isFloat(terms.dtype);
  const totals = new Float64Array(inner);
  for (let row = 0; row < outer; row++) {
    totals.fill(0);
    for (let step = 0; step < size; step++) {
      const place = reverse ? size - 1 - step : step;
      const from = (row * size + place) * inner;
      const link = (row * (size - 1) + (reverse ? place : place - 1)) * inner;
      for (let column = 0; column < inner; column++) {
        const total = totals[column] ?? 0;
        const factor = a === null ? 1 : (a[link + column] ?? 1);
        const carried = step === 0 ? 0 : integers ? Math.imul(factor, total) : factor * total;
        const next = carried + (b[from + column] ?? 0);
        totals[column] = integers ? next | 0 : next;
        out[from + column] = exclusive ? carried : next;
      }
    }
  }
}
