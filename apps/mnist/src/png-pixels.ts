// The rows of a PNG: filters undone, interlacing undone, samples unpacked.
// Source: W3C, "Portable Network Graphics (PNG) Specification (Third Edition)", chapters 7 to 9.

import { colourTypes, type PngHeader } from "./png-header.ts";

/** A picture in greys: brightness and opacity of each pixel from 0 to 1, row by row. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly brightness: Float32Array;
  readonly opacity: Float32Array;
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

/** The pixels of the unpacked rows. @throws Error for an unknown filter, and for an index outside the palette */
export function readPixels(header: PngHeader, data: Uint8Array): Pixels {
  const { width, height, colour, depth } = header;
  const { samples } = colourTypes[colour];
  const size = width * height;
  const pixels: Pixels = { width, height, brightness: new Float32Array(size), opacity: new Float32Array(size) };
  const pixel = pixelReader(header);
  const behind = Math.max(1, bitsPerPixel(header) >> 3);
  let at = 0;
  for (const pass of passesOf(header)) {
    const length = bytesOf(header, pass);
    let above: Uint8Array = new Uint8Array(length);
    for (let row = 0; row < pass.rows; row++) {
      const line = data.subarray(at + 1, at + 1 + length);
      unfilter(data[at] ?? 0, line, above, behind);
      for (let column = 0; column < pass.columns; column++) {
        const place = (pass.top + row * pass.down) * width + pass.left + column * pass.across;
        pixel((sample) => sampleAt(line, column * samples + sample, depth), place, pixels);
      }
      above = line;
      at += 1 + length;
    }
  }
  return pixels;
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
  if (filter > 4) throw new Error(`a row has the unknown filter ${filter}`);
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

/** Writes one pixel, given its samples, to its place. */
type PixelReader = (sample: (index: number) => number, place: number, pixels: Pixels) => void;

/** Brightness as it looks, by the weights of Rec. 709. */
const luma = (red: number, green: number, blue: number): number => 0.2126 * red + 0.7152 * green + 0.0722 * blue;

function pixelReader({ colour, depth, palette, transparency }: PngHeader): PixelReader {
  if (colour === 3) {
    return (sample, place, { brightness, opacity }) => {
      const index = sample(0);
      const [red, green, blue] = palette.subarray(3 * index, 3 * index + 3);
      if (red === undefined || green === undefined || blue === undefined) {
        throw new Error(`a pixel has colour ${index} of a palette of ${palette.length / 3}`);
      }
      brightness[place] = luma(red, green, blue) / 255;
      opacity[place] = (transparency[index] ?? 255) / 255;
    };
  }
  const most = 2 ** depth - 1;
  const colours = colour === 0 || colour === 4 ? 1 : 3;
  const hasOpacity = colour === 4 || colour === 6;
  // The colour that is transparent, where there is one.
  const clear = Array.from({ length: !hasOpacity && transparency.length >= 2 * colours ? colours : 0 }, (_, index) =>
    sampleAt(transparency, index, 16),
  );
  return (sample, place, { brightness, opacity }) => {
    const red = sample(0);
    brightness[place] = (colours === 1 ? red : luma(red, sample(1), sample(2))) / most;
    const isClear = clear.length > 0 && clear.every((value, index) => value === sample(index));
    opacity[place] = hasOpacity ? sample(colours) / most : isClear ? 0 : 1;
  };
}
