// The seam between programs and threads: a program runs its segments through whatever is set here. A program without threads does
// not carry what stands behind it.

import type { SharedMemory } from "./shared-memory.ts";

/** Runs one thread's part of a segment; 0, or 1 if another thread did not come to a barrier. */
export type SegmentFunction = (part: number, parts: number) => number;

/** Threads that work in a shared memory. */
export interface Parallel {
  readonly memory: SharedMemory;
  /** Gives a module to the threads; its number. `owner` is what the module lives with. */
  publish(module: WebAssembly.Module, owner: object): number;
  /** Wakes threads that will be needed in a moment. */
  prepare(): void;
  /** Runs a segment on at most `most` threads, this one included: on those that have loaded the module. */
  run(program: number, segment: number, here: SegmentFunction, most: number): void;
  /** How many threads there may be, this one included. */
  readonly threads: number;
  /** Whether each program should find out by itself how many threads are best. */
  readonly automatic: boolean;
}

let current: Parallel | null = null;

/** The threads that are there, if any. */
export function parallel(): Parallel | null {
  return current;
}

/** Sets the threads that programs use from now on. */
export function setParallel(next: Parallel | null): void {
  current = next;
}
