// Element types: which there are, how they are stored, and which one results when two meet.

import { DTypeError, describe } from "./errors.ts";

/** The type of a tensor's elements. `bool` is stored as bytes of 0 and 1; `uint8` is for data, arithmetic on it gives `int32`. */
export type DType = "float32" | "float64" | "int32" | "bool" | "uint8";

/** The storage of a dtype. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

/** The array of every dtype, in order of promotion from the widest. */
const arrays = {
  float64: Float64Array,
  float32: Float32Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

const dtypes = /* @__PURE__ */ Object.keys(arrays) as DType[]; // cast: its own keys

function arrayOf(dtype: DType): (typeof arrays)[DType] {
  if (Object.hasOwn(arrays, dtype)) return arrays[dtype];
  throw new DTypeError(`dtype ${describe(dtype)} is unknown: the dtypes are ${dtypes.join(", ")}`);
}

/** A zero-filled array for `length` elements. @throws DTypeError for a dtype that is none */
export function allocate(dtype: DType, length: number): TypedArray {
  return new (arrayOf(dtype))(length);
}

/** A typed array of this dtype over a fresh copy of `values`, converted as the platform does. @throws DTypeError for a dtype that is none */
export function arrayFrom(dtype: DType, values: ArrayLike<number>): TypedArray {
  return new (arrayOf(dtype))(values);
}

/** Whether gradients can flow through the dtype. */
export function isFloat(dtype: DType): boolean {
  return dtype === "float32" || dtype === "float64";
}

/** Whether a value is a number that an element of the dtype can be. */
export function holds(dtype: DType, value: unknown): boolean {
  if (typeof value !== "number") return false;
  return (
    isFloat(dtype) || (dtype === "bool" ? value === 0 || value === 1 : allocate(dtype, 1).fill(value)[0] === value)
  );
}

/** The natural dtype of a typed array given by a user, or null where there is none (BigInt64Array, Float16Array …). */
export function dtypeOfArray(array: ArrayBufferView): DType | null {
  if (array instanceof Float32Array) return "float32";
  if (array instanceof Float64Array) return "float64";
  if (array instanceof Int32Array) return "int32";
  if (array instanceof Uint8Array || array instanceof Uint8ClampedArray) return "uint8";
  if (array instanceof Int16Array || array instanceof Int8Array || array instanceof Uint16Array) return "int32";
  return null;
}

/** The dtype in which values of `a` and `b` meet: float over int over bool, the wider float over the narrower. */
export function promote(a: DType, b: DType): DType {
  return a === b ? a : (dtypes[Math.min(dtypes.indexOf(a), dtypes.indexOf(b))] ?? a);
}

/** The dtype of arithmetic on values of `dtype`: bytes and booleans count as `int32`. */
export function arithmetic(dtype: DType): DType {
  return isFloat(dtype) ? dtype : "int32";
}

/** The dtype of functions that leave the integers (exp, mean, division …): floats keep theirs, everything else gives `float32`. */
export function floating(dtype: DType): DType {
  return isFloat(dtype) ? dtype : "float32";
}
