// The words through which threads talk, at the beginning of the shared memory, each on a cache line of its own; and the barrier at
// which they wait for each other between two kernels.

import type { FunctionBuilder, ModuleBuilder } from "./assembler.ts";

const LINE = 64;

/** Addresses of the control words, in bytes. */
export const control = {
  /** Rises with each call: workers begin when it changes. */
  go: 0,
  /** Which program and which of its segments runs, and with how many threads. */
  program: 64,
  segment: 68,
  parts: 72,
  /** How many threads have come to the barrier, and how often it has opened. */
  arrived: 128,
  phase: 192,
  /** Rises when workers should look at their messages. */
  messages: 256,
  /** For each worker a line: how many messages it has received, and its part in this call (0: none). */
  workers: 512,
} as const;

/** The most workers there can be. */
export const MAXIMUM_WORKERS = 56;

/** Bytes of all control words: eight lines, and one for each worker. */
export const CONTROL_BYTES: number = (8 + MAXIMUM_WORKERS) * LINE;

/** The address of a worker's line. */
export function workerLine(worker: number): number {
  return control.workers + worker * LINE;
}

/** The name under which a program's module exports a segment. */
export function segmentName(index: number): string {
  return `segment ${index}`;
}

/** Loads before a thread that waits goes to sleep: some ten microseconds, by which kernels' shares differ; waking takes thirty. */
const SPINS = 30_000;
/** Without progress for so long, a worker is taken for dead. */
const PATIENCE_NS = 2_000_000_000;

/**
 * Defines `barrier(parts) → failed`: waits until all threads have come. A thread spins a little and then sleeps; after two seconds
 * without progress it gives up and returns 1.
 */
export function defineBarrier(module: ModuleBuilder): FunctionBuilder {
  return module.define({ parameters: ["i32"], results: ["i32"] }, (f, parts) => {
    const [phase, spins] = f.locals("i32", "i32");
    const load = (address: number): FunctionBuilder => f.i32(0).memory("i32.atomic.load", address);
    const opened = (): FunctionBuilder => load(control.phase).get(phase).op("i32.ne");
    load(control.phase).set(phase);
    f.i32(0).i32(1).memory("i32.atomic.rmw.add", control.arrived).plus(1).get(parts).op("i32.eq");
    f.if(() => {
      f.i32(0).i32(0).memory("i32.atomic.store", control.arrived);
      f.i32(0).i32(1).memory("i32.atomic.rmw.add", control.phase).op("control.drop");
      f.i32(0).i32(-1).memory("memory.atomic.notify", control.phase).op("control.drop");
      f.i32(0).op("control.return");
    });
    f.for(spins, 0, SPINS, 1, () => {
      opened();
      f.if(() => f.i32(0).op("control.return"));
    });
    f.loop((again) => {
      f.i32(0).get(phase).i64(PATIENCE_NS).memory("memory.atomic.wait32", control.phase).i32(2).op("i32.eq");
      f.if(() => {
        opened();
        f.if(() => f.i32(0).op("control.return"));
        f.i32(1).op("control.return");
      });
      load(control.phase).get(phase).op("i32.eq").branchIf(again);
    });
    f.i32(0);
  });
}
