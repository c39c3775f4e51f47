// Streams: items one after the other, of known or unknown number, from memory, files or the net, through stages that are as lazy as
// they are. A stream can be iterated again and again; each time is a pass, and `state` says where it stands.
//
// The stages are in stream/. Each can give any pass from any item on, so a state is two numbers: see stream/stage.ts.
// Source of the vocabulary: D. G. Murray et al., "tf.data: a machine learning data processing framework", VLDB 2021.

import { CheckpointError, checkOptionNames, OptionError, type Shape } from "@gradus/core";
import type { Batch, Dataset, Sample } from "./dataset.ts";
import type { DataLoader } from "./loader.ts";
import { seededGenerator } from "./seeds.ts";
import { batchStage, type SampleSource, type StreamBatch } from "./stream/batches.ts";
import {
  type BatchOptions,
  checkCount,
  type ItemOptions,
  itemSeed,
  type ShuffleOptions,
  type StreamState,
} from "./stream/options.ts";
import { prefetchStage } from "./stream/prefetch.ts";
import { shuffleStage } from "./stream/shuffle.ts";
import { datasetSource, type ItemSource, isDataset, isLoader, loaderSource, sourceOf } from "./stream/sources.ts";
import type { Stage } from "./stream/stage.ts";
import {
  cacheStage,
  concatStage,
  filterStage,
  type ItemContext,
  mapStage,
  repeatStage,
  skipStage,
  takeStage,
} from "./stream/stages.ts";

/**
 * A stream of items: of samples, of batches, of paths, of whatever. Nothing is computed before it is asked for. `fit` takes a stream
 * of batches as it is, and continues it from a checkpoint bit for bit.
 *
 * @example
 * const squares = IterableDataset.from(function* () {
 *   for (let x = 0; ; x++) yield { inputs: [x], targets: [x * x] };
 * });
 * const batches = squares.take(1000).shuffle({ buffer: 100, seed: 0 }).batch(50).prefetch(2);
 * for await (const { inputs } of batches) inputs.shape; // [50, 1]
 */
export class IterableDataset<Item> implements AsyncIterable<Item> {
  /** The number of items in a pass: null where that is not known before, Infinity where there is no end. */
  readonly length: number | null;
  readonly #stage: Stage<Item>;
  #pass = 0;
  #items = 0;
  /** Whether the pass of the position has begun, so that the next iteration is another one. */
  #begun = false;
  #done = false;

  /** Made by {@link IterableDataset.from} and by the methods. @internal */
  constructor(stage: Stage<Item>) {
    this.#stage = stage;
    this.length = stage.length;
  }

  /**
   * The stream of a dataset's samples, a loader's batches (each pass an epoch), the items of an array or of anything that can be
   * iterated, at once or in time. A function is called for each pass, with its number. A generator gives what it has once.
   *
   * @throws OptionError for what cannot be iterated
   * @throws DataError, at the second pass, for a generator
   * @example
   * IterableDataset.from([1, 2, 3]).length; // 3
   */
  static from<I extends Shape, T extends Shape>(source: DataLoader<I, T>): IterableDataset<Batch<I, T>>;
  static from(source: Dataset): IterableDataset<Sample>;
  static from<Item>(source: ItemSource<Item>): IterableDataset<Item>;
  static from(source: ItemSource<unknown> | Dataset): IterableDataset<unknown> {
    if (source instanceof IterableDataset) return new IterableDataset(source.#stage);
    if (isDataset(source)) return new IterableDataset(datasetSource(source));
    if (isLoader(source)) return new IterableDataset(loaderSource(source));
    return new IterableDataset(sourceOf(source));
  }

  /**
   * The next pass's items; after `state` was assigned, what is left of that pass.
   *
   * @example
   * for await (const item of IterableDataset.from([5])) item; // 5
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, void> {
    if (this.#begun) this.#position(this.#pass + 1, 0);
    this.#begun = true;
    const pass = this.#pass;
    for await (const item of this.#stage.open(pass, this.#items)) {
      // An older iteration, still running beside a newer one, leaves the position alone.
      if (this.#pass === pass) this.#items++;
      yield item;
    }
    if (this.#pass === pass) this.#done = true;
  }

  /**
   * Where the stream stands. Assign it to a stream made in the same way, and the next iteration gives the items that this pass has
   * left, then every later pass as it would have been.
   *
   * @throws CheckpointError for the state of a stream of another length, or a position that does not exist
   * @example
   * IterableDataset.from([1, 2, 3]).state.items; // 0
   */
  get state(): StreamState {
    const { length } = this;
    const done = this.#begun && (this.#done || this.#items === length);
    const position = done ? { pass: this.#pass + 1, items: 0 } : { pass: this.#pass, items: this.#items };
    return { ...position, length: length === Infinity ? null : length };
  }

  set state({ pass, items, length }: StreamState) {
    const own = this.length === Infinity ? null : this.length;
    if (length !== own) {
      const say = (count: number | null | undefined): string => (count == null ? "any number of" : String(count));
      const both = `a stream of ${say(length)} items, this one has ${say(own)}`;
      throw new CheckpointError(`IterableDataset: the state is that of ${both}`);
    }
    const whole = [pass, items].every((value) => Number.isSafeInteger(value) && value >= 0);
    if (!whole || (own !== null && items > 0 && items >= own)) {
      throw new CheckpointError(`IterableDataset: the state's position, pass ${pass}, item ${items}, does not exist`);
    }
    this.#position(pass, items);
    this.#begun = false;
  }

  #position(pass: number, items: number): void {
    this.#pass = pass;
    this.#items = items;
    this.#done = false;
  }

  /**
   * Every item after `transform`, which may take time. The second argument has the item's number, the pass's, and a generator that
   * is the item's own, so that what is random is new in each pass and the same after a resume. Two random maps want two seeds.
   *
   * @throws OptionError for a seed that is none
   * @example
   * const noisy = IterableDataset.from([1, 2]).map((x, { generator }) => x + uniform([], { generator }).item(), { seed: 1 });
   */
  map<Out>(
    transform: (item: Item, context: ItemContext) => Out | Promise<Out>,
    options: ItemOptions = {},
  ): IterableDataset<Out> {
    return new IterableDataset(mapStage(this.#stage, transform, itemSeed("map", options)));
  }

  /**
   * The items for which `keep` is true.
   *
   * @throws DataError, in a pass, for a function that gives anything but true or false
   * @example
   * const odd = IterableDataset.from([1, 2, 3]).filter((x) => x % 2 === 1);
   * odd.length; // null
   */
  filter(
    keep: (item: Item, context: ItemContext) => boolean | Promise<boolean>,
    options: ItemOptions = {},
  ): IterableDataset<Item> {
    return new IterableDataset(filterStage(this.#stage, keep, itemSeed("filter", options)));
  }

  /**
   * The first `count` items, or all if there are fewer. No more are asked for.
   *
   * @throws OptionError for a count that is no whole number ≥ 0
   * @example
   * IterableDataset.from([1, 2, 3]).take(2).length; // 2
   */
  take(count: number): IterableDataset<Item> {
    checkCount("take", "count", count, 0);
    return new IterableDataset(takeStage(this.#stage, count));
  }

  /**
   * All but the first `count` items.
   *
   * @throws OptionError for a count that is no whole number ≥ 0
   * @example
   * IterableDataset.from([1, 2, 3]).skip(1).length; // 2
   */
  skip(count: number): IterableDataset<Item> {
    checkCount("skip", "count", count, 0);
    return new IterableDataset(skipStage(this.#stage, count));
  }

  /**
   * The items `count` times, or without end. Each time is a pass of what precedes, with an order of its own if that shuffles.
   *
   * @throws OptionError for a count that is neither a whole number ≥ 0 nor Infinity
   * @example
   * IterableDataset.from([1, 2, 3]).repeat(2).length; // 6
   */
  repeat(count: number = Infinity): IterableDataset<Item> {
    if (count !== Infinity) checkCount("repeat", "count", count, 0);
    return new IterableDataset(repeatStage(this.#stage, count));
  }

  /**
   * These items, and those of the others after them.
   *
   * @throws OptionError for what is no stream
   * @example
   * IterableDataset.from([1, 2]).concat(IterableDataset.from([3])).length; // 3
   */
  concat<Other>(...others: readonly IterableDataset<Other>[]): IterableDataset<Item | Other> {
    const stages: Stage<Item | Other>[] = [this.#stage];
    for (const other of others) {
      if (!(other instanceof IterableDataset))
        throw new OptionError("concat: expected streams, IterableDataset.from(…)");
      stages.push(other.#stage);
    }
    return new IterableDataset(concatStage(stages));
  }

  /**
   * The items in a random order, another in each pass, chosen from `buffer` items that wait in memory.
   *
   * @throws OptionError for a buffer that is no whole number ≥ 1, and for a seed that is none
   * @example
   * IterableDataset.from([1, 2, 3]).shuffle({ buffer: 3, seed: 0 }).length; // 3
   */
  shuffle(options: ShuffleOptions): IterableDataset<Item> {
    checkOptionNames("shuffle", options, ["buffer", "seed", "generator"]);
    checkCount("shuffle", "buffer", options.buffer, 1);
    const { seed } = seededGenerator("shuffle", options).state;
    return new IterableDataset(shuffleStage(this.#stage, options.buffer, seed));
  }

  /**
   * Batches of `size` samples: their inputs side by side, and their targets. The last has what is left.
   *
   * @throws OptionError for a size that is no whole number ≥ 1
   * @throws DataError, in a pass, for an item that is no sample, and for samples of several shapes or dtypes
   * @example
   * IterableDataset.from([{ inputs: [1, 2], targets: 0 }]).batch(32).length; // 1
   */
  batch(this: IterableDataset<SampleSource>, size: number, options: BatchOptions = {}): IterableDataset<StreamBatch> {
    checkCount("batch", "size", size, 1);
    checkOptionNames("batch", options, ["dropLast"]);
    return new IterableDataset(batchStage(this.#stage, size, options.dropLast === true));
  }

  /**
   * The same items, of which up to `count` are asked for before they are needed. No more are ever held here.
   *
   * @throws OptionError for a count that is no whole number ≥ 1
   * @example
   * IterableDataset.from([1, 2, 3]).prefetch(2).length; // 3
   */
  prefetch(count: number): IterableDataset<Item> {
    checkCount("prefetch", "count", count, 1);
    return new IterableDataset(prefetchStage(this.#stage, count));
  }

  /**
   * The items of the first complete pass, kept in memory: later passes give them again, and nothing that precedes runs.
   *
   * @example
   * IterableDataset.from([1, 2, 3]).cache().length; // 3
   */
  cache(): IterableDataset<Item> {
    return new IterableDataset(cacheStage(this.#stage));
  }

  /**
   * The stage at the end of this stream.
   * @internal
   */
  static stageOf<Item>(stream: IterableDataset<Item>): Stage<Item> {
    return stream.#stage;
  }
}
