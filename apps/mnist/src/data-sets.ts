// The images to train and test with.

import type { Shape } from "@gradus/core";
import { findMnist, type MnistDatasets, mnist } from "@gradus/data";
import { Failure } from "./failure.ts";

/** The images of a folder, or of the package that comes with the demo; the pixels of each are from 0 to 1, in a shape of 784. */
export async function readData<const S extends Shape>(folder: string | null, shape: S): Promise<MnistDatasets<S>> {
  const data = await mnist({ folder: folder ?? findMnist(import.meta.url), shape });
  // Said now, not after minutes of training.
  if (data.test.length === 0) throw new Failure(`${folder} has no test images`);
  return data;
}
