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

/** A name: its length and its UTF-8 bytes. */
export const utf8 = (text: string): number[] => sized([...new TextEncoder().encode(text)]);
/** A vector: the number of items, then the items. */
export const list = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()];
/** Contents behind their length in bytes. */
export const sized = (bytes: readonly number[]): number[] => unsigned(bytes.length).concat(bytes);

/** Bytes written one after the other: the code of a function, which may be megabytes. */
export class ByteWriter {
  #bytes = new Uint8Array(128);
  #length = 0;

  /** What was written so far, without a copy. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  /** LEB128 of an unsigned integer below 2³². */
  unsigned(value: number): void {
    let rest = value >>> 0;
    for (; rest > 0x7f; rest >>>= 7) this.byte((rest & 0x7f) | 0x80);
    this.byte(rest);
  }

  /** LEB128 of a signed integer of 32 bits, which is that of 64 bits too. */
  signed(value: number): void {
    let rest = value;
    for (; rest >> 6 !== 0 && rest >> 6 !== -1; rest >>= 7) this.byte((rest & 0x7f) | 0x80);
    this.byte(rest & 0x7f);
  }

  /** The bytes of a typed array. */
  view({ buffer, byteOffset, byteLength }: ArrayBufferView): void {
    if (this.#length + byteLength > this.#bytes.length) this.#grow(byteLength);
    this.#bytes.set(new Uint8Array(buffer, byteOffset, byteLength), this.#length);
    this.#length += byteLength;
  }

  #grow(more: number): void {
    const bytes = new Uint8Array(2 * this.#bytes.length + more);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }
}
