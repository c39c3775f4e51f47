// `demo`: trains the network, saves it if asked to, and tests it.

import { manualSeed } from "@gradus/core";
import { setDeterministic } from "@gradus/core/deterministic";
import { setThreads } from "@gradus/core/threads";
import type { Layer } from "@gradus/layers";
import { ExponentialMovingAverage } from "@gradus/optimizers";
import { type Callback, MovingAverage } from "@gradus/training";
import { openCheckpoints, resumeTraining } from "./checkpoints.ts";
import type { TrainOptions } from "./command-line.ts";
import { readData } from "./data-sets.ts";
import { Failure, UsageError } from "./failure.ts";
import { createModel, pixels } from "./model.ts";
import { modelSummary } from "./model-summary.ts";
import { columns, print } from "./terminal.ts";
import { count, report, trainerOf } from "./trainer.ts";
import { checkWritable, saveWeights } from "./weights-file.ts";

/** The share of the training images, the last ones, that the network is validated on instead. */
const VALIDATION_SPLIT = 0.2;

/** Trains and tests; everything that can be refused is refused before the first step. */
export async function train(options: TrainOptions, signal: AbortSignal): Promise<void> {
  const { model: network, epochs, batchSize, learningRate, seed, save, threads, noCompile, deterministic } = options;
  if (save !== null) checkWritable(save);
  const checkpoints = await openCheckpoints(options);
  const { train: images, test } = await readData(options.data, pixels[network]);
  const [training, validation] = images.split(VALIDATION_SPLIT);
  if (network === "mlp") checkLastBatch(training.length, batchSize);

  setDeterministic(deterministic);
  if (!noCompile) await setThreads(threads);
  // One seed for all: initial weights, the order of the images, and dropout.
  manualSeed(seed);
  const model = createModel(network);
  const trainer = trainerOf(model, learningRate, !noCompile);
  print(modelSummary(model, pixels[network], columns()));
  print(`\nTraining on ${count(training.length)} images, validating on ${count(validation.length)}, seed ${seed}`);
  await resumeTraining(checkpoints, trainer, options);
  const callbacks: Callback[] = network === "cnn" ? [averageOf(model)] : [];
  if (checkpoints !== null) callbacks.push(checkpoints);
  await trainer.fit(images, { batchSize, epochs, validationSplit: VALIDATION_SPLIT, callbacks, signal });

  if (save !== null) {
    await saveWeights(model, save, network);
    print(`\nSaved ${save}`);
  }
  print("");
  await report(model, trainer, test, signal);
}

/** The average over the last two hundred steps or so: the convolutional network's last digit, without the noise of single steps. */
function averageOf(model: Layer): MovingAverage {
  return new MovingAverage(new ExponentialMovingAverage(model.parameters(), { decay: 0.995, warmup: true }));
}

/** Batch normalization needs two images at least, in the last batch too. */
function checkLastBatch(images: number, batchSize: number): void {
  if (images % batchSize !== 1) return;
  if (images === 1) throw new Failure("one image is left to train on, and batch normalization needs two");
  const left = `${count(images)} images in batches of ${batchSize} leave one over`;
  let fitting = batchSize + 1;
  while (images % fitting === 1) fitting++;
  throw new UsageError(`--batch-size ${batchSize}: ${left}, and batch normalization needs two: try ${fitting}`);
}
