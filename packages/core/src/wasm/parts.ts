// What a tensor is assembled of: parts of it, each a view, and a value where none lies. Eager loops and compiled kernels read the
// same description.

import type { Shape } from "../shape.ts";

/** How elements lie in memory: element (i, j, …) stands at offset + i·strides[0] + j·strides[1] + … */
export interface Layout {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** A part: where in a tensor its elements lie. No element may be taken twice. */
export type Part = (whole: Layout) => Layout;

/** What a tensor is assembled of: its shape, the place of each part, and the value where no part lies. */
export interface Assembly {
  readonly shape: Shape;
  readonly parts: readonly Part[];
  readonly value: number;
}

/** The elements from axis `inner` on lie without gaps: `run` of them are copied at once. */
export function runOf({ shape, strides }: Layout, least = 0): { readonly inner: number; readonly run: number } {
  let inner = shape.length;
  let run = 1;
  while (inner > least && (shape[inner - 1] === 1 || strides[inner - 1] === run)) run *= shape[--inner] ?? 1;
  return { inner, run };
}
