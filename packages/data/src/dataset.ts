// A dataset: samples that are known by a number from 0 to length − 1, and come as batches of tensors.
//
// A dataset of one's own is `length` and `batch`; the rest (parts, selections, the validation split) follows from them.

import { checkOption, DataError, OptionError, type Shape, type Tensor } from "@gradus/core";
import { checkIndices } from "./column.ts";

/** Samples side by side: row i of the inputs belongs to row i of the targets. */
export interface Batch<Inputs extends Shape = Shape, Targets extends Shape = Shape> {
  readonly inputs: Tensor<Inputs>;
  readonly targets: Tensor<Targets>;
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

  /** The samples with these numbers, in this order. */
  abstract batch(indices: ArrayLike<number>): Batch<Inputs, Targets>;

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
   * train.take(1000).length; // 1000
   */
  take(count: number): Dataset<Inputs, Targets> {
    const valid = Number.isInteger(count) && count >= 0 && count <= this.length;
    checkOption(valid, "take", "count", `a whole number from 0 to ${this.length}, the length`, count);
    return this.slice(0, count);
  }

  /**
   * Splits off the last part, for validation, before any shuffling: the first ⌊length · (1 − fraction)⌋ samples, and
   * the rest.
   *
   * @throws OptionError for a fraction outside [0, 1)
   * @throws DataError if nothing is left to train with
   * @example
   * const [training, validation] = train.split(0.2); // 48,000 and 12,000 of 60,000
   */
  split(fraction: number): readonly [Dataset<Inputs, Targets>, Dataset<Inputs, Targets>] {
    checkOption(fraction >= 0 && fraction < 1, "split", "fraction", "a number in [0, 1)", fraction);
    // 10 · (1 − 0.9) is a hair below 1: what rounding took must not cost a sample.
    const first = Math.floor(this.length * (1 - fraction) + 1e-9);
    if (first === 0 && fraction > 0) {
      throw new DataError(`split: a fraction of ${fraction} of ${this.length} samples leaves none in the first part`);
    }
    return [this.slice(0, first), this.slice(first, this.length)];
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
    return this.#base.batch(Int32Array.from(indices, (index) => this.#indices[index] ?? 0));
  }
}

/**
 * The bounds of a part as numbers from 0 to `length`.
 * @throws OptionError for a bound that is fractional or out of range, and for an end before the start
 * @internal
 */
export function sliceBounds(length: number, start: number, end: number): readonly [number, number] {
  const within = (bound: number): boolean => Number.isInteger(bound) && bound >= -length && bound <= length;
  checkOption(within(start), "slice", "start", `a whole number from ${-length} to ${length}`, start);
  checkOption(within(end), "slice", "end", `a whole number from ${-length} to ${length}`, end);
  const from = start < 0 ? start + length : start;
  const to = end < 0 ? end + length : end;
  if (to < from) throw new OptionError(`slice: end must not stand before start, got start ${start} and end ${end}`);
  return [from, to];
}
