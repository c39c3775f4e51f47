// The examples in the docstrings of this package's sources run, and give what they say.

import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import * as core from "../../src/index.ts";
import { type Example, examplesOf, isSample } from "./docstrings.ts";
import { runExample, statedValue } from "./run.ts";

const sources = fileURLToPath(new URL("../../src", import.meta.url));
const examples = examplesOf(sources).filter((example) => !(example.file.startsWith("ops") && isSample(example)));

describe("examples", () => {
  test.each(examples)("$file: $name", async (example) => runExample(example, core));
});

describe("the runner of examples", () => {
  const run = (text: string): Promise<void> => {
    const example: Omit<Example, "declaration"> = { file: "", line: 1, name: "", text };
    return runExample({ ...example, declaration: nowhere }, core);
  };
  const nowhere = examples[0]?.declaration ?? expect.unreachable();

  test.each([
    ["a wrong value", "tensor([1, 2]).sum().item(); // 4", /gave 3, its comment says 4/],
    ["a wrong digit", "tensor([1, 2]); // [1, 2.00001]", /its comment says/],
    ["a missing error", "tensor([1]); // throws", /should throw/],
    ["another error", 'tensor(["a"]); // throws: a ragged array', /its comment says "a ragged array"/],
    ["an unknown name", "unknown(1);", /unknown is not defined/],
  ])("refuses %s", async (_, text, message) => {
    await expect(run(text)).rejects.toThrow(message);
  });

  test("accepts what is right, imports and types included", async () => {
    await run('import { tensor } from "@gradus/core";\nconst x: Tensor = tensor([0.1]); // [0.1]\nx.shape; // [1]\nx.rank; // a number');
    await run("await Promise.reject(new Error('late')); // throws: late …");
  });

  test.each([
    [" [1, NaN, -Infinity]", { value: [1, Number.NaN, Number.NEGATIVE_INFINITY] }],
    [' "float64"', { value: "float64" }],
    [" true", { value: true }],
    [" the same numbers on every machine", null],
    [" [features] of the batch", null],
  ])("reads the comment %s", (comment, stated) => expect(statedValue(comment)).toEqual(stated));
});
