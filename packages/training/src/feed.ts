// Where batches come from: an endless sequence of passes over the data, each a sequence of batches. A feed knows where it stands, and
// can go on from there: datasets by number, loaders by their own state, everything else by passing over what was given out before.

import { DataError, formatShape, Tensor } from "@gradus/core";
import type { Batch, Dataset } from "@gradus/data";
import type { FeedState } from "./training-state.ts";

/** A batch of samples, each with a weight if need be. */
export interface WeightedBatch extends Batch {
  /** How much each sample counts, `[batch]`; 1 if there are none. */
  readonly weights?: Tensor;
}

/** Batches one after the other, at once or in time. */
export type BatchIterable = Iterable<WeightedBatch> | AsyncIterable<WeightedBatch>;

/**
 * Data to train with: a dataset, or batches. What can be iterated again (an array, a `DataLoader`) gives a pass each time; so does a
 * function, which is called for each pass; a generator gives what it has once.
 */
export type BatchSource = Dataset | BatchIterable | (() => BatchIterable);

/** A batch, and how many samples it has. */
export interface CountedBatch {
  readonly inputs: Tensor;
  readonly targets: Tensor;
  readonly weights: Tensor | null;
  readonly samples: number;
}

/** The batches of passes over data. */
export interface Feed {
  /** The batches of a pass, where that is known. */
  readonly batches: number | null;
  /** The samples of a pass, where that is known. */
  readonly samples: number | null;
  /** The next batch; null once at the end of each pass. */
  next(): CountedBatch | null | Promise<CountedBatch | null>;
  /** Leaves out what is left of this pass. */
  endPass(): Promise<void>;
  /** Where it stands. */
  readonly state: FeedState;
  /** Goes on from there. @throws CheckpointError for the state of other data */
  restore(state: FeedState): Promise<void>;
  /** Lets go of what an unfinished pass holds. */
  close(): Promise<void>;
}

/** A batch with its samples counted. @throws DataError for what is no batch */
export function counted(batch: WeightedBatch): CountedBatch {
  const { inputs, targets, weights = null }: Partial<CountedBatch> = batch ?? {};
  if (!(inputs instanceof Tensor) || !(targets instanceof Tensor)) {
    throw new DataError("the data gave something that is no batch: expected { inputs, targets }, two tensors");
  }
  const [samples = 0] = inputs.shape;
  const rows = [inputs, targets, ...(weights === null ? [] : [weights])].map(({ shape }) => shape);
  if (samples === 0 || rows.some(([first]) => first !== samples)) {
    const shapes = rows.map(formatShape).join(", ");
    throw new DataError(`the data gave a batch of shapes ${shapes}: their first axes must be equal, and not 0`);
  }
  return { inputs, targets, weights, samples };
}
