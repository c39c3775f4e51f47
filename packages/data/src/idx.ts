// IDX: the file format of MNIST, a typed n-dimensional array in big-endian order.
//
//   byte 0, 1   zero
//   byte 2      element type: 08 uint8, 09 int8, 0B int16, 0C int32, 0D float32, 0E float64
//   byte 3      rank, the number of dimensions
//   byte 4 …    one size of 32 bits per dimension, then the elements, row-major, to the end of the file
//
// The header is believed only when it agrees with the length of the file, before anything is allocated.
// Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits", section "File formats".

import { DataError, formatShape, type Shape } from "@gradus/core";

/** Elements of one type. */
interface Elements<Name extends string, Data> {
  /** The type that the file names: which typed array `data` is. */
  readonly dtype: Name;
  /** The elements in row-major order, in the machine's own order of bytes. */
  readonly data: Data;
}

/** The elements of an IDX file in row-major order; `dtype` tells which typed array they are. */
export type IdxElements =
  | Elements<"uint8", Uint8Array>
  | Elements<"int8", Int8Array>
  | Elements<"int16", Int16Array>
  | Elements<"int32", Int32Array>
  | Elements<"float32", Float32Array>
  | Elements<"float64", Float64Array>;

/** The content of an IDX file: its sizes and its elements. */
export type IdxArray = {
  /** The sizes that the header states, the number of samples first: `[60000, 28, 28]`. */
  readonly shape: Shape;
} & IdxElements;

/** What the caller of {@link parseIdx} knows about the bytes. */
export interface IdxOptions {
  /** What to call the bytes in errors, a path, an address; "IDX data" by default. */
  readonly name?: string;
  /** The number of dimensions that the array must have: 3 for images, 1 for labels; any by default. */
  readonly rank?: number;
}

/** Where the length of an IDX file was read, if it is packed: nobody has counted the bytes yet. */
interface DeclaredLength {
  /** The byte of the gzip file at which it stands. */
  readonly trailer?: number;
}

/** How `count` elements are read from a view that starts at the first. */
interface ElementType {
  readonly dtype: IdxElements["dtype"];
  readonly bytes: number;
  readonly read: (view: DataView, count: number) => IdxElements;
}

/** `out[i] = get(i · bytes)` for all i: the elements, turned from big-endian to the machine's own order. */
function fill<Data extends { [index: number]: number; readonly length: number; readonly BYTES_PER_ELEMENT: number }>(
  out: Data,
  get: (offset: number) => number,
): Data {
  for (let index = 0; index < out.length; index++) out[index] = get(index * out.BYTES_PER_ELEMENT);
  return out;
}

/** The element types by the code in byte 2. */
const elementTypes: Readonly<Record<number, ElementType | undefined>> = {
  8: {
    dtype: "uint8",
    bytes: 1,
    read: (v, n) => ({ dtype: "uint8", data: new Uint8Array(v.buffer, v.byteOffset, n) }),
  },
  9: { dtype: "int8", bytes: 1, read: (v, n) => ({ dtype: "int8", data: new Int8Array(v.buffer, v.byteOffset, n) }) },
  11: {
    dtype: "int16",
    bytes: 2,
    read: (v, n) => ({ dtype: "int16", data: fill(new Int16Array(n), (i) => v.getInt16(i)) }),
  },
  12: {
    dtype: "int32",
    bytes: 4,
    read: (v, n) => ({ dtype: "int32", data: fill(new Int32Array(n), (i) => v.getInt32(i)) }),
  },
  13: {
    dtype: "float32",
    bytes: 4,
    read: (v, n) => ({ dtype: "float32", data: fill(new Float32Array(n), (i) => v.getFloat32(i)) }),
  },
  14: {
    dtype: "float64",
    bytes: 8,
    read: (v, n) => ({ dtype: "float64", data: fill(new Float64Array(n), (i) => v.getFloat64(i)) }),
  },
};

/** The longest header: four bytes, and 255 dimensions of four. */
export const longestHeader: number = 4 + 255 * 4;

/** What a header says, checked against the length of its file. */
interface IdxHeader {
  readonly element: ElementType;
  readonly shape: Shape;
  /** The number of elements. */
  readonly count: number;
  /** The byte at which they start. */
  readonly start: number;
}

const hex = (bytes: Uint8Array): string =>
  bytes.length === 0 ? "nothing" : Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");

/**
 * Reads the header of an IDX file of `length` bytes, of which `head` holds at least the header.
 * @throws DataError for anything that is not an IDX file of exactly this length
 * @internal
 */
export function readIdxHeader(
  head: Uint8Array,
  length: number,
  { name = "IDX data", rank, trailer }: IdxOptions & DeclaredLength,
): IdxHeader {
  const refuse = (expected: string, found: string, byte: number): DataError =>
    new DataError(`${name}: expected ${expected}, found ${found} at byte ${byte}`);

  const type = head[2];
  const dimensions = head[3];
  if (length < 4 || type === undefined || dimensions === undefined) {
    throw refuse("an IDX header of at least 4 bytes", "the end of the file", length);
  }
  if (head[0] !== 0 || head[1] !== 0) {
    const gzip = head[0] === 0x1f && head[1] === 0x8b ? " (a gzip file: decompress it with gunzip first)" : "";
    throw refuse("an IDX file, which starts with 00 00", `${hex(head.subarray(0, 4))}${gzip}`, 0);
  }
  const element = elementTypes[type];
  if (element === undefined) throw refuse("an element type (08, 09, 0b, 0c, 0d or 0e)", hex(head.subarray(2, 3)), 2);
  const start = 4 + 4 * dimensions;
  if (rank !== undefined && dimensions !== rank) {
    const sizes = length < start ? "" : ` ${formatShape(readSizes(head, dimensions))}`;
    throw refuse(`${kindOfRank(rank)}`, `${kindOfRank(dimensions)}${sizes}`, 3);
  }
  if (length < start) throw refuse(`${dimensions} sizes up to byte ${start}`, "the end of the file", length);

  const shape = readSizes(head, dimensions);
  // The product without the zeros: [0, 2³², 2³²] promises nothing but could not be computed with either.
  const largest = shape.reduce((product, size) => product * (size || 1), element.bytes);
  if (!Number.isSafeInteger(largest)) throw refuse("sizes with a product below 2⁵³", formatShape(shape), 4);
  const count = shape.reduce((product, size) => product * size, 1);
  const end = start + count * element.bytes;
  if (end !== length) {
    const content = `${count * element.bytes} bytes of ${element.dtype} ${formatShape(shape)}`;
    const promise = `${content} from byte ${start} to ${end}`;
    if (trailer !== undefined) {
      const reasons = "truncated or corrupt, before it was packed or after, or something follows its end";
      throw refuse(promise, `a length of ${length} in gzip's trailer (the file is ${reasons})`, trailer);
    }
    if (length < end) throw refuse(promise, `the end of the file (truncated, ${end - length} bytes short)`, length);
    throw refuse(`${promise}, the end of the file`, `${length - end} more bytes`, end);
  }
  return { element, shape, count, start };
}

function readSizes(head: Uint8Array, dimensions: number): number[] {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  return Array.from({ length: dimensions }, (_, axis) => view.getUint32(4 + 4 * axis));
}

function kindOfRank(rank: number): string {
  if (rank === 3) return "images (3 dimensions)";
  return rank === 1 ? "labels (1 dimension)" : `${rank} dimensions`;
}

/**
 * Reads an IDX file that is in memory and not compressed. Bytes are not copied: `data` is then a view of `bytes`.
 *
 * @throws DataError saying what was expected, what was found and at which byte, for a file that is truncated, too long,
 * not IDX, of another rank than `options.rank`, or whose sizes promise more than it holds
 * @example
 * parseIdx(new Uint8Array([0, 0, 0x08, 1, 0, 0, 0, 3, 5, 0, 4]));
 * // { dtype: "uint8", shape: [3], data: Uint8Array [5, 0, 4] }
 */
export function parseIdx(bytes: Uint8Array, options: IdxOptions = {}): IdxArray {
  const { element, shape, count, start } = readIdxHeader(bytes, bytes.length, options);
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, count * element.bytes);
  return { shape, ...element.read(view, count) };
}
