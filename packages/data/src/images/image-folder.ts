// Pictures as a dataset: a list of files with labels, or a folder with a sub-folder for each class.

import { checkOption, DataError, OptionError } from "@gradus/core";
import { ArrayDataset } from "../array-dataset.ts";
import { type ByteSource, builtin, isPath, nameOf, pathOf, reasonOf } from "../bytes.ts";
import { Column } from "../column.ts";
import { checkImageOptions, type ImageBytes, type ImageOptions, readImage } from "./read-image.ts";

/** How pictures of one size are read. */
export interface ImagesOptions extends ImageOptions {
  /** The height and width that every picture must have; by default those of the first. */
  readonly size?: readonly [height: number, width: number];
}

/** A picture, and the number of its class. */
export interface LabelledImage {
  /** The file: its bytes, a Blob, a Response, an address or a path. */
  readonly image: ByteSource;
  /** The number of its class, a whole number ≥ 0. */
  readonly label: number;
}

/** So many files are read at the same time. */
const AT_ONCE = 16;

/**
 * PNG files of one size with class numbers, as a dataset. Pixels stay bytes until a batch is made, which has them as float32 from 0
 * to 1: inputs [height, width, channels].
 *
 * @throws DataError naming the file, for what is no PNG, is damaged or has another size
 * @throws OptionError for a label or option that is out of range
 * @example
 * const dataset = await readImages([{ image: "cat.png", label: 0 }, { image: "dog.png", label: 1 }], { size: [64, 64] });
 */
export async function readImages(
  images: readonly LabelledImage[],
  options: ImagesOptions = {},
): Promise<ArrayDataset<readonly [number, number, number], readonly []>> {
  const { data, shape } = await readPixels("readImages", images, options);
  for (const [index, { label }] of images.entries()) {
    const valid = Number.isSafeInteger(label) && label >= 0 && label < 2 ** 31;
    checkOption(valid, "readImages", `label of image ${index}`, "a whole number ≥ 0", label);
  }
  return new ArrayDataset(
    new Column(data, { shape, length: images.length, scale: 1 / 255 }),
    new Column(
      Int32Array.from(images, ({ label }) => label),
      { shape: [], dtype: "int32" },
    ),
  );
}

async function readPixels(
  owner: string,
  images: readonly LabelledImage[],
  options: ImagesOptions,
): Promise<ImageBytes> {
  checkImageOptions(owner, options, ["size"]);
  const { size, ...how } = options;
  const whole =
    size === undefined || (size.length === 2 && size.every((side) => Number.isSafeInteger(side) && side > 0));
  checkOption(whole, owner, "size", "[height, width], whole numbers > 0", size);
  if (images.length === 0) throw new DataError(`${owner}: there are no images`);
  let sides = size;
  const parts: Uint8Array[] = [];
  for (let start = 0; start < images.length; start += AT_ONCE) {
    const some = images.slice(start, start + AT_ONCE);
    const read = await Promise.all(some.map(({ image }) => readImage(image, how)));
    for (const [place, { data, shape }] of read.entries()) {
      const [height, width] = shape;
      sides ??= [height, width];
      if (height !== sides[0] || width !== sides[1]) {
        const name = nameOf(some[place]?.image ?? "", `image ${start + place}`);
        const expected = `expected ${sides[0]} × ${sides[1]} pixels (height × width)${size ? "" : ", as the first image has"}`;
        throw new DataError(`${name}: ${expected}, found ${height} × ${width}`);
      }
      parts.push(data);
    }
  }
  const [height = 0, width = 0] = sides ?? [];
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return { data: bytes, shape: [height, width, how.channels ?? 3] };
}

/**
 * The pictures of a folder with a sub-folder for each class, as a dataset.
 *
 * @example
 * const { classes } = await imageFolder("photos");
 */
export class ImageFolder extends ArrayDataset<readonly [number, number, number], readonly []> {
  /** The names of the sub-folders; the place of each is its class number. */
  readonly classes: readonly string[];
  /** The path of each sample's file, below the folder. */
  readonly files: readonly string[];

  /** Made by `imageFolder`. */
  constructor(
    images: ArrayDataset<readonly [number, number, number], readonly []>,
    names: { readonly classes: readonly string[]; readonly files: readonly string[] },
  ) {
    super(images.inputs, images.targets);
    this.classes = names.classes;
    this.files = names.files;
  }
}

/**
 * Reads a folder of pictures: one sub-folder for each class, PNG files of one size in each. Classes and files are in the order of their
 * names; what begins with a dot is passed over. Node, Deno and Bun.
 *
 * @throws DataError for a folder that cannot be read or has no classes, and for a file that is no PNG, is damaged or has another size
 * @throws OptionError for an option that is out of range
 * @example
 * const dataset = await imageFolder("photos", { channels: 1, size: [28, 28] });
 * dataset.classes; // ["cat", "dog"]
 */
export async function imageFolder(folder: string | URL, options: ImagesOptions = {}): Promise<ImageFolder> {
  checkImageOptions("imageFolder", options, ["size"]);
  if (typeof folder !== "string" && !(folder instanceof URL)) {
    throw new OptionError(`imageFolder: folder must be a path, got ${String(folder)}`);
  }
  if (!isPath(folder))
    throw new DataError("imageFolder: this place is no folder of files: give the files to readImages");
  const path = pathOf(folder);
  const root = path instanceof URL ? decodeURIComponent(path.pathname) : path;
  const base = root.replace(/[/\\]?$/, "/");
  const names = async (place: string, folders: boolean): Promise<string[]> => {
    try {
      const entries = (await builtin("node:fs/promises")?.readdir(place, { withFileTypes: true })) ?? [];
      const shown = entries.filter((entry) => !entry.name.startsWith(".") && entry.isDirectory() === folders);
      return shown.map(({ name }) => name).sort((a, b) => (a < b ? -1 : 1));
    } catch (error) {
      throw new DataError(`${place}: cannot read the folder (${reasonOf(error)})`, { cause: error });
    }
  };
  const classes = await names(base, true);
  if (classes.length === 0) throw new DataError(`${root}: expected a sub-folder for each class, found none`);
  const images: LabelledImage[] = [];
  const files: string[] = [];
  for (const [label, name] of classes.entries()) {
    const own = await names(`${base}${name}`, false);
    if (own.length === 0) throw new DataError(`${base}${name}: expected PNG files, found none`);
    for (const file of own) {
      if (!/\.png$/i.test(file)) throw new DataError(`${base}${name}/${file}: expected PNG files alone in this folder`);
      files.push(`${name}/${file}`);
      images.push({ image: `${base}${name}/${file}`, label });
    }
  }
  return new ImageFolder(await readImages(images, options), { classes, files });
}
