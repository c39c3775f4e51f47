// Pictures as bytes of pixels: grey, colour, or colour with opacity, whatever the file had.

import { checkOption, checkOptionNames, DataError } from "@gradus/core";
import { type ByteSource, nameOf, readBytes } from "../bytes.ts";
import { decodePng } from "./png.ts";
import type { PngImage } from "./png-pixels.ts";

/** How the pixels of a picture are read. */
export interface ImageOptions {
  /** 1 for grey, 3 for red, green and blue (the default), 4 for these with opacity. */
  readonly channels?: 1 | 3 | 4;
  /** The grey behind what is transparent, from 0 to 255, where opacity is not asked for; 255, white, by default. */
  readonly background?: number;
}

/** A picture as bytes, channels last. */
export interface ImageBytes {
  /** Samples from 0 to 255, row-major, the channels of a pixel side by side. */
  readonly data: Uint8Array;
  /** Height, width, channels. */
  readonly shape: readonly [number, number, number];
}

/**
 * Reads a PNG file from memory, a path or an address, as bytes from 0 to 255.
 *
 * @throws DataError naming the file, for what is no PNG or is damaged
 * @throws OptionError for an option that is out of range
 * @example
 * const { shape } = await readImage("images/cat.png", { channels: 1 });
 */
export async function readImage(source: ByteSource, options: ImageOptions = {}): Promise<ImageBytes> {
  checkImageOptions("readImage", options);
  const name = nameOf(source, "image");
  const bytes = await readBytes(source, name);
  try {
    return pixelsOf(await decodePng(bytes), options);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(`${name}: cannot read the PNG: ${error.message}`, { cause: error });
  }
}

/** @throws OptionError for an option that is unknown or out of range */
export function checkImageOptions(owner: string, options: ImageOptions, others: readonly string[] = []): void {
  checkOptionNames(owner, options, ["channels", "background", ...others]);
  const { channels = 3, background = 255 } = options;
  checkOption(channels === 1 || channels === 3 || channels === 4, owner, "channels", "1, 3 or 4", channels);
  checkOption(background >= 0 && background <= 255, owner, "background", "from 0 to 255", background);
}

/** The pixels as bytes in the channels that are asked for. Grey is 0.2126 R + 0.7152 G + 0.0722 B (Rec. 709). */
function pixelsOf(image: PngImage, { channels = 3, background = 255 }: ImageOptions): ImageBytes {
  const { width, height, data } = image;
  const scale = 255 / image.most;
  const out = new Uint8Array(width * height * channels);
  const colours = image.channels <= 2 ? 1 : 3;
  for (let pixel = 0; pixel < width * height; pixel++) {
    const at = (part: number): number => (data[pixel * image.channels + part] ?? 0) * scale;
    const opacity = image.channels === colours ? 255 : at(colours);
    const share = channels === 4 ? 1 : opacity / 255;
    const part = (index: number): number => background + share * (at(colours === 1 ? 0 : index) - background);
    const to = pixel * channels;
    if (channels === 1) {
      out[to] = Math.round(colours === 1 ? part(0) : 0.2126 * part(0) + 0.7152 * part(1) + 0.0722 * part(2));
      continue;
    }
    for (let index = 0; index < 3; index++) out[to + index] = Math.round(part(index));
    if (channels === 4) out[to + 3] = Math.round(opacity);
  }
  return { data: out, shape: [height, width, channels] };
}
