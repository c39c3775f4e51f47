// The batches of a dataset, pass after pass, each in an order that a generator fixes.

import {
  CheckpointError,
  DataError,
  formatShape,
  Generator,
  permutation,
  randint,
  type Tensor,
  tensor,
} from "@gradus/core";
import type { Dataset } from "@gradus/data";
import type { CountedBatch, Feed } from "./feed.ts";
import type { FeedState } from "./training-state.ts";

/** How a dataset is gone through. */
export interface OrderOptions {
  readonly batchSize: number;
  /** A new random order for each pass. */
  readonly shuffle: boolean;
  /** Where orders come from; without one a seed is drawn from the default generator when the first order is needed. */
  readonly generator: Generator | null;
  /** A weight for each sample. */
  readonly weights: Float32Array | null;
}

/** The batches of a dataset. The last of a pass has what is left. */
export class DatasetFeed implements Feed {
  readonly batches: number;
  readonly samples: number;
  readonly #data: Dataset;
  readonly #options: OrderOptions;
  #generator: Generator | null;
  #order: Int32Array | null = null;
  #passStart: FeedState["generator"] = null;
  #pass = 0;
  #batch = 0;

  constructor(data: Dataset, options: OrderOptions) {
    this.#data = data;
    this.#options = options;
    this.#generator = options.generator;
    this.samples = data.length;
    this.batches = Math.ceil(data.length / options.batchSize);
  }

  /** @throws DataError where a dataset gives other numbers of rows than were asked for */
  next(): CountedBatch | null {
    if (this.#batch === this.batches) {
      void this.endPass();
      return null;
    }
    const { batchSize, weights } = this.#options;
    const start = this.#batch * batchSize;
    const samples = Math.min(batchSize, this.samples - start);
    const indices =
      this.#orderOfPass()?.subarray(start, start + samples) ??
      Int32Array.from({ length: samples }, (_, row) => start + row);
    const { inputs, targets } = this.#data.batch(indices);
    if (inputs.shape[0] !== samples || targets.shape[0] !== samples) {
      const shapes = `inputs ${formatShape(inputs.shape)} and targets ${formatShape(targets.shape)}`;
      throw new DataError(`the dataset gave ${shapes} for ${samples} samples: their first axes must be ${samples}`);
    }
    this.#batch++;
    return { inputs, targets, samples, weights: weights && weightsOf(weights, indices) };
  }

  endPass(): Promise<void> {
    // Where a pass was taken up at its end, nobody asked for its order; the next one's comes after it.
    if (this.#batch > 0) this.#orderOfPass();
    this.#pass++;
    this.#batch = 0;
    this.#order = null;
    return Promise.resolve();
  }

  #orderOfPass(): Int32Array | null {
    if (!this.#options.shuffle) return null;
    this.#generator ??= new Generator(randint([], { low: 0, high: 2 ** 31 - 1 }).item());
    if (this.#order === null) {
      this.#passStart = this.#generator.state;
      this.#order = Int32Array.from(permutation(this.samples, { generator: this.#generator }).toTypedArray());
    }
    return this.#order;
  }

  get state(): FeedState {
    const generator = this.#order === null ? (this.#generator?.state ?? null) : this.#passStart;
    const { samples } = this;
    return {
      pass: this.#pass,
      batch: this.#batch,
      samples,
      batchSize: this.#options.batchSize,
      generator: this.#options.shuffle ? generator : null,
      source: null,
    };
  }

  restore({ pass, batch, samples, batchSize, generator }: FeedState): Promise<void> {
    if (samples !== this.samples || batchSize !== this.#options.batchSize) {
      const saved =
        samples === null ? "batches without known samples" : `${samples} samples in batches of ${batchSize}`;
      throw new CheckpointError(
        `fit: the state is of ${saved}, the data are ${this.samples} samples in batches of ${this.#options.batchSize}`,
      );
    }
    if ((generator !== null) !== this.#options.shuffle && batch > 0) {
      const how = this.#options.shuffle ? "without shuffling" : "with shuffling";
      throw new CheckpointError(`fit: the state is in the middle of an epoch ${how}: pass the same shuffle`);
    }
    this.#pass = pass;
    this.#batch = batch;
    this.#order = null;
    if (generator !== null) {
      this.#generator = new Generator(generator.seed);
      this.#generator.state = generator;
    }
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function weightsOf(weights: Float32Array, indices: Int32Array): Tensor {
  return tensor(Float32Array.from(indices, (index) => weights[index] ?? 1));
}
