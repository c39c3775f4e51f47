// PNG files: the chunks, checked; their header is read in png-header.ts, their rows in png-pixels.ts.
// Source: W3C, "Portable Network Graphics (PNG) Specification (Third Edition)". A reader of our own, as it must never take damaged
// data for a picture.

import { crc32, inflateSync } from "node:zlib";
import { readHeader } from "./png-header.ts";
import { type Pixels, readPixels, rowBytes } from "./png-pixels.ts";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Whether a file begins as a PNG. */
export function isPng(file: Uint8Array): boolean {
  return SIGNATURE.every((byte, index) => file[index] === byte);
}

/**
 * The pixels of a PNG file.
 * @throws Error for any damage, saying what was expected and what found
 */
export function decodePng(file: Buffer): Pixels {
  const chunks = new Map<string, Buffer[]>();
  for (const { type, data } of chunksOf(file)) {
    const known = ["IHDR", "PLTE", "IDAT", "IEND", "tRNS"].includes(type);
    // A capital first letter: a picture without this chunk would be another picture.
    if (!known && /^[A-Z]/.test(type)) throw new Error(`its chunk ${JSON.stringify(type)} is unknown`);
    if (chunks.size === 0 && type !== "IHDR")
      throw new Error(`expected a header, found a chunk ${JSON.stringify(type)}`);
    chunks.set(type, [...(chunks.get(type) ?? []), data]);
  }
  const one = (type: string): Buffer => chunks.get(type)?.[0] ?? Buffer.alloc(0);
  const header = readHeader(one("IHDR"), one("PLTE"), one("tRNS"));
  return readPixels(header, inflate(Buffer.concat(chunks.get("IDAT") ?? []), rowBytes(header)));
}

/** The chunks up to the last, `IEND`: length, type, data, and a checksum of type and data. */
function* chunksOf(file: Buffer): Generator<{ readonly type: string; readonly data: Buffer }> {
  for (let at = SIGNATURE.length; ; ) {
    if (at + 12 > file.length) throw new Error(`it ends too early, at byte ${file.length}`);
    const length = file.readUInt32BE(at);
    const end = at + 8 + length;
    if (end + 4 > file.length)
      throw new Error(`it ends too early, at byte ${file.length}, expected ${end + 4} and more`);
    const type = file.toString("latin1", at + 4, at + 8);
    if (crc32(file.subarray(at + 4, end)) !== file.readUInt32BE(end))
      throw new Error(`the checksum at byte ${end} does not fit`);
    yield { type, data: file.subarray(at + 8, end) };
    if (type === "IEND") return;
    at = end + 4;
  }
}

/** The rows, of which there must be exactly `length` bytes. */
function inflate(compressed: Uint8Array, length: number): Uint8Array {
  let rows: Uint8Array;
  try {
    rows = inflateSync(compressed, { maxOutputLength: length });
  } catch (error) {
    const tooMany = error instanceof RangeError;
    const problem = tooMany ? `expected ${length} bytes of rows, found more` : "its compressed rows are broken";
    throw new Error(problem, { cause: error });
  }
  if (rows.length !== length) throw new Error(`expected ${length} bytes of rows, found ${rows.length}`);
  return rows;
}
