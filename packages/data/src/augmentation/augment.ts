// Augmentation: every image of a batch a little different each time, so that a network does not learn the images by heart.
// Source: P. Y. Simard, D. Steinkraus, J. C. Platt, "Best practices for convolutional neural networks", ICDAR 2003.

import { checkOption, checkOptionNames, defaultGenerator, type Generator, type Tensor, uniform } from "@gradus/core";
import type { Batch } from "../dataset.ts";
import { addNoise, flipImages, motionOf } from "./images.ts";
import { checkImages, imageSizes, warp } from "./warp.ts";

/** What {@link augment} does to each image; each is left out by default. */
export interface AugmentOptions {
  /**
   * The most pixels by which it moves, whole pixels up or down and left or right; two numbers: vertically,
   * horizontally. 0 by default.
   */
  readonly shift?: number | readonly [number, number];
  /** The largest angle by which it is turned, either way, in degrees, to 180; 0 by default. */
  readonly rotate?: number;
  /** How far the factor by which it is enlarged may be from 1, below 1: 0.1 for 0.9 to 1.1; 0 by default. */
  readonly zoom?: number;
  /**
   * The probability with which left and right are exchanged; `true` for 0.5; false by default. Not for digits and
   * letters.
   */
  readonly flip?: boolean | number;
  /** The standard deviation of the noise on each pixel, in units of the inputs; 0 by default. */
  readonly noise?: number;
  /** The value of pixels that come from outside the image; 0 by default. */
  readonly fill?: number;
  /** Where random numbers come from when a batch comes without a generator of its own: by default that of `manualSeed`. */
  readonly generator?: Generator;
}

/** A function of a batch that draws from a generator. */
export type Augmentation = <B extends Batch>(batch: B, context?: { readonly generator: Generator }) => B;

/**
 * A function that changes the images of a batch at random, each in its own way; everything else in the batch stays. In a stream it
 * draws from the generator of the batch, so that every pass is new, and a resumed one the same.
 *
 * @throws OptionError for an amount that is out of range
 * @throws ShapeError, for a batch whose inputs are no images [batch, height, width] or [batch, height, width, channels]
 * @example
 * const loader = new DataLoader(images, { batchSize: 64, shuffle: true, seed: 0 });
 * const batches = IterableDataset.from(loader).map(augment({ shift: 2, rotate: 10, noise: 0.05 }), { seed: 1 });
 * for await (const { inputs } of batches.take(1)) inputs.shape; // [64, 28, 28]
 */
export function augment(options: AugmentOptions): Augmentation {
  checkOptionNames("augment", options, ["shift", "rotate", "zoom", "flip", "noise", "fill", "generator"]);
  const { shift = 0, rotate = 0, zoom = 0, flip = false, noise = 0, fill = 0 } = options;
  const shifts: readonly number[] = typeof shift === "number" ? [shift, shift] : shift;
  const [vertical = 0, horizontal = 0] = shifts;
  const whole = shifts.length === 2 && shifts.every((pixels) => Number.isSafeInteger(pixels) && pixels >= 0);
  checkOption(whole, "augment", "shift", "a whole number of pixels ≥ 0, or two", shift);
  checkOption(rotate >= 0 && rotate <= 180, "augment", "rotate", "from 0 to 180 degrees", rotate);
  checkOption(zoom >= 0 && zoom < 1, "augment", "zoom", "from 0 to below 1", zoom);
  const flips = typeof flip === "number" ? flip : flip ? 0.5 : 0;
  checkOption(flips >= 0 && flips <= 1, "augment", "flip", "true, false or a probability", flip);
  checkOption(noise >= 0 && Number.isFinite(noise), "augment", "noise", "a number ≥ 0", noise);
  checkOption(Number.isFinite(fill), "augment", "fill", "a finite number", fill);
  const moves = vertical > 0 || horizontal > 0 || rotate > 0 || zoom > 0;

  return (batch, { generator } = { generator: options.generator ?? defaultGenerator() }) => {
    const { count } = imageSizes("augment", batch.inputs);
    checkImages("augment", batch.inputs, noise > 0);
    let images: Tensor = batch.inputs;
    // Five numbers in [0, 1) for each image, drawn whatever is used of them: one option does not change what the others do.
    const drawn = uniform([count, 5], { dtype: "float64", generator }).toTypedArray();
    const at = (image: number, which: number): number => drawn[image * 5 + which] ?? 0;
    const spread = (image: number, which: number): number => 2 * at(image, which) - 1;
    const pixels = (most: number, share: number): number => Math.floor(share * (2 * most + 1)) - most;
    if (flips > 0) {
      images = flipImages(
        images,
        Array.from({ length: count }, (_, image) => at(image, 4) < flips),
      );
    }
    if (moves) {
      const motion = (image: number): ReturnType<typeof motionOf> =>
        motionOf({
          down: pixels(vertical, at(image, 0)),
          right: pixels(horizontal, at(image, 1)),
          degrees: rotate * spread(image, 2),
          zoom: 1 + zoom * spread(image, 3),
        });
      images = warp("augment", images, motion, fill);
    }
    if (noise > 0) images = addNoise(images, noise, { generator });
    return { ...batch, inputs: images };
  };
}
