// A dataset: samples that are known by a number from 0 to length − 1, and come as batches of tensors.
//
// A dataset of one's own is `length` and `batch`; the rest (parts, selections, the validation split) follows from them.

import { checkOption, checkOptionNames, DataError, permutation, type Shape, type Tensor } from "@gradus/core";
import { classNumbers } from "./class-numbers.ts";
import { checkIndices } from "./column.ts";
import { lastOfEachClass, sliceBounds } from "./parts.ts";
import { type LoaderSeed, seededGenerator } from "./seeds.ts";
import { type BatchOf, cached, chosen, joined, mapped, range } from "./views.ts";

/** Samples side by side: row i of the inputs belongs to row i of the targets. */
export interface Batch<Inputs extends Shape = Shape, Targets extends Shape = Shape> {
  /** What the network sees: `[samples, …]`. */
  readonly inputs: Tensor<Inputs>;
  /** What it is to answer: `[samples, …]`, `[samples]` for labels. */
  readonly targets: Tensor<Targets>;
}

/** One sample: a row of the inputs and one of the targets, without the axis of samples. */
export interface Sample {
  /** What the network sees of it: for an image `[height, width, channels]`. */
  readonly inputs: Tensor;
  /** What it is to answer: for a label a scalar. */
  readonly targets: Tensor;
}

/** How {@link Dataset.split} divides. */
export interface SplitOptions {
  /**
   * Whether each class gives the same share of its samples; targets must then be class numbers, or one-hot rows.
   * False by default.
   */
  readonly stratified?: boolean;
}

/**
 * An indexed collection of samples. Its parameters are the shapes of a batch; without them, any.
 *
 * @example
 * // The squares of 0 … 99, computed when they are asked for.
 * class Squares extends Dataset {
 *   readonly length = 100;
 *   batch(indices: ArrayLike<number>): Batch {
 *     const inputs = tensor(Float32Array.from(indices)).reshape([indices.length, 1]);
 *     return { inputs, targets: inputs.mul(inputs) };
 *   }
 * }
 */
export abstract class Dataset<Inputs extends Shape = Shape, Targets extends Shape = Shape> {
  /** The number of samples. */
  abstract readonly length: number;

  /**
   * The samples with these numbers, in this order.
   *
   * @param indices whole numbers from 0 to length − 1, repeated or not; a number out of range is a DataError
   */
  abstract batch(indices: ArrayLike<number>): Batch<Inputs, Targets>;

  /**
   * The targets alone of the samples with these numbers, for those who count classes. Override it where inputs are costly.
   *
   * @example
   * train.targetsOf([0, 1]).shape; // [2]
   */
  targetsOf(indices: ArrayLike<number>): Tensor<Targets> {
    return this.batch(indices).targets;
  }

  /**
   * Every batch after `transform`, computed when it is asked for. What is random in it belongs into a stream: see
   * `IterableDataset`.
   *
   * @throws DataError, when a batch is made, for a function that changes the number of samples
   * @example
   * train.map(({ inputs, targets }) => ({ inputs: inputs.mul(2).sub(1), targets })); // pixels from −1 to 1
   */
  map<Inputs2 extends Shape, Targets2 extends Shape>(
    transform: (batch: Batch<Inputs, Targets>) => Batch<Inputs2, Targets2>,
  ): Dataset<Inputs2, Targets2> {
    return new Derived(this.length, mapped(this, transform));
  }

  /**
   * The samples for which `keep` is true. Each is looked at once, now.
   *
   * @throws DataError for a function that returns anything but true or false
   * @example
   * train.filter(({ targets }) => targets.item() < 5).length; // 300
   */
  filter(keep: (sample: Sample, index: number) => boolean): Dataset<Inputs, Targets> {
    return this.select(chosen(this, keep));
  }

  /**
   * The samples with these numbers, in this order, as a dataset: a class's samples, a balanced or repeated choice.
   *
   * @throws DataError for a number that is out of range
   * @example
   * train.select([3, 1, 4]).length; // 3
   */
  select(indices: ArrayLike<number>): Dataset<Inputs, Targets> {
    return new Selection(this, indices);
  }

  /**
   * The samples from `start` up to, not including, `end`. Negative numbers count from the end.
   *
   * @throws OptionError for a bound that is fractional or out of range
   * @example
   * train.slice(100, 200); // the second hundred
   * train.slice(-100); // the last hundred
   */
  slice(start: number, end: number = this.length): Dataset<Inputs, Targets> {
    const [from, to] = sliceBounds(this.length, start, end);
    return this.select(Int32Array.from({ length: to - from }, (_, index) => from + index));
  }

  /**
   * The first `count` samples.
   *
   * @throws OptionError for a count that is fractional, negative or more than there are
   * @example
   * train.take(100).length; // 100
   */
  take(count: number): Dataset<Inputs, Targets> {
    const valid = Number.isInteger(count) && count >= 0 && count <= this.length;
    checkOption(valid, "take", "count", `a whole number from 0 to ${this.length}, the length`, count);
    return this.slice(0, count);
  }

  /**
   * All but the first `count` samples.
   *
   * @throws OptionError for a count that is fractional, negative or more than there are
   * @example
   * train.skip(100).length; // 500
   */
  skip(count: number): Dataset<Inputs, Targets> {
    const valid = Number.isInteger(count) && count >= 0 && count <= this.length;
    checkOption(valid, "skip", "count", `a whole number from 0 to ${this.length}, the length`, count);
    return this.slice(count, this.length);
  }

  /**
   * The samples `count` times, one pass after the other.
   *
   * @throws OptionError for a count that is no whole number ≥ 0
   * @example
   * train.repeat(3).length; // 1800
   */
  repeat(count: number): Dataset<Inputs, Targets> {
    checkOption(Number.isSafeInteger(count) && count >= 0, "repeat", "count", "a whole number ≥ 0", count);
    const { length } = this;
    const total = length * count;
    return new Derived(total, (indices) => {
      checkIndices(indices, total);
      return this.batch(Int32Array.from(indices, (index) => index % length));
    });
  }

  /**
   * These samples, and those of the others after them.
   *
   * @throws DataError for samples of another shape or dtype, which the first of each dataset tells
   * @example
   * train.take(10).concat(train.take(5), train.take(1)).length; // 16
   */
  concat(...others: readonly Dataset<Inputs, Targets>[]): Dataset<Inputs, Targets> {
    const parts: readonly Dataset<Inputs, Targets>[] = [this, ...others];
    const total = parts.reduce((sum, { length }) => sum + length, 0);
    const batch = joined(parts);
    const starts = parts.map((_, part) => parts.slice(0, part).reduce((sum, { length }) => sum + length, 0));
    const firsts = starts.filter((_, part) => (parts[part]?.length ?? 0) > 0);
    if (firsts.length > 1) batch(firsts);
    return new Derived(total, batch);
  }

  /**
   * The samples in one random order, the same at every pass. For a new order each epoch let the loader or the trainer shuffle.
   *
   * @throws OptionError for a seed that is none
   * @example
   * train.shuffle({ seed: 0 }).split(0.2); // a random part for validation
   */
  shuffle(options: LoaderSeed = {}): Dataset<Inputs, Targets> {
    checkOptionNames("shuffle", options, ["seed", "generator"]);
    const generator = seededGenerator("shuffle", options);
    return this.select(permutation(this.length, { generator }).toTypedArray());
  }

  /**
   * The samples as they come out of what precedes, computed once and kept: all of them, when the first are asked for.
   *
   * @example
   * const ready = train.map(({ inputs, targets }) => ({ inputs: inputs.sqrt(), targets })).cache();
   */
  cache(): Dataset<Inputs, Targets> {
    return new Derived(this.length, cached(this));
  }

  /**
   * Splits off the last part, for validation, before any shuffling: the first ⌊length · (1 − fraction)⌋ samples, and
   * the rest. Stratified, the rest has of each class the last `fraction` of its samples, give or take one.
   *
   * @throws OptionError for a fraction outside [0, 1)
   * @throws DataError if nothing is left to train with; stratified, for targets that are no class numbers
   * @example
   * const [training, validation] = train.split(0.2); // 480 and 120 of 600
   * validation.length; // 120
   * train.split(0.2, { stratified: true })[1].length; // 120
   */
  split(fraction: number, options: SplitOptions = {}): readonly [Dataset<Inputs, Targets>, Dataset<Inputs, Targets>] {
    checkOptionNames("split", options, ["stratified"]);
    checkOption(fraction >= 0 && fraction < 1, "split", "fraction", "a number in [0, 1)", fraction);
    // 10 · (1 − 0.9) is a hair below 1: what rounding took must not cost a sample.
    const first = Math.floor(this.length * (1 - fraction) + 1e-9);
    if (first === 0 && fraction > 0) {
      throw new DataError(`split: a fraction of ${fraction} of ${this.length} samples leaves none in the first part`);
    }
    if (options.stratified !== true) return [this.slice(0, first), this.slice(first, this.length)];
    const last = lastOfEachClass(classNumbers(this, "split"), this.length - first);
    const all = range(0, this.length);
    return [this.select(all.filter((index) => !last.has(index))), this.select(all.filter((index) => last.has(index)))];
  }
}

/** Chosen samples of another dataset. */
class Selection<Inputs extends Shape, Targets extends Shape> extends Dataset<Inputs, Targets> {
  readonly length: number;
  readonly #base: Dataset<Inputs, Targets>;
  readonly #indices: Int32Array;

  constructor(base: Dataset<Inputs, Targets>, indices: ArrayLike<number>) {
    super();
    checkIndices(indices, base.length);
    this.length = indices.length;
    this.#base = base;
    this.#indices = Int32Array.from(indices);
  }

  batch(indices: ArrayLike<number>): Batch<Inputs, Targets> {
    checkIndices(indices, this.length);
    return this.#base.batch(this.#numbers(indices));
  }

  override targetsOf(indices: ArrayLike<number>): Tensor<Targets> {
    checkIndices(indices, this.length);
    return this.#base.targetsOf(this.#numbers(indices));
  }

  #numbers(indices: ArrayLike<number>): Int32Array {
    return Int32Array.from(indices, (index) => this.#indices[index] ?? 0);
  }
}

/** Samples that are computed from those of other datasets. */
class Derived<Inputs extends Shape, Targets extends Shape> extends Dataset<Inputs, Targets> {
  readonly length: number;
  readonly #batch: BatchOf<Inputs, Targets>;

  constructor(length: number, batch: BatchOf<Inputs, Targets>) {
    super();
    this.length = length;
    this.#batch = batch;
  }

  batch(indices: ArrayLike<number>): Batch<Inputs, Targets> {
    return this.#batch(indices);
  }
}
