// Options of a fit, checked and filled in. Nothing is drawn and nothing is changed here.

import { checkOption, DataError, Generator, OptionError } from "@gradus/core";
import type { Dataset } from "@gradus/data";
import type { Callback } from "./callbacks/callback.ts";
import * as checks from "./checks.ts";
import { DatasetFeed } from "./dataset-feed.ts";
import type { BatchSource, Feed } from "./feed.ts";
import type { GradientBounds } from "./gradients.ts";
import { IterableFeed } from "./iterable-feed.ts";
import type { BatchOptions, FitOptions, ValidateEvery, Verbosity } from "./options.ts";
import { readClassWeight, readSampleWeight, type SampleWeight } from "./sample-weights.ts";

/** What a fit will do. */
export interface FitPlan {
  readonly feed: Feed;
  /** A feed for each validation, from the first sample on; null without validation. */
  readonly validation: (() => Feed) | null;
  /** The samples of validation, where they are known; 0 without validation. */
  readonly validationSamples: number | null;
  readonly validationSteps: number | null;
  readonly validateEvery: ValidateEvery;
  readonly epochs: number;
  /** Null if nothing was said. */
  readonly initialEpoch: number | null;
  readonly stepsPerEpoch: number | null;
  readonly verbose: Verbosity;
  readonly classWeight: ReadonlyMap<number, number> | null;
  readonly accumulate: number;
  readonly bounds: GradientBounds;
  readonly callbacks: readonly Callback[];
  readonly signal: AbortSignal | undefined;
}

const ofDataset = ["batchSize", "validationSplit", "shuffle", "seed", "sampleWeight"] as const;
const names: readonly (keyof FitOptions)[] = [
  ...ofDataset,
  ...(["epochs", "initialEpoch", "stepsPerEpoch", "validationData", "validationSteps", "validationBatchSize"] as const),
  ...([
    "validateEvery",
    "verbose",
    "accumulate",
    "callbacks",
    "signal",
    "classWeight",
    "clipNorm",
    "clipValue",
  ] as const),
];

/** Checks the options of a fit. @throws OptionError or DataError, before any random number is drawn */
export function planFit(data: BatchSource, options: FitOptions): FitPlan {
  checks.checkNames("fit", options, names);
  const { epochs = 1, initialEpoch, verbose = "auto", signal } = options;
  const batchSize = checks.checkCount("fit", "batchSize", options.batchSize, 32);
  checks.checkCount("fit", "epochs", epochs, 1);
  checkInitialEpoch(initialEpoch, epochs);
  checks.checkVerbosity("fit", verbose);
  const stepsPerEpoch = checks.checkCount("fit", "stepsPerEpoch", options.stepsPerEpoch, null);
  const accumulate = checks.checkCount("fit", "accumulate", options.accumulate, 1);
  checks.checkSource("fit", "data", data);
  const bounds = checkBounds("fit", options);
  const classWeight = options.classWeight === undefined ? null : readClassWeight("fit", options.classWeight);
  const callbacks = checkCallbacks(options.callbacks ?? []);
  const { training, rest, weights, restWeights } = splitOff(data, options);
  const feed = checks.isDataset(training)
    ? new DatasetFeed(training, { batchSize, ...orderOf(options), weights })
    : new IterableFeed(training);
  return {
    feed,
    ...planValidation(rest, restWeights, options, batchSize),
    epochs,
    initialEpoch: initialEpoch ?? null,
    stepsPerEpoch,
    verbose,
    classWeight,
    accumulate,
    bounds,
    callbacks,
    signal,
  };
}

/** Bounds of gradients. @throws OptionError for numbers that are none */
export function checkBounds(owner: string, { clipNorm, clipValue }: BatchOptions): GradientBounds {
  return {
    clipNorm: checks.checkBound(owner, "clipNorm", clipNorm),
    clipValue: checks.checkBound(owner, "clipValue", clipValue),
  };
}

/** A feed of data that are only looked at, in their order. */
export function evaluationFeed(data: BatchSource, batchSize: number, weights: Float32Array | null): Feed {
  return checks.isDataset(data)
    ? new DatasetFeed(data, { batchSize, shuffle: false, generator: null, weights })
    : new IterableFeed(data);
}

function checkInitialEpoch(initialEpoch: number | undefined, epochs: number): void {
  if (initialEpoch === undefined) return;
  const valid = Number.isSafeInteger(initialEpoch) && initialEpoch >= 0 && initialEpoch < epochs;
  checkOption(valid, "fit", "initialEpoch", `a whole number from 0 to below epochs (${epochs})`, initialEpoch);
}

function checkCallbacks(callbacks: readonly Callback[]): readonly Callback[] {
  checkOption(Array.isArray(callbacks), "fit", "callbacks", "a list", callbacks);
  const taken = new Set<string>();
  for (const callback of callbacks) {
    const name: unknown = callback?.name;
    if (typeof name !== "string" || name === "") {
      throw new OptionError("fit: a callback must be an object with a name and handlers of events");
    }
    if (taken.has(name)) throw new OptionError(`fit: two callbacks are called ${name}: give one of them another name`);
    taken.add(name);
  }
  return callbacks;
}

function orderOf({ shuffle = true, seed }: FitOptions): {
  readonly shuffle: boolean;
  readonly generator: Generator | null;
} {
  checkOption(typeof shuffle === "boolean", "fit", "shuffle", "true or false", shuffle);
  return { shuffle, generator: seed === undefined ? null : new Generator(seed) };
}

interface Split {
  readonly training: BatchSource;
  readonly rest: BatchSource | null;
  readonly weights: Float32Array | null;
  readonly restWeights: Float32Array | null;
}

/** Takes the share for validation off the end, weights included. */
function splitOff(data: BatchSource, options: FitOptions): Split {
  const { validationSplit = 0, validationData, sampleWeight } = options;
  const validSplit = typeof validationSplit === "number" && validationSplit >= 0 && validationSplit < 1;
  checkOption(validSplit, "fit", "validationSplit", "a number in [0, 1)", validationSplit);
  if (validationSplit > 0 && validationData !== undefined) {
    throw new OptionError(
      `fit: give validationSplit or validationData, not both (got validationSplit ${validationSplit})`,
    );
  }
  if (validationData !== undefined) checks.checkSource("fit", "validationData", validationData);
  if (!checks.isDataset(data)) {
    const given = ofDataset.find((name) => options[name] !== undefined);
    if (given === undefined) return { training: data, rest: validationData ?? null, weights: null, restWeights: null };
    throw new OptionError(
      `fit: ${given} is for a Dataset, but the data are an iterable, which makes its batches itself`,
    );
  }
  const weights = sampleWeightOf(sampleWeight, data);
  if (validationSplit === 0) return { training: data, rest: validationData ?? null, weights, restWeights: null };
  const count = Math.floor(data.length * (1 - validationSplit) + 1e-9);
  if (count === 0 || count === data.length) {
    const part = count === 0 ? "to train with" : "to validate with";
    throw new DataError(`fit: validationSplit ${validationSplit} of ${data.length} samples leaves none ${part}`);
  }
  const [training, rest] = data.split(validationSplit);
  return {
    training,
    rest,
    weights: weights?.subarray(0, count) ?? null,
    restWeights: weights?.subarray(count) ?? null,
  };
}

function sampleWeightOf(given: SampleWeight | undefined, data: Dataset): Float32Array | null {
  return given === undefined ? null : readSampleWeight("fit", given, data.length);
}

function planValidation(
  data: BatchSource | null,
  weights: Float32Array | null,
  options: FitOptions,
  trainingSize: number,
): Pick<FitPlan, "validation" | "validationSamples" | "validationSteps" | "validateEvery"> {
  const batchSize = checks.checkCount("fit", "validationBatchSize", options.validationBatchSize, trainingSize);
  const validationSteps = checks.checkCount("fit", "validationSteps", options.validationSteps, null);
  const validateEvery = checkEvery(options.validateEvery);
  if (data === null) {
    const given = (["validationSteps", "validationBatchSize", "validateEvery"] as const).find((name) => options[name]);
    if (given === undefined) return { validation: null, validationSamples: 0, validationSteps, validateEvery };
    throw new OptionError(`fit: ${given} needs validationData or validationSplit`);
  }
  return {
    validation: () => evaluationFeed(data, batchSize, weights),
    validationSamples: checks.isDataset(data) ? data.length : null,
    validationSteps,
    validateEvery,
  };
}

function checkEvery(every: ValidateEvery = { epochs: 1 }): ValidateEvery {
  const keys = typeof every === "object" && every !== null ? Object.entries(every) : [];
  const [[unit, count] = ["", 0]] = keys;
  const valid =
    keys.length === 1 && (unit === "epochs" || unit === "steps") && Number.isSafeInteger(count) && count >= 1;
  if (valid) return every;
  throw new OptionError(
    `fit: validateEvery must be { epochs: n } or { steps: n } with a whole number ≥ 1, got ${JSON.stringify(every)}`,
  );
}
