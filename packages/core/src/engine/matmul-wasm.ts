// Eager matrix products in WebAssembly: operands are copied into a private memory, multiplied there, and the result is
// copied out, so that tensors stay ordinary typed arrays and nothing has to be released. One module serves all shapes.
import { ModuleBuilder } from "../wasm/assembler.ts";
import { features } from "../wasm/features.ts";
import { type GemmForm, type GemmKernel, gemmKernel, gemmScratchBytes } from "../wasm/gemm.ts";
import { importHeap } from "../wasm/heap.ts";
import { coreInstructions } from "../wasm/opcodes.ts";
import { type Matrix, rowsOf, transposed } from "./matrix.ts";
import { workspace } from "./simd-workspace.ts";

/** Larger stored operands A go through memory in parts of this many floats. */
const PART = 1 << 22;
/** Parts of k are multiples of the depth of a kernel's blocks, so that the sums are the same as without parts. */
const PART_STEP = 512;

const FORMS: readonly GemmForm[] = ["nn", "nt", "tn", "tt"];

const modules = new Map<boolean, WebAssembly.Module>();

/** The module with the kernels of all forms, each under the form's name. */
export function gemmModule(relaxed: boolean): WebAssembly.Module {
  let module = modules.get(relaxed);
  if (module === undefined) {
    module = new WebAssembly.Module(emit(relaxed));
    modules.set(relaxed, module);
  }
  return module;
}

function emit(relaxed: boolean): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder<never>(coreInstructions);
  importHeap(module, { shared: null });
  for (const form of FORMS) module.export(form, gemmKernel(module, { form, relaxed }));
  return module.toBytes();
}

/**
 * a · b, row-major: a view of the private memory, good until the next operation there; null where the engine refuses so much memory.
 */
export function multiplyInWasm(a: Matrix, b: Matrix): Float32Array<ArrayBuffer> | null {
  const [aStored, bStored] = [stored(a), stored(b)];
  const aSize = Math.min(aStored.rows * aStored.columns, Math.max(PART, PART_STEP * aStored.columns));
  const size = a.rows * b.columns;
  const space = workspace(gemmScratchBytes() / 4, aSize, b.rows * b.columns, size);
  if (space === null) return null;
  const { heap, floats, starts } = space;
  const [scratch = 0, atA = 0, atB = 0, atC = 0] = starts;

  load(bStored, floats, atB);
  const [aTransposed, bTransposed] = [aStored !== a, bStored !== b];
  const form: GemmForm = `${aTransposed ? "t" : "n"}${bTransposed ? "t" : "n"}`;
  const kernel = heap.instance(gemmModule(features().relaxedSimd))[form] as GemmKernel; // cast: the module exports it so
  const lines = Math.max(PART_STEP, Math.floor(PART / aStored.columns / PART_STEP) * PART_STEP);
  for (let first = 0; first < aStored.rows; first += lines) {
    const part = rowsOf(aStored, first, lines);
    load(part, floats, atA);
    // A part of the lines is a part of the rows of C, or, where A is transposed, a part of the sum.
    const [m, k] = aTransposed ? [a.rows, part.rows] : [part.rows, a.columns];
    const bStart = aTransposed ? first * (bTransposed ? 1 : b.columns) : 0;
    const cStart = aTransposed ? 0 : first * b.columns;
    const strides = [4 * part.columns, 4 * bStored.columns, 4 * b.columns] as const;
    const adds = aTransposed && first > 0 ? 1 : 0;
    kernel(4 * atA, 4 * (atB + bStart), 4 * (atC + cStart), 4 * scratch, m, b.columns, k, ...strides, adds);
  }
  return floats.subarray(atC, atC + size);
}

/** The matrix or its transpose, whichever has its rows in one piece; a kernel exists for both. */
function stored(matrix: Matrix): Matrix {
  return matrix.columnStride !== 1 && matrix.rowStride === 1 ? transposed(matrix) : matrix;
}

/** Copies a matrix of any strides into memory, row-major and contiguous. */
function load(
  { data, offset, rows, columns, rowStride, columnStride }: Matrix,
  floats: Float32Array,
  at: number,
): void {
  if (columnStride === 1 && (rowStride === columns || rows === 1)) {
    const size = rows * columns;
    floats.set(size === data.length ? data : data.subarray(offset, offset + size), at);
    return;
  }
  for (let i = 0; i < rows; i++) {
    const [source, target] = [offset + i * rowStride, at + i * columns];
    if (columnStride === 1 && columns > 32) floats.set(data.subarray(source, source + columns), target);
    else for (let j = 0; j < columns; j++) floats[target + j] = data[source + j * columnStride] ?? 0;
  }
}
