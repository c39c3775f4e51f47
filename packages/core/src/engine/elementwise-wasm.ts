// Large elementwise operations in WebAssembly SIMD. JavaScript's loops convert each float to a double and back and stumble over
// unpredictable signs; four floats at a time, copies in and out included, take a fifth of the time from a few thousand elements on.

import type { TypedArray } from "../dtype.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { contiguous, elements, type View, viewSize } from "../view.ts";
import { features } from "../wasm/features.ts";
import type { SimdLoop, Walk } from "./simd-loop.ts";
import { isPassing, workspace } from "./simd-workspace.ts";

/** Elements from which copying in and out pays. */
const WORTH_COPYING = 4096;

/** The loop's formula for each element of `shape`, to which the inputs broadcast; null if that is not worth it or cannot be done here. */
export function computeInWasm(loop: SimdLoop, inputs: readonly View[], shape: Shape): Float32Array<ArrayBuffer> | null {
  const size = sizeOf(shape);
  if (!loop.fits || size < WORTH_COPYING || !features().simd) return null;
  const [walks, arrays, scalars, sizes]: [Walk[], TypedArray[], number[], number[]] = [[], [], [], [size]];
  let columns = size;
  for (const view of inputs) {
    if (view.dtype !== "float32") return null;
    const own = viewSize(view);
    if (own === 1) {
      walks.push("scalar");
      scalars.push(view.storage.array[view.offset] ?? Number.NaN);
      continue;
    }
    const walk = contiguous(view) ? walkOf(view.shape, shape, own, size) : null;
    const width = walk === "rows" ? size / own : own;
    // Operands that do not walk with all of the result have to agree on its rows and columns.
    if (walk === null || (width !== size && columns !== size && columns !== width)) return null;
    columns = Math.min(columns, width);
    walks.push(walk);
    arrays.push(elements(view));
    sizes.push(own);
  }
  const space = workspace(...sizes);
  if (space === null) return null;
  const { heap, floats, starts } = space;
  const [result = 0] = starts;
  for (let index = 0; index < arrays.length; index++) floats.set(arrays[index] ?? [], starts[index + 1]);
  loop.in(heap, walks)(size / columns, 4 * columns, ...starts.map((start) => 4 * start), ...scalars);
  const values = floats.subarray(result, result + size);
  return isPassing() ? values : new Float32Array(values);
}

/** How an operand of `own` elements runs through the result: its axes are the last of the result's, or the first; null if neither. */
function walkOf(view: Shape, shape: Shape, own: number, size: number): Walk | null {
  const lead = shape.length - view.length;
  let [last, first] = [1, 1];
  for (let axis = view.length - 1; axis >= 0 && view[axis] === shape[axis + lead]; axis--) last *= view[axis] ?? 1;
  if (last === own) return own === size ? "full" : "columns";
  for (let axis = 0; axis < shape.length && (view[axis - lead] ?? 1) === shape[axis]; axis++) first *= shape[axis] ?? 1;
  return first === own ? "rows" : null;
}
