// Eager matrix products in WebAssembly: operands are copied into a private memory, multiplied there, and the result is
// copied out, so that tensors stay ordinary typed arrays and nothing has to be released. One module serves all shapes.
import { keepFreedMemory } from "../wasm/allocator.ts";
import { ModuleBuilder } from "../wasm/assembler.ts";
import { features } from "../wasm/features.ts";
import { type GemmForm, type GemmKernel, gemmKernel, gemmScratchBytes } from "../wasm/gemm.ts";
import { type Matrix, rowsOf, transposed } from "./matrix.ts";

const PAGE = 65536;
/** Larger stored operands A go through memory in parts of this many floats. */
const PART = 1 << 22;
/** Parts of k are multiples of the depth of a kernel's blocks, so that the sums are the same as without parts. */
const PART_STEP = 512;
/** A memory above this many bytes is given up when this many calls in a row needed less than a quarter of it. */
const LARGE = 64 << 20;
const PATIENCE = 64;

const FORMS: readonly GemmForm[] = ["nn", "nt", "tn", "tt"];

/** A private memory with the kernels that work in it. */
interface Workspace {
  readonly memory: WebAssembly.Memory;
  readonly kernels: Readonly<Record<GemmForm, GemmKernel>>;
  readonly relaxed: boolean;
  floats: Float32Array<ArrayBuffer>;
  idle: number;
}

let workspace: Workspace | undefined;
const modules = new Map<boolean, WebAssembly.Module>();

/** The kernels of all forms in a memory of the caller's; addresses and row strides are in bytes. */
export function instantiateKernels(
  memory: WebAssembly.Memory,
  relaxed: boolean = features().relaxedSimd,
): Readonly<Record<GemmForm, GemmKernel>> {
  const module = modules.get(relaxed) ?? new WebAssembly.Module(emitKernels(relaxed));
  modules.set(relaxed, module);
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernel = (form: GemmForm): GemmKernel => exports[form] as GemmKernel;
  return { nn: kernel("nn"), nt: kernel("nt"), tn: kernel("tn"), tt: kernel("tt") };
}

function emitKernels(relaxed: boolean): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  module.importMemory("env", "memory", { minimum: 1 });
  for (const form of FORMS) module.export(form, gemmKernel(module, { form, relaxed }));
  return module.toBytes();
}

/** a · b, row-major, in a fresh array; undefined where the engine refuses so much memory. */
export function multiplyInWasm(a: Matrix, b: Matrix): Float32Array<ArrayBuffer> | undefined {
  const product = run(a, b);
  // Copying from a view skips the zeroing that `slice` begins with.
  return product && new Float32Array(product.floats.subarray(product.start, product.end));
}

/** out[from …] = a · b, row-major; false where the engine refuses so much memory. */
export function multiplyInWasmInto(a: Matrix, b: Matrix, out: Float32Array, from: number): boolean {
  const product = run(a, b);
  if (product === undefined) return false;
  out.set(product.floats.subarray(product.start, product.end), from);
  return true;
}

interface Product {
  readonly floats: Float32Array<ArrayBuffer>;
  readonly start: number;
  readonly end: number;
}

/** Multiplies in the private memory and says where the result lies, in floats. */
function run(a: Matrix, b: Matrix): Product | undefined {
  const [aStored, bStored] = [stored(a), stored(b)];
  const aSize = Math.min(aStored.rows * aStored.columns, Math.max(PART, PART_STEP * aStored.columns));
  const atA = align(gemmScratchBytes() / 4);
  const atB = align(atA + aSize);
  const start = align(atB + b.rows * b.columns);
  const end = start + a.rows * b.columns;
  const space = reserve(4 * end);
  if (space === undefined) return undefined;

  load(bStored, space.floats, atB);
  const [aTransposed, bTransposed] = [aStored !== a, bStored !== b];
  const kernel = space.kernels[`${aTransposed ? "t" : "n"}${bTransposed ? "t" : "n"}`];
  const lines = Math.max(PART_STEP, Math.floor(PART / aStored.columns / PART_STEP) * PART_STEP);
  for (let first = 0; first < aStored.rows; first += lines) {
    const part = rowsOf(aStored, first, lines);
    load(part, space.floats, atA);
    // A part of the lines is a part of the rows of C, or, where A is transposed, a part of the sum.
    const [m, k] = aTransposed ? [a.rows, part.rows] : [part.rows, a.columns];
    const bStart = aTransposed ? first * (bTransposed ? 1 : b.columns) : 0;
    const cStart = aTransposed ? 0 : first * b.columns;
    const strides = [4 * part.columns, 4 * bStored.columns, 4 * b.columns] as const;
    const adds = aTransposed && first > 0 ? 1 : 0;
    kernel(4 * atA, 4 * (atB + bStart), 4 * (start + cStart), 0, m, b.columns, k, ...strides, adds);
  }
  return { floats: space.floats, start, end };
}

const align = (floats: number): number => Math.ceil(floats / 16) * 16;

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

/** The workspace with at least so many bytes: grown on demand, given up when it has long been far too large. */
function reserve(bytes: number): Workspace | undefined {
  const relaxed = features().relaxedSimd;
  if (workspace !== undefined && (workspace.relaxed !== relaxed || outgrown(workspace, bytes))) workspace = undefined;
  try {
    workspace ??= createWorkspace(relaxed);
    const missing = bytes - workspace.memory.buffer.byteLength;
    if (missing > 0) {
      workspace.memory.grow(Math.ceil(missing / PAGE));
      workspace.floats = new Float32Array(workspace.memory.buffer);
    }
    return workspace;
  } catch {
    return undefined; // out of memory, or of address space
  }
}

function createWorkspace(relaxed: boolean): Workspace {
  keepFreedMemory();
  const memory = new WebAssembly.Memory({ initial: Math.ceil(gemmScratchBytes() / PAGE) });
  const floats = new Float32Array(memory.buffer);
  return { memory, kernels: instantiateKernels(memory, relaxed), relaxed, floats, idle: 0 };
}

function outgrown(space: Workspace, bytes: number): boolean {
  const size = space.memory.buffer.byteLength;
  space.idle = size > LARGE && bytes < size / 4 ? space.idle + 1 : 0;
  return space.idle > PATIENCE;
}
