// Pictures from PNG files: any size, colour type, bit depth, palette, transparency and interlacing, as one grey value per pixel.

import { readFileSync } from "node:fs";
import { decodePng, isPng, type PngImage } from "@gradus/data/images";
import { Failure, reasonOf } from "./failure.ts";

/** A grey picture, row by row: 0 is black, 1 white. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** Other formats by how their files begin, from byte `at` on. */
const others: readonly (readonly [name: string, begins: readonly number[], at: number])[] = [
  ["a JPEG", [0xff, 0xd8, 0xff], 0],
  ["a GIF", [0x47, 0x49, 0x46, 0x38], 0],
  ["a BMP", [0x42, 0x4d], 0],
  ["a WebP", [0x57, 0x45, 0x42, 0x50], 8],
  ["a PDF", [0x25, 0x50, 0x44, 0x46], 0],
  ["a TIFF", [0x49, 0x49, 0x2a, 0x00], 0],
  ["a TIFF", [0x4d, 0x4d, 0x00, 0x2a], 0],
  ["an HEIC", [0x66, 0x74, 0x79, 0x70, 0x68, 0x65, 0x69], 4],
  ["an AVIF", [0x66, 0x74, 0x79, 0x70, 0x61, 0x76, 0x69, 0x66], 4],
];

/**
 * Reads a PNG file.
 * @throws Failure if it cannot be read, is none, or is damaged
 */
export async function readPicture(path: string): Promise<Picture> {
  let file: Buffer;
  try {
    file = readFileSync(path);
  } catch (error) {
    throw new Failure(`cannot read ${path}: ${reasonOf(error)}; give a PNG file`, { cause: error });
  }
  if (!isPng(file)) throw new Failure(`${path} is no PNG: ${found(file)}; save the picture as PNG`);
  try {
    return greyOf(await decodePng(file));
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new Failure(`cannot read the PNG ${path}: ${problem}`, { cause: error });
  }
}

/** What a file that is no PNG is. */
function found(file: Uint8Array): string {
  if (file.length === 0) return "the file is empty";
  const kind = others.find(([, bytes, at]) => bytes.every((byte, index) => file[at + index] === byte))?.[0];
  return kind === undefined ? "it does not begin as one" : `it is ${kind} file`;
}

/**
 * One grey value per pixel, as bright as its colour looks. Where a picture is transparent, the background is taken as white behind dark
 * ink and as black behind light ink, so that drawings on nothing stay visible.
 */
function greyOf({ width, height, channels, most, data }: PngImage): Picture {
  const sample = (pixel: number, part: number): number => (data[pixel * channels + part] ?? 0) / most;
  const brightness = Float32Array.from({ length: width * height }, (_, pixel) =>
    channels <= 2 ? sample(pixel, 0) : luma(sample(pixel, 0), sample(pixel, 1), sample(pixel, 2)),
  );
  const opacity = (pixel: number): number => (channels === 2 || channels === 4 ? sample(pixel, channels - 1) : 1);
  let [light, weight] = [0, 0];
  for (const [pixel, value] of brightness.entries()) {
    light += opacity(pixel) * value;
    weight += opacity(pixel);
  }
  const background = light < weight / 2 ? 1 : 0;
  const values = brightness.map((value, pixel) => background + (value - background) * opacity(pixel));
  return { width, height, values };
}

/** Brightness as it looks, by the weights of Rec. 709. */
const luma = (red: number, green: number, blue: number): number => 0.2126 * red + 0.7152 * green + 0.0722 * blue;
