// How threads divide a kernel: each computes its own range of outputs, so that the sums behind each output are the same for any
// number of threads.

import type { FunctionBuilder, Local } from "./assembler.ts";

/** Which thread runs, and how many there are: the two parameters of every kernel. */
export interface Share {
  readonly part: Local<"i32">;
  readonly parts: Local<"i32">;
}

/** The parameters of every kernel: part, parts. */
export const KERNEL_PARAMETERS = ["i32", "i32"] as const;

/** This thread's range of `units` pieces of work, each of `size`: from ⌊units·part/parts⌋·size to the next thread's beginning. */
export function emitShare(
  f: FunctionBuilder,
  units: number,
  { part, parts }: Share,
  size = 1,
): [from: Local<"i32">, to: Local<"i32">] {
  const [from, to] = f.locals("i32", "i32");
  f.get(part).i32(units).op("i32.mul").get(parts).op("i32.div_u").i32(size).op("i32.mul").set(from);
  f.get(part).plus(1).i32(units).op("i32.mul").get(parts).op("i32.div_u").i32(size).op("i32.mul").set(to);
  return [from, to];
}

/** Code that only the last thread runs. */
export function onLastThread(f: FunctionBuilder, { part, parts }: Share, body: () => void): void {
  f.get(part).plus(1).get(parts).op("i32.eq").if(body);
}
