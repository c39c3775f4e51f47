// PNG files: the chunks, checked; their header is read in png-header.ts, their rows in png-pixels.ts.
// Source: W3C, "Portable Network Graphics (PNG) Specification (Third Edition)". A reader of our own, as those that were tried take
// damaged files for pictures, and interlaced ones of few bits for others.

import { DataError } from "@gradus/core";
import { join, unpack } from "../gzip.ts";
import { type PngHeader, readHeader } from "./png-header.ts";
import { type PngImage, readPixels, rowBytes } from "./png-pixels.ts";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * Whether the bytes begin as a PNG file.
 *
 * @example
 * isPng(new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])); // true
 */
export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, index) => bytes[index] === byte);
}

/**
 * The picture in the bytes of a PNG file: every colour type, bit depth and interlacing; palettes are looked up, a transparent colour
 * becomes opacity. Colours are taken as they are: gamma and profiles are passed over.
 *
 * @throws DataError for any damage, saying what was expected and what found
 * @example
 * const { width, height, channels } = await decodePng(file);
 */
export async function decodePng(bytes: Uint8Array): Promise<PngImage> {
  if (!isPng(bytes)) throw new DataError("it does not begin as a PNG file");
  const chunks = new Map<string, Uint8Array[]>();
  for (const { type, data } of chunksOf(bytes)) {
    const known = ["IHDR", "PLTE", "IDAT", "IEND", "tRNS"].includes(type);
    // A capital first letter: a picture without this chunk would be another picture.
    if (!known && /^[A-Z]/.test(type)) throw new DataError(`its chunk ${JSON.stringify(type)} is unknown`);
    if (chunks.size === 0 && type !== "IHDR") {
      throw new DataError(`expected a header, found a chunk ${JSON.stringify(type)}`);
    }
    chunks.set(type, [...(chunks.get(type) ?? []), data]);
  }
  const one = (type: string): Uint8Array => chunks.get(type)?.[0] ?? new Uint8Array(0);
  const header = readHeader(one("IHDR"), one("PLTE"), one("tRNS"));
  return readPixels(header, await rowsOf(header, chunks.get("IDAT") ?? []));
}

/** The chunks up to the last, `IEND`: length, type, data, and a checksum of type and data. */
function* chunksOf(bytes: Uint8Array): Generator<{ readonly type: string; readonly data: Uint8Array }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = SIGNATURE.length; ; ) {
    if (at + 12 > bytes.length) throw new DataError(`it ends too early, at byte ${bytes.length}`);
    const length = view.getUint32(at);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) {
      throw new DataError(`it ends too early, at byte ${bytes.length}, expected ${end + 4} and more`);
    }
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (crc32(bytes.subarray(at + 4, end)) !== view.getUint32(end)) {
      throw new DataError(`the checksum at byte ${end} does not fit`);
    }
    yield { type, data: bytes.subarray(at + 8, end) };
    if (type === "IEND") return;
    at = end + 4;
  }
}

/** The rows, of which there must be exactly as many bytes as the header says. */
async function rowsOf(header: PngHeader, parts: readonly Uint8Array[]): Promise<Uint8Array> {
  const length = rowBytes(header);
  const compressed = join(
    parts,
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  const chunks: Uint8Array[] = [];
  let unpacked = 0;
  for await (const chunk of unpack(compressed, "deflate", "its compressed rows are broken")) {
    chunks.push(chunk);
    unpacked += chunk.length;
    if (unpacked > length) throw new DataError(`expected ${length} bytes of rows, found more`);
  }
  if (unpacked !== length) throw new DataError(`expected ${length} bytes of rows, found ${unpacked}`);
  return join(chunks, length);
}

/** The remainders of all bytes, for the CRC of the specification's annex D. */
const remainders: Uint32Array = /* @__PURE__ */ Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (remainders[(value ^ byte) & 255] ?? 0) ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
