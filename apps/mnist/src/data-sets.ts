// The images to train and test with.

import type { Shape } from "@gradus/core";
import { findMnist, type MnistDatasets, mnist } from "@gradus/data";

/** The images of a folder, or of the package that comes with the demo; the pixels of each are from 0 to 1, in a shape of 784. */
export function readData<const S extends Shape>(folder: string | null, shape: S): Promise<MnistDatasets<S>> {
  return mnist({ folder: folder ?? findMnist(import.meta.url), shape });
}
