// Asking for memory ahead. WebAssembly has no prefetch; but a loop of nothing but loads has so many of them under way at a time that
// memory delivers as fast as it can, where a kernel that works between its loads waits for most of them.

import type { FunctionBuilder, Local } from "./assembler.ts";

/** Bytes of a cache line. */
const LINE = 64;

/** Brings `bytes` of memory at each of the addresses plus `from` into the cache, a few dozen kilobytes at most. */
export function emitFetch(f: FunctionBuilder, addresses: readonly number[], from: Local<"i32">, bytes: number): void {
  const [at, end] = f.locals("i32", "i32");
  f.get(from).plus(bytes).set(end);
  f.for(at, from, end, LINE, () => {
    for (const address of addresses) f.get(at).memory("i32.load8_u", address).op("control.drop");
  });
}
