// `demo evaluate`: tests saved weights.

import { readData } from "./data-sets.ts";
import { createModel } from "./model.ts";
import { report, trainerOf } from "./trainer.ts";
import { loadWeights } from "./weights-file.ts";

/** Prints the accuracy of the weights in `file` on the test images of `data`. */
export async function evaluate(file: string, data: string | null, signal: AbortSignal): Promise<void> {
  const model = createModel();
  loadWeights(model, file);
  const { test } = await readData(data);
  await report(model, trainerOf(model), test, signal);
}
