// Every operator has a sample in its docstring, and gives what the sample says.

import { expect, test } from "vitest";
import { Tensor } from "../../src/index.ts";
import { close } from "./reference.ts";
import { registry, runSample } from "./registry.ts";

test("the register finds the operators of every module", () => {
  expect(registry.length).toBeGreaterThan(70);
});

test.each(registry)("$name gives what its docstring shows", (entry) => {
  const { name, sample } = entry;
  if (sample === null)
    throw new Error(`${name}: its docstring needs a sample, as in: @example ${name}([0, 2]) // [0, 4]`);
  const result = runSample(entry, sample);
  if (!(result instanceof Tensor)) throw new Error(`${name}: the sample gave no tensor`);
  const found = result.toArray();
  expect(
    close(found, sample.expected, 1e-6),
    `${JSON.stringify(found)} instead of ${JSON.stringify(sample.expected)}`,
  ).toBe(true);
});
