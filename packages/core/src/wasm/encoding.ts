// The building blocks of WebAssembly's binary format: LEB128 integers, vectors, names
// (https://webassembly.github.io/spec/core/binary/values.html).

/** The types of WebAssembly values. */
export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";

/** The byte of each type. */
export const VALUE_TYPES: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};

/** LEB128 of an unsigned integer below 2³². */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return bytes;
}

/** LEB128 of a signed integer of 32 bits, which is that of 64 bits too. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    const low = rest & 0x7f;
    if (rest >> 6 === 0 || rest >> 6 === -1) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

/** A name: its length and its UTF-8 bytes. */
export const utf8 = (text: string): number[] => list([...new TextEncoder().encode(text)].map((byte) => [byte]));
/** A vector: the number of items, then the items. */
export const list = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()];
/** Contents behind their length in bytes. */
export const sized = (bytes: readonly number[]): number[] => unsigned(bytes.length).concat(bytes);
/** The bytes of a typed array. */
export function bytesOf(view: ArrayBufferView): number[] {
  return [...new Uint8Array(view.buffer, view.byteOffset, view.byteLength)];
}
