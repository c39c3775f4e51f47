// Eager matrix products on typed arrays: WebAssembly SIMD for float32 where it is worth the copies, plain JavaScript
// otherwise. Which of the two is decided by the shapes alone, so that equal calls give equal bits.
import { allocate, dtypeOfArray } from "../dtype.ts";
import { features } from "../wasm/features.ts";
import { multiplyPlain } from "./matmul-plain.ts";
import { multiplyInWasm } from "./matmul-wasm.ts";
import type { Matrix, MatrixData } from "./matrix.ts";

export type { Matrix, MatrixData } from "./matrix.ts";

/** Multiplications from which WebAssembly is faster, copies included. */
const WORTH_COPYING = 1024;

/**
 * a[m, k] · b[k, n] in a fresh row-major array of the operands' type, which is one; any strides. A sum over k = 0 is 0.
 *
 * @example
 * const x = { data: Float32Array.of(1, 2, 3, 4), offset: 0, rows: 2, columns: 2, rowStride: 2, columnStride: 1 };
 * multiply(x, x); // [7, 10, 15, 22]
 */
export function multiply(a: Matrix, b: Matrix): MatrixData {
  const product = suitsWasm(a, b) ? multiplyInWasm(a, b) : null;
  // Copying from a view skips the zeroing that `slice` begins with.
  if (product !== null) return new Float32Array(product);
  const out = allocate(dtypeOfArray(a.data) ?? "float32", a.rows * b.columns);
  multiplyPlain(a, b, out, 0);
  return out;
}

/** `multiply` into part of an array that shares no memory with the operands: out[offset …] = a · b, row-major. */
export function multiplyInto(a: Matrix, b: Matrix, out: MatrixData, offset: number): void {
  const product = suitsWasm(a, b) ? multiplyInWasm(a, b) : null;
  if (product === null) multiplyPlain(a, b, out, offset);
  else out.set(product, offset);
}

function suitsWasm(a: Matrix, b: Matrix): boolean {
  if (!(a.data instanceof Float32Array) || a.rows * a.columns * b.columns < WORTH_COPYING) return false;
  if (!features().simd) warnOnce();
  return features().simd;
}

let warned = false;

function warnOnce(): void {
  if (!warned)
    console.warn("gradus: WebAssembly SIMD is not available here, so matrix products run in plain JavaScript.");
  warned = true;
}
