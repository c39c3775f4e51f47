// What can be done to images: shift, rotate, zoom, flip, noise. Each takes [batch, height, width] or [batch, height, width, channels].

import {
  checkOption,
  checkOptionNames,
  defaultGenerator,
  type Generator,
  normal,
  type Tensor,
  tensor,
} from "@gradus/core";
import { checkImages, imageSizes, type Motion, warp } from "./warp.ts";

/** How images are moved. */
export interface MotionOptions {
  /** The value of pixels that come from outside the image; 0 by default. */
  readonly fill?: number;
}

/** A number for all images of a batch, or a list with one for each. */
export type PerImage = number | readonly number[];

/**
 * Images moved down and to the right by so many pixels; negative numbers move up and left. Whole numbers are exact, fractions
 * interpolate.
 *
 * @throws ShapeError for what are no images, DTypeError unless they are floats or bytes
 * @throws OptionError for an amount that is not finite
 * @example
 * shiftImages(tensor([[[1, 2], [3, 4]]]), [0, 1]).toArray(); // [[[0, 1], [0, 3]]]
 */
export function shiftImages(
  images: Tensor,
  [down, right]: readonly [PerImage, PerImage],
  options: MotionOptions = {},
): Tensor {
  const fill = fillOf("shiftImages", options);
  const { count } = imageSizes("shiftImages", images);
  const downs = amounts("shiftImages", "down", down, count);
  const rights = amounts("shiftImages", "right", right, count);
  return warp("shiftImages", images, (image) => motionOf({ down: downs(image), right: rights(image) }), fill);
}

/**
 * Images turned counter-clockwise about their centre, in degrees; quarter turns of square images are exact.
 *
 * @throws ShapeError for what are no images, DTypeError unless they are floats or bytes
 * @throws OptionError for an angle that is not finite
 * @example
 * rotateImages(tensor([[[1, 2], [3, 4]]]), 90).toArray(); // [[[2, 4], [1, 3]]]
 */
export function rotateImages(images: Tensor, degrees: PerImage, options: MotionOptions = {}): Tensor {
  const fill = fillOf("rotateImages", options);
  const each = amounts("rotateImages", "degrees", degrees, imageSizes("rotateImages", images).count);
  return warp("rotateImages", images, (image) => motionOf({ degrees: each(image) }), fill);
}

/**
 * Images enlarged about their centre by a factor; below 1 they shrink.
 *
 * @throws ShapeError for what are no images, DTypeError unless they are floats or bytes
 * @throws OptionError for a factor that is not above 0
 * @example
 * zoomImages(tensor([[[1, 2, 3]]]), 2).toArray(); // [[[1.5, 2, 2.5]]]
 */
export function zoomImages(images: Tensor, factor: PerImage, options: MotionOptions = {}): Tensor {
  const fill = fillOf("zoomImages", options);
  const each = amounts("zoomImages", "factor", factor, imageSizes("zoomImages", images).count);
  return warp(
    "zoomImages",
    images,
    (image) => {
      const own = each(image);
      checkOption(own > 0, "zoomImages", "factor", "above 0", own);
      return motionOf({ zoom: own });
    },
    fill,
  );
}

/**
 * Images with left and right exchanged: all, or those whose entry in `which` is true.
 *
 * @throws ShapeError for what are no images, OptionError for a list of another length
 * @example
 * flipImages(tensor([[[1, 2], [3, 4]]])).toArray(); // [[[2, 1], [4, 3]]]
 */
export function flipImages(images: Tensor, which?: readonly boolean[]): Tensor {
  const { count, height, width, channels } = imageSizes("flipImages", images);
  checkOption(which === undefined || which.length === count, "flipImages", "which", `a list of ${count}`, which);
  const data = images.toTypedArray();
  const out = data.slice();
  const row = width * channels;
  for (let line = 0; line < count * height; line++) {
    if (which !== undefined && which[Math.floor(line / height)] !== true) continue;
    for (let x = 0; x < width; x++) {
      const from = line * row + (width - 1 - x) * channels;
      out.set(data.subarray(from, from + channels), line * row + x * channels);
    }
  }
  return tensor(out, { shape: images.shape, dtype: images.dtype });
}

/**
 * Images with normal noise added, of mean 0 and this standard deviation, in units of the pixels.
 *
 * @throws DTypeError unless they are floats, OptionError for a deviation below 0
 * @example
 * addNoise(ones([1, 2, 2]), 0.1, { generator: new Generator(0) }).shape; // [1, 2, 2]
 */
export function addNoise(images: Tensor, deviation: number, options: { readonly generator?: Generator } = {}): Tensor {
  checkOptionNames("addNoise", options, ["generator"]);
  checkImages("addNoise", images, true);
  checkOption(Number.isFinite(deviation) && deviation >= 0, "addNoise", "deviation", "a number ≥ 0", deviation);
  const { generator = defaultGenerator() } = options;
  const dtype = images.dtype === "float64" ? "float64" : "float32";
  return images.add(normal(images.shape, { standardDeviation: deviation, dtype, generator }));
}

/** What one image is to go through. */
interface Amounts {
  readonly down?: number;
  readonly right?: number;
  readonly degrees?: number;
  readonly zoom?: number;
}

/** The motion by these amounts: zoom and turn about the centre, then shift. */
export function motionOf({ down = 0, right = 0, degrees = 0, zoom = 1 }: Amounts): Motion {
  const angle = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle) / zoom, Math.sin(angle) / zoom];
  // A turn by θ counter-clockwise, with y downwards, is (y, x) → (y cos θ − x sin θ, y sin θ + x cos θ); this is its inverse.
  return { inverse: [cos, sin, -sin, cos], shift: [down, right] };
}

function fillOf(owner: string, options: MotionOptions): number {
  checkOptionNames(owner, options, ["fill"]);
  const { fill = 0 } = options;
  checkOption(Number.isFinite(fill), owner, "fill", "a finite number", fill);
  return fill;
}

/** The amount of each image. @throws OptionError for one that is not finite, and for a list of another length */
function amounts(owner: string, name: string, given: PerImage, count: number): (image: number) => number {
  const list = typeof given === "number" ? [given] : given;
  checkOption(
    typeof given === "number" || list.length === count,
    owner,
    name,
    `a number, or a list of ${count}`,
    given,
  );
  for (const amount of list) checkOption(Number.isFinite(amount), owner, name, "finite", amount);
  return (image) => (typeof given === "number" ? given : (given[image] ?? 0));
}
