// A small PNG encoder, so that the tests have files of every colour type, bit depth and interlacing.
// Source: W3C, "Portable Network Graphics (PNG) Specification (Third Edition)".

import { crc32, deflateSync } from "node:zlib";

/** The five colour types, with the samples that a pixel has. */
const colourTypes = { grey: [0, 1], rgb: [2, 3], palette: [3, 1], greyAlpha: [4, 2], rgba: [6, 4] } as const;

/** The name of a colour type. */
export type Colour = keyof typeof colourTypes;

/** An image to encode. */
export interface PngImage {
  readonly width: number;
  readonly height: number;
  readonly colour: Colour;
  readonly depth: 1 | 2 | 4 | 8 | 16;
  readonly interlaced?: boolean;
  /** The samples of a pixel, each from 0 to 2^depth − 1 (for `palette`, one index). */
  readonly pixel: (x: number, y: number) => readonly number[];
  /** Red, green, blue (0…255) of each index. */
  readonly palette?: readonly (readonly [number, number, number])[];
  /** The bytes of a chunk tRNS. */
  readonly transparency?: readonly number[];
}

/** The seven passes of Adam7: first column, first row, step of columns, step of rows. */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** The image as the bytes of a PNG file. */
export function encodePng(image: PngImage): Buffer {
  const { width, height, depth, colour, interlaced = false } = image;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colourTypes[colour][0], 0, 0, interlaced ? 1 : 0], 8);
  const rows = (interlaced ? adam7 : [[0, 0, 1, 1] as const]).flatMap((pass) => rowsOf(image, pass));
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    ...(image.palette === undefined ? [] : [chunk("PLTE", Buffer.from(image.palette.flat()))]),
    ...(image.transparency === undefined ? [] : [chunk("tRNS", Buffer.from(image.transparency))]),
    chunk("IDAT", deflateSync(Buffer.concat(rows))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

type Pass = readonly [column: number, row: number, columnStep: number, rowStep: number];

/** The rows of a pass, each behind its filter byte: all five filters in turn. */
function rowsOf({ width, height, depth, colour, pixel }: PngImage, [column, row, columnStep, rowStep]: Pass): Buffer[] {
  const rows: Buffer[] = [];
  if (column >= width) return rows;
  const behind = Math.max(1, (colourTypes[colour][1] * depth) >> 3);
  let above: Uint8Array | undefined;
  for (let y = row; y < height; y += rowStep) {
    const samples: number[] = [];
    for (let x = column; x < width; x += columnStep) samples.push(...pixel(x, y));
    const line = pack(samples, depth);
    const filter = rows.length % 5;
    const filtered = line.map((byte, at) => {
      const left = line[at - behind] ?? 0;
      const up = above?.[at] ?? 0;
      return byte - prediction(filter, left, up, at < behind ? 0 : (above?.[at - behind] ?? 0));
    });
    rows.push(Buffer.concat([Buffer.from([filter]), filtered]));
    above = line;
  }
  return rows;
}

/** What a filter takes a byte for: nothing, left, up, their mean, or Paeth's choice. */
function prediction(filter: number, left: number, up: number, upperLeft: number): number {
  const estimate = left + up - upperLeft;
  const nearest = [left, up, upperLeft].sort((a, b) => Math.abs(estimate - a) - Math.abs(estimate - b))[0] ?? 0;
  return [0, left, up, Math.floor((left + up) / 2), nearest][filter] ?? 0;
}

/** Samples of `depth` bits, the first in the highest bits, each row from a new byte on. */
function pack(samples: readonly number[], depth: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((samples.length * depth) / 8));
  for (const [index, sample] of samples.entries()) {
    if (depth === 16) bytes.set([sample >> 8, sample & 255], 2 * index);
    else {
      const bit = index * depth;
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (sample << (8 - depth - (bit & 7)));
    }
  }
  return bytes;
}

/** A chunk: length, type, data, and the CRC of type and data. */
export function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
