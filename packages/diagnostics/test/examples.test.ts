// The examples in the docstrings of this package's sources and in its README run, and give what they say.

import { readFileSync } from "node:fs";
import * as core from "@gradus/core";
import * as data from "@gradus/data";
import * as layers from "@gradus/layers";
import * as optimizers from "@gradus/optimizers";
import * as training from "@gradus/training";
import { expect, test, vi } from "vitest";
import { runExample, testExamples } from "../../core/test/examples/run.ts";
import * as diagnostics from "../src/index.ts";

const names = { ...core, ...data, ...layers, ...optimizers, ...training, ...diagnostics };

testExamples({ sources: new URL("../src/", import.meta.url), names });

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const programs = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map(([, text = ""]) => text);

test.each(programs.map((text, index) => ({ text, index })))("README, program $index", async ({ text, index }) => {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await runExample(text, names);
  const [printed] = log.mock.calls[0] ?? [];
  log.mockRestore();
  // The frame and the words; the last digits depend on the machine.
  const shape = (text: string): string =>
    text
      .replace(/[\d.−⁰¹²³⁴⁵⁶⁷⁸⁹·]+/g, "#")
      .replace(/#( #)*/g, "#")
      .replace(/ +/g, " ");
  if (index === 0) expect(shape(readme)).toContain(shape(String(printed)));
});

test("the README has its programs, and every threshold", () => {
  expect(programs.length).toBeGreaterThan(2);
  for (const { source } of Object.values(diagnostics.thresholds)) expect(source).not.toBe("");
});
