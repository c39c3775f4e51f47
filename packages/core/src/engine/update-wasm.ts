// Updates in place in WebAssembly SIMD: Variables that live in a heap are read and written there, four floats at a time; only the
// other inputs (gradients) are copied in.

import { elements, type View, viewSize } from "../view.ts";
import { features } from "../wasm/features.ts";
import { contiguousView } from "./copy.ts";
import type { SimdLoop, Walk } from "./simd-loop.ts";

/**
 * Runs the loop of an update in the heap of the first target, to which the other targets move.
 * @returns false if that cannot be: no heap, no SIMD, another dtype, or a formula without instructions
 */
export function updateInWasm(loop: SimdLoop, targets: readonly View[], inputs: readonly View[], size: number): boolean {
  const heap = targets[0]?.storage.place?.heap;
  if (heap === undefined || !loop.fits || !features().simd) return false;
  const [walks, arrays, scalars]: [Walk[], View[], number[]] = [[], [], []];
  for (const target of targets) {
    if (target.dtype !== "float32") return false;
    walks.push("full");
  }
  for (const input of inputs) {
    if (input.dtype !== "float32") return false;
    const isScalar = size !== 1 && viewSize(input) === 1;
    walks.push(isScalar ? "scalar" : "full");
    if (isScalar) scalars.push(input.storage.array[input.offset] ?? Number.NaN);
    else arrays.push(input);
  }
  const run = loop.in(heap, walks);
  const stride = Math.ceil((size * 4) / 64) * 64;
  const base = heap.scratch(arrays.length * stride);
  const places: number[] = [];
  for (const { storage } of targets) places.push(heap.adopt(storage));
  places.push(...places);
  // Only now: an input may be a Variable of this memory, which has perhaps grown.
  const floats = new Float32Array(heap.memory.buffer);
  for (const [index, array] of arrays.entries()) {
    floats.set(elements(contiguousView(array)), (base + index * stride) / 4);
    places.push(base + index * stride);
  }
  run(1, 4 * size, ...places, ...scalars);
  return true;
}
