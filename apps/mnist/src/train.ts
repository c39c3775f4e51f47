// `demo`: trains the network, saves it if asked to, and tests it.

import { manualSeed } from "@gradus/core";
import { setDeterministic } from "@gradus/core/deterministic";
import { setThreads } from "@gradus/core/threads";
import type { TrainOptions } from "./command-line.ts";
import { readData } from "./data-sets.ts";
import { UsageError } from "./failure.ts";
import { createModel } from "./model.ts";
import { modelSummary } from "./model-summary.ts";
import { columns, print } from "./terminal.ts";
import { count, report, trainerOf } from "./trainer.ts";
import { checkWritable, saveWeights } from "./weights-file.ts";

/** The share of the training images, the last ones, that the network is validated on instead. */
const VALIDATION_SPLIT = 0.2;

/** Trains and tests; everything that can be refused is refused before the first step. */
export async function train(options: TrainOptions, signal: AbortSignal): Promise<void> {
  const { epochs, batchSize, learningRate, seed, save, threads, noCompile, deterministic } = options;
  if (save !== null) checkWritable(save);
  const { train: images, test } = await readData(options.data);
  const [training, validation] = images.split(VALIDATION_SPLIT);
  checkLastBatch(training.length, batchSize);

  setDeterministic(deterministic);
  if (!noCompile) await setThreads(threads);
  // One seed for all: initial weights, the order of the images, and dropout.
  manualSeed(seed);
  const model = createModel();
  const trainer = trainerOf(model, learningRate, !noCompile);
  print(modelSummary(model, columns()));
  print(`\nTraining on ${count(training.length)} images, validating on ${count(validation.length)}, seed ${seed}`);
  await trainer.fit(images, { batchSize, epochs, validationSplit: VALIDATION_SPLIT, signal });

  if (save !== null) {
    saveWeights(model, save);
    print(`\nSaved ${save}`);
  }
  await report(model, trainer, test, signal);
}

/** Batch normalization needs two images at least, in the last batch too. */
function checkLastBatch(images: number, batchSize: number): void {
  if (images % batchSize !== 1) return;
  const left = `${count(images)} images in batches of ${batchSize} leave one over`;
  throw new UsageError(`--batch-size ${batchSize}: ${left}, and batch normalization needs two: try ${batchSize + 1}`);
}
