// Uniform random numbers inside a program: four blocks of Threefry-2x32 at a time, the same numbers as the eager generator's.

import type { FunctionBuilder, Local } from "./assembler.ts";
import { emitShare, type Share } from "./share.ts";

const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;
const PARITY = 0x1bd11bda;

/**
 * Fills a thread's share of `length` floats at `address` (room up to the next multiple of 8) with uniform numbers of 24 bits. Key and call number are
 * read from three words at `draw`.
 */
export function emitUniform(f: FunctionBuilder, address: number, length: number, draw: number, share: Share): void {
  const keys = f.locals("v128", "v128", "v128");
  const [x0, x1, block, call] = f.locals("v128", "v128", "v128", "v128");
  const at = f.local("i32");
  for (const [index, key] of [keys[0], keys[1]].entries())
    f.i32(0)
      .memory("v128.load32_splat", draw + 4 * index)
      .set(key);
  f.get(keys[0]).get(keys[1]).op("v128.xor").i32(PARITY).op("i32x4.splat").op("v128.xor").set(keys[2]);
  f.i32(0)
    .memory("v128.load32_splat", draw + 8)
    .set(call);
  const [from, to] = emitShare(f, Math.ceil(length / 8), share, 32);
  f.v128(Int32Array.of(0, 1, 2, 3))
    .get(from)
    .i32(3)
    .op("i32.shr_u")
    .op("i32x4.splat")
    .op("i32x4.add")
    .set(block);
  f.for(at, from, to, 32, () => {
    f.get(block).get(keys[0]).op("i32x4.add").set(x0);
    f.get(call).get(keys[1]).op("i32x4.add").set(x1);
    for (let injection = 1; injection <= 5; injection++) {
      for (const bits of ROTATIONS[(injection + 1) % 2] ?? []) round(f, x0, x1, bits);
      f.get(x0)
        .get(keys[injection % 3] ?? keys[0])
        .op("i32x4.add")
        .set(x0);
      f.get(x1)
        .get(keys[(injection + 1) % 3] ?? keys[0])
        .op("i32x4.add")
        .i32(injection)
        .op("i32x4.splat")
        .op("i32x4.add")
        .set(x1);
    }
    for (const x of [x0, x1]) {
      f.get(x)
        .i32(8)
        .op("i32x4.shr_u")
        .op("f32x4.convert_i32x4_s")
        .f32(2 ** -24)
        .op("f32x4.splat")
        .op("f32x4.mul")
        .set(x);
    }
    f.get(at).get(x0).get(x1).shuffle([0, 4, 1, 5]).memory("v128.store", address);
    f.get(at)
      .get(x0)
      .get(x1)
      .shuffle([2, 6, 3, 7])
      .memory("v128.store", address + 16);
    f.get(block).i32(4).op("i32x4.splat").op("i32x4.add").set(block);
  });
}

/** x0 += x1; x1 = rotl(x1, bits) ^ x0 */
function round(f: FunctionBuilder, x0: Local<"v128">, x1: Local<"v128">, bits: number): void {
  f.get(x0).get(x1).op("i32x4.add").set(x0);
  f.get(x1)
    .i32(bits)
    .op("i32x4.shl")
    .get(x1)
    .i32(32 - bits)
    .op("i32x4.shr_u")
    .op("v128.or")
    .get(x0)
    .op("v128.xor")
    .set(x1);
}
