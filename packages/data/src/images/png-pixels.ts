// The rows of a PNG: filters undone, interlacing undone, samples unpacked, palettes looked up.
// Source: W3C, "Portable Network Graphics (PNG) Specification (Third Edition)", chapters 7 to 9.

import { DataError } from "@gradus/core";
import { colourTypes, type PngHeader } from "./png-header.ts";

/** A picture: its samples pixel by pixel, row by row. */
export interface PngImage {
  /** Pixels of a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** The samples of a pixel: 1 grey, 2 grey and opacity, 3 red, green and blue, 4 with opacity. */
  readonly channels: 1 | 2 | 3 | 4;
  /** The largest sample: 255, or 65535 where the file has 16 bits. */
  readonly most: 255 | 65535;
  /** The samples, `[height, width, channels]` row-major: bytes, or 16 bits each where the file has them. */
  readonly data: Uint8Array | Uint16Array;
}

/** A part of the picture that is stored as one: where it begins, its steps, and its size. */
interface Pass {
  readonly left: number;
  readonly top: number;
  readonly across: number;
  readonly down: number;
  readonly columns: number;
  readonly rows: number;
}

/** First column and row, and the steps from one to the next, of the seven passes of Adam7. */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

function passesOf({ width, height, interlaced }: PngHeader): readonly Pass[] {
  const passes = (interlaced ? adam7 : [[0, 0, 1, 1] as const]).map(([left, top, across, down]) => {
    const [columns, rows] = [Math.ceil((width - left) / across), Math.ceil((height - top) / down)];
    return { left, top, across, down, columns, rows };
  });
  return passes.filter(({ columns, rows }) => columns > 0 && rows > 0);
}

const bitsPerPixel = ({ colour, depth }: PngHeader): number => colourTypes[colour].samples * depth;

/** The bytes of a row: the pixels begin at a byte. */
const bytesOf = (header: PngHeader, { columns }: Pass): number => Math.ceil((columns * bitsPerPixel(header)) / 8);

/** How many bytes all rows have, each with the byte that names its filter. */
export function rowBytes(header: PngHeader): number {
  return passesOf(header).reduce((sum, pass) => sum + pass.rows * (1 + bytesOf(header, pass)), 0);
}

/** The picture of the unpacked rows. @throws DataError for an unknown filter, and for an index outside the palette */
export function readPixels(header: PngHeader, rows: Uint8Array): PngImage {
  const { width, height, colour, depth } = header;
  const { samples } = colourTypes[colour];
  const { channels, write } = pixelWriter(header);
  const size = width * height * channels;
  const data = depth === 16 ? new Uint16Array(size) : new Uint8Array(size);
  const behind = Math.max(1, bitsPerPixel(header) >> 3);
  let at = 0;
  for (const pass of passesOf(header)) {
    const length = bytesOf(header, pass);
    let above: Uint8Array = new Uint8Array(length);
    for (let row = 0; row < pass.rows; row++) {
      const line = rows.subarray(at + 1, at + 1 + length);
      unfilter(rows[at] ?? 0, line, above, behind);
      for (let column = 0; column < pass.columns; column++) {
        const place = (pass.top + row * pass.down) * width + pass.left + column * pass.across;
        write((sample) => sampleAt(line, column * samples + sample, depth), data, place * channels);
      }
      above = line;
      at += 1 + length;
    }
  }
  return { width, height, channels, most: depth === 16 ? 65535 : 255, data };
}

/** Sample number `index` of a row. */
function sampleAt(line: Uint8Array, index: number, depth: number): number {
  if (depth === 8) return line[index] ?? 0;
  if (depth === 16) return ((line[2 * index] ?? 0) << 8) | (line[2 * index + 1] ?? 0);
  const bit = index * depth;
  return ((line[bit >> 3] ?? 0) >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
}

/** Undoes a row's filter in place: each byte was stored as its difference from what its neighbours let expect. */
function unfilter(filter: number, line: Uint8Array, above: Uint8Array, behind: number): void {
  if (filter > 4) throw new DataError(`a row has the unknown filter ${filter}`);
  if (filter === 0) return;
  for (let index = 0; index < line.length; index++) {
    const a = index < behind ? 0 : (line[index - behind] ?? 0);
    const b = above[index] ?? 0;
    const c = index < behind ? 0 : (above[index - behind] ?? 0);
    const expected = filter === 1 ? a : filter === 2 ? b : filter === 3 ? (a + b) >> 1 : paeth(a, b, c);
    line[index] = (line[index] ?? 0) + expected;
  }
}

/** Of left, above and upper left, the one that is nearest to left + above − upper left. */
function paeth(a: number, b: number, c: number): number {
  const [fromA, fromB, fromC] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return fromA <= fromB && fromA <= fromC ? a : fromB <= fromC ? b : c;
}

/** Writes one pixel, given its samples, from `at` on. */
interface PixelWriter {
  readonly channels: PngImage["channels"];
  readonly write: (sample: (index: number) => number, out: Uint8Array | Uint16Array, at: number) => void;
}

function pixelWriter({ colour, depth, palette, transparency }: PngHeader): PixelWriter {
  if (colour === 3) {
    const channels = transparency.length > 0 ? 4 : 3;
    const write: PixelWriter["write"] = (sample, out, at) => {
      const index = sample(0);
      if (3 * index >= palette.length) {
        throw new DataError(`a pixel has colour ${index} of a palette of ${palette.length / 3}`);
      }
      for (let part = 0; part < 3; part++) out[at + part] = palette[3 * index + part] ?? 0;
      if (channels === 4) out[at + 3] = transparency[index] ?? 255;
    };
    return { channels, write };
  }
  // Samples of fewer than 8 bits are spread over the whole byte: 255 is a multiple of 1, 3 and 15.
  const spread = depth < 8 ? 255 / (2 ** depth - 1) : 1;
  if (colour === 4 || colour === 6) {
    const channels = colour === 4 ? 2 : 4;
    const write: PixelWriter["write"] = (sample, out, at) => {
      for (let part = 0; part < channels; part++) out[at + part] = sample(part);
    };
    return { channels, write };
  }
  const colours = colour === 0 ? 1 : 3;
  // The colour that is transparent, where there is one.
  const clear = Array.from({ length: transparency.length >= 2 * colours ? colours : 0 }, (_, index) =>
    sampleAt(transparency, index, 16),
  );
  const channels = clear.length === 0 ? colours : colours === 1 ? 2 : 4;
  const write: PixelWriter["write"] = (sample, out, at) => {
    for (let part = 0; part < colours; part++) out[at + part] = sample(part) * spread;
    if (channels === colours) return;
    out[at + colours] = clear.every((value, index) => value === sample(index)) ? 0 : depth === 16 ? 65535 : 255;
  };
  return { channels, write };
}
