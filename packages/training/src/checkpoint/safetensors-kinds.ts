// The dtypes of safetensors files, and how their elements become those of tensors. What has no dtype of its own here is converted
// exactly or refused: half-precision numbers are float32 numbers too, and integers become int32 where they fit.
// Source: IEEE 754 (binary16); bfloat16 is the upper half of a float32.

import type { DType } from "@gradus/core";

/** How the elements of one dtype of the format are read. */
interface Reading {
  /** The bytes of an element. */
  readonly bytes: number;
  /** The dtype that the tensor gets. */
  readonly dtype: DType;
  /**
   * The elements of little-endian bytes at any address; bytes may be shared with the result, which is copied afterwards.
   * @param refuse throws: an element that the tensor's dtype cannot hold, and its place
   */
  read(bytes: Uint8Array, refuse: (value: string, place: number) => never): ArrayBufferView;
}

/** A whole number of elements at an address that suits them: the same bytes where it does, or else a copy. */
function aligned(bytes: Uint8Array, size: number): { readonly buffer: ArrayBufferLike; readonly start: number } {
  if (bytes.byteOffset % size === 0) return { buffer: bytes.buffer, start: bytes.byteOffset };
  return { buffer: new Uint8Array(bytes).buffer, start: 0 };
}

function int32s(bytes: Uint8Array): Int32Array {
  const { buffer, start } = aligned(bytes, 4);
  return new Int32Array(buffer, start, bytes.length / 4);
}

function uint16s(bytes: Uint8Array): Uint16Array {
  const { buffer, start } = aligned(bytes, 2);
  return new Uint16Array(buffer, start, bytes.length / 2);
}

function int16s(bytes: Uint8Array): Int16Array {
  const { buffer, start } = aligned(bytes, 2);
  return new Int16Array(buffer, start, bytes.length / 2);
}

/** sign · 2^(exponent − 15) · 1.fraction, or fraction · 2⁻²⁴ where the exponent is 0; 31 is infinity or NaN. */
function float16s(bytes: Uint8Array): Float32Array {
  const values = new Float32Array(bytes.length / 2);
  const bits = new Uint32Array(values.buffer);
  for (const [index, half] of uint16s(bytes).entries()) {
    const sign = (half & 0x8000) << 16;
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    if (exponent === 0) values[index] = (sign < 0 ? -1 : 1) * fraction * 2 ** -24;
    else bits[index] = sign | ((exponent === 31 ? 255 : exponent + 112) << 23) | (fraction << 13);
  }
  return values;
}

function bfloat16s(bytes: Uint8Array): Float32Array {
  const values = new Float32Array(bytes.length / 2);
  const bits = new Uint32Array(values.buffer);
  for (const [index, upper] of uint16s(bytes).entries()) bits[index] = upper << 16;
  return values;
}

/** Integers of 64 bits: two words, the lower one first. They fit where the upper one only repeats the sign. */
const int64s =
  (signed: boolean): Reading["read"] =>
  (bytes, refuse) => {
    const words = int32s(bytes);
    const values = new Int32Array(words.length / 2);
    for (let index = 0; index < values.length; index++) {
      const [low = 0, high = 0] = [words[2 * index], words[2 * index + 1]];
      if (high !== (signed ? low >> 31 : 0) || (!signed && low < 0)) {
        const whole = (BigInt(high) << 32n) | BigInt(low >>> 0);
        refuse(String(signed ? whole : BigInt.asUintN(64, whole)), index);
      }
      values[index] = low;
    }
    return values;
  };

function uint32s(bytes: Uint8Array, refuse: (value: string, place: number) => never): Int32Array {
  const values = int32s(bytes);
  const place = values.findIndex((value) => value < 0);
  if (place >= 0) refuse(String((values[place] ?? 0) >>> 0), place);
  return values;
}

function bools(bytes: Uint8Array, refuse: (value: string, place: number) => never): Uint8Array {
  const place = bytes.findIndex((byte) => byte > 1);
  if (place >= 0) refuse(String(bytes[place]), place);
  return bytes;
}

/** A dtype that can be read, in the format's words. */
export type Kind =
  | "F64"
  | "F32"
  | "F16"
  | "BF16"
  | "I64"
  | "I32"
  | "I16"
  | "I8"
  | "U64"
  | "U32"
  | "U16"
  | "U8"
  | "BOOL";

/** The dtypes that can be read. */
export const kinds: Readonly<Record<Kind, Reading>> = {
  F64: {
    bytes: 8,
    dtype: "float64",
    read: (bytes) => {
      const { buffer, start } = aligned(bytes, 8);
      return new Float64Array(buffer, start, bytes.length / 8);
    },
  },
  F32: {
    bytes: 4,
    dtype: "float32",
    read: (bytes) => {
      const { buffer, start } = aligned(bytes, 4);
      return new Float32Array(buffer, start, bytes.length / 4);
    },
  },
  F16: { bytes: 2, dtype: "float32", read: float16s },
  BF16: { bytes: 2, dtype: "float32", read: bfloat16s },
  I64: { bytes: 8, dtype: "int32", read: /* @__PURE__ */ int64s(true) },
  I32: { bytes: 4, dtype: "int32", read: int32s },
  I16: { bytes: 2, dtype: "int32", read: int16s },
  I8: { bytes: 1, dtype: "int32", read: (bytes) => new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length) },
  U64: { bytes: 8, dtype: "int32", read: /* @__PURE__ */ int64s(false) },
  U32: { bytes: 4, dtype: "int32", read: uint32s },
  U16: { bytes: 2, dtype: "int32", read: uint16s },
  U8: { bytes: 1, dtype: "uint8", read: (bytes) => bytes },
  BOOL: { bytes: 1, dtype: "bool", read: bools },
};

/** Their names, for messages. */
export const kindNames = (): string => Object.keys(kinds).join(", ");

/** Whether a word is a dtype that can be read. */
export function isKind(word: string): word is Kind {
  return Object.hasOwn(kinds, word);
}

/** The bytes of an element of a tensor, and what the format calls its dtype. */
export const written: Readonly<Record<DType, { readonly kind: Kind; readonly bytes: number }>> = {
  float32: { kind: "F32", bytes: 4 },
  float64: { kind: "F64", bytes: 8 },
  int32: { kind: "I32", bytes: 4 },
  uint8: { kind: "U8", bytes: 1 },
  bool: { kind: "BOOL", bytes: 1 },
};
