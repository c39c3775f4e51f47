import { CheckpointError, Generator, manualSeed, OptionError } from "@gradus/core";
import { describe, expect, test } from "vitest";
import { DataLoader, fromArrays, type LoaderOptions } from "../src/index.ts";

const numbers = Array.from({ length: 10 }, (_, index) => index);
const dataset = fromArrays({ inputs: numbers.map((number) => [number, -number]), targets: numbers });

const loaderOf = (options: LoaderOptions): DataLoader => new DataLoader(dataset, { batchSize: 3, ...options });

/** One epoch's labels, batch by batch. */
const epoch = (loader: DataLoader): number[][] =>
  Array.from(loader, ({ targets }) => Array.from(targets.toTypedArray()));

const sorted = (batches: number[][]): number[] => batches.flat().sort((a, b) => a - b);

describe("an epoch", () => {
  test("has every sample once, in order, with its target", () => {
    const loader = loaderOf({});
    expect(loader.length).toBe(4);
    expect(epoch(loader)).toEqual([[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]);
    expect(Array.from(loader, ({ inputs }) => inputs.shape)).toEqual([
      [3, 2],
      [3, 2],
      [3, 2],
      [1, 2],
    ]);
  });

  test("leaves a last, smaller batch out if asked", () => {
    expect(loaderOf({ dropLast: true }).length).toBe(3);
    expect(epoch(loaderOf({ dropLast: true }))).toEqual([
      [0, 1, 2],
      [3, 4, 5],
      [6, 7, 8],
    ]);
    expect(loaderOf({ dropLast: true, batchSize: 5 }).length).toBe(2);
    expect(loaderOf({ dropLast: true, batchSize: 11 }).length).toBe(0);
  });

  test("has 32 samples per batch by default, and one batch if there are fewer", () => {
    expect(new DataLoader(dataset).batchSize).toBe(32);
    expect(epoch(new DataLoader(dataset))).toEqual([numbers]);
    expect(epoch(new DataLoader(dataset.slice(0, 0)))).toEqual([]);
  });
});

describe("shuffling", () => {
  test("gives every sample once, in a new order each epoch, with its own target", () => {
    const loader = loaderOf({ shuffle: true, seed: 1 });
    const first = epoch(loader);
    const second = epoch(loader);
    expect(sorted(first)).toEqual(numbers);
    expect(sorted(second)).toEqual(numbers);
    expect(first).not.toEqual(second);
    expect(first.flat()).not.toEqual(numbers);
    for (const { inputs, targets } of loader) {
      const labels = Array.from(targets.toTypedArray());
      expect(inputs.toArray()).toEqual(labels.map((label) => [label, -label]));
    }
  });

  test("is the same for the same seed, another for another", () => {
    const of = (seed: number): number[][][] => {
      const loader = loaderOf({ shuffle: true, seed });
      return [epoch(loader), epoch(loader)];
    };
    expect(of(5)).toEqual(of(5));
    expect(of(5)).not.toEqual(of(6));
  });

  test("without a seed follows manualSeed or the generator given, and nothing drawn in between", () => {
    manualSeed(3);
    const [first, other] = [loaderOf({ shuffle: true }), loaderOf({ shuffle: true })];
    const expected = [epoch(first), epoch(first)];
    expect(epoch(other)).not.toEqual(expected[0]);
    manualSeed(3);
    const again = loaderOf({ shuffle: true });
    const begun = epoch(again);
    loaderOf({ shuffle: true });
    expect([begun, epoch(again)]).toEqual(expected);
    const from = (seed: number): number[][] => epoch(loaderOf({ shuffle: true, generator: new Generator(seed) }));
    expect(from(3)).toEqual(expected[0]);
    expect(from(4)).not.toEqual(from(3));
  });

  test("reaches every order about equally often", () => {
    const three = fromArrays({ inputs: [0, 1, 2], targets: [0, 1, 2] });
    const loader = new DataLoader(three, { shuffle: true, seed: 0 });
    const counts = new Map<string, number>();
    for (let trial = 0; trial < 6000; trial++) {
      const order = String(epoch(loader));
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // Six standard deviations of a count with mean 1000.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(6 * Math.sqrt((6000 * 5) / 36));
  });
});

describe("the state", () => {
  test("resumes at any batch of any epoch, through JSON, in any loader of the dataset", () => {
    for (const shuffle of [false, true]) {
      for (let stop = 0; stop <= 12; stop++) {
        const whole = loaderOf({ shuffle, seed: 9 });
        const expected = [epoch(whole), epoch(whole), epoch(whole), epoch(whole)].flat().slice(stop);
        const stopped = loaderOf({ shuffle, seed: 9 });
        let given = 0;
        while (given < stop) {
          for (const _ of stopped) if (++given === stop) break;
        }
        const resumed = loaderOf({ shuffle, seed: 1234 });
        resumed.state = JSON.parse(JSON.stringify(stopped.state));
        const rest: number[][] = [];
        while (rest.length < expected.length) rest.push(...epoch(resumed));
        expect(rest).toEqual(expected);
      }
    }
  });

  test("tells epoch and batch", () => {
    const loader = loaderOf({ shuffle: true, seed: 2 });
    const generator = { seed: 2, calls: 0 };
    expect(loader.state).toEqual({ epoch: 0, batch: 0, generator, samples: 10, batchSize: 3 });
    const batches = loader[Symbol.iterator]();
    batches.next();
    expect(loader.state).toEqual({ epoch: 0, batch: 1, generator, samples: 10, batchSize: 3 });
    for (let count = 0; count < 3; count++) batches.next();
    expect(loader.state).toEqual({ epoch: 1, batch: 0, generator: { seed: 2, calls: 1 }, samples: 10, batchSize: 3 });
  });

  test("of an epoch that was left goes on to the next one", () => {
    const loader = loaderOf({ shuffle: true, seed: 2 });
    const reference = loaderOf({ shuffle: true, seed: 2 });
    epoch(reference);
    for (const _ of loader) break;
    expect(epoch(loader)).toEqual(epoch(reference));
  });

  test("is refused by a loader with other numbers, and where the position is none", () => {
    const loader = loaderOf({ seed: 1 });
    const { state } = loader;
    expect(() => {
      loaderOf({ batchSize: 4 }).state = state;
    }).toThrow(
      new CheckpointError(
        "DataLoader: the state is that of a loader of 10 samples in batches of 3, " +
          "this one has 10 samples in batches of 4",
      ),
    );
    const positions = [{ epoch: -1 }, { batch: 4 }, { batch: 0.5 }, { epoch: Number.NaN }];
    for (const position of positions) {
      expect(() => {
        loader.state = { ...state, ...position };
      }).toThrow(CheckpointError);
    }
    expect(() => {
      loader.state = JSON.parse('{"epoch":0,"batch":0,"samples":10,"batchSize":3}');
    }).toThrow(CheckpointError);
    expect(loader.state).toEqual(state);
  });
});

describe("options", () => {
  test.each([[0], [-1], [2.5], [Number.NaN], [Number.POSITIVE_INFINITY]])("refuses batchSize %d", (batchSize) => {
    expect(() => loaderOf({ batchSize })).toThrow(
      new OptionError(`DataLoader: batchSize must be a whole number ≥ 1, got ${batchSize}`),
    );
  });

  test("refuses a seed that is none, and a seed beside a generator", () => {
    expect(() => loaderOf({ seed: -1 })).toThrow(/seed must be .*got -1/);
    expect(() => loaderOf({ seed: 0.5 })).toThrow(OptionError);
    expect(() => loaderOf({ seed: 1, generator: new Generator(2) })).toThrow(/not both/);
  });
});
