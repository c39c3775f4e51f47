// What the header of a PNG says about its rows.
// Source: W3C, "Portable Network Graphics (PNG) Specification (Third Edition)", chapter 11.

import { DataError } from "@gradus/core";

/** What the header and the chunks beside the rows say. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits of a sample. */
  readonly depth: number;
  readonly colour: keyof typeof colourTypes;
  readonly interlaced: boolean;
  /** Red, green and blue of each index, a byte each. */
  readonly palette: Uint8Array;
  /** The opacity of each index of a palette, or two bytes for each sample of the transparent colour. */
  readonly transparency: Uint8Array;
}

/** The colour types: samples per pixel, and the bit depths that they may have. */
export const colourTypes = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] }, // grey
  2: { samples: 3, depths: [8, 16] }, // red, green, blue
  3: { samples: 1, depths: [1, 2, 4, 8] }, // an index into a palette
  4: { samples: 2, depths: [8, 16] }, // grey, opacity
  6: { samples: 4, depths: [8, 16] }, // red, green, blue, opacity
} as const;

/** Larger pictures are not unpacked. */
const MOST_PIXELS = 40_000_000;

/** Reads and checks the data of the chunks IHDR, PLTE and tRNS. @throws DataError for what no picture has */
export function readHeader(data: Uint8Array, palette: Uint8Array, transparency: Uint8Array): PngHeader {
  if (data.length !== 13) throw new DataError(`expected a header of 13 bytes, found ${data.length}`);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth = 0, colour = 0, compression, filter, interlacing = 0] = data.subarray(8);
  if (width === 0 || height === 0) throw new DataError(`it has ${width} × ${height} pixels`);
  if (width * height > MOST_PIXELS) throw new DataError(`${width} × ${height} pixels are too many; make it smaller`);
  if (!isColour(colour) || !colourTypes[colour].depths.some((bits) => bits === depth)) {
    throw new DataError(`there is no colour type ${colour} with ${depth} bits`);
  }
  if (compression !== 0 || filter !== 0 || interlacing > 1) {
    throw new DataError("its way of compressing or interlacing is unknown");
  }
  if (colour === 3 && (palette.length === 0 || palette.length % 3 !== 0)) {
    throw new DataError(`expected a palette of three bytes per colour, found ${palette.length}`);
  }
  return { width, height, depth, colour, interlaced: interlacing === 1, palette, transparency };
}

function isColour(value: number): value is keyof typeof colourTypes {
  return Object.hasOwn(colourTypes, value);
}
