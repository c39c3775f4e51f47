// Large elementwise operations in WebAssembly SIMD. JavaScript's loops convert each float to a double and back and stumble over
// unpredictable signs; four floats at a time, copies in and out included, take a fifth of the time from a few thousand elements on.

import type { Expr } from "../expr/expr.ts";
import { broadcastStrides, collapse, type Shape, sizeOf } from "../shape.ts";
import { contiguous, elements, type View, viewSize } from "../view.ts";
import { type Local, ModuleBuilder, type ValueType } from "../wasm/assembler.ts";
import { features } from "../wasm/features.ts";
import { importHeap } from "../wasm/heap.ts";
import { canVectorize, emitVector, pushFloats } from "../wasm/simd.ts";
import { regionOf, workspace } from "./simd-workspace.ts";

/** Elements from which copying in and out pays. */
const WORTH_COPYING = 4096;

/** How an operand runs through rows and columns: with both, with the columns alone, with the rows alone, or not at all. */
type Walk = "full" | "columns" | "rows" | "scalar";

type LoopFunction = (...values: number[]) => void;

/** One formula, made runnable on rows and columns of floats. */
export class SimdLoop {
  readonly #root: Expr;
  readonly #fits: boolean;
  readonly #modules = new Map<string, WebAssembly.Module>();

  constructor(root: Expr) {
    this.#root = root;
    this.#fits = canVectorize([root], []);
  }

  /** The formula for each element of `shape`, to which the inputs broadcast; null if that is not worth it or cannot be done here. */
  run(inputs: readonly View[], shape: Shape): Float32Array<ArrayBuffer> | null {
    const size = sizeOf(shape);
    if (!this.#fits || size < WORTH_COPYING || !features().simd) return null;
    if (inputs.some(({ dtype }) => dtype !== "float32")) return null;
    const nest = collapse(
      shape,
      inputs.map((view) => broadcastStrides(view.shape, view.strides, shape)),
    );
    if (nest.sizes.length > 2) return null;
    const [rows, columns] =
      nest.sizes.length === 2 ? [nest.sizes[0] ?? 1, nest.sizes[1] ?? 1] : [1, nest.sizes[0] ?? 1];
    const walks: Walk[] = [];
    for (const [index, view] of inputs.entries()) {
      const walk = walkOf(view, nest.strides[index] ?? [], size, columns);
      if (walk === null) return null;
      walks.push(walk);
    }
    return this.#compute(inputs, walks, rows, columns);
  }

  #compute(inputs: readonly View[], walks: readonly Walk[], rows: number, columns: number): Float32Array<ArrayBuffer> {
    const lengths = inputs.map(viewSize);
    const regions = [rows * columns, ...lengths.map((length, index) => (walks[index] === "scalar" ? 0 : length))].map(
      regionOf,
    );
    const space = workspace(4 * regions.reduce((sum, floats) => sum + floats, 0));
    const start = space.start / 4;
    const floats = new Float32Array(space.heap.memory.buffer);
    const values = [4 * start];
    const scalars: number[] = [];
    let at = start + (regions[0] ?? 0);
    for (const [index, view] of inputs.entries()) {
      if (walks[index] === "scalar") scalars.push(view.storage.array[view.offset] ?? Number.NaN);
      else {
        floats.set(elements(view), at);
        values.push(4 * at);
        at += regions[index + 1] ?? 0;
      }
    }
    const run = space.heap.instance(this.#module(walks))["run"] as LoopFunction; // cast: the module exports it so
    run(...values, ...scalars, rows, 4 * columns);
    return new Float32Array(floats.subarray(start, start + rows * columns));
  }

  #module(walks: readonly Walk[]): WebAssembly.Module {
    const key = walks.join();
    let module = this.#modules.get(key);
    if (module === undefined) {
      module = new WebAssembly.Module(emit(this.#root, walks));
      this.#modules.set(key, module);
    }
    return module;
  }
}

/** How an operand lies; null if not in any of the ways that the loop knows. */
function walkOf(view: View, strides: readonly number[], size: number, columns: number): Walk | null {
  if (viewSize(view) === 1) return "scalar";
  if (!contiguous(view)) return null;
  if (viewSize(view) === size) return "full";
  const [row, column] = strides.length === 2 ? strides : [0, strides[0]];
  if (row === 0 && column === 1 && viewSize(view) === columns) return "columns";
  return row === 1 && column === 0 ? "rows" : null;
}

function emit(root: Expr, walks: readonly Walk[]): Uint8Array<ArrayBuffer> {
  const arrays = walks.filter((walk) => walk !== "scalar").length;
  const types: ValueType[] = [
    ...Array.from({ length: 1 + arrays }, (): ValueType => "i32"),
    ...Array.from({ length: walks.length - arrays }, (): ValueType => "f32"),
    "i32",
    "i32",
  ];
  const module = new ModuleBuilder();
  importHeap(module, { shared: null });
  const run = module.define({ parameters: types }, (f, ...parameters) => {
    const addresses = parameters.filter(isAddress);
    const [rows, width] = addresses.slice(-2);
    const [out] = addresses;
    if (rows === undefined || width === undefined || out === undefined) return;
    const [row, at] = f.locals("i32", "i32");
    const vectors = walks.map(() => f.local("v128"));
    let [array, scalar] = [1, 1 + arrays];
    const full = [out];
    const perRow: { readonly pointer: Local<"i32">; readonly vector: Local<"v128"> }[] = [];
    const loads: (() => void)[] = [];
    for (const [index, walk] of walks.entries()) {
      const vector = vectors[index];
      const value = parameters[walk === "scalar" ? scalar++ : array++];
      if (vector === undefined || value === undefined) continue;
      if (walk === "scalar") f.get(value).op("f32x4.splat").set(vector);
      else if (isAddress(value)) {
        if (walk === "rows") perRow.push({ pointer: value, vector });
        else loads.push(() => f.get(value).get(at).op("i32.add").memory("v128.load").set(vector));
        if (walk === "full") full.push(value);
      }
    }
    f.for(row, 0, rows, 1, () => {
      for (const { pointer, vector } of perRow) {
        f.get(pointer).memory("v128.load32_splat").set(vector);
        f.increment(pointer, 4);
      }
      f.for(at, 0, width, 16, () => {
        for (const load of loads) load();
        const [result] = emitVector(
          f,
          [root],
          vectors.map((local) => ({ local, type: "f32" })),
        );
        if (result === undefined) return;
        // A row's last vector may reach into the next row, which is written after it.
        f.get(out).get(at).op("i32.add");
        pushFloats(f, result);
        f.memory("v128.store");
      });
      for (const pointer of full) f.increment(pointer, width);
    });
  });
  module.export("run", run);
  return module.toBytes();
}

function isAddress(local: Local): local is Local<"i32"> {
  return local.type === "i32";
}
