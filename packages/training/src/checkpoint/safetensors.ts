// The safetensors format: named tensors in one file. Eight bytes with the header's length (little-endian), a header in JSON that
// gives each tensor's dtype, shape and place, then the data, little-endian and without gaps. Nothing in a file is run, and nothing
// is taken on trust: every number is checked against the file before memory is asked for.
// Source: https://github.com/huggingface/safetensors, "Format".

import { CheckpointError, checkOption, formatShape, type Tensor, type TypedArray, tensor } from "@gradus/core";
import { type Entry, type Fail, parseHeader, shown } from "./safetensors-header.ts";
import { kinds, written } from "./safetensors-kinds.ts";

/** What a file holds. */
export interface Safetensors {
  /** The tensors by name, in the order of the header. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Texts beside the tensors. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** What a file is to hold: Maps, or plain objects. */
export interface SafetensorsContent {
  /** The tensors by name, stored in this order. */
  readonly tensors: ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>;
  /** Texts beside the tensors, by name; none by default. */
  readonly metadata?: ReadonlyMap<string, string> | Readonly<Record<string, string>>;
}

/** The greatest header, in bytes, as in the format's own reader. */
const GREATEST_HEADER = 100_000_000;

/** Tensors take at most this many times the file's bytes, whatever it says. */
const GREATEST_GROWTH = 2;

/**
 * The tensors of a safetensors file. F16 and BF16 become float32, exactly; whole numbers of other sizes become int32, or are
 * refused by name where one does not fit.
 *
 * @param name what messages call the file
 * @throws OptionError for what is no Uint8Array, CheckpointError for whatever the format does not allow, and for dtypes that have no counterpart here: what and where
 * @example
 * const file = writeSafetensors({ tensors: { weight: tensor([1, 2]) } });
 * readSafetensors(file).tensors.get("weight")?.toArray(); // [1, 2]
 */
export function readSafetensors(file: Uint8Array, name = "the file"): Safetensors {
  const fail: Fail = (problem) => {
    throw new CheckpointError(`${name}: no safetensors file, or a damaged one: ${problem}`);
  };
  checkOption(file instanceof Uint8Array, "readSafetensors", "the file", "a Uint8Array of its bytes", file);
  if (file.length < 8) fail(`expected at least 8 bytes, found ${file.length}`);
  const declared = new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true);
  const rest = file.length - 8;
  if (declared > BigInt(rest)) fail(`the header should have ${declared} bytes, but only ${rest} follow byte 8`);
  if (declared > BigInt(GREATEST_HEADER)) {
    fail(`the header has ${declared} bytes, more than the ${GREATEST_HEADER} that the format allows`);
  }
  const length = Number(declared);
  const { entries, metadata } = parseHeader(file.subarray(8, 8 + length), fail);
  const data = file.subarray(8 + length);
  checkPlaces([...entries.values()], data.length, fail);
  checkGrowth([...entries.values()], file.length, fail);
  const tensors = new Map([...entries].map(([key, entry]) => [key, readTensor(entry, data, fail)]));
  return { tensors, metadata };
}

/** The data of all tensors cover the rest of the file, one after the other. */
function checkPlaces(entries: readonly Entry[], length: number, fail: Fail): void {
  let end = 0;
  // An empty tensor stands before the one that begins at the same byte.
  for (const entry of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin !== end) {
      fail(`the data of ${shown(entry.name)} should begin at ${end}, but its data_offsets are ${placeOf(entry)}`);
    }
    if (entry.end > length) {
      fail(`the data of ${shown(entry.name)} end at ${entry.end}, but there are only ${length} bytes of data`);
    }
    end = entry.end;
  }
  if (end !== length) fail(`expected ${end} bytes of data, found ${length}`);
}

const placeOf = ({ begin, end }: Entry): string => `${begin} to ${end}`;

/** A file of nothing but bytes that become int32 would take four times its size. */
function checkGrowth(entries: readonly Entry[], bytes: number, fail: Fail): void {
  let needed = 0;
  for (const { kind, begin, end } of entries) {
    needed += ((end - begin) / kinds[kind].bytes) * written[kinds[kind].dtype].bytes;
  }
  if (needed > GREATEST_GROWTH * bytes) {
    fail(
      `dtype I8 has no counterpart here, and as int32 the tensors would take ${needed} bytes, twice the file's ${bytes}`,
    );
  }
}

function readTensor({ name, kind, shape, begin, end }: Entry, data: Uint8Array, fail: Fail): Tensor {
  const { dtype, read } = kinds[kind];
  const values = read(data.subarray(begin, end), (value, place) =>
    fail(`${shown(name)} is ${kind}, and its element ${place}, ${value}, is no ${dtype}`),
  );
  // What was converted, or moved to a better address, is nobody else's: another copy would be one too many.
  return tensor(values, { shape, dtype, copy: values.buffer === data.buffer });
}

/**
 * The tensors as a file: the greater their elements, the further ahead, so that each tensor stands at an address that suits it;
 * otherwise in their order.
 *
 * @throws CheckpointError for a name that the format cannot hold
 * @example
 * const file = writeSafetensors({ tensors: model.stateDict(), metadata: { format: "gradus" } });
 */
export function writeSafetensors(content: SafetensorsContent): Uint8Array {
  const { header, tensors, bytes } = layOut(content);
  const file = new Uint8Array(header.length + bytes);
  file.set(header);
  let at = header.length;
  for (const value of tensors) {
    const part = bytesOf(value);
    file.set(part, at);
    at += part.length;
  }
  return file;
}

/**
 * The same file in parts, for a writer that does not hold all of it in memory.
 * @internal
 */
export function* safetensorsParts(content: SafetensorsContent): IterableIterator<Uint8Array> {
  const { header, tensors } = layOut(content);
  yield header;
  for (const value of tensors) yield bytesOf(value);
}

/** The header (with its length) and the tensors in the order of their data. */
function layOut({ tensors, metadata = {} }: SafetensorsContent): {
  readonly header: Uint8Array;
  readonly tensors: readonly Tensor[];
  readonly bytes: number;
} {
  const sorted = entriesOf(tensors).sort(([, a], [, b]) => written[b.dtype].bytes - written[a.dtype].bytes);
  const members: string[] = [];
  const texts = entriesOf(metadata).map(([name, text]) => `${quoted(name)}:${quoted(text)}`);
  if (texts.length > 0) members.push(`"__metadata__":{${texts.join(",")}}`);
  let end = 0;
  for (const [name, { dtype, shape, size }] of sorted) {
    if (name === "__metadata__") throw new CheckpointError("writeSafetensors: no tensor can be called __metadata__");
    const begin = end;
    end += size * written[dtype].bytes;
    const place = `"data_offsets":[${begin},${end}]`;
    members.push(`${quoted(name)}:{"dtype":"${written[dtype].kind}","shape":${formatShape(shape)},${place}}`);
  }
  const text = new TextEncoder().encode(`{${members.join(",")}}`);
  const length = Math.ceil(text.length / 8) * 8; // The data begin at a multiple of 8; spaces fill the header up to there.
  if (length > GREATEST_HEADER) {
    throw new CheckpointError(
      `writeSafetensors: names and metadata take ${length} bytes, more than the ${GREATEST_HEADER} that the format allows`,
    );
  }
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(text, 8);
  return { header, tensors: sorted.map(([, value]) => value), bytes: end };
}

function entriesOf<T>(values: ReadonlyMap<string, T> | Readonly<Record<string, T>>): [string, T][] {
  return values instanceof Map ? [...values] : Object.entries(values);
}

function quoted(text: string): string {
  if (/\p{Surrogate}/u.test(text)) {
    throw new CheckpointError(
      `writeSafetensors: ${JSON.stringify(text)} has half of a character: it cannot be written`,
    );
  }
  return JSON.stringify(text);
}

/**
 * The bytes of a tensor's elements, row by row.
 * @internal
 */
function bytesOf(value: Tensor): Uint8Array {
  const { buffer, byteOffset, byteLength }: TypedArray = value.toTypedArray();
  return new Uint8Array(buffer, byteOffset, byteLength);
}
