// The family of convolutions and pooling against PyTorch in float64: chosen cases, and the arguments of PyTorch's operator database.
// Values, gradients and gradients of gradients, eager in both float types, and compiled.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import * as family from "../../src/convolution.ts";
import { type Tensor, tensor, vjp } from "../../src/index.ts";
import { firstDifference, flat } from "../exam/reference.ts";
import { wave } from "./oracle/oracle.ts";

/** A call, and what PyTorch makes of it. */
interface Recorded {
  readonly op: string;
  /** The shapes of its tensors, and its other arguments. */
  readonly inputs: readonly (readonly number[])[];
  readonly rest: readonly unknown[];
  readonly shape: readonly number[];
  readonly y: readonly number[];
  /** Of Σ y cos. */
  readonly gradients: readonly (readonly number[])[];
  /** Of the gradients of Σ y² cos, each summed with cos. */
  readonly second: readonly (readonly number[])[];
}

const cases: readonly Recorded[] = readFileSync(new URL("oracle/family.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line): Recorded => JSON.parse(line));

const named = cases.map(
  (record) => [`${record.op} ${JSON.stringify([record.inputs, ...record.rest])}`, record] as const,
);

/** The recorded call of tensors. */
function operationOf({ op, rest }: Recorded): (...inputs: Tensor[]) => Tensor {
  const operation: unknown = Reflect.get(family, op);
  if (typeof operation !== "function") throw new Error(`${op} is missing`);
  return (...inputs) => Reflect.apply(operation, undefined, [...inputs, ...rest]);
}

const inputsOf = ({ inputs }: Recorded): Tensor[] => inputs.map((shape, index) => wave(shape, index));
const cosines = ({ shape, size, dtype }: Tensor): Tensor =>
  tensor(
    Float64Array.from({ length: size }, (_, k) => Math.cos(k)),
    { shape, dtype },
  );

/** Value, gradients, and gradients of gradients, as they were recorded. */
function derivatives(record: Recorded): (inputs: Tensor[]) => Tensor[] {
  const operation = operationOf(record);
  return (inputs) => {
    const { value, pullback } = vjp(operation, ...inputs);
    const gradients = pullback(cosines(value));
    const steep = vjp(
      (...given) => {
        const inner = vjp((...xs) => operation(...xs).square(), ...given);
        const parts = inner.pullback(cosines(inner.value)).map((part): Tensor => part.mul(cosines(part)).sum());
        return parts.reduce((a, b) => a.add(b));
      },
      ...inputs,
    );
    return [value, ...gradients, ...steep.pullback(steep.value.sub(steep.value).add(1))];
  };
}

function compare(record: Recorded, found: readonly Tensor[], relative: number, absolute: number): void {
  expect(found[0]?.shape).toEqual(record.shape);
  const expected = [record.y, ...record.gradients, ...record.second];
  expect(found).toHaveLength(expected.length);
  for (const [index, values] of expected.entries()) {
    const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    const tensor = found[index];
    const difference =
      tensor === undefined ? "nothing" : firstDifference(flat(tensor), values, relative, absolute * scale);
    expect(difference, `result ${index}`).toBeNull();
  }
}

test.each(named)("%s is PyTorch's", (_, record) => {
  compare(record, derivatives(record)(inputsOf(record)), 1e-9, 1e-10);
});

test.each(named)("%s in float32, eager and compiled", (_, record) => {
  const inputs = inputsOf(record).map((input) => input.cast("float32"));
  const run = derivatives(record);
  compare(record, run(inputs), 1e-5, 1e-5);
  const compiled = compile(run);
  compare(record, compiled(inputs), 1e-5, 1e-5);
});

test("all is compiled, without steps aside", () => {
  for (const record of cases) {
    if (record.op === "adaptiveAvgPool2d") continue; // joins windows of different sizes, which is done aside
    const inputs = inputsOf(record).map((input) => input.cast("float32"));
    const compiled = compile(derivatives(record));
    compiled(inputs);
    const aside = compiled.programs[0]?.schedule.graph.nodes.filter(({ work }) => work.kind === "eager");
    expect(aside?.map(({ name }) => name)).toEqual([]);
  }
});
