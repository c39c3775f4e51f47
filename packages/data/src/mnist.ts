// MNIST: 60,000 handwritten digits to train with and 10,000 to test, as two datasets. Any data set in the form of its
// four IDX files (Fashion-MNIST, KMNIST) is read the same way.

import { DataError, formatShape, OptionError, type Shape, ShapeError, sizeOf } from "@gradus/core";
import { ArrayDataset } from "./array-dataset.ts";
import { type ByteSource, nameOf } from "./bytes.ts";
import { Column } from "./column.ts";
import { filesOfFolder, type MnistFiles, type MnistFolder, type MnistRole, roleNames } from "./folder.ts";
import type { IdxArray } from "./idx.ts";
import { readIdx } from "./read-idx.ts";

/** What {@link mnist} returns: pixels as float32 from 0 to 1, labels as int32. `Image` is the shape of one image. */
export interface MnistDatasets<Image extends Shape> {
  /** The images and labels to train with, 60,000 of MNIST itself. */
  readonly train: ArrayDataset<Image, readonly []>;
  /** Those to test with, 10,000 of MNIST itself. */
  readonly test: ArrayDataset<Image, readonly []>;
}

/** Where the files are, and the shape of one image in a batch, by default as in the file: `[28, 28]`. */
export type MnistSource = (MnistFolder | MnistFiles) & {
  /** The shape of one image in a batch; `[784]` for rows of pixels. */
  readonly shape?: Shape;
};

/**
 * Reads the four files of MNIST, or of a set in their form, plain or gzip: from a folder (the names with - or . before `idx`; in a
 * folder of files any names that say part and content, as `fashion-test-labels-idx1-ubyte.gz`), or each from where it is. Pixels stay bytes until a batch is made; a batch has them as float32 from 0 to 1.
 *
 * @throws DataError for a file that is missing, unreadable, damaged or in another's place, and for counts that differ
 * @throws ShapeError for a shape that has not as many pixels as an image
 * @example
 * const { train, test } = await mnist({ folder: findMnist(import.meta.url), shape: [784] });
 * train.length; // 60000
 * @example
 * // In a browser: the files beside the page, or picked by the user.
 * const { train, test } = await mnist({ folder: "/mnist/" });
 */
export function mnist<const S extends Shape>(source: MnistSource & { readonly shape: S }): Promise<MnistDatasets<S>>;
/**
 * Reads the four files of MNIST, or of a set in their form, plain or gzip: from a folder, or each from where it is.
 * Pixels stay bytes until a batch is made, which has them as float32 from 0 to 1, `[samples, 28, 28]`.
 *
 * @throws DataError for a file that is missing, unreadable, damaged or in another's place, and for counts that differ
 */
export function mnist(source: MnistSource): Promise<MnistDatasets<readonly [number, number]>>;
export async function mnist(source: MnistSource): Promise<MnistDatasets<Shape>> {
  const files = "folder" in source ? await filesOfFolder(source.folder, source.prefix) : source;
  for (const role of ["trainImages", "trainLabels", "testImages", "testLabels"] as const) {
    if (files[role] !== undefined) continue;
    throw new OptionError(`mnist: expected { folder }, or all four files by role; ${role} is missing`);
  }
  const reading = readPair(files, "testImages", "testLabels", source.shape);
  reading.catch(() => undefined); // a fault of the training files is told first, whichever are read sooner
  const train = await readPair(files, "trainImages", "trainLabels", source.shape);
  return { train, test: await reading };
}

async function readPair(
  files: MnistFiles,
  imageRole: MnistRole,
  labelRole: MnistRole,
  shape: Shape | undefined,
): Promise<ArrayDataset<Shape, readonly []>> {
  const [images, labels] = await Promise.all([
    readUint8(files[imageRole], roleNames[imageRole], 3),
    readUint8(files[labelRole], roleNames[labelRole], 1),
  ]);
  const [length = 0, ...imageShape] = images.shape;
  if (length !== labels.data.length) {
    const both = `${named(files, imageRole, length)} but ${named(files, labelRole, labels.data.length)}`;
    throw new DataError(`mnist: ${both}: every image needs one label; the files do not belong together`);
  }
  if (shape !== undefined && sizeOf(shape) !== sizeOf(imageShape)) {
    const found = `${named(files, imageRole, length)} of ${formatShape(imageShape)}`;
    throw new ShapeError(`mnist: ${found} do not have the shape ${formatShape(shape)}, of ${sizeOf(shape)} pixels`);
  }
  return new ArrayDataset<Shape, readonly []>(
    new Column(images.data, { shape: shape ?? imageShape, length, scale: 1 / 255 }),
    new Column(labels.data, { shape: [], dtype: "int32" }),
  );
}

/** `60000 training images (data/train-images-idx3-ubyte)` */
function named(files: MnistFiles, role: MnistRole, count: number): string {
  const name = nameOf(files[role], "");
  return `${count} ${roleNames[role]}${name === "" ? "" : ` (${name})`}`;
}

async function readUint8(
  source: ByteSource,
  role: string,
  rank: number,
): Promise<Extract<IdxArray, { dtype: "uint8" }>> {
  const name = nameOf(source, role);
  const array = await readIdx(source, { rank, name: name === role ? role : `${name} (${role})` });
  if (array.dtype === "uint8") return array;
  throw new DataError(`${name}: expected ${role} as uint8 (08), found ${array.dtype} at byte 2`);
}
