// Folds over rows in WebAssembly SIMD, as in the sum of a matrix over its batch: each vector of four columns is walked from the
// first row to the last. Totals are floats here, so it is done for a few hundred rows at most; longer sums are kept in doubles.

import type { Expr } from "../expr/expr.ts";
import { ModuleBuilder } from "../wasm/assembler.ts";
import { features } from "../wasm/features.ts";
import { importHeap } from "../wasm/heap.ts";
import { coreInstructions } from "../wasm/opcodes.ts";
import { emitVector, hasInstructions, pushFloats } from "../wasm/simd.ts";
import { workspace } from "./simd-workspace.ts";

/** Elements from which copying in pays. */
const WORTH_COPYING = 4096;
/** Rows whose sum in floats is as good as one in doubles, rounded once, to 10⁻⁵. */
const MOST_ROWS = 256;

type FoldFunction = (out: number, input: number, rows: number, width: number) => void;

/** A fold over rows, made runnable on floats. */
export class SimdFold {
  readonly #combine: Expr;
  readonly #init: number;
  readonly #fits: boolean;
  #module: WebAssembly.Module | null = null;

  constructor(combine: Expr, init: number) {
    this.#combine = combine;
    this.#init = init;
    this.#fits = hasInstructions([combine]);
  }

  /** Folds `rows` rows of `columns` floats into `out`; false if that is not worth it or cannot be done here. */
  run(values: Float32Array, rows: number, columns: number, out: Float32Array): boolean {
    if (!this.#fits || values.length < WORTH_COPYING || rows > MOST_ROWS || !features().simd) return false;
    const space = workspace(values.length, columns);
    if (space === null) return false;
    const { heap, floats, starts } = space;
    const [operand = 0, result = 0] = starts;
    if (values.buffer !== floats.buffer) floats.set(values, operand);
    this.#module ??= new WebAssembly.Module(emit(this.#combine, this.#init));
    const fold = heap.instance(this.#module)["fold"] as FoldFunction; // cast: the module exports it so
    fold(4 * result, 4 * operand, rows, 4 * columns);
    out.set(floats.subarray(result, result + columns));
    return true;
  }
}

function emit(combine: Expr, init: number): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder<never>(coreInstructions);
  importHeap(module, { shared: null });
  const fold = module.define({ parameters: ["i32", "i32", "i32", "i32"] }, (f, out, input, rows, width) => {
    const [column, pointer, row] = f.locals("i32", "i32", "i32");
    const [total, next] = f.locals("v128", "v128");
    f.for(column, 0, width, 16, () => {
      f.f32(init).op("f32x4.splat").set(total);
      f.get(input).get(column).op("i32.add").set(pointer);
      f.for(row, 0, rows, 1, () => {
        f.get(pointer).memory("v128.load").set(next);
        const [result] = emitVector(
          f,
          [combine],
          [total, next].map((local) => ({ local, type: "f32" })),
        );
        if (result === undefined) return;
        pushFloats(f, result);
        f.set(total).increment(pointer, width);
      });
      f.get(out).get(column).op("i32.add").get(total).memory("v128.store");
    });
  });
  module.export("fold", fold);
  return module.toBytes();
}
