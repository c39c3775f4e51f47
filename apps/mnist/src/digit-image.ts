// A picture of a digit made like those of MNIST: the ink's box scaled to fit 20 × 20 pixels, smooth, and set into 28 × 28 so that
// the centre of mass of the ink is in the middle.
// Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".

import { type Box, boundingBox, inkOf } from "./ink.ts";
import type { Picture } from "./picture.ts";

/** Rows and columns of a digit image. */
export const side = 28;
const INNER = 20;

/** Where the centre of mass is: in the middle of pixel 14 of 0 to 27, as MNIST's 70,000 images have it, not between 13 and 14. */
const MIDDLE = 14.5;

/**
 * The digit in a picture as 28 × 28 values, 0 for paper and 1 for full ink, row by row; null if the picture is blank.
 *
 * A picture that has the size of MNIST's, light on black, is brought to the same form, whether it was MNIST's or not.
 */
export function digitImage(picture: Picture): Float32Array | null {
  const ink = inkOf(picture);
  if (ink === null) return null;
  const box = boundingBox(ink);
  const scale = INNER / Math.max(box.width, box.height);
  const width = Math.max(1, Math.round(box.width * scale));
  const height = Math.max(1, Math.round(box.height * scale));
  const scaled = normalized(resized(ink, box, width, height));
  const [x, y] = centreOfMass(scaled);
  const left = placed(MIDDLE - x, width);
  const top = placed(MIDDLE - y, height);
  const image = new Float32Array(side * side);
  for (let row = 0; row < height; row++) {
    image.set(scaled.values.subarray(row * width, (row + 1) * width), (top + row) * side + left);
  }
  return image;
}

/** A whole offset at which `size` pixels stay within the image. */
const placed = (offset: number, size: number): number => Math.min(side - size, Math.max(0, Math.round(offset)));

/** The values brought to a maximum of 1: thin lines grow faint when they shrink. */
function normalized(picture: Picture): Picture {
  const most = picture.values.reduce((greatest, value) => Math.max(greatest, value), 0);
  return { ...picture, values: picture.values.map((value) => Math.min(1, value / most)) };
}

/** Where the mass of the ink is, in pixels from the left and upper edge. */
function centreOfMass({ width, values }: Picture): readonly [x: number, y: number] {
  let [mass, x, y] = [0, 0, 0];
  for (const [index, value] of values.entries()) {
    mass += value;
    x += value * ((index % width) + 0.5);
    y += value * (Math.floor(index / width) + 0.5);
  }
  return [x / mass, y / mass];
}

/** The part of a picture in `box`, scaled: columns first, then rows. */
function resized(picture: Picture, box: Box, width: number, height: number): Picture {
  const columns = weightsFor(box.width, width);
  const rows = weightsFor(box.height, height);
  const narrow = new Float32Array(box.height * width);
  for (let y = 0; y < box.height; y++) {
    const start = (box.top + y) * picture.width + box.left;
    for (let x = 0; x < width; x++) {
      narrow[y * width + x] = weighted(columns[x], (from) => picture.values[start + from] ?? 0);
    }
  }
  const values = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) values[y * width + x] = weighted(rows[y], (from) => narrow[from * width + x] ?? 0);
  }
  return { width, height, values };
}

/** How much of each of the old pixels, from `first` on, is in a new one; the sum is 1. */
interface Weights {
  readonly first: number;
  readonly shares: readonly number[];
}

/**
 * A new pixel is the average of the old ones under a window of its own width, or of one old pixel's where that is wider: the
 * average over the area when shrinking, linear interpolation when growing.
 */
function weightsFor(from: number, to: number): readonly Weights[] {
  return Array.from({ length: to }, (_, index) => {
    const centre = ((index + 0.5) * from) / to;
    const half = Math.max(from / to, 1) / 2;
    const [begin, end] = [Math.max(0, centre - half), Math.min(from, centre + half)];
    const first = Math.floor(begin);
    const shares = Array.from({ length: Math.ceil(end) - first }, (_, offset) => {
      const pixel = first + offset;
      return (Math.min(end, pixel + 1) - Math.max(begin, pixel)) / (end - begin);
    });
    return { first, shares };
  });
}

function weighted(weights: Weights | undefined, value: (from: number) => number): number {
  if (weights === undefined) return 0;
  return weights.shares.reduce((sum, share, offset) => sum + share * value(weights.first + offset), 0);
}
