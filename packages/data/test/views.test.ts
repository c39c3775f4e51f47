// Datasets made of datasets: what they hold, and that nothing is read before it is asked for.

import { DataError, manualSeed, OptionError, tensor } from "@gradus/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Batch, balance, classCounts, classWeights, Dataset, fromArrays } from "../src/index.ts";
import { idxFile, messageOf } from "./files.ts";

const numbers = (length: number): number[] => Array.from({ length }, (_, index) => index);
const upTo = (length: number): Dataset =>
  fromArrays({ inputs: numbers(length).map((x) => [x, -x]), targets: numbers(length) });

const labels = (dataset: Dataset): number[] => [...dataset.batch(numbers(dataset.length)).targets.toTypedArray()];
const sorted = (list: readonly number[]): number[] => [...list].sort((a, b) => a - b);

/** A dataset that counts what is read. */
class Counted extends Dataset {
  readonly length = 6;
  reads = 0;
  batch(indices: ArrayLike<number>): Batch {
    this.reads += indices.length;
    const inputs = tensor(Float32Array.from(indices));
    return { inputs, targets: inputs };
  }
}

describe("are what the same stages are for arrays", () => {
  const length = fc.nat(12);
  test("filter, skip, take, repeat, concat, cache, shuffle", () =>
    fc.assert(
      fc.property(length, length, fc.nat(3), (n, m, times) => {
        const [a, b] = [upTo(n), upTo(m)];
        expect(labels(a.filter(({ targets }) => targets.item() % 2 === 1))).toEqual(
          numbers(n).filter((x) => x % 2 === 1),
        );
        expect(labels(a.skip(Math.min(n, m)).concat(a.take(Math.min(n, m))))).toEqual([
          ...numbers(n).slice(Math.min(n, m)),
          ...numbers(Math.min(n, m)),
        ]);
        expect(labels(a.repeat(times))).toEqual(Array.from({ length: times }, () => numbers(n)).flat());
        const joined = a.concat(b, a);
        expect(labels(joined)).toEqual([...numbers(n), ...numbers(m), ...numbers(n)]);
        const backwards = numbers(joined.length).reverse();
        expect([...joined.batch(backwards).targets.toTypedArray()]).toEqual(labels(joined).reverse());
        expect(labels(a.cache())).toEqual(numbers(n));
        expect(sorted(labels(a.shuffle({ seed: m })))).toEqual(numbers(n));
        expect(labels(a.shuffle({ seed: m }))).toEqual(labels(a.shuffle({ seed: m })));
      }),
      { numRuns: 40 },
    ));

  test("map changes every batch, and keeps the number of samples", async () => {
    const doubled = upTo(5).map(({ inputs, targets }) => ({ inputs: inputs.mul(2), targets }));
    expect(doubled.batch([3, 1]).inputs.toArray()).toEqual([
      [6, -6],
      [2, -2],
    ]);
    const short = upTo(5).map(({ targets }) => ({ inputs: targets.slice([0, 1]), targets }));
    expect(await messageOf(DataError, () => short.batch([0, 1, 2]))).toBe(
      "map: the function gave inputs [1] and targets [3] for 3 samples: keep their number",
    );
  });

  test("a filter sees each sample without an axis of samples, with its number", () => {
    const seen: unknown[] = [];
    upTo(2).filter(({ inputs, targets }, index) => seen.push([inputs.toArray(), targets.shape, index]) > 0);
    expect(seen).toEqual([
      [[0, -0], [], 0],
      [[1, -1], [], 1],
    ]);
  });
});

test("nothing is read before it is asked for, and a cache reads once", () => {
  const counted = new Counted();
  const lazy = counted
    .map((batch) => batch)
    .skip(1)
    .repeat(2)
    .shuffle({ seed: 0 });
  expect(counted.reads).toBe(0);
  lazy.batch([0, 3]);
  expect(counted.reads).toBe(2);
  const cached = counted.cache();
  expect(counted.reads).toBe(2);
  for (let time = 0; time < 3; time++) expect(cached.batch([5, 0]).inputs.toArray()).toEqual([5, 0]);
  expect(counted.reads).toBe(8);
});

test("what does not fit is refused", async () => {
  const wide = fromArrays({ inputs: [[1, 2, 3]], targets: [0] });
  expect(await messageOf(DataError, () => upTo(2).concat(wide))).toBe(
    "concat: samples must be of one kind, found float32 [2] and float32 [3]",
  );
  expect(() => upTo(2).repeat(1).batch([2])).toThrow("index 2 at place 0 is out of range");
  expect(() => upTo(2).concat(upTo(1)).batch([3])).toThrow(DataError);
  expect(() => upTo(2).skip(3)).toThrow("skip: count must be a whole number from 0 to 2, the length, got 3");
  expect(() => upTo(2).repeat(-1)).toThrow(OptionError);
  expect(() => upTo(2).shuffle({ seed: -1 })).toThrow(OptionError);
  const unknown: object = { sed: 1 };
  expect(() => upTo(2).shuffle(unknown)).toThrow('unknown option "sed"');
  const wrong: (sample: unknown) => boolean = () => JSON.parse("1");
  expect(() => upTo(2).filter(wrong)).toThrow("filter: the function must return true or false, got 1 for sample 0");
});

describe("a split", () => {
  const classes = [0, 1, 0, 0, 2, 0, 0, 1, 0, 0, 2, 0];
  const dataset = fromArrays({ inputs: numbers(12), targets: classes });
  const inputs = (part: Dataset): number[] => [...part.batch(numbers(part.length)).inputs.toTypedArray()];

  test("that is stratified takes the last of each class, in proportion", () => {
    const [training, validation] = dataset.split(0.5, { stratified: true });
    expect(classCounts(training)).toEqual([4, 1, 1]);
    expect(classCounts(validation)).toEqual([4, 1, 1]);
    expect(inputs(validation)).toEqual([6, 7, 8, 9, 10, 11]);
    expect(inputs(training)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test("has as many samples stratified as not, each once, in the order of the dataset", () =>
    fc.assert(
      fc.property(
        fc.array(fc.nat(3), { minLength: 1, maxLength: 30 }),
        fc.double({ min: 0, max: 0.9, noNaN: true }),
        (list, f) => {
          const own = fromArrays({ inputs: list.map((_, index) => index), targets: list });
          fc.pre(Math.floor(list.length * (1 - f) + 1e-9) > 0);
          const parts = own.split(f, { stratified: true });
          expect(parts.map(({ length }) => length)).toEqual(own.split(f).map(({ length }) => length));
          expect(sorted(parts.flatMap(inputs))).toEqual(list.map((_, index) => index));
          for (const part of parts) expect(inputs(part)).toEqual(sorted(inputs(part)));
          const counts = classCounts(own);
          for (const [number, count] of classCounts(parts[1]).entries()) {
            const share = ((counts[number] ?? 0) * parts[1].length) / list.length;
            expect(Math.abs(count - share)).toBeLessThan(1);
          }
        },
      ),
    ));
});

describe("balance", () => {
  const dataset = fromArrays({ inputs: numbers(7), targets: [0, 2, 0, 0, 0, 2, 0] });
  const oneHot = fromArrays({
    inputs: [1, 2, 3],
    targets: [
      [0, 1],
      [1, 0],
      [0, 1],
    ],
  });

  test("counts and weights by class", () => {
    expect(classCounts(dataset)).toEqual([5, 0, 2]);
    expect(classWeights(dataset)).toEqual({ 0: 7 / (2 * 5), 2: 7 / (2 * 2) });
    expect(classCounts(oneHot)).toEqual([1, 2]);
    // The weights of all samples sum to their number.
    expect(5 * (classWeights(dataset)[0] ?? 0) + 2 * (classWeights(dataset)[2] ?? 0)).toBeCloseTo(7, 12);
  });

  test("gives each class as many samples, all of them used as evenly as they can be", () => {
    const even = balance(dataset, { seed: 1 });
    expect(classCounts(even)).toEqual([5, 0, 5]);
    const used = even.batch(numbers(even.length)).inputs.toTypedArray();
    const times = numbers(7).map((sample) => [...used].filter((input) => input === sample).length);
    expect([0, 2, 3, 4, 6].map((sample) => times[sample])).toEqual([1, 1, 1, 1, 1]);
    expect(sorted([times[1] ?? 0, times[5] ?? 0])).toEqual([2, 3]);
    expect([...balance(dataset, { seed: 1 }).batch(numbers(10)).inputs.toTypedArray()]).toEqual([...used]);
    manualSeed(4);
    const first = labels(balance(dataset));
    expect(labels(balance(dataset))).not.toEqual(first);
    manualSeed(4);
    expect(labels(balance(dataset))).toEqual(first);
  });

  test("refuses targets that are no classes", () => {
    const lines = (targets: readonly (number | number[])[]): Dataset =>
      fromArrays({ inputs: numbers(targets.length), targets });
    expect(() => classCounts(lines([0, 0.5]))).toThrow("found 0.5 at sample 1");
    expect(() => classCounts(lines([0, -1]))).toThrow("found -1 at sample 1");
    expect(() =>
      lines([
        [0, 1],
        [1, 1],
      ]).split(0.5, { stratified: true }),
    ).toThrow("found [1,1] at sample 1");
    expect(() => classWeights(lines([]).take(0))).toThrow(DataError);
    const images = fromArrays({
      inputs: [0],
      targets: { data: idxFile("uint8", [4], [1, 2, 3, 4]).subarray(8), shape: [1, 2, 2] },
    });
    expect(() => classCounts(images)).toThrow("targets of shape [2,2]");
  });
});
