// Pictures from PNG files: any size, colour type, bit depth, palette, transparency and interlacing, as one grey value per pixel.

import { readFileSync } from "node:fs";
import { PNG } from "pngjs";
import { Failure, reasonOf } from "./failure.ts";

/** A grey picture, row by row: 0 is black, 1 white. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Other formats by how their files begin. */
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

/** More pixels than this are refused before they are unpacked. */
const MOST_PIXELS = 50_000_000;

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
  checkSignature(file, path);
  const { width, height, data } = await decode(file, path);
  return { width, height, values: greyOf(data) };
}

function checkSignature(file: Buffer, path: string): void {
  const begins = (bytes: readonly number[], at: number): boolean =>
    bytes.every((byte, index) => file[at + index] === byte);
  if (!begins(SIGNATURE, 0)) {
    const kind = others.find(([, bytes, at]) => begins(bytes, at))?.[0];
    const found =
      file.length === 0 ? "the file is empty" : kind === undefined ? "it does not begin as one" : `it is ${kind} file`;
    throw new Failure(`${path} is no PNG: ${found}; save the picture as PNG`);
  }
  const [width, height] = file.length < 24 ? [0, 0] : [file.readUInt32BE(16), file.readUInt32BE(20)];
  if (width * height > MOST_PIXELS)
    throw new Failure(`${path} is too large: ${width} × ${height} pixels; make it smaller`);
}

/** All pixels as red, green, blue and opacity, a byte each. */
function decode(file: Buffer, path: string): Promise<PNG> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void =>
      reject(new Failure(`${path} is a damaged PNG: ${plain(error)}`, { cause: error }));
    // Not `PNG.sync`, which builds on zlib's inner parts.
    const png = new PNG();
    png.on("error", fail);
    png.parse(file, (error: Error | null, image: PNG) => (error ? fail(error) : resolve(image)));
  });
}

/** The decoder's messages in words for the file's owner. */
function plain({ message }: Error): string {
  if (/crc error/i.test(message)) return "a checksum does not fit";
  if (/end of (input|stream|file)|finished stream|incorrect|unexpected end/i.test(message)) return "it ends too early";
  return message.charAt(0).toLowerCase() + message.slice(1);
}

/**
 * One grey value per pixel. Where a picture is transparent, the background is taken as white behind dark ink and as black behind
 * light ink, so that drawings on nothing stay visible.
 */
function greyOf(rgba: Uint8Array): Float32Array {
  const values = new Float32Array(rgba.length / 4);
  let brightness = 0;
  let opacity = 0;
  const at = (index: number): number => rgba[index] ?? 0;
  for (let index = 0; index < values.length; index++) {
    // The luma of Rec. 709.
    const luma = (0.2126 * at(4 * index) + 0.7152 * at(4 * index + 1) + 0.0722 * at(4 * index + 2)) / 255;
    values[index] = luma;
    brightness += luma * at(4 * index + 3);
    opacity += at(4 * index + 3);
  }
  const background = brightness < opacity / 2 ? 1 : 0;
  return values.map((value, index) => background + (value - background) * (at(4 * index + 3) / 255));
}
