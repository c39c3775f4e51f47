// A private memory for eager kernels that copy their operands in and their result out. Nobody holds a view of it between two
// operations, so it is grown on demand and given up when it has long been far too large.

import { Heap } from "../wasm/heap.ts";

/** A memory above this many bytes is given up when so many runs in a row needed less than a quarter of it. */
const LARGE = 64 << 20;
const PATIENCE = 64;

/** Regions of a memory, as floats. */
export interface Workspace {
  readonly heap: Heap;
  /** The whole memory. */
  readonly floats: Float32Array<ArrayBuffer>;
  /** The place of each region's first float. */
  readonly starts: readonly number[];
}

let heap: Heap | null = null;
let idle = 0;
let floats = new Float32Array();

/** Regions of so many floats each, until the next call; null where the engine refuses the memory. */
export function workspace(...sizes: readonly number[]): Workspace | null {
  const regions = sizes.map(regionOf);
  const bytes = 4 * regions.reduce((sum, floats) => sum + floats, 0);
  const held = heap?.memory.buffer.byteLength ?? 0;
  idle = held > LARGE && bytes < held / 4 ? idle + 1 : 0;
  if (idle > PATIENCE) heap = null;
  try {
    heap ??= new Heap();
    let next = heap.scratch(bytes) / 4;
    const starts = regions.map((floats) => {
      next += floats;
      return next - floats;
    });
    if (floats.buffer !== heap.memory.buffer) floats = new Float32Array(heap.memory.buffer);
    return { heap, floats, starts };
  } catch {
    return null; // out of memory, or of address space
  }
}

let passing = false;

/** Whether the result of an operation may stay in the workspace. */
export function isPassing(): boolean {
  return passing;
}

/** Runs an operation whose result the next one reads, a fold, and nobody else: it may stay in the workspace. */
export function inPassing<R>(operation: () => R): R {
  passing = true;
  try {
    return operation();
  } finally {
    passing = false;
  }
}

/** A multiple of a cache line, with room for a vector that begins at the last float. */
function regionOf(floats: number): number {
  return Math.ceil((floats + 4) / 16) * 16;
}
