// The options of a stream's stages, and the state of a stream.

import { checkOption, checkOptionNames } from "@gradus/core";
import type { LoaderSeed } from "../seeds.ts";

/** Where a stream stands: plain data, for checkpoints. */
export interface StreamState {
  /** The number of passes begun before this one. */
  readonly pass: number;
  /** The number of items of this pass that were given out. */
  readonly items: number;
  /** The number of items in a pass, where it is known: a stream of another length refuses the state. */
  readonly length: number | null;
}

/** How `IterableDataset.shuffle` shuffles. */
export interface ShuffleOptions extends LoaderSeed {
  /**
   * How many items wait in memory, of which a random one is next; at least 1. As many as there are items give every
   * order alike.
   */
  readonly buffer: number;
}

/** Where the random numbers of `IterableDataset.map` and {@link IterableDataset.filter} come from. */
export interface ItemOptions {
  /** The seed of each item's generator; 0 by default. */
  readonly seed?: number;
}

/** How `IterableDataset.batch` makes batches. */
export interface BatchOptions {
  /** Whether a last batch of fewer samples is left out; false by default. */
  readonly dropLast?: boolean;
}

/** @throws OptionError for a count that is no whole number, or too small */
export function checkCount(owner: string, name: string, count: number, least: number): void {
  checkOption(Number.isSafeInteger(count) && count >= least, owner, name, `a whole number ≥ ${least}`, count);
}

/** The seed of the items' generators. @throws OptionError for one that is none */
export function itemSeed(owner: string, options: ItemOptions): number {
  checkOptionNames(owner, options, ["seed"]);
  const { seed = 0 } = options;
  checkOption(Number.isSafeInteger(seed) && seed >= 0, owner, "seed", "a whole number from 0 to 2⁵³ − 1", seed);
  return seed;
}
