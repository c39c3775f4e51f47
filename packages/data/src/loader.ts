// The loader: a dataset's batches, epoch after epoch, in an order that a seed fixes.
//
// The loader has a generator of its own, from which every epoch takes one call for its permutation. So an epoch's order
// depends on nothing but the seed and the number of epochs before it, and a loader can go on where another stopped.

import {
  CheckpointError,
  checkOption,
  checkOptionNames,
  defaultGenerator,
  Generator,
  type GeneratorState,
  permutation,
  type Shape,
} from "@gradus/core";
import type { Batch, Dataset } from "./dataset.ts";
import { checkOneSeed, drawSeed } from "./seeds.ts";

/** How a {@link DataLoader} goes through its dataset. */
export interface LoaderOptions {
  /** Samples per batch, at least 1; the last batch of an epoch has what is left. 32 by default. */
  readonly batchSize?: number;
  /** Whether every epoch has a new random order; false by default. */
  readonly shuffle?: boolean;
  /**
   * The seed of the order, a whole number from 0 to 2⁵³ − 1: the same seed, the same batches. By default it is drawn
   * from `generator`, beside which it may not stand.
   */
  readonly seed?: number;
  /** Where the seed is drawn from if none is given: by default the generator of `manualSeed`. */
  readonly generator?: Generator;
  /** Whether a last batch of fewer samples is left out; false by default. */
  readonly dropLast?: boolean;
}

/** Where a loader stands: plain data, for checkpoints. */
export interface LoaderState {
  /** The number of epochs begun before this one. */
  readonly epoch: number;
  /** The number of batches of this epoch that were given out. */
  readonly batch: number;
  /** The generator as it was before this epoch's order was drawn. */
  readonly generator: GeneratorState;
  /** The length of the dataset: a position means the same only to a loader with the same number. */
  readonly samples: number;
  /** Samples per batch, which must be the same, too. */
  readonly batchSize: number;
}

/**
 * The batches of a dataset. Each iteration is one epoch, with a new order if `shuffle` is set.
 *
 * @throws OptionError for an option that is out of range: its name and its value
 * @example
 * const loader = new DataLoader(train, { batchSize: 64, shuffle: true, seed: 0 });
 * for (let epoch = 0; epoch < 5; epoch++) {
 *   for (const { inputs, targets } of loader) {
 *     crossEntropy(model.forward(inputs), targets).backward();
 *   }
 * }
 */
export class DataLoader<Inputs extends Shape = Shape, Targets extends Shape = Shape>
  implements Iterable<Batch<Inputs, Targets>>
{
  /** Where the samples come from. */
  readonly dataset: Dataset<Inputs, Targets>;
  /** Samples per batch; the last of an epoch may have fewer. */
  readonly batchSize: number;
  /** Whether every epoch has a new random order. */
  readonly shuffle: boolean;
  /** Whether a last batch of fewer samples is left out. */
  readonly dropLast: boolean;
  /** The number of batches in an epoch. */
  readonly length: number;
  readonly #generator: Generator;
  #epoch = 0;
  #batch = 0;
  #epochStart: GeneratorState;
  /** Whether the epoch of the position has begun, so that the next iteration is another one. */
  #begun = false;

  /**
   * @param dataset where the samples come from
   * @throws OptionError for an option that is unknown or out of range: its name and its value
   */
  constructor(dataset: Dataset<Inputs, Targets>, options: LoaderOptions = {}) {
    const { batchSize = 32, shuffle = false, seed, generator, dropLast = false } = options;
    const valid = Number.isSafeInteger(batchSize) && batchSize >= 1;
    checkOption(valid, "DataLoader", "batchSize", "a whole number ≥ 1", batchSize);
    checkOptionNames("DataLoader", options, ["batchSize", "shuffle", "seed", "generator", "dropLast"]);
    checkOneSeed("DataLoader", options);
    this.dataset = dataset;
    this.batchSize = batchSize;
    this.shuffle = shuffle;
    this.dropLast = dropLast;
    this.length = dropLast ? Math.floor(dataset.length / batchSize) : Math.ceil(dataset.length / batchSize);
    this.#generator = new Generator(seed ?? (shuffle ? drawSeed(generator ?? defaultGenerator()) : 0));
    this.#epochStart = this.#generator.state;
  }

  /**
   * The next epoch's batches; after `state` was assigned, what is left of that epoch.
   *
   * @example
   * const [first] = loader; // the first batch of an epoch
   */
  *[Symbol.iterator](): IterableIterator<Batch<Inputs, Targets>> {
    if (this.#begun) this.#advance();
    this.#begun = true;
    const epoch = this.#epoch;
    const order = this.#drawOrder(this.#generator);
    for (let number = this.#batch; number < this.length; number++) {
      const batch = this.#batchOf(order, number);
      // An older iteration, still running beside a newer one, leaves the position alone.
      if (this.#epoch === epoch) this.#batch = number + 1;
      yield batch;
    }
  }

  /**
   * The batches of epoch `epoch`, counted from 0, from batch `from` on, whatever the loader's own position, which stays as it is.
   *
   * @throws OptionError for a number that is no whole number ≥ 0
   * @example
   * const [first] = loader.batchesOf(3); // the first batch of the fourth epoch
   */
  *batchesOf(epoch: number, from = 0): IterableIterator<Batch<Inputs, Targets>> {
    for (const [name, value] of Object.entries({ epoch, from })) {
      checkOption(Number.isSafeInteger(value) && value >= 0, "batchesOf", name, "a whole number ≥ 0", value);
    }
    // Each epoch takes one call of the generator, if any.
    const { seed, calls } = this.#epochStart;
    const generator = new Generator(seed);
    generator.state = { seed, calls: calls + (this.shuffle ? epoch - this.#epoch : 0) };
    const order = this.#drawOrder(generator);
    for (let number = from; number < this.length; number++) yield this.#batchOf(order, number);
  }

  #batchOf(order: Int32Array | undefined, number: number): Batch<Inputs, Targets> {
    const start = number * this.batchSize;
    const end = Math.min(start + this.batchSize, this.dataset.length);
    return this.dataset.batch(
      order?.subarray(start, end) ?? Int32Array.from({ length: end - start }, (_, index) => start + index),
    );
  }

  /**
   * Where the loader stands. Assign it to a loader of the same dataset and batch size, and the next iteration gives the
   * batches that this epoch has left, then every later epoch as it would have been.
   *
   * @throws CheckpointError for the state of a loader with other numbers, or a position that does not exist
   * @example
   * const resumed = new DataLoader(train, { batchSize: 64, shuffle: true });
   * resumed.state = JSON.parse(saved);
   */
  get state(): LoaderState {
    const { batchSize, dataset } = this;
    const done = this.#begun && this.#batch === this.length;
    const position = done
      ? { epoch: this.#epoch + 1, batch: 0, generator: this.#generator.state }
      : { epoch: this.#epoch, batch: this.#batch, generator: this.#epochStart };
    return { ...position, samples: dataset.length, batchSize };
  }

  set state({ epoch, batch, generator, samples, batchSize }: LoaderState) {
    if (samples !== this.dataset.length || batchSize !== this.batchSize) {
      const saved = `of ${samples} samples in batches of ${batchSize}`;
      const own = `${this.dataset.length} samples in batches of ${this.batchSize}`;
      throw new CheckpointError(`DataLoader: the state is that of a loader ${saved}, this one has ${own}`);
    }
    const whole = [epoch, batch, generator?.seed, generator?.calls].every(
      (value) => Number.isSafeInteger(value) && value >= 0,
    );
    if (!whole || (batch > 0 && batch >= this.length)) {
      const position = `epoch ${epoch}, batch ${batch}`;
      throw new CheckpointError(
        `DataLoader: the state's position, ${position}, is none among ${this.length} batches an epoch`,
      );
    }
    this.#generator.state = generator;
    this.#epochStart = generator;
    this.#epoch = epoch;
    this.#batch = batch;
    this.#begun = false;
  }

  #advance(): void {
    this.#epoch += 1;
    this.#batch = 0;
    this.#epochStart = this.#generator.state;
  }

  /** This epoch's order, or undefined for that of the dataset. */
  #drawOrder(generator: Generator): Int32Array | undefined {
    if (!this.shuffle) return undefined;
    return Int32Array.from(permutation(this.dataset.length, { generator }).toTypedArray());
  }
}
