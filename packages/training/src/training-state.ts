// Where training stands, as plain values: what a checkpoint holds. Two rules make it safe to store: `position` is JSON through and
// through (finite numbers only, so that nothing is lost on the way), and whatever may be NaN, infinite or large is a tensor.

import type { GeneratorState, Tensor } from "@gradus/core";
import type { OptimizerState } from "@gradus/optimizers";

/** What JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Tensors by name. The names hold no order and no meaning for whoever stores them. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** Where the data of a fit stand. */
export interface FeedState {
  /** How many passes over the data were completed. */
  readonly pass: number;
  /** How many batches of this pass were given out. */
  readonly batch: number;
  /** The samples of a pass, where they are known: the position means the same only with the same number. */
  readonly samples: number | null;
  /** Samples per batch, where they are known; they must be the same, too. */
  readonly batchSize: number | null;
  /** The generator of the order as it was before this pass's order was drawn; null where nothing is shuffled. */
  readonly generator: GeneratorState | null;
  /** What a loader with a `state` of its own says; null for everything else. */
  readonly source: Json;
}

/** Where a fit stands: plain data that survives `JSON.parse(JSON.stringify(position))` to the last bit. */
export interface TrainingPosition {
  /** The number of this layout. */
  readonly version: 1;
  /** The epoch that goes on, or is the next to begin; counted from 0. */
  readonly epoch: number;
  /** How many steps of that epoch are done. */
  readonly step: number;
  /** How many steps were taken in all, since the first epoch. */
  readonly totalSteps: number;
  /** How many batches have left gradients that the optimizer has not used yet (`accumulate`). */
  readonly accumulated: number;
  /** Where the data stand; null before the first fit. */
  readonly feed: FeedState | null;
  /** The generator of `manualSeed`: initial weights, dropout, seeds that nobody gave. */
  readonly generator: GeneratorState;
  /** Generators that the model's layers have to themselves, by path. */
  readonly modelGenerators: Readonly<Record<string, GeneratorState>>;
  /** The names of the values in the history, the epochs it has, and at which steps validations were. */
  readonly history: Json;
  /** How many samples are in the averages of the epoch that goes on. */
  readonly averages: Json;
  /** What callbacks remember, by their names. */
  readonly callbacks: Readonly<Record<string, Json>>;
}

/**
 * Everything that `Trainer.restore` needs to go on bit for bit, from the end of any step: copies, which later training does not
 * change.
 *
 * To store it: `model`, `optimizer.tensors` and `tensors` are tensors by name (three name spaces: give each a prefix of its own);
 * `position` and the rest of `optimizer` are JSON.
 */
export interface TrainingState {
  /** Parameters and buffers by path: the model's `stateDict`, or for models without one its parameters as `0`, `1`, …. */
  readonly model: NamedTensors;
  /** The optimizer's `stateDict`; null for an optimizer that has none. */
  readonly optimizer: OptimizerState | null;
  /** Where training stands in epochs, data and random numbers: JSON. */
  readonly position: TrainingPosition;
  /** What else is needed as tensors: the history's values, sums of averages, gradients in waiting, callbacks' weights. */
  readonly tensors: NamedTensors;
}

/**
 * Writes and reads states: what `ModelCheckpoint` asks of a file format. Writers of @gradus/training store one file of safetensors;
 * a database, a browser's storage or a variable will do as well.
 *
 * @example
 * const kept = new Map<string, TrainingState>();
 * const memory: CheckpointWriter = {
 *   save: async (path, state) => void kept.set(path, state),
 *   load: async (path) => kept.get(path) ?? null,
 * };
 */
export interface CheckpointWriter {
  /** Stores a state. When the promise resolves it is durable; when it is rejected, what stood at `path` before still stands. */
  save(path: string, state: TrainingState): Promise<void>;
  /** Reads a state back, or gives null where there is none. */
  load(path: string): Promise<TrainingState | null>;
}
