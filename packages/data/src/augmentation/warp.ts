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

import { DTypeError, formatShape, ShapeError, type Tensor, tensor } from "@gradus/core";
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
  throw new DTypeError(`${owner}: images must be float32 or float64${floats ? "" : ", or bytes (uint8)"}, got ${dtype}`);
}

/** The images, each moved in its own way. Bytes are rounded. */
export function warp(owner: string, images: Tensor, motions: (image: number) => Motion, fill: number): Tensor {
  const sizes = imageSizes(owner, images);
  checkImages(owner, images);
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
  { height, width, channels }: ImageSizes,
  { inverse: [yy, yx, xy, xx], shift: [down, right] }: Motion,
  fill: number,
  round: boolean,
): void {
  const [middleY, middleX] = [(height - 1) / 2, (width - 1) / 2];
  const at = (y: number, x: number, channel: number): number =>
    y < 0 || y >= height || x < 0 || x >= width ? fill : (from[(y * width + x) * channels + channel] ?? fill);
  let to = start;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [dy, dx] = [y - middleY - down, x - middleX - right];
      const v = near(middleY + yy * dy + yx * dx);
      const u = near(middleX + xy * dy + xx * dx);
      const [top, left] = [Math.floor(v), Math.floor(u)];
      const [beta, alpha] = [v - top, u - left];
      for (let channel = 0; channel < channels; channel++) {
        let value = 0;
        if (beta < 1 && alpha < 1) value += (1 - beta) * (1 - alpha) * at(top, left, channel);
        if (alpha > 0) value += (1 - beta) * alpha * at(top, left + 1, channel);
        if (beta > 0) value += beta * (1 - alpha) * at(top + 1, left, channel);
        if (alpha > 0 && beta > 0) value += beta * alpha * at(top + 1, left + 1, channel);
        out[to++] = round ? Math.floor(value + 0.5) : value;
      }
    }
  }
}

/** A place that rounding moved a hair away from a pixel is that pixel. */
function near(place: number): number {
  const whole = Math.round(place);
  return Math.abs(place - whole) < 1e-9 ? whole : place;
}
