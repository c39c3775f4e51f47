// Scans, orders, norms and indexing beside PyTorch's values and gradients (../oracle/record-indexing.py): in doubles, in floats,
// and compiled.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import {
  addAlongAxis,
  cumProd,
  cumSum,
  type DType,
  embedding,
  gather,
  logSoftmax,
  norm,
  prod,
  putAlongAxis,
  softmax,
  sort,
  std,
  type Tensor,
  takeAlongAxis,
  tensor,
  topK,
  typed,
  variance,
  vjp,
} from "../../src/index.ts";
import { weightsOf } from "../oracle/oracle.ts";
import { flat } from "./reference.ts";

interface Values {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

interface Options {
  readonly axis: number;
  readonly k: number;
  readonly p: number;
  readonly reverse?: boolean;
  readonly exclusive?: boolean;
  readonly descending?: boolean;
  readonly largest?: boolean;
  readonly correction?: number;
  readonly paddingIndex?: number;
}

interface Case {
  readonly name: keyof typeof functions;
  readonly options: Options;
  readonly inputs: readonly (Values & { readonly dtype: "float64" | "int32" })[];
  readonly outputs: readonly Values[];
  readonly gradients: readonly (readonly number[])[];
}

const { NaN: nan, POSITIVE_INFINITY: inf, NEGATIVE_INFINITY: low } = Number;
const special: Readonly<Record<string, number>> = { nan, inf, "-inf": low };
const revive = (_: string, value: unknown): unknown => (typeof value === "string" ? (special[value] ?? value) : value);

const cases: readonly Case[] = readFileSync(new URL("../oracle/indexing.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line, revive));

type Call = (options: Options, x: Tensor, i: Tensor, u: Tensor) => readonly Tensor[];
const scan = ({ reverse = false, exclusive = false }: Options): object => ({ reverse, exclusive });

/** The functions of the record. */
const functions = {
  cumSum: (o, x) => [cumSum(x, o.axis, scan(o))],
  cumProd: (o, x) => [cumProd(x, o.axis, scan(o))],
  sort: ({ axis, descending = false }, x) => Object.values(sort(x, { axis, descending })),
  topK: ({ k, axis, largest = true }, x) => Object.values(topK(x, k, { axis, largest })),
  norm: ({ axis, p }, x) => [norm(x, axis, { p })],
  prod: ({ axis }, x) => [prod(x, axis)],
  variance: ({ axis, correction = 0 }, x) => [variance(x, axis, { correction })],
  std: ({ axis, correction = 0 }, x) => [std(x, axis, { correction })],
  softmax: ({ axis }, x) => [softmax(x, axis)],
  logSoftmax: ({ axis }, x) => [logSoftmax(x, axis)],
  gather: ({ axis }, x, i) => [gather(x, i, axis)],
  takeAlongAxis: ({ axis }, x, i) => [takeAlongAxis(x, i, axis)],
  addAlongAxis: ({ axis }, x, i, u) => [addAlongAxis(x, i, u, axis)],
  putAlongAxis: ({ axis }, x, i, u) => [putAlongAxis(x, i, u, axis)],
  embedding: ({ paddingIndex }, x, i) => [
    embedding(typed<readonly [number, number]>(x), i, paddingIndex === undefined ? {} : { paddingIndex }),
  ],
} satisfies Record<string, Call>;

/** The results of a case and its gradients, one after the other, for given floats. */
function run(record: Case, floats: readonly Tensor[]): Tensor[] {
  const call: Call = functions[record.name];
  const integers = record.inputs.map(({ shape, values, dtype }) =>
    dtype === "int32" ? tensor(values, { shape, dtype }) : null,
  );
  let rest: readonly Tensor[] = [];
  const { value, pullback } = vjp(
    (...moved) => {
      const given = moved.values();
      const [x, i, u] = record.inputs.map(({ dtype }, at) => (dtype === "int32" ? integers[at] : given.next().value));
      const none = tensor(0);
      const [first = none, ...others] = call(record.options, x ?? none, i ?? none, u ?? none);
      rest = others;
      return first;
    },
    ...floats,
  );
  const gradients = record.gradients.length === 0 ? [] : pullback(weightsOf(value.shape).cast(value.dtype));
  return [value, ...rest, ...gradients];
}

function compare(found: readonly Tensor[], { outputs, gradients }: Case, tolerance: number): void {
  expect(found.slice(0, outputs.length).map(({ shape }) => shape)).toEqual(outputs.map(({ shape }) => shape));
  const wanted = [...outputs.map(({ values }) => values), ...gradients];
  expect(found.length).toBe(wanted.length);
  for (const [index, values] of wanted.entries()) {
    const numbers = flat(found[index] ?? tensor([]));
    // The scale is that of the list: a small difference of large terms is as inexact as they are.
    const scale = Math.max(1, ...values.filter(Number.isFinite).map(Math.abs));
    for (const [place, value] of values.entries()) {
      const difference = Object.is(numbers[place], value) ? 0 : Math.abs((numbers[place] ?? nan) - value);
      if (!(difference <= tolerance * scale))
        expect.fail(`${index}: ${numbers[place]} instead of ${value} at ${place}`);
    }
  }
}

const floatsOf = ({ inputs }: Case, dtype: DType): Tensor[] =>
  inputs
    .filter((input) => input.dtype === "float64")
    .map(({ shape, values }) => tensor(Float64Array.from(values), { shape }).cast(dtype));

/** Whether floats can tell the numbers apart. */
const fitsFloats = ({ inputs }: Case): boolean =>
  inputs.every(({ values }) => values.every((value) => !Number.isFinite(value) || Math.abs(value) < 1e6));

test("the record covers every function", () => {
  expect(new Set(cases.map(({ name }) => name))).toEqual(new Set(Object.keys(functions)));
});

describe.each(Object.keys(functions))("%s", (name) => {
  const own = cases.filter((record) => record.name === name);

  test("in doubles", () => {
    for (const record of own) compare(run(record, floatsOf(record, "float64")), record, 1e-12);
  });

  test("in floats, and compiled", () => {
    for (const record of own.filter(fitsFloats)) {
      const floats = floatsOf(record, "float32");
      compare(run(record, floats), record, 2e-6);
      const program = compile((...xs: Tensor[]) => run(record, xs));
      for (let call = 0; call < 2; call++) compare(program(...floats), record, 2e-6);
    }
  });
});
