// Every sample of PyTorch's operator database that the record holds: values and gradients in float64, in float32, and compiled.

import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import { Tensor, Variable } from "../../src/index.ts";
import { weightsOf } from "../oracle/oracle.ts";
import { generalRows } from "./opinfo.ts";
import { lossRows } from "./opinfo-losses.ts";
import { networkRows } from "./opinfo-networks.ts";
import { isRecorded, number, type OpinfoSample, type RecordedTensor, samplesOf, tensorOf } from "./opinfo-record.ts";
import { firstDifference, flat } from "./reference.ts";

const rows = { ...generalRows, ...networkRows, ...lossRows };

const samples = samplesOf(process.env["OPINFO"] ?? new URL("../oracle/opinfo.jsonl", import.meta.url));
const names = [...new Set(samples.map(({ op }) => op))].sort();

/** The structure with records replaced by tensors, floats as Variables. */
function build(value: unknown, dtype: "float64" | "float32", leaves: Variable[]): unknown {
  if (isRecorded(value)) {
    const made = tensorOf(value);
    if (value.d !== "float64") return made;
    const variable = new Variable(made.cast(dtype));
    leaves.push(variable);
    return variable;
  }
  if (Array.isArray(value)) return value.map((item) => build(item, dtype, leaves));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, build(item, dtype, leaves)]));
  return value;
}

const recordsIn = (value: unknown): RecordedTensor[] =>
  isRecorded(value) ? [value] : Array.isArray(value) ? value.flatMap(recordsIn) : [];

/** The values, and where gradients are recorded, those of the weighted sum. */
function run(
  sample: OpinfoSample,
  dtype: "float64" | "float32",
  compiled: boolean,
): { values: Tensor[]; slopes: (Tensor | null)[] } | null {
  const leaves: Variable[] = [];
  const args = build(sample.args, dtype, leaves);
  const options = build(sample.options, dtype, leaves);
  const row = rows[sample.op];
  if (row === undefined) throw new Error(`no row for ${sample.op}`);
  let omitted = false;
  const evaluate = (): Tensor[] => {
    const result = row(args as readonly unknown[], options as Readonly<Record<string, unknown>>); // casts: build keeps the structure
    omitted = result === null;
    const values = result === null ? [] : result instanceof Tensor ? [result] : [...result];
    const scalars = values.flatMap((value) =>
      value.requiresGrad ? [value.mul(weightsOf(value.shape).cast(value.dtype)).sum()] : [],
    );
    const [first, ...rest] = scalars;
    if (sample.gradients !== undefined && first !== undefined)
      rest.reduce((total, next) => total.add(next), first).backward();
    return values;
  };
  const values = compiled ? compile(evaluate)() : evaluate();
  return omitted ? null : { values, slopes: leaves.map(({ grad }) => grad) };
}

function check(
  sample: OpinfoSample,
  dtype: "float64" | "float32",
  compiled: boolean,
  relative: number,
  absolute: number,
): boolean {
  const found = run(sample, dtype, compiled);
  if (found === null) return false;
  const expected = recordsIn(sample.output);
  const text = `${sample.op} ${JSON.stringify(shapes(sample.args))} ${JSON.stringify(shapes(sample.options))}`;
  expect(found.values.length, text).toBe(expected.length);
  for (const [index, { s, v }] of expected.entries()) {
    const value = found.values[index];
    expect(value?.shape, text).toEqual(s);
    const wanted = v.map(number);
    const scale = Math.max(0, ...wanted.filter(Number.isFinite).map(Math.abs));
    expect(
      firstDifference(value === undefined ? [] : flat(value), wanted, relative, absolute * Math.max(1, scale)),
      text,
    ).toBeNull();
  }
  for (const [index, slope] of (sample.gradients ?? []).entries()) {
    if (slope === null) continue;
    const wanted = slope.map(number);
    const scale = Math.max(0, ...wanted.filter(Number.isFinite).map(Math.abs));
    const gradient = found.slopes[index];
    const values = gradient == null ? wanted.map(() => 0) : flat(gradient);
    expect(
      firstDifference(values, wanted, relative, absolute * Math.max(1, scale)),
      `${text}: gradient ${index}`,
    ).toBeNull();
  }
  return true;
}

const shapes = (value: unknown): unknown => {
  if (isRecorded(value)) return `${value.d}[${value.s}]`;
  if (Array.isArray(value)) return value.map(shapes);
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shapes(item)]))
    : value;
};

/** PyTorch computes these with a constant that it has rounded to float32. */
const rounded = ["linalg.vector_norm", "nn.functional.hardsigmoid"];

describe.each(names)("%s", (name) => {
  const own = samples.filter(({ op }) => op === name);
  test("in float64", () => {
    const examined = own.filter((sample) =>
      check(sample, "float64", false, rounded.includes(name) ? 1e-7 : 1e-9, 1e-11),
    );
    expect(examined.length).toBeGreaterThan(0);
  });
  test("in float32", () => {
    for (const sample of own) check(sample, "float32", false, 2e-5, 1e-5);
  });
  test("compiled", () => {
    for (const sample of own) check(sample, "float32", true, 2e-5, 1e-5);
  });
});
