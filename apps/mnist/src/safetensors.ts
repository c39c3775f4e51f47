// The safetensors format: named tensors in one file. Eight bytes with the header's length (little-endian), a header in JSON that
// gives each tensor's dtype, shape and place, then the data, little-endian and without gaps.
// Source: https://github.com/huggingface/safetensors, "Format". The reader takes nothing on trust.

import { CheckpointError, type DType, sizeOf, type Tensor, tensor } from "@gradus/core";

/** Text beside the tensors. */
type Metadata = Readonly<Record<string, string>>;

/** What a file holds. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Metadata;
}

/** Our dtypes in the format's words, with the bytes of an element. */
const kinds = {
  F32: { dtype: "float32", bytes: 4, view: Float32Array },
  F64: { dtype: "float64", bytes: 8, view: Float64Array },
  I32: { dtype: "int32", bytes: 4, view: Int32Array },
  U8: { dtype: "uint8", bytes: 1, view: Uint8Array },
  BOOL: { dtype: "bool", bytes: 1, view: Uint8Array },
} as const satisfies Record<string, { dtype: DType; bytes: number; view: unknown }>;

type Kind = keyof typeof kinds;

const names: Readonly<Record<DType, Kind>> = {
  float32: "F32",
  float64: "F64",
  int32: "I32",
  uint8: "U8",
  bool: "BOOL",
};

/** Where one tensor lies, as the header says it. */
interface Entry {
  readonly dtype: Kind;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [begin: number, end: number];
}

/** The bytes of a tensor's elements, row by row. */
export function bytesOf(value: Tensor): Uint8Array {
  const { buffer, byteOffset, byteLength } = value.toTypedArray();
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The tensors as a file, in their order. */
export function encodeSafetensors({ tensors, metadata }: Safetensors): Uint8Array {
  const header: Record<string, Entry | Metadata> = { __metadata__: metadata };
  let end = 0;
  for (const [name, { dtype, shape, size }] of tensors) {
    const begin = end;
    end += size * kinds[names[dtype]].bytes;
    header[name] = { dtype: names[dtype], shape, data_offsets: [begin, end] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(text.length / 8) * 8; // The data begin at a multiple of 8; spaces fill the header up to there.
  const file = new Uint8Array(8 + length + end).fill(0x20, 0, 8 + length);
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
  file.set(text, 8);
  let at = 8 + length;
  for (const value of tensors.values()) {
    file.set(bytesOf(value), at);
    at += bytesOf(value).length;
  }
  return file;
}

/**
 * The tensors of a file.
 * @param name what messages call the file
 * @throws CheckpointError for any damage: what was expected, what was found
 */
export function decodeSafetensors(file: Uint8Array, name: string): Safetensors {
  const fail = (problem: string): never => {
    throw new CheckpointError(`${name}: no safetensors file, or a damaged one: ${problem}`);
  };
  if (file.length < 8) fail(`expected at least 8 bytes, found ${file.length}`);
  const declared = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true);
  const rest = file.length - 8;
  if (declared > BigInt(rest)) fail(`the header should have ${declared} bytes, but only ${rest} follow byte 8`);
  const length = Number(declared);
  const { metadata, entries } = readHeader(file.subarray(8, 8 + length), fail);
  const data = file.subarray(8 + length);
  let end = 0;
  for (const [key, { data_offsets: place }] of [...entries].sort(byPlace)) {
    if (place[0] !== end) fail(`the data of ${key} should begin at ${end}, but its offsets are ${place.join(" to ")}`);
    end = place[1];
  }
  if (end !== data.length) fail(`expected ${end} bytes of data, found ${data.length}`);
  const tensors = new Map([...entries].map(([key, entry]) => [key, readTensor(key, entry, data, fail)]));
  return { tensors, metadata };
}

type Fail = (problem: string) => never;

/** In the order of the data; an empty tensor stands before the one that begins at the same byte. */
function byPlace([, { data_offsets: a }]: [string, Entry], [, { data_offsets: b }]: [string, Entry]): number {
  return a[0] - b[0] || a[1] - b[1];
}

function readHeader(bytes: Uint8Array, fail: Fail): { metadata: Metadata; entries: Map<string, Entry> } {
  let header: unknown;
  try {
    if (bytes[0] !== 0x7b) throw new SyntaxError("it does not begin with {");
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    fail(`the header is not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  const { __metadata__: metadata = {}, ...rest } = isRecord(header) ? header : fail("the header is no JSON object");
  if (!isMetadata(metadata)) return fail("__metadata__ must map names to texts");
  const entries = Object.entries(rest).map(([key, value]): [string, Entry] => [key, readEntry(key, value, fail)]);
  return { metadata, entries: new Map(entries) };
}

function readEntry(key: string, value: unknown, fail: Fail): Entry {
  if (!isRecord(value)) return fail(`${key} is no object with dtype, shape and data_offsets`);
  const { dtype, shape, data_offsets: place } = value;
  if (!isKind(dtype))
    return fail(`${key} has dtype ${JSON.stringify(dtype)}, expected one of ${Object.keys(kinds).join(", ")}`);
  if (!isCounts(shape)) return fail(`${key} has shape ${JSON.stringify(shape)}, expected whole numbers`);
  const [begin, end] = isCounts(place) && place.length === 2 ? place : [];
  if (begin === undefined || end === undefined || end < begin) {
    return fail(`${key} has data_offsets ${JSON.stringify(place)}, expected [begin, end]`);
  }
  const needed = sizeOf(shape) * kinds[dtype].bytes;
  if (end - begin !== needed)
    fail(`${key} (${dtype}, [${shape.join(",")}]) takes ${needed} bytes, but its offsets span ${end - begin}`);
  return { dtype, shape, data_offsets: [begin, end] };
}

function readTensor(
  key: string,
  { dtype, shape, data_offsets: [begin, end] }: Entry,
  data: Uint8Array,
  fail: Fail,
): Tensor {
  // A copy, as views of more than a byte need their own alignment (and `slice` of a Buffer would be none).
  const bytes = new Uint8Array(data.subarray(begin, end));
  if (dtype === "BOOL" && bytes.some((byte) => byte > 1)) fail(`${key} is BOOL, but has bytes other than 0 and 1`);
  return tensor(new kinds[dtype].view(bytes.buffer), { shape, dtype: kinds[dtype].dtype });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isMetadata(value: unknown): value is Metadata {
  return isRecord(value) && Object.values(value).every((text) => typeof text === "string");
}

function isKind(value: unknown): value is Kind {
  return typeof value === "string" && Object.hasOwn(kinds, value);
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}
