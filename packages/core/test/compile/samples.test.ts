// Every operator's sample, compiled: what the docstring shows is what a program gives.

import { expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import { Tensor } from "../../src/index.ts";
import { close } from "../exam/reference.ts";
import { type Argument, registry, runSample } from "../exam/registry.ts";

/** Whether a value can be an argument of a compiled function as it stands. */
const isDynamic = (argument: Argument): boolean =>
  argument instanceof Tensor || (Array.isArray(argument) && argument.every((part) => part instanceof Tensor));

test.each(registry)("$name, compiled", (entry) => {
  const { name, sample } = entry;
  if (sample === null) throw new Error(`${name}: its docstring needs a sample`);
  const run = compile((...tensors: readonly Argument[]) => {
    const given = tensors.values();
    const args = sample.args.map((argument) => (isDynamic(argument) ? given.next().value : argument));
    return runSample(entry, { ...sample, args });
  });
  const dynamic = sample.args.filter(isDynamic);
  for (let call = 0; call < 2; call++) {
    const result = run(...dynamic);
    if (!(result instanceof Tensor)) throw new Error(`${name}: the sample gave no tensor`);
    const eager = runSample(entry, sample);
    const expected = eager instanceof Tensor ? eager : result;
    expect([result.dtype, result.shape]).toEqual([expected.dtype, expected.shape]);
    const [found, wanted] = [result.toArray(), expected.toArray()];
    expect(close(found, wanted, 1e-5), `${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`).toBe(true);
    expect(close(found, sample.expected, 1e-5)).toBe(true);
  }
  expect(run.programs.length).toBe(1);
});
