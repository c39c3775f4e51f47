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
export function updateInWasm(loop: SimdLoop, targets: readonly View[], inputs: readonly View[]): boolean {
  const heap = targets[0]?.storage.place?.heap;
  if (heap === undefined || !loop.fits || !features().simd) return false;
  if ([...targets, ...inputs].some(({ dtype }) => dtype !== "float32")) return false;
  const size = targets.reduce((most, target) => Math.max(most, viewSize(target)), 0);
  const isScalar = (input: View): boolean => viewSize(input) === 1 && size !== 1;
  const walks = inputs.map((input): Walk => (isScalar(input) ? "scalar" : "full"));
  const run = loop.in(heap, [...targets.map((): Walk => "full"), ...walks]);
  const arrays = inputs.filter((input) => !isScalar(input));
  const stride = Math.ceil((size * 4) / 64) * 64;
  const base = heap.scratch(arrays.length * stride);
  const homes = targets.map(({ storage }) => heap.adopt(storage));
  const floats = new Float32Array(heap.memory.buffer);
  const copies = arrays.map((array, index) => {
    floats.set(elements(contiguousView(array)), (base + index * stride) / 4);
    return base + index * stride;
  });
  const scalars = inputs.filter(isScalar).map(({ storage, offset }) => storage.array[offset] ?? Number.NaN);
  run(1, 4 * size, ...homes, ...homes, ...copies, ...scalars);
  return true;
}
