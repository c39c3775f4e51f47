// The generator: its published answers, streams that never meet, and states that can be kept and set.

import { describe, expect, test } from "vitest";
import {
  bernoulli,
  defaultGenerator,
  dropout,
  Generator,
  manualSeed,
  normal,
  OptionError,
  ones,
  permutation,
  randint,
  type Tensor,
  truncatedNormal,
  uniform,
} from "../../src/index.ts";
import { threefry } from "../../src/random.ts";
import { flat, identical } from "../exam/reference.ts";

test.each([
  [
    [0, 0],
    [0, 0],
    [0x6b200159, 0x99ba4efe],
  ],
  [
    [0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x1cb996fc, 0xbb002be7],
  ],
  [
    [0x13198a2e, 0x03707344],
    [0x243f6a88, 0x85a308d3],
    [0xc4923a9c, 0x483df7a0],
  ],
])(
  "Threefry-2x32-20 of key %j, counter %j is Random123's",
  ([key0 = 0, key1 = 0], [counter0 = 0, counter1 = 0], expected) => {
    for (const wrap of [(word: number) => word, (word: number) => word | 0]) {
      const out = new Uint32Array(4);
      threefry(wrap(key0), wrap(key1), wrap(counter0), wrap(counter1), out, 1);
      expect(Array.from(out)).toEqual([0, ...expected, 0]);
    }
  },
);

type Draw = (generator: Generator) => Tensor;
const draws: readonly (readonly [string, Draw])[] = [
  ["uniform", (generator) => uniform([50], { generator })],
  ["uniform of doubles", (generator) => uniform([50], { generator, dtype: "float64" })],
  ["normal", (generator) => normal([51], { generator })],
  ["truncatedNormal", (generator) => truncatedNormal([50], { generator })],
  ["bernoulli", (generator) => bernoulli([200], 0.5, { generator })],
  ["randint", (generator) => randint([50], { high: 1000, generator })],
  ["permutation", (generator) => permutation(50, { generator })],
  ["dropout", (generator) => dropout(ones([200]), 0.5, { generator })],
];

describe.each(draws)("%s", (_, draw) => {
  test("is the same for the same seed, another at each call and for each seed", () => {
    const [a, b] = [new Generator(7), new Generator(7)];
    const [first, second] = [draw(a), draw(a)];
    expect(identical(draw(b), first)).toBe(true);
    expect(identical(draw(b), second)).toBe(true);
    expect(identical(first, second)).toBe(false);
    for (const seed of [0, 8, 7 + 2 ** 32, 2 ** 53 - 1])
      expect(identical(draw(new Generator(seed)), first)).toBe(false);
  });

  test("takes one call each, whatever its size, so that states can be kept and set", () => {
    const generator = new Generator(3);
    draw(generator);
    expect(generator.state).toEqual({ seed: 3, calls: 1 });
    const state: unknown = JSON.parse(JSON.stringify(generator.state));
    const copy = generator.clone();
    const next = draw(generator);
    expect(identical(draw(copy), next)).toBe(true);
    expect(state).toEqual({ seed: 3, calls: 1 });
    generator.state = { seed: 3, calls: 1 };
    expect(identical(draw(generator), next)).toBe(true);
  });
});

describe("the default generator", () => {
  test("starts anew with manualSeed", () => {
    manualSeed(5);
    const first = [uniform([3]), normal([3])].map(flat);
    expect(defaultGenerator().state).toEqual({ seed: 5, calls: 2 });
    manualSeed(5);
    expect([uniform([3]), normal([3])].map(flat)).toEqual(first);
    manualSeed(0);
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 53])("refuses seed %d", (seed) => {
    expect(() => manualSeed(seed)).toThrow(OptionError);
    expect(() => new Generator(seed)).toThrow(`Generator: seed must be a whole number from 0 to 2⁵³ − 1, got ${seed}`);
  });
});
