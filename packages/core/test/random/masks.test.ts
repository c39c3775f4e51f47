// Dropout's random numbers come from a kernel of WebAssembly, where there are many: they are the generator's.

import { describe, expect, test } from "vitest";
import { fillUniformFast } from "../../src/engine/random-wasm.ts";
import { dropout, Generator, ones } from "../../src/index.ts";
import { type Draw, fillUniform } from "../../src/random.ts";

const draws: readonly Draw[] = [
  new Generator(0).next(),
  new Generator(2 ** 40 + 3).next(),
  { ...new Generator(7).next(), call: 2 ** 32 - 1 },
];

describe.each(draws)("drawing %o", (draw) => {
  // Around the least length, ends within a vector and within the vectors that are computed together, and a memory that grows.
  test.each([1, 511, 512, 513, 517, 519, 520, 8191, 10_007, 300_001])("%i numbers", (length) => {
    const [expected, found] = [new Float32Array(length), new Float32Array(length)];
    fillUniform(expected, draw);
    fillUniformFast(found, draw);
    expect(Buffer.compare(Buffer.from(found.buffer), Buffer.from(expected.buffer))).toBe(0);
  });

  test("float64 has 53 bits", () => {
    const [expected, found] = [new Float64Array(600), new Float64Array(600)];
    fillUniform(expected, draw);
    fillUniformFast(found, draw);
    expect(found).toEqual(expected);
  });
});

test("a mask is where the generator's numbers are below the rate", () => {
  const chances = new Float32Array(64 * 128);
  fillUniform(chances, new Generator(5).next());
  const mask = dropout(ones([64, 128]), 0.25, { generator: new Generator(5) }).toTypedArray();
  expect(mask).toEqual(Float32Array.from(chances, (chance) => (chance < 0.25 ? 0 : 4 / 3)));
});
