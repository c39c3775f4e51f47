// A loop of formulas over rows and columns of floats in WebAssembly SIMD, one vector of four at a time.

import type { Expr } from "../expr/expr.ts";
import { type Local, ModuleBuilder, type ValueType } from "../wasm/assembler.ts";
import { type Heap, importHeap } from "../wasm/heap.ts";
import { coreInstructions } from "../wasm/opcodes.ts";
import { emitVector, hasInstructions, pushFloats } from "../wasm/simd.ts";

/** How an operand runs through rows and columns: with both, with the columns alone, with the rows alone, or not at all. */
export type Walk = "full" | "columns" | "rows" | "scalar";

/** `(rows, bytes of a row, addresses of the results …, of the operands that are arrays …, the scalars …)` */
type LoopFunction = (...values: number[]) => void;

/** Formulas, made runnable on arrays in a heap. Results may be written over operands that walk with them. */
export class SimdLoop {
  /** Whether there are instructions for the formulas. */
  readonly fits: boolean;
  readonly #roots: readonly Expr[];
  readonly #modules = new Map<string, WebAssembly.Module>();

  constructor(roots: readonly Expr[]) {
    this.#roots = roots;
    this.fits = hasInstructions(roots);
  }

  /** The loop for operands that run so, in a heap. */
  in(heap: Heap, walks: readonly Walk[]): LoopFunction {
    let key = heap.shared === null ? "" : "+";
    for (const walk of walks) key += walk[0]; // their initials differ
    let module = this.#modules.get(key);
    if (module === undefined) {
      module = new WebAssembly.Module(emit(this.#roots, walks, heap));
      this.#modules.set(key, module);
    }
    return heap.instance(module)["run"] as LoopFunction; // cast: the module exports it so
  }
}

function emit(roots: readonly Expr[], walks: readonly Walk[], heap: Heap): Uint8Array<ArrayBuffer> {
  const isScalar = (walk: Walk): boolean => walk === "scalar";
  const types: ValueType[] = ["i32", "i32", ...roots.map((): ValueType => "i32")];
  for (const walk of walks) if (!isScalar(walk)) types.push("i32");
  for (const walk of walks) if (isScalar(walk)) types.push("f32");
  const module = new ModuleBuilder<never>(coreInstructions);
  importHeap(module, heap);
  const run = module.define({ parameters: types }, (f, ...parameters) => {
    const scalars = parameters.filter(({ type }) => type === "f32");
    const [rows, width, ...pointers] = parameters.filter(isAddress);
    if (rows === undefined || width === undefined) return;
    const [row, at] = f.locals("i32", "i32");
    const results = pointers.splice(0, roots.length);
    const perMatrix = [...results];
    const perRow: { readonly pointer: Local<"i32">; readonly vector: Local<"v128"> }[] = [];
    const loads: (() => void)[] = [];
    const vectors = walks.map((walk) => {
      const vector = f.local("v128");
      const scalar = isScalar(walk) ? scalars.shift() : undefined;
      if (scalar !== undefined) f.get(scalar).op("f32x4.splat").set(vector);
      const pointer = isScalar(walk) ? undefined : pointers.shift();
      if (pointer === undefined) return vector;
      if (walk === "rows") perRow.push({ pointer, vector });
      else loads.push(() => f.get(pointer).get(at).op("i32.add").memory("v128.load").set(vector));
      if (walk === "full") perMatrix.push(pointer);
      return vector;
    });
    f.for(row, 0, rows, 1, () => {
      for (const { pointer, vector } of perRow) {
        f.get(pointer).memory("v128.load32_splat").set(vector);
        f.increment(pointer, 4);
      }
      f.for(at, 0, width, 16, () => {
        for (const load of loads) load();
        const values = emitVector(
          f,
          roots,
          vectors.map((local) => ({ local, type: "f32" })),
        );
        for (const [index, value] of values.entries()) {
          const result = results[index];
          if (result === undefined) continue;
          // A row's last vector may reach into the next row, which is written after it.
          f.get(result).get(at).op("i32.add");
          pushFloats(f, value);
          f.memory("v128.store");
        }
      });
      for (const pointer of perMatrix) f.increment(pointer, width);
    });
  });
  module.export("run", run);
  return module.toBytes();
}

function isAddress(local: Local): local is Local<"i32"> {
  return local.type === "i32";
}
