// Functions that Math lacks, against PyTorch's recorded values and their own definitions.

import { describe, expect, test } from "vitest";
import { evaluators } from "../../src/expr/javascript.ts";
import { erf, normalQuantile } from "../../src/expr/special.ts";
import { closeNumber } from "../exam/reference.ts";
import { oracle } from "../oracle/oracle.ts";

const pairs = ([x = [], y = []]: readonly (readonly number[])[]): [number, number][] =>
  x.map((at, index) => [at, y[index] ?? Number.NaN]);

describe("erf", () => {
  test.each(pairs(oracle.erf))("of %d is %d", (x, expected) => {
    expect(closeNumber(erf(x), expected, 1e-14, 1e-310)).toBe(true);
  });

  test("is odd, monotone and saturates", () => {
    let before = -1;
    for (let x = -7; x <= 7; x += 0.01) {
      expect(erf(-x)).toBe(-erf(x));
      expect(erf(x)).toBeGreaterThanOrEqual(before - 2e-16);
      before = erf(x);
    }
    expect([erf(Number.NEGATIVE_INFINITY), erf(-1000), erf(1000), erf(Number.POSITIVE_INFINITY)]).toEqual([
      -1, -1, 1, 1,
    ]);
    expect(erf(Number.NaN)).toBeNaN();
  });
});

describe("normalQuantile", () => {
  test("reaches its ends", () => {
    expect([normalQuantile(0), normalQuantile(1)]).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });

  test.each(pairs(oracle.normalQuantile))("of %d is %d", (p, expected) => {
    expect(closeNumber(normalQuantile(p), expected, 1e-13, 1e-15)).toBe(true);
  });

  test("is the inverse of Φ", () => {
    for (let x = -4; x <= 4; x += 0.25) expect(normalQuantile(0.5 * (1 + erf(x / Math.SQRT2)))).toBeCloseTo(x, 10);
  });
});

describe("numbers", () => {
  test.each([
    ["round", [0.5], 0],
    ["round", [1.5], 2],
    ["round", [-2.5], -2],
    ["round", [-0.2], -0],
    ["round", [4503599627370495.5], 4503599627370496],
    ["mod", [-1, 3], 2],
    ["mod", [1, -3], -2],
    ["mod", [-3, 3], -0],
    ["mod", [5.5, 2], 1.5],
    ["mod", [1, 0], Number.NaN],
    ["pow", [1, Number.NaN], 1],
    ["pow", [-1, Number.POSITIVE_INFINITY], 1],
    ["pow", [Number.NaN, 0], 1],
    ["pow", [-8, 1 / 3], Number.NaN],
    ["sigmoid", [-800], 0],
    ["sigmoid", [-40], Math.exp(-40)],
    ["maximum", [Number.NaN, 1], Number.NaN],
    ["logicalNot", [Number.NaN], 0],
    ["where", [Number.NaN, 1, 2], 1],
  ] as const)("%s of %j is %d", (fn, [a, b = 0, c = 0]: readonly number[], expected) => {
    expect(evaluators[fn](a ?? 0, b, c)).toBe(expected);
  });
});
