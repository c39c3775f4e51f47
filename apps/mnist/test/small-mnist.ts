// A part of the real MNIST, small enough to train on within a test, and its digits as pictures.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ArrayDataset, findMnist, mnist } from "@gradus/data";
import type { Picture } from "../src/picture.ts";

type Images = ArrayDataset<readonly [784], readonly []>;

/** Real images and labels. */
async function realMnist(): Promise<{ readonly train: Images; readonly test: Images }> {
  return mnist({ folder: findMnist(import.meta.url), shape: [784] });
}

/** Writes a folder with the four IDX files of the first images. @returns the folder */
export async function writeSmallMnist(folder: string, training: number, testing: number): Promise<string> {
  const { train, test } = await realMnist();
  mkdirSync(folder, { recursive: true });
  for (const [name, part] of [
    ["train", train.slice(0, training)],
    ["t10k", test.slice(0, testing)],
  ] as const) {
    const { inputs, targets } = part.batch(Array.from({ length: part.length }, (_, index) => index));
    const pixels = Uint8Array.from(inputs.toTypedArray(), (value) => Math.round(value * 255));
    writeFileSync(join(folder, `${name}-images-idx3-ubyte`), idx([part.length, 28, 28], pixels));
    writeFileSync(
      join(folder, `${name}-labels-idx1-ubyte`),
      idx([part.length], Uint8Array.from(targets.toTypedArray())),
    );
  }
  return folder;
}

/** An IDX file of bytes: 0, 0, type 8, number of axes, then each size as four bytes. */
export function idx(sizes: readonly number[], bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * sizes.length);
  header.set([0, 0, 8, sizes.length]);
  for (const [axis, size] of sizes.entries()) header.writeUInt32BE(size, 4 + 4 * axis);
  return Buffer.concat([header, bytes]);
}

/** A test image and its label. */
export interface Digit {
  readonly label: number;
  /** 28 × 28 values from 0 to 1, row by row. */
  readonly pixels: Float32Array;
}

/** The first test images. */
export async function testDigits(count: number): Promise<readonly Digit[]> {
  const { test } = await realMnist();
  return Array.from({ length: count }, (_, index) => {
    const { inputs, targets } = test.batch([index]);
    return { label: targets.toTypedArray()[0] ?? -1, pixels: Float32Array.from(inputs.toTypedArray()) };
  });
}

/** A digit as a picture: enlarged, with a margin, dark on light if `inverted`. */
export function enlarged(
  { pixels }: Digit,
  { factor = 1, margin = 0, inverted = false }: { factor?: number; margin?: number; inverted?: boolean },
): Picture {
  const size = 28 * factor + 2 * margin;
  const values = Float32Array.from({ length: size * size }, (_, index) => {
    const x = Math.floor(((index % size) - margin) / factor);
    const y = Math.floor((Math.floor(index / size) - margin) / factor);
    const ink = x < 0 || y < 0 || x > 27 || y > 27 ? 0 : (pixels[y * 28 + x] ?? 0);
    return inverted ? 1 - ink : ink;
  });
  return { width: size, height: size, values };
}
