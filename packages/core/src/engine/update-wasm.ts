// Updates in place in WebAssembly SIMD: Variables that live in a heap are read and written there, four floats at a time; only the
// other inputs (gradients) are copied in.

import type { Expr } from "../expr/expr.ts";
import { elements, type View, viewSize } from "../view.ts";
import { type Local, ModuleBuilder, type ValueType } from "../wasm/assembler.ts";
import { features } from "../wasm/features.ts";
import { type Heap, importHeap } from "../wasm/heap.ts";
import { canVectorize, emitVector } from "../wasm/simd.ts";
import { contiguousView } from "./copy.ts";

/** Bytes of the vectors that one round of the loop handles. */
const STEP = 16;

/** `update(addresses of targets and arrays …, scalars …, bytes)`: the scalars are f32. */
type UpdateFunction = (...values: number[]) => void;

/** The formulas of an update, made runnable on a heap. */
export class UpdateProgram {
  readonly #roots: readonly Expr[];
  readonly #modules = new Map<string, WebAssembly.Module>();
  readonly #fits: boolean;

  constructor(roots: readonly Expr[]) {
    this.#roots = roots;
    this.#fits = canVectorize(roots, []);
  }

  /**
   * Runs the update in the heap of the first target, to which the other targets move.
   * @returns false if that cannot be: no heap, no SIMD, another dtype, or a formula without instructions
   */
  run(targets: readonly View[], inputs: readonly View[]): boolean {
    const heap = targets[0]?.storage.place?.heap;
    if (heap === undefined || !this.#fits || !features().simd) return false;
    if ([...targets, ...inputs].some(({ dtype }) => dtype !== "float32")) return false;
    const size = targets.reduce((most, target) => Math.max(most, viewSize(target)), 0);
    const scalar = inputs.map((input) => viewSize(input) === 1 && size !== 1);
    const module = this.#module(targets.length, scalar, heap);
    const arrays = inputs.filter((_, index) => scalar[index] === false);
    const stride = Math.ceil((size * 4) / 64) * 64;
    const base = heap.scratch(arrays.length * stride);
    const addresses = targets.map(({ storage }) => heap.adopt(storage));
    const floats = new Float32Array(heap.memory.buffer);
    for (const [index, array] of arrays.entries()) {
      floats.set(elements(contiguousView(array)), (base + index * stride) / 4);
      addresses.push(base + index * stride);
    }
    const scalars = inputs.flatMap((input, index) =>
      scalar[index] === true ? [input.storage.array[input.offset] ?? Number.NaN] : [],
    );
    const update = heap.instance(module)["update"] as UpdateFunction; // cast: the module defines it so
    update(...addresses, ...scalars, Math.ceil((size * 4) / STEP) * STEP);
    return true;
  }

  /** The module for so many targets and this pattern of scalars among the inputs. */
  #module(targets: number, scalar: readonly boolean[], heap: Heap): WebAssembly.Module {
    const key = `${scalar.map(Number).join("")} ${heap.shared !== null}`;
    let module = this.#modules.get(key);
    if (module === undefined) {
      module = new WebAssembly.Module(emitUpdate(this.#roots, targets, scalar, heap));
      this.#modules.set(key, module);
    }
    return module;
  }
}

function emitUpdate(
  roots: readonly Expr[],
  targets: number,
  scalar: readonly boolean[],
  heap: Heap,
): Uint8Array<ArrayBuffer> {
  const arrays = targets + scalar.filter((is) => !is).length;
  const types: ValueType[] = [
    ...Array.from({ length: arrays }, (): ValueType => "i32"),
    ...Array.from({ length: targets + scalar.length - arrays }, (): ValueType => "f32"),
    "i32",
  ];
  const module = new ModuleBuilder();
  importHeap(module, heap);
  const update = module.define({ parameters: types }, (f, ...parameters) => {
    const addresses = parameters.slice(0, arrays).filter(isAddress);
    const end = parameters.at(-1);
    if (end === undefined || !isAddress(end)) return;
    const at = f.local("i32");
    const vectors = [...Array.from({ length: targets }, () => false), ...scalar].map(() => f.local("v128"));
    const isScalar = [...Array.from({ length: targets }, () => false), ...scalar];
    let [nextArray, nextScalar] = [0, arrays];
    const loads: (() => void)[] = [];
    for (const [index, vector] of vectors.entries()) {
      if (isScalar[index] === true) {
        const value = parameters[nextScalar++];
        if (value !== undefined) f.get(value).op("f32x4.splat").set(vector);
      } else {
        const address = addresses[nextArray++];
        if (address !== undefined)
          loads.push(() => f.get(address).get(at).op("i32.add").memory("v128.load").set(vector));
      }
    }
    f.for(at, 0, end, STEP, () => {
      for (const load of loads) load();
      const results = emitVector(
        f,
        roots,
        vectors.map((local) => ({ local, type: "f32" })),
      );
      for (const [index, result] of results.entries()) {
        const address = addresses[index];
        if (address !== undefined) f.get(address).get(at).op("i32.add").get(result.local).memory("v128.store");
      }
    });
  });
  module.export("update", update);
  return module.toBytes();
}

function isAddress(local: Local): local is Local<"i32"> {
  return local.type === "i32";
}
