// Eager matrix products on typed arrays: WebAssembly SIMD for float32 where it is worth the copies, plain JavaScript
// otherwise. Which of the two is decided by the shapes alone, so that equal calls give equal bits.
import { DTypeError, ShapeError } from "../errors.ts";
import { features } from "../wasm/features.ts";
import { multiplyPlain } from "./matmul-plain.ts";
import { multiplyInWasm, multiplyInWasmInto } from "./matmul-wasm.ts";
import type { Matrix, MatrixData } from "./matrix.ts";

export type { Matrix, MatrixData } from "./matrix.ts";

/** Multiplications from which WebAssembly is faster, copies included. */
const WORTH_COPYING = 1024;

/**
 * a[m, k] · b[k, n] in a fresh row-major array of the operands' type; any strides. A sum over k = 0 is 0.
 * Throws a {@link ShapeError} where the inner dimensions differ and a {@link DTypeError} where the types do.
 *
 * @example
 * const x = { data: Float32Array.of(1, 2, 3, 4), offset: 0, rows: 2, columns: 2, rowStride: 2, columnStride: 1 };
 * multiply(x, x); // [7, 10, 15, 22]
 */
export function multiply(a: Matrix, b: Matrix): MatrixData {
  check(a, b);
  const product = suitsWasm(a, b) ? multiplyInWasm(a, b) : undefined;
  if (product !== undefined) return product;
  const out = new TYPES[typeOf(a.data)](a.rows * b.columns);
  multiplyPlain(a, b, out, 0);
  return out;
}

/** `multiply` into part of an array that shares no memory with the operands: out[offset …] = a · b, row-major. */
export function multiplyInto(a: Matrix, b: Matrix, out: MatrixData, offset: number): void {
  check(a, b, out);
  if (offset < 0 || offset + a.rows * b.columns > out.length) {
    throw new ShapeError(`matmul: ${a.rows * b.columns} values do not fit into ${out.length} from ${offset} on`);
  }
  if (out instanceof Float32Array && suitsWasm(a, b) && multiplyInWasmInto(a, b, out, offset)) return;
  multiplyPlain(a, b, out, offset);
}

const TYPES = { float32: Float32Array, float64: Float64Array, int32: Int32Array } as const;

function typeOf(data: MatrixData): keyof typeof TYPES {
  if (data instanceof Float32Array) return "float32";
  return data instanceof Float64Array ? "float64" : "int32";
}

function check(a: Matrix, b: Matrix, out: MatrixData = a.data): void {
  if (a.columns !== b.rows) {
    const shapes = `[${a.rows},${a.columns}] × [${b.rows},${b.columns}]`;
    throw new ShapeError(`matmul ${shapes}: inner dimensions ${a.columns} and ${b.rows} differ`);
  }
  const types = [typeOf(a.data), typeOf(b.data), typeOf(out)];
  if (new Set(types).size > 1) throw new DTypeError(`matmul: ${types.join(", ")} differ; cast to one dtype first`);
}

function suitsWasm(a: Matrix, b: Matrix): boolean {
  if (!(a.data instanceof Float32Array)) return false;
  if (a.rows * a.columns * b.columns < WORTH_COPYING) return false;
  if (features().simd) return true;
  warnOnce();
  return false;
}

let warned = false;

function warnOnce(): void {
  if (!warned)
    console.warn("gradus: WebAssembly SIMD is not available here, so matrix products run in plain JavaScript.");
  warned = true;
}
