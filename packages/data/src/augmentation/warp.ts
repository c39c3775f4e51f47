// Images moved, turned and scaled: each pixel of the result looks up the place it came from, and takes the value there.
//
// Rows y grow downwards, columns x to the right; the centre is ((h − 1)/2, (w − 1)/2). The result at (y, x) is the image at
//
//     (v, u) = c + A⁻¹ · ((y, x) − c − t)            A: turn and zoom, t: shift
//
// between pixels by bilinear interpolation, with y₀ = ⌊v⌋, x₀ = ⌊u⌋, β = v − y₀, α = u − x₀:
//
//     (1 − β)(1 − α) I[y₀, x₀] + (1 − β) α I[y₀, x₀ + 1] + β (1 − α) I[y₀ + 1, x₀] + β α I[y₀ + 1, x₀ + 1]
//
// where I is `fill` outside the image. Whole shifts and quarter turns are exact: a weight of 0 leaves its pixel unread.
// Source: W. H. Press et al., "Numerical Recipes", section 3.6.

import { checkOption, DTypeError, formatShape, ShapeError, type Tensor, tensor } from "@gradus/core";
import { arrayFor } from "../rows.ts";

/** Where an image's pixels come from: (v, u) = (down, right) + inverse · ((y, x) − c), in pixels from the centre. */
export interface Motion {
  /** The inverse of turn and zoom, row by row: [v from y, v from x, u from y, u from x]. */
  readonly inverse: readonly [number, number, number, number];
  /** How far the image moves down and to the right, in pixels, after it is turned. */
  readonly shift: readonly [number, number];
}

/** The sizes of a batch of images. */
export interface ImageSizes {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** @throws ShapeError unless the shape is [batch, height, width] or [batch, height, width, channels] */
export function imageSizes(owner: string, { shape }: Tensor): ImageSizes {
  const [count, height, width, channels = 1] = shape;
  if (count === undefined || height === undefined || width === undefined || shape.length > 4) {
    throw new ShapeError(
      `${owner}: expected images [batch, height, width] or [batch, height, width, channels], got ${formatShape(shape)}: ` +
        "reshape them first",
    );
  }
  return { count, height, width, channels };
}

/** @throws DTypeError for what images are not made of */
export function checkImages(owner: string, { dtype }: Tensor, floats = false): void {
  if (dtype === "float32" || dtype === "float64" || (dtype === "uint8" && !floats)) return;
  throw new DTypeError(
    `${owner}: images must be float32 or float64${floats ? "" : ", or bytes (uint8)"}, got ${dtype}`,
  );
}

/** The images, each moved in its own way. Bytes are rounded. */
export function warp(owner: string, images: Tensor, motions: (image: number) => Motion, fill: number): Tensor {
  const sizes = imageSizes(owner, images);
  checkImages(owner, images);
  const byte = Number.isInteger(fill) && fill >= 0 && fill <= 255;
  checkOption(images.dtype !== "uint8" || byte, owner, "fill", "a whole number from 0 to 255 for bytes", fill);
  const { count, height, width, channels } = sizes;
  const data = images.toTypedArray();
  const out = arrayFor(images.dtype, data.length);
  const size = height * width * channels;
  const round = images.dtype === "uint8";
  for (let image = 0; image < count; image++) {
    const from = data.subarray(image * size, (image + 1) * size);
    warpOne(from, out, image * size, sizes, motions(image), fill, round);
  }
  return tensor(out, { shape: images.shape, dtype: images.dtype });
}

type Numbers = Float32Array | Float64Array | Int32Array | Uint8Array;

function warpOne(
  from: Numbers,
  out: Numbers,
  start: number,
  sizes: ImageSizes,
  { inverse: [yy, yx, xy, xx], shift: [down, right] }: Motion,
  fill: number,
  round: boolean,
): void {
  const turned = yy !== 1 || yx !== 0 || xy !== 0 || xx !== 1;
  if (!turned && Number.isInteger(down) && Number.isInteger(right)) {
    moveOne(from, out, start, sizes, down, right, fill);
    return;
  }
  const { height, width, channels } = sizes;
  const [middleY, middleX] = [(height - 1) / 2, (width - 1) / 2];
  const line = width * channels;
  let to = start;
  for (let y = 0; y < height; y++) {
    const dy = y - middleY - down;
    for (let x = 0; x < width; x++) {
      const dx = x - middleX - right;
      const v = near(middleY + yy * dy + yx * dx);
      const u = near(middleX + xy * dy + xx * dx);
      const top = Math.floor(v);
      const left = Math.floor(u);
      const beta = v - top;
      const alpha = u - left;
      const inside = top >= 0 && left >= 0 && top + 1 < height && left + 1 < width;
      for (let channel = 0; channel < channels; channel++) {
        const at = top * line + left * channels + channel;
        // The corners that lie in the image: a weight of 0 takes no part, whatever it would weigh.
        const a = inside || isIn(top, left, height, width) ? (from[at] ?? 0) : fill;
        const b = alpha === 0 ? 0 : inside || isIn(top, left + 1, height, width) ? (from[at + channels] ?? 0) : fill;
        const c = beta === 0 ? 0 : inside || isIn(top + 1, left, height, width) ? (from[at + line] ?? 0) : fill;
        const corner = alpha !== 0 && beta !== 0;
        const far = inside || isIn(top + 1, left + 1, height, width);
        const d = corner ? (far ? (from[at + line + channels] ?? 0) : fill) : 0;
        const value = (1 - beta) * ((1 - alpha) * a + alpha * b) + beta * ((1 - alpha) * c + alpha * d);
        out[to++] = round ? Math.floor(value + 0.5) : value;
      }
    }
  }
}

const isIn = (y: number, x: number, height: number, width: number): boolean =>
  y >= 0 && y < height && x >= 0 && x < width;

/** An image moved by whole pixels, row by row. */
function moveOne(
  from: Numbers,
  out: Numbers,
  start: number,
  { height, width, channels }: ImageSizes,
  down: number,
  right: number,
  fill: number,
): void {
  const line = width * channels;
  if (fill !== 0) out.fill(fill, start, start + height * line);
  const first = Math.max(0, -right);
  const last = Math.min(width, width - right);
  if (first >= last) return;
  for (let y = Math.max(0, down); y < Math.min(height, height + down); y++) {
    const row = (y - down) * line;
    out.set(
      from.subarray(row + first * channels, row + last * channels),
      start + y * line + (first + right) * channels,
    );
  }
}

/** A place that rounding moved a hair away from a pixel is that pixel. */
function near(place: number): number {
  const whole = Math.round(place);
  return Math.abs(place - whole) < 1e-9 ? whole : place;
}
