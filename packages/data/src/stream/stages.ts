// The stages that change one item at a time, leave some out, or put streams one after the other.

import { DataError, describe, type Generator } from "@gradus/core";
import { generatorAt } from "../seeds.ts";
import { dropped, firstOf, type Stage } from "./stage.ts";

/** What a function is told about the item that it is given. */
export interface ItemContext {
  /** The number of the item in its pass, from 0. */
  readonly index: number;
  /** The number of the pass, from 0. */
  readonly pass: number;
  /** A generator of this item's own, which depends on the seed, the pass and the index alone. */
  readonly generator: Generator;
}

function contextOf(seed: number, pass: number, index: number): ItemContext {
  let generator: Generator | null = null;
  return {
    index,
    pass,
    get generator() {
      generator ??= generatorAt(seed, pass, index);
      return generator;
    },
  };
}

/** Every item after `transform`. */
export function mapStage<Item, Out>(
  base: Stage<Item>,
  transform: (item: Item, context: ItemContext) => Out | Promise<Out>,
  seed: number,
): Stage<Out> {
  return {
    length: base.length,
    async *open(pass, skip) {
      let index = skip;
      for await (const item of base.open(pass, skip)) yield await transform(item, contextOf(seed, pass, index++));
    },
  };
}

/** The items for which `keep` is true. */
export function filterStage<Item>(
  base: Stage<Item>,
  keep: (item: Item, context: ItemContext) => boolean | Promise<boolean>,
  seed: number,
): Stage<Item> {
  async function* kept(pass: number): AsyncGenerator<Item, void, void> {
    let index = 0;
    for await (const item of base.open(pass, 0)) {
      const found: unknown = await keep(item, contextOf(seed, pass, index));
      if (typeof found !== "boolean") {
        throw new DataError(`filter: the function must return true or false, got ${describe(found)} for item ${index}`);
      }
      index++;
      if (found) yield item;
    }
  }
  return { length: null, open: (pass, skip) => dropped(kept(pass), skip) };
}

/** The first `count` items. */
export function takeStage<Item>(base: Stage<Item>, count: number): Stage<Item> {
  return {
    length: base.length === null ? (count === 0 ? 0 : null) : Math.min(base.length, count),
    open: (pass, skip) => firstOf(base.open(pass, Math.min(skip, count)), count - skip),
  };
}

/** All but the first `count` items. */
export function skipStage<Item>(base: Stage<Item>, count: number): Stage<Item> {
  return {
    length: base.length === null ? null : Math.max(0, base.length - count),
    open: (pass, skip) => base.open(pass, skip + count),
  };
}

/**
 * The items `count` times, each time a pass of its own of what precedes. A finite pass p has the passes p·count … of the base; an
 * endless one has 2²⁶ of them to itself.
 */
export function repeatStage<Item>(base: Stage<Item>, count: number): Stage<Item> {
  const { length } = base;
  const span = Number.isFinite(count) ? count : 2 ** 26;
  return {
    length: count === 0 || length === 0 ? 0 : length === null ? (count === Infinity ? Infinity : null) : length * count,
    async *open(pass, skip) {
      const known = length !== null && Number.isFinite(length) && length > 0;
      let left = skip;
      for (let turn = known ? Math.floor(skip / length) : 0; turn < count; turn++) {
        const from = known ? Math.max(0, left - turn * length) : 0;
        let given = 0;
        for await (const item of base.open(pass * span + turn, from)) {
          given++;
          if (known || left-- <= 0) yield item;
        }
        // Without an item there would be no end to the search for one.
        if (given === 0 && !known) return;
      }
    },
  };
}

/** The items of several streams, one stream after the other. */
export function concatStage<Item>(stages: readonly Stage<Item>[]): Stage<Item> {
  const lengths = stages.map(({ length }) => length);
  return {
    length: lengths.reduce<number | null>((sum, length) => (sum === null || length === null ? null : sum + length), 0),
    async *open(pass, skip) {
      let left = skip;
      for (const stage of stages) {
        if (stage.length !== null && stage.length <= left) {
          left -= stage.length;
          continue;
        }
        const from = stage.length === null ? 0 : left;
        if (stage.length !== null) left = 0;
        for await (const item of stage.open(pass, from)) if (left-- <= 0) yield item;
        left = Math.max(0, left);
      }
    },
  };
}

/** The items of one pass, kept: every pass gives those of pass 0, which are kept when all of them were asked for once. */
export function cacheStage<Item>(base: Stage<Item>): Stage<Item> {
  let kept: readonly Item[] | null = null;
  return {
    length: base.length,
    async *open(_, skip) {
      if (kept === null) {
        const items: Item[] = [];
        for await (const item of base.open(0, 0)) {
          items.push(item);
          if (items.length > skip) yield item;
        }
        kept ??= items;
        return;
      }
      yield* kept.slice(skip);
    },
  };
}
