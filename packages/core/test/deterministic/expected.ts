// The bits of training.ts in deterministic mode, the same on every engine, machine and number of threads. They change with the kernels'
// arithmetic alone: after such a change, and when all engines agree on the new ones, the test's message holds what to write here.

/** The hashes of training.ts. */
export const expected = {
  functions: "4eb09f60320b1b7c",
  eager: "26a3ac8afbc8c166",
  compiled: "c6df8b89e91a3d5d",
} as const;
