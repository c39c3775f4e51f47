// Pictures of digits become images like MNIST's.

import { describe, expect, test } from "vitest";
import { digitImage, side } from "../src/digit-image.ts";
import { bar, drawDigit, drawProbabilities } from "../src/drawing.ts";
import type { Picture } from "../src/picture.ts";
import { enlarged, testDigits } from "./small-mnist.ts";

/** The mean difference of two images. */
function difference(a: Float32Array | null, b: Float32Array): number {
  return a === null ? 1 : a.reduce((sum, value, index) => sum + Math.abs(value - (b[index] ?? 0)), 0) / b.length;
}

function blank(width: number, height: number, value = 1): Picture {
  return { width, height, values: new Float32Array(width * height).fill(value) };
}

describe("MNIST's own images come back as they were", async () => {
  const digits = await testDigits(100);
  test.each([
    ["as they are", {}],
    ["dark on light", { inverted: true }],
    ["with a margin", { margin: 9, inverted: true }],
    ["enlarged", { factor: 7, margin: 40, inverted: true }],
    ["light on dark, enlarged", { factor: 4 }],
  ])("%s", (_, options) => {
    const differences = digits.map((digit) => difference(digitImage(enlarged(digit, options)), digit.pixels));
    expect(differences.filter((value) => value < 0.01).length).toBeGreaterThanOrEqual(96);
  });
});

test("faint ink, grey paper, noise below the ink and a speck of dust change little", async () => {
  const [digit] = await testDigits(1);
  if (digit === undefined) throw new Error("no digit");
  const clean = enlarged(digit, { factor: 4, margin: 20, inverted: true });
  const values = clean.values.map((value, index) => 0.3 + 0.4 * value + 0.02 * Math.sin(index * 12.9898));
  values[5 * clean.width + 5] = 0.3;
  values[6 * clean.width + 5] = 0.3;
  expect(difference(digitImage({ ...clean, values }), digit.pixels)).toBeLessThan(0.04);
});

test("a wide and a high shape keep their proportions, and are centred by mass", () => {
  for (const [width, height] of [
    [60, 6],
    [6, 60],
  ] as const) {
    const picture = blank(200, 120);
    for (let y = 0; y < height; y++) picture.values.fill(0, (30 + y) * 200 + 10, (30 + y) * 200 + 10 + width);
    const image = digitImage(picture) ?? new Float32Array();
    const inked = [...image.entries()].filter(([, value]) => value > 0.5).map(([index]) => index);
    const columns = new Set(inked.map((index) => index % side));
    const rows = new Set(inked.map((index) => Math.floor(index / side)));
    expect([columns.size, rows.size]).toEqual(width > height ? [20, 2] : [2, 20]);
    expect(Math.min(...columns) + Math.max(...columns)).toBeGreaterThanOrEqual(27);
    expect(Math.min(...columns) + Math.max(...columns)).toBeLessThanOrEqual(29);
  }
});

test("a blank picture has no digit: white, black, almost even, one pixel", () => {
  for (const level of [0, 0.5, 1]) expect(digitImage(blank(40, 30, level))).toBeNull();
  const uneven = blank(40, 30);
  uneven.values.forEach((_, index) => {
    uneven.values[index] = 0.95 + 0.05 * Math.sin(index);
  });
  expect(digitImage(uneven)).toBeNull();
  expect(digitImage(blank(1, 1))).toBeNull();
});

test("bars, to the eighth of a character", () => {
  expect(bar(1, 4)).toBe("████");
  expect(bar(0.5, 4)).toBe("██");
  expect(bar(1 / 32, 4)).toBe("▏");
  expect(bar(0, 4)).toBe("");
  const lines = drawProbabilities([0.75, 0.25], 22, false).split("\n");
  expect(lines).toEqual(["0 ██████    75.0 %", "1 ██        25.0 %"]);
  expect(drawProbabilities([0.75, 0.25], 22, true)).toContain("\x1b[1;32m0 ██████    75.0 %\x1b[0m");
});

test("a digit as characters: two rows to a line, without empty lines around", () => {
  const image = new Float32Array(side * side);
  image.fill(1, 10 * side + 3, 10 * side + 5); // upper half of line 5
  image.fill(1, 11 * side + 4, 11 * side + 6); // lower half
  expect(drawDigit(image, false)).toBe("   ▀█▄");
  const coloured = drawDigit(image, true).split("\n");
  expect(coloured).toHaveLength(14);
  expect(coloured[5]).toContain("\x1b[38;5;255;48;5;232m▀\x1b[38;5;255;48;5;255m▀\x1b[38;5;232;48;5;255m▀");
});
