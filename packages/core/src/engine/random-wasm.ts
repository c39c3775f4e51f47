// Uniform random numbers in WebAssembly SIMD, for the masks that every step draws: the generator's numbers, in a quarter of the time.

import { type Draw, fillUniform } from "../random.ts";
import { ModuleBuilder } from "../wasm/assembler.ts";
import { features } from "../wasm/features.ts";
import { importHeap, LINE } from "../wasm/heap.ts";
import { randomInstructions } from "../wasm/opcodes-programs.ts";
import { DRAWN_BYTES, emitUniform } from "../wasm/threefry.ts";
import { workspace } from "./simd-workspace.ts";

/** Numbers from which WebAssembly is faster, the copy included. */
const WORTH_COPYING = 512;
/** Where the memory of a workspace begins: what is drawn is told in the line before. */
const START = LINE;

let module: WebAssembly.Module | null = null;

/** Fills `out` with the numbers of `fillUniform`. */
export function fillUniformFast(out: Float32Array | Float64Array, draw: Draw): void {
  const { length } = out;
  const isFit = out instanceof Float32Array && length >= WORTH_COPYING && features().simd;
  const space = isFit ? workspace(length) : null;
  if (space === null) {
    fillUniform(out, draw);
    return;
  }
  const { heap, floats } = space;
  module ??= new WebAssembly.Module(emit());
  const fill = heap.instance(module)["fill"] as (from: number, to: number) => void; // cast: the module exports it so
  new Uint32Array(floats.buffer).set([draw.key0, draw.key1, draw.call]);
  fill(0, Math.ceil((4 * length) / DRAWN_BYTES) * DRAWN_BYTES);
  out.set(floats.subarray(START / 4, START / 4 + length));
}

function emit(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder(randomInstructions);
  importHeap(module, { shared: null });
  const fill = module.define({ parameters: ["i32", "i32"] }, (f, ...range) => emitUniform(f, START, 0, range));
  module.export("fill", fill);
  return module.toBytes();
}
