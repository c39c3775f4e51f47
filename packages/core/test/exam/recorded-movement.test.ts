// Movements, joinings and contractions against PyTorch: values and gradients in float64, float32 and compiled, and second derivatives.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import * as core from "../../src/index.ts";
import { gradcheck, Tensor, vjp } from "../../src/index.ts";
import { type GradientCase, recorded, weightsOf } from "../oracle/oracle.ts";
import { firstDifference, flat } from "./reference.ts";

interface MovementCase extends GradientCase {
  readonly name: string;
  readonly args: readonly unknown[];
}

const lines = readFileSync(new URL("../oracle/movement.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n");
const cases = lines.map((line): MovementCase => JSON.parse(line));

/** The operator of a case, as a function of its tensors. */
function functionOf({ name, args }: MovementCase): (...xs: readonly Tensor[]) => Tensor {
  const call = (...all: readonly unknown[]): unknown => Reflect.apply(Reflect.get(core, name), null, all);
  const lists = name === "concat" || name === "stack";
  const picked = name === "split" ? Number(args[2]) : null;
  return (...xs) => {
    const given = lists
      ? [xs, ...args]
      : name === "einsum"
        ? [...args, ...xs]
        : [...xs, ...args.slice(0, picked === null ? 9 : 2)];
    const found = call(...given);
    const result: unknown = picked !== null && Array.isArray(found) ? found[picked] : found;
    if (!(result instanceof Tensor)) throw new Error(`${name} gave no tensor`);
    return result;
  };
}

const titled = cases.map((record) => ({
  ...record,
  title: `${record.name}(${record.inputs.map(({ shape }) => `[${shape}]`)}; ${record.args.map((arg) => JSON.stringify(arg))})`,
}));

describe.each(titled)("$title", (record) => {
  const { inputs, output, gradients } = record;
  const f = functionOf(record);
  const points = inputs.map(recorded);

  test.each(["float64", "float32"] as const)("%s", (dtype) => {
    const tolerance = dtype === "float64" ? 1e-12 : 2e-6;
    const { value, pullback } = vjp(f, ...points.map((x) => x.cast(dtype)));
    expect([value.shape, value.dtype]).toEqual([output.shape, dtype]);
    expect(firstDifference(flat(value), output.values, tolerance)).toBeNull();
    for (const [index, gradient] of pullback(weightsOf(output.shape).cast(dtype)).entries()) {
      expect(gradient.shape).toEqual(inputs[index]?.shape);
      expect(firstDifference(flat(gradient), gradients[index] ?? [], tolerance)).toBeNull();
    }
  });

  test("compiled", () => {
    const weights = weightsOf(output.shape).cast("float32");
    const run = compile((...xs: Tensor[]) => {
      const { value, pullback } = vjp(f, ...xs);
      return [value, ...pullback(weights)];
    });
    const given = points.map((x) => x.cast("float32"));
    run(...given.map((x) => x.mul(0)));
    const [value, ...found] = run(...given);
    expect(value?.shape).toEqual(output.shape);
    expect(firstDifference(value === undefined ? [] : flat(value), output.values, 2e-6)).toBeNull();
    for (const [index, gradient] of found.entries())
      expect(firstDifference(flat(gradient), gradients[index] ?? [], 1e-5)).toBeNull();
    expect(run.programs.length).toBe(1);
  });

  test("second derivatives", () => {
    if (points.reduce((sum, { size }) => sum + size, 0) > 40) return;
    gradcheck((...xs) => f(...xs.map((x) => x.sin())).square(), points, { order: 2 });
  });
});
