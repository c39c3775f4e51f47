// What holds for every stream: the laws of map, filter, take, skip, concat, repeat and shuffle, and that any state can be gone on from.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { IterableDataset } from "../../src/index.ts";

async function all<Item>(stream: AsyncIterable<Item>, most = Infinity): Promise<Item[]> {
  const items: Item[] = [];
  if (most === 0) return items;
  for await (const item of stream) if (items.push(item) >= most) break;
  return items;
}

const sorted = (items: readonly number[]): number[] => [...items].sort((a, b) => a - b);

const lists = fc.array(fc.integer({ min: -1000, max: 1000 }), { maxLength: 12 });
const count = fc.nat(15);
const runs = { numRuns: 60 };

/** An array tells its length; a generator's function does not. Both are the same to every stage. */
const streams = (items: readonly number[]): IterableDataset<number>[] => [
  IterableDataset.from(items),
  IterableDataset.from(function* () {
    yield* items;
  }),
];

describe("each stage is what it is for arrays", () => {
  test("map, filter, take, skip", () =>
    fc.assert(
      fc.asyncProperty(lists, count, async (items, n) => {
        for (const stream of streams(items)) {
          expect(await all(stream.map((x) => 2 * x + 1))).toEqual(items.map((x) => 2 * x + 1));
          expect(await all(stream.filter((x) => x % 2 === 0))).toEqual(items.filter((x) => x % 2 === 0));
          expect(await all(stream.take(n))).toEqual(items.slice(0, n));
          expect(await all(stream.skip(n))).toEqual(items.slice(n));
          expect(await all(stream.take(n).concat(stream.skip(n)))).toEqual(items);
        }
      }),
      runs,
    ));

  test("concat, repeat, cache, prefetch, batch of samples", () =>
    fc.assert(
      fc.asyncProperty(lists, lists, fc.nat(4), fc.integer({ min: 1, max: 5 }), async (a, b, n, size) => {
        for (const stream of streams(a)) {
          expect(await all(stream.concat(IterableDataset.from(b)))).toEqual([...a, ...b]);
          expect(await all(stream.repeat(n))).toEqual(Array.from({ length: n }, () => a).flat());
          const kept = stream.cache();
          expect([await all(kept), await all(kept)]).toEqual([a, a]);
          expect(await all(stream.prefetch(size))).toEqual(a);
          const batches = await all(stream.map((x, { index }) => ({ inputs: [index], targets: x })).batch(size));
          expect(batches.flatMap(({ inputs }) => Array.from(inputs.toTypedArray()))).toEqual([...a.keys()]);
          expect(batches.flatMap(({ targets }) => Array.from(targets.toTypedArray()))).toEqual(a);
        }
      }),
      runs,
    ));

  test("what is known of the length is true", () =>
    fc.assert(
      fc.asyncProperty(lists, count, fc.integer({ min: 1, max: 4 }), async (items, n, size) => {
        const stream = IterableDataset.from(items);
        const samples = stream.map((x) => ({ inputs: [x], targets: 0 }));
        const made = [
          stream.take(n),
          stream.skip(n),
          stream.repeat(n),
          stream.concat(stream),
          stream.shuffle({ buffer: size }),
        ];
        for (const one of [...made, samples.batch(size), samples.batch(size, { dropLast: true })]) {
          expect(one.length).toBe((await all<unknown>(one)).length);
        }
      }),
      runs,
    ));
});

describe("a shuffle", () => {
  const shuffled = fc.tuple(lists, fc.integer({ min: 1, max: 15 }), fc.nat(1000));

  test("is a permutation, the same for the same seed, another in each pass", () =>
    fc.assert(
      fc.asyncProperty(shuffled, async ([items, buffer, seed]) => {
        const make = (): IterableDataset<number> => IterableDataset.from(items).shuffle({ buffer, seed });
        const [first, again] = [make(), make()];
        const passes = [await all(first), await all(first)];
        for (const pass of passes) expect(sorted(pass)).toEqual(sorted(items));
        expect([await all(again), await all(again)]).toEqual(passes);
      }),
      runs,
    ));

  test("lets no item out before its buffer allows", () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 12 }), async (length, buffer) => {
        const stream = IterableDataset.from(Array.from({ length }, (_, index) => index)).shuffle({ buffer, seed: 1 });
        for (const [place, item] of (await all(stream)).entries()) expect(item).toBeLessThanOrEqual(place + buffer - 1);
      }),
      runs,
    ));

  test("with room for all items reaches every order about equally often, with room for one none but the first", async () => {
    const stream = IterableDataset.from([0, 1, 2]).shuffle({ buffer: 3, seed: 5 });
    const counts = new Map<string, number>();
    for (let pass = 0; pass < 3000; pass++) {
      const order = String(await all(stream));
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // Six standard deviations of a count with mean 500.
    for (const times of counts.values()) expect(Math.abs(times - 500)).toBeLessThan(6 * Math.sqrt((3000 * 5) / 36));
    expect(await all(IterableDataset.from([3, 1, 2]).shuffle({ buffer: 1 }))).toEqual([3, 1, 2]);
  });
});

describe("the state", () => {
  /** Pipelines of every stage, over a length that is known or not. */
  const pipelines: Record<string, (source: IterableDataset<number>) => IterableDataset<unknown>> = {
    map: (s) => s.map((x, { index, pass, generator }) => [x, index, pass, generator.state.seed], { seed: 3 }),
    filter: (s) => s.filter((x) => x % 3 !== 0),
    take: (s) => s.take(5),
    skip: (s) => s.skip(2),
    repeat: (s) => s.shuffle({ buffer: 4, seed: 2 }).repeat(3),
    endless: (s) => s.shuffle({ buffer: 4, seed: 2 }).repeat(),
    concat: (s) => s.concat(s.map((x) => -x)),
    shuffle: (s) => s.shuffle({ buffer: 3, seed: 7 }),
    cache: (s) => s.shuffle({ buffer: 3, seed: 7 }).cache(),
    prefetch: (s) => s.prefetch(3),
    batch: (s) =>
      s
        .map((x) => ({ inputs: x, targets: x }))
        .batch(3)
        .map(({ targets }) => targets.toArray()),
    all: (s) =>
      s
        .shuffle({ buffer: 5, seed: 1 })
        .map((x, { generator }) => ({ inputs: [x, generator.state.seed % 1000], targets: x }))
        .batch(2)
        .repeat(2)
        .map(({ inputs }) => inputs.toArray())
        .prefetch(2),
  };
  const items = [0, 1, 2, 3, 4, 5, 6];

  test.each(Object.keys(pipelines))(
    "of %s goes on anywhere, through JSON, in a stream made in the same way",
    async (name) => {
      for (const kind of [0, 1]) {
        const make = (): IterableDataset<unknown> => {
          const [source] = streams(items).slice(kind);
          const built = source && pipelines[name]?.(source);
          if (built === undefined) throw new Error("no such pipeline");
          return built;
        };
        const passes = async (stream: IterableDataset<unknown>, most: number): Promise<unknown[]> => {
          const found: unknown[] = [];
          while (found.length < most) found.push(...(await all(stream, most - found.length)));
          return found;
        };
        const whole = await passes(make(), 30);
        for (const stop of [0, 1, 2, 4, 5, 7, 8, 11]) {
          const first = make();
          const begun = await passes(first, stop);
          const second = make();
          second.state = JSON.parse(JSON.stringify(first.state));
          expect([...begun, ...(await passes(second, 30 - stop))]).toEqual(whole);
        }
      }
    },
  );
});
