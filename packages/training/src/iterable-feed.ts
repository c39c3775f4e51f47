// The batches of an iterable: an array, a loader, a generator, in time or at once.

import { CheckpointError } from "@gradus/core";
import { type BatchIterable, type CountedBatch, counted, type Feed, type WeightedBatch } from "./feed.ts";
import { asJson } from "./json.ts";
import type { FeedState, Json } from "./training-state.ts";

/** The batches that an iterable gives. */
export class IterableFeed implements Feed {
  readonly batches: number | null;
  readonly samples: null = null;
  readonly #source: BatchIterable | (() => BatchIterable);
  #iterator: Iterator<WeightedBatch> | AsyncIterator<WeightedBatch> | null = null;
  /** Whether the iterator is the caller's own, which is not ours to end. */
  #borrowed = false;
  #pass = 0;
  #batch = 0;
  #atEnd = false;

  constructor(source: BatchIterable | (() => BatchIterable)) {
    this.#source = source;
    const length: unknown = typeof source === "function" ? null : Reflect.get(source, "length");
    this.batches = typeof length === "number" && Number.isSafeInteger(length) && length >= 0 ? length : null;
  }

  async next(): Promise<CountedBatch | null> {
    const result = this.#atEnd ? { done: true as const, value: undefined } : await this.#open().next();
    if (result.done === true) {
      this.#iterator = null;
      this.#atEnd = false;
      this.#pass++;
      this.#batch = 0;
      return null;
    }
    this.#batch++;
    return counted(result.value);
  }

  #open(): Iterator<WeightedBatch> | AsyncIterator<WeightedBatch> {
    if (this.#iterator !== null) return this.#iterator;
    const iterable = typeof this.#source === "function" ? this.#source() : this.#source;
    const iterator = Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]();
    this.#borrowed = Object.is(iterator, this.#source);
    this.#iterator = iterator;
    return iterator;
  }

  async endPass(): Promise<void> {
    if (this.#borrowed) return;
    await this.close();
    this.#pass++;
    this.#batch = 0;
  }

  get state(): FeedState {
    return {
      pass: this.#pass,
      batch: this.#batch,
      samples: null,
      batchSize: null,
      generator: null,
      source: this.#sourceState,
    };
  }

  /** The state that a loader or stream has of its own. */
  get #sourceState(): Json {
    if (typeof this.#source === "function" || !("state" in this.#source)) return null;
    return asJson(this.#source.state);
  }

  async restore({ pass, batch, samples, source }: FeedState): Promise<void> {
    if (samples !== null)
      throw new CheckpointError(`fit: the state is of a dataset of ${samples} samples, the data are batches`);
    this.#iterator = null;
    if (source !== null && this.#sourceState !== null) {
      Reflect.set(this.#source, "state", source);
      this.#atEnd = batch > 0 && batch === this.batches;
    } else {
      for (let skipped = 0; skipped < batch; skipped++) {
        if ((await this.#open().next()).done !== true) continue;
        throw new CheckpointError(
          `fit: the state is after batch ${batch} of a pass, but the data have only ${skipped}`,
        );
      }
    }
    this.#pass = pass;
    this.#batch = batch;
  }

  async close(): Promise<void> {
    if (!this.#borrowed) await this.#iterator?.return?.();
    this.#iterator = null;
  }
}
