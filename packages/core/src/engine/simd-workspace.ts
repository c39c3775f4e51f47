// A private memory for eager kernels that copy their operands in and their result out. Nobody holds a view of it between two
// operations, so it is grown on demand and given up when it has long been far too large.

import { Heap } from "../wasm/heap.ts";

/** A memory above this many bytes is given up when so many runs in a row needed less than a quarter of it. */
const LARGE = 64 << 20;
const PATIENCE = 64;

let heap: Heap | null = null;
let idle = 0;

/** Room for so many bytes, at `start`, until the next call. */
export function workspace(bytes: number): { readonly heap: Heap; readonly start: number } {
  const held = heap?.memory.buffer.byteLength ?? 0;
  idle = held > LARGE && bytes < held / 4 ? idle + 1 : 0;
  if (idle > PATIENCE) heap = null;
  heap ??= new Heap();
  return { heap, start: heap.scratch(bytes) };
}

/** Floats of a region: a multiple of a cache line, with room for a vector that begins at the last float. */
export function regionOf(floats: number): number {
  return floats === 0 ? 0 : Math.ceil((floats + 4) / 16) * 16;
}
