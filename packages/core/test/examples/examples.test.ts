// The examples in the docstrings of this package's sources run, and give what they say.

import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import * as core from "../../src/index.ts";
import { ModuleBuilder } from "../../src/wasm/assembler.ts";
import { coreInstructions } from "../../src/wasm/opcodes.ts";
import { instructions } from "../../src/wasm/opcodes-programs.ts";
import { isSample } from "./docstrings.ts";
import { runExample, statedValue, testExamples } from "./run.ts";

testExamples({
  sources: new URL("../../src/", import.meta.url),
  // Besides the public names: a module under construction, and the numbers of a training loop.
  names: {
    ...core,
    compile,
    ModuleBuilder,
    module: new ModuleBuilder(instructions),
    coreInstructions,
    learningRate: 0.1,
    beta: 0.9,
    steps: 1,
  },
  except: (example) => example.file.startsWith("ops") && isSample(example), // the exam of operators
});

describe("the runner of examples", () => {
  test.each([
    ["a wrong value", "tensor([1, 2]).sum().item(); // 4", /gave 3, its comment says 4/],
    ["a wrong digit", "tensor([1, 2]); // [1, 2.00001]", /its comment says/],
    ["a missing error", "tensor([1]); // throws", /should throw/],
    ["another error", 'tensor(["a"]); // throws: a ragged array', /its comment says "a ragged array"/],
    ["an unknown name", "unknown(1);", /unknown is not defined/],
  ])("refuses %s", async (_, text, message) => {
    await expect(runExample(text, core)).rejects.toThrow(message);
  });

  test("accepts what is right, imports and types included", async () => {
    const program = [
      'import { tensor } from "@gradus/core";',
      "const x: Tensor = tensor([0.1]); // [0.1]",
      "x.shape; // [1]",
      "x.rank; // a number",
    ];
    await runExample(program.join("\n"), core);
    await runExample("await Promise.reject(new Error('late')); // throws: late …", core);
  });

  test.each([
    [" [1, NaN, -Infinity]", { value: [1, Number.NaN, Number.NEGATIVE_INFINITY] }],
    [' "float64"', { value: "float64" }],
    [" true", { value: true }],
    [" the same numbers on every machine", null],
    [" [features] of the batch", null],
  ])("reads the comment %s", (comment, stated) => expect(statedValue(comment)).toEqual(stated));
});
