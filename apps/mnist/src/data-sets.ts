// The images to train and test with.

import { findMnist, type MnistDatasets, mnist } from "@gradus/data";

/** The images of a folder, or of the package that comes with the demo; each is a row of 784 pixels from 0 to 1. */
export function readData(folder: string | null): Promise<MnistDatasets<readonly [784]>> {
  return mnist({ folder: folder ?? findMnist(import.meta.url), shape: [784] });
}
