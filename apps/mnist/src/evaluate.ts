// `demo evaluate`: tests saved weights.

import { readData } from "./data-sets.ts";
import { pixels } from "./model.ts";
import { report, trainerOf } from "./trainer.ts";
import { loadModel } from "./weights-file.ts";

/** Prints the accuracy of the weights in `file` on the test images of `data`. */
export async function evaluate(file: string, data: string | null, signal: AbortSignal): Promise<void> {
  const { model, name } = loadModel(file);
  const { test } = await readData(data, pixels[name]);
  await report(model, trainerOf(model), test, signal);
}
