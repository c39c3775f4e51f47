// The options of training, and what they may be. Everything is checked before anything is changed.

import { checkOption, DataError, Generator, OptionError, permutation, randint, sizeOf } from "@gradus/core";
import type { Dataset } from "@gradus/data";
import type { Model, Optimizer } from "./model.ts";

/** How much is shown: 0 nothing, 1 a progress bar, 2 a plain line per epoch. "auto" is 1. */
export type Verbosity = 0 | 1 | 2 | "auto";

/** Options of {@link Trainer.predict}. */
export interface PredictOptions {
  /** Samples per batch; 32 by default. */
  readonly batchSize?: number;
  /** Stops at a batch's end once aborted: the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link Trainer.evaluate}. */
export interface EvaluateOptions extends PredictOptions {
  /** How much is shown; "auto" by default. */
  readonly verbose?: Verbosity;
}

/** Options of {@link Trainer.fit}. */
export interface FitOptions extends EvaluateOptions {
  /** How often all samples are learned; 1 by default. */
  readonly epochs?: number;
  /** The share of the samples, taken from the end before any shuffling, that is not learned but evaluated after each epoch. */
  readonly validationSplit?: number;
  /** Samples to be evaluated after each epoch. */
  readonly validationData?: Dataset;
  /** Whether every epoch has a new random order; true by default. */
  readonly shuffle?: boolean;
  /**
   * The seed of the order: the same seed, the same batches. By default it is drawn from the generator of `manualSeed`, which also
   * rules initial weights and dropout.
   */
  readonly seed?: number;
}

/** Options of a fit, checked and filled in. */
export interface FitPlan {
  readonly training: Dataset;
  readonly validation: Dataset | null;
  readonly batchSize: number;
  readonly epochs: number;
  readonly verbose: Verbosity;
  readonly signal: AbortSignal | undefined;
  /** The next epoch's order, or undefined for that of the dataset. */
  nextOrder(): Int32Array | undefined;
}

/** Checks the options of a fit. @throws OptionError or DataError, before any random number is drawn */
export function planFit(data: Dataset, options: FitOptions): FitPlan {
  const { epochs = 1, validationSplit = 0, validationData, shuffle = true, seed, verbose = "auto", signal } = options;
  const batchSize = checkBatchSize("fit", options.batchSize);
  checkOption(Number.isSafeInteger(epochs) && epochs >= 1, "fit", "epochs", "a whole number ≥ 1", epochs);
  checkVerbosity("fit", verbose);
  checkOption(typeof shuffle === "boolean", "fit", "shuffle", "true or false", shuffle);
  const validSplit = typeof validationSplit === "number" && validationSplit >= 0 && validationSplit < 1;
  checkOption(validSplit, "fit", "validationSplit", "a number in [0, 1)", validationSplit);
  if (validationSplit > 0 && validationData !== undefined) {
    throw new OptionError(
      `fit: give validationSplit or validationData, not both (got validationSplit ${validationSplit})`,
    );
  }
  checkNotEmpty("fit", "data", data);
  if (validationData !== undefined) checkNotEmpty("fit", "validationData", validationData);
  const given = seed === undefined ? undefined : new Generator(seed);
  const [training, rest] = validationSplit > 0 ? splitOff(data, validationSplit) : [data, validationData ?? null];
  let generator: Generator | undefined = given;
  return {
    training,
    validation: rest,
    batchSize,
    epochs,
    verbose,
    signal,
    nextOrder: () => {
      if (!shuffle) return undefined;
      generator ??= new Generator(randint([], { low: 0, high: 2 ** 31 - 1 }).item());
      return Int32Array.from(permutation(training.length, { generator }).toTypedArray());
    },
  };
}

function splitOff(data: Dataset, fraction: number): readonly [Dataset, Dataset] {
  const training = Math.floor(data.length * (1 - fraction) + 1e-9);
  if (training === 0 || training === data.length) {
    const part = training === 0 ? "to train with" : "to validate with";
    throw new DataError(`fit: validationSplit ${fraction} of ${data.length} samples leaves none ${part}`);
  }
  return data.split(fraction);
}

/** @throws OptionError unless it is a whole number of samples */
export function checkBatchSize(owner: string, batchSize = 32): number {
  checkOption(Number.isSafeInteger(batchSize) && batchSize >= 1, owner, "batchSize", "a whole number ≥ 1", batchSize);
  return batchSize;
}

/** @throws OptionError for a level that there is not */
export function checkVerbosity(owner: string, verbose: Verbosity): void {
  checkOption([0, 1, 2, "auto"].includes(verbose), owner, "verbose", '0, 1, 2 or "auto"', verbose);
}

/** @throws DataError for a dataset without samples */
export function checkNotEmpty(owner: string, option: string, data: Dataset): void {
  if (data.length === 0) throw new DataError(`${owner}: ${option} has no samples`);
}

/** @throws OptionError for a model that has nothing to learn with, or an optimizer of another model's parameters */
export function checkTrainable(model: Model, optimizer: Optimizer): void {
  const parameters = [...model.parameters()];
  if (parameters.reduce((count, { shape }) => count + sizeOf(shape), 0) === 0) {
    throw new OptionError("fit: the model has no parameters, so there is nothing to train");
  }
  if (parameters.every(({ requiresGrad }) => !requiresGrad)) {
    throw new OptionError(
      "fit: every parameter of the model is frozen (requiresGrad is false), so there is nothing to train",
    );
  }
  if (optimizer.parameters === undefined) return;
  const known = new Set(optimizer.parameters);
  if (!parameters.some((parameter) => known.has(parameter))) {
    throw new OptionError(
      "fit: the optimizer has none of the model's parameters: make it with new Adam(model.parameters())",
    );
  }
}
