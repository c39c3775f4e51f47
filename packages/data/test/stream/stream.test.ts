// Streams beyond the laws: where they come from, how much they hold, and what they refuse.

import { CheckpointError, DataError, OptionError, tensor } from "@gradus/core";
import { describe, expect, test } from "vitest";
import { DataLoader, fromArrays, IterableDataset, type SampleSource } from "../../src/index.ts";
import { messageOf } from "../files.ts";

async function all<Item>(stream: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

const numbers = (length: number): number[] => Array.from({ length }, (_, index) => index);
const dataset = fromArrays({ inputs: numbers(7).map((x) => [x, -x]), targets: numbers(7) });

describe("come from", () => {
  test("a dataset, sample by sample", async () => {
    const stream = IterableDataset.from(dataset);
    expect(stream.length).toBe(7);
    const samples = await all(stream.skip(5));
    expect(samples.map(({ inputs, targets }) => [inputs.toArray(), targets.item(), targets.dtype])).toEqual([
      [[5, -5], 5, "int32"],
      [[6, -6], 6, "int32"],
    ]);
    const [batch] = await all(stream.batch(7));
    expect(batch?.inputs.toArray()).toEqual(dataset.batch(numbers(7)).inputs.toArray());
  });

  test("a loader, each pass an epoch, with its own position left alone", async () => {
    const make = (): DataLoader => new DataLoader(dataset, { batchSize: 3, shuffle: true, seed: 2 });
    const [loader, same] = [make(), make()];
    const stream = IterableDataset.from(loader);
    for (let epoch = 0; epoch < 3; epoch++) {
      const batches = await all(stream);
      expect(batches.map(({ targets }) => targets.toArray())).toEqual(
        Array.from(same, ({ targets }) => targets.toArray()),
      );
    }
    expect(loader.state).toEqual(make().state);
    expect(Array.from(loader.batchesOf(1, 2), ({ targets }) => targets.size)).toEqual([1]);
    expect(() => [...loader.batchesOf(-1)]).toThrow("batchesOf: epoch must be a whole number ≥ 0, got -1");
  });

  test("a function, called with the number of the pass, at once or in time", async () => {
    const stream = IterableDataset.from(async (pass) => Promise.resolve([pass, pass + 10]));
    expect([await all(stream), await all(stream)]).toEqual([
      [0, 10],
      [1, 11],
    ]);
  });

  test("a generator, once", async () => {
    const stream = IterableDataset.from(
      (function* () {
        yield 1;
      })(),
    );
    expect(await all(stream)).toEqual([1]);
    expect(await messageOf(DataError, () => all(stream))).toBe(
      "IterableDataset: a generator gives its items once, and this is pass 2: give the function that makes it",
    );
  });
});

describe("hold no more than they were asked to", () => {
  test("a prefetch asks for as many as it may hold, and no more", async () => {
    for (const count of [1, 2, 5]) {
      let [made, most] = [0, 0];
      let taken = 0;
      const source = IterableDataset.from(async function* () {
        for (let item = 0; item < 20; item++) {
          made++;
          most = Math.max(most, made - taken);
          yield item;
        }
      });
      for await (const _ of source.prefetch(count)) {
        taken++;
        await new Promise((resolve) => setTimeout(resolve, 0));
        // What was made waits in the prefetch: the consumer has taken the rest.
        expect(made - taken).toBeLessThanOrEqual(count);
        if (taken < 10) expect(made - taken).toBe(count);
      }
      // One more is being made at the moment at which one is taken.
      expect(most).toBeLessThanOrEqual(count + 1);
    }
  });

  test("nothing is made before it is asked for, and leaving early ends the source", async () => {
    const events: string[] = [];
    const source = IterableDataset.from(function* () {
      try {
        for (let item = 0; ; item++) {
          events.push(`made ${item}`);
          yield item;
        }
      } finally {
        events.push("ended");
      }
    });
    const stream = source
      .map((x) => x + 1)
      .filter((x) => x > 0)
      .shuffle({ buffer: 2, seed: 0 })
      .prefetch(1);
    expect(events).toEqual([]);
    for await (const _ of stream) break;
    expect(events.slice(0, 2)).toEqual(["made 0", "made 1"]);
    expect(events.at(-1)).toBe("ended");
    expect(await all(source.take(2))).toEqual([0, 1]);
    expect(events.at(-1)).toBe("ended");
  });

  test("a shuffle has read no further than its buffer", async () => {
    let made = 0;
    const source = IterableDataset.from(function* () {
      for (; made < 100; ) yield made++;
    });
    for await (const _ of source.shuffle({ buffer: 10, seed: 0 })) break;
    expect(made).toBe(10);
  });

  test("a cache computes once, and gives the order of the first pass", async () => {
    let computed = 0;
    const stream = IterableDataset.from([1, 2, 3])
      .shuffle({ buffer: 3, seed: 1 })
      .map((x) => {
        computed++;
        return x;
      })
      .cache();
    const first = await all(stream);
    expect([await all(stream), await all(stream)]).toEqual([first, first]);
    expect(computed).toBe(3);
  });
});

describe("batches", () => {
  test("of everything that a sample may be", async () => {
    const samples: SampleSource[] = [
      { inputs: [[1, 2]], targets: 3 },
      { inputs: [[4, 5]], targets: 6 },
    ];
    const [batch] = await all(IterableDataset.from(samples).batch(2));
    expect(batch?.inputs.toArray()).toEqual([[[1, 2]], [[4, 5]]]);
    expect([batch?.targets.dtype, batch?.weights]).toEqual(["int32", undefined]);
    const kinds: (readonly [SampleSource["inputs"], string, readonly number[]])[] = [
      [tensor([1, 2], { dtype: "float64" }), "float64", [1, 2]],
      [new Uint8Array([1, 2]), "uint8", [1, 2]],
      [{ data: new Int16Array([1, 2, 3, 4]), shape: [2, 2] }, "int32", [1, 2, 2]],
      [0.5, "float32", [1]],
      [7, "float32", [1]],
    ];
    for (const [inputs, dtype, shape] of kinds) {
      const [found] = await all(IterableDataset.from([{ inputs, targets: 0.5, weight: 2 }]).batch(1));
      expect([found?.inputs.dtype, found?.inputs.shape]).toEqual([dtype, shape]);
      expect([found?.targets.dtype, found?.weights?.toArray()]).toEqual(["float32", [2]]);
    }
  });

  test("of what is no sample, or of several kinds, are refused with the number", async () => {
    const batchOf = (samples: readonly SampleSource[]): Promise<unknown> => all(IterableDataset.from(samples).batch(2));
    const good: SampleSource = { inputs: [1, 2], targets: 0 };
    const nothing: SampleSource = JSON.parse("{}");
    expect(await messageOf(DataError, () => batchOf([good, good, good, nothing]))).toBe(
      "batch: expected a sample, { inputs, targets }, found Object at 3",
    );
    expect(await messageOf(DataError, () => batchOf([good, { ...good, inputs: [1] }]))).toBe(
      "batch: samples must be of one kind, found inputs float32 [1] at 1 after float32 [2]",
    );
    expect(await messageOf(DataError, () => batchOf([{ ...good, weight: 1 }, good]))).toBe(
      "batch: expected a weight ≥ 0 for every sample, found undefined at 1",
    );
  });
});

describe("what is wrong is told", () => {
  const stream = IterableDataset.from([1, 2, 3]);
  const unknown: object = { sead: 1 };
  test.each([
    [() => stream.take(-1), "take: count must be a whole number ≥ 0, got -1"],
    [() => stream.skip(0.5), "skip: count must be a whole number ≥ 0, got 0.5"],
    [() => stream.repeat(Number.NaN), "repeat: count must be a whole number ≥ 0, got NaN"],
    [() => stream.prefetch(0), "prefetch: count must be a whole number ≥ 1, got 0"],
    [() => stream.shuffle({ buffer: 0 }), "shuffle: buffer must be a whole number ≥ 1, got 0"],
    [() => stream.shuffle({ buffer: 2, seed: -1 }), "seed must be a whole number"],
    [() => stream.map((x) => x, { seed: 0.5 }), "map: seed must be a whole number from 0 to 2⁵³ − 1, got 0.5"],
    [() => stream.map((x) => x, unknown), 'map: unknown option "sead": the options are seed'],
    [() => IterableDataset.from(JSON.parse("5")), "source must be a dataset, a loader, something that can be iterated"],
    [() => stream.concat(JSON.parse("[1]")[0]), "concat: expected streams"],
  ])("%#", (make, words) => {
    expect(make).toThrow(OptionError);
    expect(make).toThrow(words);
  });

  test("in a pass: errors of functions and sources come through, and the source is ended", async () => {
    const failing = stream.map((x) => {
      if (x === 2) throw new RangeError("no two");
      return x;
    });
    for (const one of [
      failing,
      failing.prefetch(3),
      failing.shuffle({ buffer: 3 }),
      failing.cache(),
      failing.repeat(),
    ]) {
      await expect(all<unknown>(one)).rejects.toThrow("no two");
    }
    const keep: (x: number) => boolean = () => JSON.parse("0");
    await expect(all(stream.filter(keep))).rejects.toThrow(
      "filter: the function must return true or false, got 0 for item 0",
    );
  });

  test("a state of another stream, or of no place", () => {
    const refuse = (state: unknown): unknown => {
      try {
        stream.state = JSON.parse(JSON.stringify(state));
      } catch (error) {
        return error;
      }
      return undefined;
    };
    expect(String(refuse({ pass: 0, items: 0, length: 4 }))).toContain(
      "the state is that of a stream of 4 items, this one has 3",
    );
    for (const state of [
      { pass: -1, items: 0, length: 3 },
      { pass: 0, items: 3, length: 3 },
      { length: 3 },
      { pass: 0, items: 0 },
    ]) {
      expect(refuse(state)).toBeInstanceOf(CheckpointError);
    }
    expect(stream.state).toEqual({ pass: 0, items: 0, length: 3 });
  });
});
