// The options of training, evaluation and prediction.

import type { Tensor } from "@gradus/core";
import type { Callback } from "./callbacks/callback.ts";
import type { BatchSource } from "./feed.ts";
import type { ClassWeight, SampleWeight } from "./sample-weights.ts";

/** How much is shown: 0 nothing, 1 a progress bar, 2 a plain line per epoch. "auto" is 1. */
export type Verbosity = 0 | 1 | 2 | "auto";

/** Options of {@link Trainer.predict}. */
export interface PredictOptions {
  /** Samples per batch, of a tensor or a dataset, at least 1; 32 by default. */
  readonly batchSize?: number;
  /** Batches to predict, of those that there are; all by default. */
  readonly steps?: number;
  /**
   * Stops at a batch's end once aborted: the promise is rejected with the signal's reason; nothing stops it by
   * default.
   */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link Trainer.evaluate}. */
export interface EvaluateOptions extends PredictOptions {
  /** How much is shown; "auto" by default. */
  readonly verbose?: Verbosity;
  /** How much each sample of a dataset counts in the loss; metrics are not weighted. All alike by default. */
  readonly sampleWeight?: SampleWeight;
}

/** Options of {@link Trainer.trainOnBatch}. */
export interface BatchOptions {
  /** How much each class counts in the loss, by label; all alike by default. */
  readonly classWeight?: ClassWeight;
  /** How much each sample counts in the loss; all alike by default. */
  readonly sampleWeight?: SampleWeight;
  /**
   * The greatest norm of all gradients taken as one vector, above 0: longer ones are scaled down to it. No limit by
   * default.
   */
  readonly clipNorm?: number;
  /** The greatest size of an element of a gradient, above 0. No limit by default. */
  readonly clipValue?: number;
}

/** How often there is a validation: after every so many epochs, or after every so many steps, counted over all epochs. */
export type ValidateEvery =
  | {
      /** After every so many epochs, a whole number ≥ 1. */
      readonly epochs: number;
    }
  | {
      /** After every so many steps, counted over all epochs, a whole number ≥ 1. */
      readonly steps: number;
    };

/** Options of {@link Trainer.fit}. */
export interface FitOptions extends BatchOptions {
  /** Samples per batch of a dataset; 32 by default. The last batch of an epoch has what is left. */
  readonly batchSize?: number;
  /** The number of the epoch after which training is over; 1 by default. */
  readonly epochs?: number;
  /** The epoch to begin with, counted from 0, where an earlier training is continued; 0 by default, so that `epochs` are trained. */
  readonly initialEpoch?: number;
  /**
   * Steps of an epoch; by default samples / batchSize, rounded up, or all batches that there are. With another number an epoch goes on
   * where the last one stopped, and from the start, in a new order, once everything was seen.
   */
  readonly stepsPerEpoch?: number;
  /**
   * The share of the samples, from 0 to below 1, taken from the end before any shuffling, that is not learned but
   * used for validation; 0 by default.
   */
  readonly validationSplit?: number;
  /** Samples or batches for validation, in the place of `validationSplit`; none by default. */
  readonly validationData?: BatchSource;
  /** Batches per validation, always the first ones; by default all. */
  readonly validationSteps?: number;
  /** Samples per batch of validation; `batchSize` by default. */
  readonly validationBatchSize?: number;
  /** When there is a validation: `{ epochs: 1 }` by default. */
  readonly validateEvery?: ValidateEvery;
  /** Whether every pass over a dataset has a new random order; true by default. */
  readonly shuffle?: boolean;
  /**
   * The seed of the order: the same seed, the same batches. By default it is drawn from the generator of `manualSeed`, which also
   * rules initial weights and dropout.
   */
  readonly seed?: number;
  /** How much is shown; "auto" by default. */
  readonly verbose?: Verbosity;
  /** Batches whose gradients are averaged for one step of the optimizer; 1 by default. What an epoch has left over is a step, too. */
  readonly accumulate?: number;
  /** What else is to happen; called in this order. Nothing by default. */
  readonly callbacks?: readonly Callback[];
  /**
   * Stops at a step's end once aborted: the promise is rejected with the signal's reason; nothing stops it by
   * default.
   */
  readonly signal?: AbortSignal | undefined;
}

/** What is predicted for: rows of a tensor, samples of a dataset, or batches, with targets or without. */
export type PredictSource = Tensor | BatchSource | Iterable<Tensor> | AsyncIterable<Tensor>;
