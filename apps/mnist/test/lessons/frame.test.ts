// The frame of the lessons: who judges, how numbers and charts look, what fits into a terminal.

import { findMnist, mnist } from "@gradus/data";
import { describe, expect, test } from "vitest";
import { bars, draw, lines } from "../../src/lessons/frame/chart.ts";
import { above, below, between, exactly } from "../../src/lessons/frame/criteria.ts";
import { Laboratory } from "../../src/lessons/frame/laboratory.ts";
import { examine, lesson } from "../../src/lessons/frame/lesson.ts";
import { format } from "../../src/lessons/frame/numbers.ts";
import { json, Report } from "../../src/lessons/frame/report.ts";
import { styleOf, wrap } from "../../src/lessons/frame/style.ts";

const plain = styleOf(false);

test.each([
  [0, "0"],
  [0.97671, "0.9767"],
  [48000, "48,000"],
  [-0.5, "−0.5"],
  [12.3456, "12.35"],
  [2.4e-7, "2.4 · 10⁻⁷"],
  [1e-5, "10⁻⁵"],
  [1.4e8, "1.4 · 10⁸"],
  [Number.NaN, "not a number"],
  [Number.NEGATIVE_INFINITY, "−∞"],
])("%d is written as %s", (value, text) => {
  expect(format(value)).toBe(text);
});

test("criteria hold on their side of the bound, and never for what is no number", () => {
  expect([0.9, 1, 1.1].map(below(1).holds)).toEqual([true, false, false]);
  expect([0.9, 1, 1.1].map(above(1).holds)).toEqual([false, false, true]);
  expect([0.9, 1, 2, 2.1].map(between(1, 2).holds)).toEqual([false, true, true, false]);
  expect([1, 1 + 2 ** -52].map(exactly(1).holds)).toEqual([true, false]);
  const all = [below(1), above(1), between(0, 1), exactly(1)];
  expect(all.map(({ holds }) => holds(Number.NaN))).toEqual([false, false, false, false]);
  expect(all.map(({ text }) => text)).toEqual(["below 1", "above 1", "between 0 and 1", "exactly 1"]);
});

describe("charts", () => {
  test("bars are as long as their values, on a linear scale from 0", () => {
    const [title, ...rows] = draw(bars("shares", { half: 0.5, all: 1, none: 0 }), 43, plain);
    expect(title).toBe("shares");
    const lengths = rows.map((row) => (row.match(/█/g) ?? []).length);
    expect(lengths[0]).toBe((lengths[1] ?? 0) / 2);
    expect(lengths[2]).toBe(0);
  });

  test("lines rise and fall with their values; powers of ten are evenly apart", () => {
    const [, linear] = draw(lines("up", { a: [0, 7, 14, 21, 28, 35, 42, 49] }), 60, plain);
    expect(linear).toContain("▁▁ ▂▂ ▃▃ ▄▄ ▅▅ ▆▆ ▇▇ ██");
    const [, decades] = draw(lines("up", { a: [1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1] }, "log"), 70, plain);
    expect(decades).toContain("▁▁ ▂▂ ▃▃ ▄▄ ▅▅ ▆▆ ▇▇ ██");
  });

  test("what is no number is marked, what is infinite is at the end of the scale", () => {
    const [, row] = draw(lines("loss", { a: [1, 2, Number.POSITIVE_INFINITY, Number.NaN] }), 60, plain);
    expect(row).toContain("▁▁ ██ ██ ×× ");
  });

  test.each([40, 60, 80, 100])("fit into %d columns", (width) => {
    const many = Array.from({ length: 700 }, (_, index) => 1 / (index + 1));
    const charts = [
      lines("the loss of a rather long training, step by step and with many words", { one: many, two: many }, "log"),
      bars("bars", { "a label that is not so short": 1.25e-9, b: 3e5 }, "log"),
    ];
    for (const line of charts.flatMap((chart) => draw(chart, width, plain))) {
      expect(line.length, line).toBeLessThanOrEqual(width);
    }
  });
});

const invented = lesson({
  name: "invented",
  title: "An invented lesson",
  lecture: "Two and two are four, and nobody knows how much nothing divided by nothing is. ".repeat(3),
  experiment: "Arithmetic.",
  claims: {
    four: { says: "2 + 2 is 4.", quantity: "2 + 2", criterion: exactly(4) },
    five: { says: "It is more than 4, too.", quantity: "2 + 2", criterion: above(4), otherwise: "It is not." },
    nothing: { says: "0 ÷ 0 is small.", quantity: "0 ÷ 0", criterion: below(1) },
  },
  run: async () => ({ measured: { four: 4, five: 4, nothing: Number.NaN }, charts: [bars("sums", { "2 + 2": 4 })] }),
});

test("the frame judges, by the bounds that stand beside the claims, and tells in words, colours and JSON", async () => {
  const laboratory = new Laboratory(await mnist({ folder: findMnist(import.meta.url), shape: [784] }));
  const outcome = await examine(invented, laboratory);
  expect(outcome.verdicts.map(({ name, holds }) => [name, holds])).toEqual([
    ["four", true],
    ["five", false],
    ["nothing", false],
  ]);
  const outcomes = new Map([[invented, outcome]]);
  const report = new Report(60, plain);
  const text = [report.opening(invented), report.findings(outcome), report.closing(outcomes, 1)].join("\n");
  expect(text).toContain("✓ 2 + 2 is 4.\n    2 + 2: 4 (holds: exactly 4)");
  expect(text).toContain("✗ It is more than 4, too.");
  expect(text).toContain("    2 + 2: 4 (does not hold: it should be above 4)\n    It is not.");
  expect(text).toContain("1 lesson: 1 of 3 claims hold");
  expect(text).not.toContain("\x1b");
  for (const line of text.split("\n")) expect(line.length, line).toBeLessThanOrEqual(60);
  expect(new Report(60, styleOf(true)).findings(outcome)).toContain("\x1b[31m✗\x1b[39m");
  expect(JSON.parse(json(outcomes))).toMatchObject({
    claims: 3,
    hold: 1,
    lessons: [
      { name: "invented", claims: [{ measured: 4 }, { criterion: "above 4" }, { measured: "NaN", holds: false }] },
    ],
  });
});

test("texts are broken between words", () => {
  expect(wrap("one  two\n three four", 9)).toEqual(["one two", "three", "four"]);
});
