// Where the items of a stream come from: datasets, loaders, arrays, anything that can be iterated, and functions that make such.

import { DataError, describe, OptionError } from "@gradus/core";
import { Dataset, type Sample } from "../dataset.ts";
import { DataLoader } from "../loader.ts";
import { range, samplesOf } from "../views.ts";
import { dropped, type Stage } from "./stage.ts";

/** Items one after the other, at once or in time. */
export type Items<Item> = Iterable<Item> | AsyncIterable<Item>;

/** What a stream reads: what can be iterated, or a function that is called for each pass with its number. */
export type ItemSource<Item> = Items<Item> | ((pass: number) => Items<Item> | Promise<Items<Item>>);

/** So many samples of a dataset are read at once. */
const CHUNK = 32;

/** The samples of a dataset, in order. */
export function datasetSource(dataset: Dataset): Stage<Sample> {
  return {
    length: dataset.length,
    async *open(_, skip) {
      for (let start = skip; start < dataset.length; start += CHUNK) {
        yield* samplesOf(dataset.batch(range(start, Math.min(start + CHUNK, dataset.length))));
      }
    },
  };
}

/** The batches of a loader, each pass an epoch of its own. */
export function loaderSource(loader: DataLoader): Stage<unknown> {
  return {
    length: loader.length,
    async *open(pass, skip) {
      yield* loader.batchesOf(pass, skip);
    },
  };
}

/** The items of an array. */
function arraySource<Item>(items: readonly Item[]): Stage<Item> {
  return {
    length: items.length,
    async *open(_, skip) {
      yield* items.slice(skip);
    },
  };
}

/** The stage of whatever can be iterated. @throws OptionError for what cannot */
export function sourceOf<Item>(source: ItemSource<Item>): Stage<Item> {
  if (Array.isArray(source)) return arraySource(source);
  const iterates =
    typeof source === "function" ||
    (typeof source === "object" && source !== null && (Symbol.iterator in source || Symbol.asyncIterator in source));
  if (!iterates) {
    const wanted = "a dataset, a loader, something that can be iterated, or a function that gives that";
    throw new OptionError(`IterableDataset: source must be ${wanted}, got ${describe(source)}`);
  }
  return { length: null, open: (pass, skip) => dropped(itemsOf(source, pass), skip) };
}

async function* itemsOf<Item>(source: ItemSource<Item>, pass: number): AsyncGenerator<Item, void, void> {
  const items: Items<Item> = typeof source === "function" ? await source(pass) : source;
  if (Symbol.asyncIterator in items) {
    refuseSpent(source, items[Symbol.asyncIterator](), pass);
    yield* items;
  } else if (Symbol.iterator in items) {
    refuseSpent(source, items[Symbol.iterator](), pass);
    yield* items;
  } else {
    throw new DataError(`IterableDataset: the function must give what can be iterated, got ${describe(items)}`);
  }
}

/** A generator gives its items once: what iterates itself has nothing for a second pass. */
function refuseSpent(source: unknown, iterator: unknown, pass: number): void {
  if (pass === 0 || iterator !== source) return;
  throw new DataError(
    `IterableDataset: a generator gives its items once, and this is pass ${pass + 1}: give the function that makes it`,
  );
}

/** Whether a source is a dataset. */
export const isDataset = (source: unknown): source is Dataset => source instanceof Dataset;

/** Whether a source is a loader. */
export const isLoader = (source: unknown): source is DataLoader => source instanceof DataLoader;
