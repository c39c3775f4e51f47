// Uniform random numbers in WebAssembly: four blocks of Threefry-2x32 at a time, the same numbers as the eager generator's.

import type { FunctionBuilder, Local } from "./assembler.ts";
import type { RandomInstruction } from "./opcodes-programs.ts";

const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;
const PARITY = 0x1bd11bda;
const INJECTIONS = 5;

/** Vectors of blocks that are computed side by side: a block is one long chain, and the processor has time for others. */
const TOGETHER = 5;
/** Bytes of the numbers of a vector of blocks. */
export const DRAWN_BYTES = 32;

type Random = FunctionBuilder<RandomInstruction>;
type Vector = Local<"v128">;

/** The words of four blocks. */
type Words = readonly [x0: Vector, x1: Vector];

/** What all blocks of a call share: the three words of the key, and what each injection adds to the second word. */
interface Keys {
  readonly keys: readonly Vector[];
  readonly seconds: readonly Vector[];
}

/**
 * Fills the bytes from `from` to `to`, multiples of 32, of the floats at `address` with uniform numbers of 24 bits. Key and call number
 * are read from three words at `draw`.
 */
export function emitUniform(
  f: Random,
  address: number,
  draw: number,
  [from, to]: readonly [Local<"i32">, Local<"i32">],
): void {
  const known = emitKeys(f, draw);
  const [call, block] = f.locals("v128", "v128");
  const [at, wide] = f.locals("i32", "i32");
  f.i32(0)
    .memory("v128.load32_splat", draw + 8)
    .get(known.keys[1] ?? call)
    .op("i32x4.add")
    .set(call);
  // The number of a block, plus the first word of the key.
  f.v128(Int32Array.of(0, 1, 2, 3))
    .get(from)
    .i32(3)
    .op("i32.shr_u")
    .op("i32x4.splat")
    .op("i32x4.add");
  f.get(known.keys[0] ?? call)
    .op("i32x4.add")
    .set(block);
  const words = Array.from({ length: TOGETHER }, (): Words => f.locals("v128", "v128"));
  const turn = (count: number): void => {
    const some = words.slice(0, count);
    for (const [x0, x1] of some) {
      f.get(block).set(x0).get(call).set(x1);
      f.get(block)
        .v128(Int32Array.of(4, 4, 4, 4))
        .op("i32x4.add")
        .set(block);
    }
    emitRounds(f, some, known);
    for (const [index, pair] of some.entries()) storeUniform(f, at, address + DRAWN_BYTES * index, pair);
  };
  f.get(to)
    .get(to)
    .get(from)
    .op("i32.sub")
    .i32(DRAWN_BYTES * TOGETHER)
    .op("i32.rem_u")
    .op("i32.sub")
    .set(wide);
  f.for(at, from, wide, DRAWN_BYTES * TOGETHER, () => turn(TOGETHER));
  f.for(at, wide, to, DRAWN_BYTES, () => turn(1));
}

function emitKeys(f: Random, draw: number): Keys {
  const keys = f.locals("v128", "v128", "v128");
  for (const [index, key] of keys.slice(0, 2).entries())
    f.i32(0)
      .memory("v128.load32_splat", draw + 4 * index)
      .set(key);
  f.get(keys[0]).get(keys[1]).op("v128.xor").i32(PARITY).op("i32x4.splat").op("v128.xor").set(keys[2]);
  const seconds = Array.from({ length: INJECTIONS }, (_, index) => {
    const [second, injection] = [f.local("v128"), index + 1];
    f.get(keys[(injection + 1) % 3] ?? keys[0])
      .i32(injection)
      .op("i32x4.splat")
      .op("i32x4.add")
      .set(second);
    return second;
  });
  return { keys, seconds };
}

/** Twenty rounds of blocks side by side, with an injection of the key after each four. */
function emitRounds(f: Random, words: readonly Words[], { keys, seconds }: Keys): void {
  for (const [index, second] of seconds.entries()) {
    for (const bits of ROTATIONS[index % 2] ?? []) for (const [x0, x1] of words) round(f, x0, x1, bits);
    for (const [x0, x1] of words) {
      f.get(x0)
        .get(keys[(index + 1) % 3] ?? second)
        .op("i32x4.add")
        .set(x0);
      f.get(x1).get(second).op("i32x4.add").set(x1);
    }
  }
}

/** Stores the words of four blocks in turn, as floats from 0 to below 1. */
function storeUniform(f: Random, at: Local<"i32">, address: number, [x0, x1]: Words): void {
  for (const x of [x0, x1]) {
    f.get(x).i32(8).op("i32x4.shr_u").op("f32x4.convert_i32x4_s");
    f.f32(2 ** -24)
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
}

/** x0 += x1; x1 = rotl(x1, bits) ^ x0 */
function round(f: Random, x0: Local<"v128">, x1: Local<"v128">, bits: number): void {
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
