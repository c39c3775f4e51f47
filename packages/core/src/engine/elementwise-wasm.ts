// Large elementwise operations in WebAssembly SIMD. JavaScript's loops convert each float to a double and back and stumble over
// unpredictable signs; four floats at a time, copies in and out included, take a fifth of the time from a few thousand elements on.

import { broadcastStrides, collapse, type Shape, sizeOf } from "../shape.ts";
import { contiguous, elements, type View, viewSize } from "../view.ts";
import { features } from "../wasm/features.ts";
import type { SimdLoop, Walk } from "./simd-loop.ts";
import { workspace } from "./simd-workspace.ts";

/** Elements from which copying in and out pays. */
const WORTH_COPYING = 4096;

/** The loop's formula for each element of `shape`, to which the inputs broadcast; null if that is not worth it or cannot be done here. */
export function computeInWasm(loop: SimdLoop, inputs: readonly View[], shape: Shape): Float32Array<ArrayBuffer> | null {
  const size = sizeOf(shape);
  if (!loop.fits || size < WORTH_COPYING || !features().simd) return null;
  if (inputs.some(({ dtype }) => dtype !== "float32")) return null;
  const nest = collapse(
    shape,
    inputs.map((view) => broadcastStrides(view.shape, view.strides, shape)),
  );
  if (nest.sizes.length > 2) return null;
  const columns = nest.sizes.at(-1) ?? 1;
  const walks: Walk[] = [];
  for (const [index, view] of inputs.entries()) {
    const walk = walkOf(view, nest.strides[index] ?? [], size, columns);
    if (walk === null) return null;
    walks.push(walk);
  }
  const arrays = inputs.filter((_, index) => walks[index] !== "scalar");
  const scalars = inputs.filter((_, index) => walks[index] === "scalar");
  const space = workspace(size, ...arrays.map(viewSize));
  if (space === null) return null;
  const { heap, floats, starts } = space;
  const [result = 0, ...operands] = starts;
  for (const [index, start] of operands.entries()) {
    const view = arrays[index];
    if (view !== undefined) floats.set(elements(view), start);
  }
  loop.in(heap, walks)(
    size / columns,
    4 * columns,
    ...starts.map((start) => 4 * start),
    ...scalars.map(({ storage, offset }) => storage.array[offset] ?? Number.NaN),
  );
  return new Float32Array(floats.subarray(result, result + size));
}

/** How an operand lies; null if not in any of the ways that the loop knows. */
function walkOf(view: View, strides: readonly number[], size: number, columns: number): Walk | null {
  if (viewSize(view) === 1) return "scalar";
  if (!contiguous(view)) return null;
  if (viewSize(view) === size) return "full";
  const [row, column] = strides.length === 2 ? strides : [0, strides[0]];
  if (row === 0 && column === 1 && viewSize(view) === columns) return "columns";
  return row === 1 && column === 0 ? "rows" : null;
}
