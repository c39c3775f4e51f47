// The examples in the docstrings of this package's sources and in its README run, and give what they say.

import { readFileSync } from "node:fs";
import * as core from "@gradus/core";
import { expect, test, vi } from "vitest";
import { runExample, testExamples } from "../../core/test/examples/run.ts";
import * as layers from "../src/index.ts";

const names = { ...core, ...layers };

testExamples({
  sources: new URL("../src/", import.meta.url),
  names,
  except: ({ file }) => file === "layer-types.ts", // types alone: the compiler runs them
});

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const programs = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map(([, text = ""]) => text);

test.each(programs.map((text, index) => ({ text, index })))("README, program $index", async ({ text, index }) => {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await runExample(text, names);
  const [printed] = log.mock.calls[0] ?? [];
  log.mockRestore();
  if (index === 0) expect(readme).toContain(String(printed).split("\n").slice(0, 7).join("\n"));
});

test("the README has its programs", () => expect(programs).toHaveLength(6));
