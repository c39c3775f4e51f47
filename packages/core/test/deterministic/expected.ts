// The bits of training.ts in deterministic mode, the same on every engine, machine and number of threads. They change with the kernels'
// arithmetic alone: after such a change, and when all engines agree on the new ones, the test's message holds what to write here.

/** The hashes of training.ts. */
export const expected = {
  functions: "4eb09f60320b1b7c",
  eager: "af826919aa5892fd",
  compiled: "a2860b47ecd2f46b",
} as const;
