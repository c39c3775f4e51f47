// The samples of PyTorch's operator database as record-opinfo.py recorded them, and how their arguments are read.

import { readFileSync } from "node:fs";
import { Tensor, tensor } from "../../src/index.ts";

/** A recorded tensor. */
export interface RecordedTensor {
  readonly s: readonly number[];
  readonly v: readonly (number | boolean | string)[];
  readonly d: "float64" | "int32" | "bool" | "uint8";
}

/** A sample: what the operator is given, what it gives, and the gradients of Σ output[k] / (k + 1). */
export interface OpinfoSample {
  readonly op: string;
  readonly variant?: string;
  readonly args: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly output: unknown;
  readonly gradients?: readonly (readonly (number | string)[] | null)[];
}

/** The arguments with tensors in place of their records. */
export type Values = readonly unknown[];
export type Options = Readonly<Record<string, unknown>>;
/** An operator of the database in our words; null where a sample asks for what we say otherwise or not at all. */
export type Row = (args: Values, options: Options) => Tensor | readonly Tensor[] | null;

/** A row for each operator. */
export type Rows = Readonly<Record<string, Row>>;

/** The samples of a record. */
export function samplesOf(path: string | URL): OpinfoSample[] {
  return readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

const special: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
};

/** A recorded number. */
export const number = (value: number | boolean | string): number =>
  typeof value === "string" ? (special[value] ?? Number.NaN) : Number(value);

/** Whether a value is the record of a tensor. */
export function isRecorded(value: unknown): value is RecordedTensor {
  return typeof value === "object" && value !== null && "s" in value && "v" in value && "d" in value;
}

/** A recorded tensor as ours. */
export function tensorOf({ s, v, d }: RecordedTensor): Tensor {
  const values = v.map(number);
  const array =
    d === "float64" ? Float64Array.from(values) : d === "int32" ? Int32Array.from(values) : Uint8Array.from(values);
  return tensor(array, { shape: s, dtype: d });
}

// Arguments -----------------------------------------------------------------------------------------------------------------

export const x = (value: unknown): Tensor => {
  if (!(value instanceof Tensor)) throw new Error(`expected a tensor, got ${String(value)}`);
  return value;
};
export const maybe = (value: unknown): Tensor | undefined => (value instanceof Tensor ? value : undefined);
export const n = (value: unknown, fallback?: number): number => {
  if (typeof value === "number") return value;
  if (typeof value === "string" && value in special) return special[value] ?? Number.NaN;
  if (value === undefined && fallback !== undefined) return fallback;
  throw new Error(`expected a number, got ${String(value)}`);
};
export const list = (value: unknown): number[] => {
  if (!Array.isArray(value)) throw new Error(`expected a list, got ${String(value)}`);
  return value.map((item) => n(item));
};
export const tensors = (value: unknown): Tensor[] => {
  if (!Array.isArray(value)) throw new Error("expected tensors");
  return value.map(x);
};
export const axes = (value: unknown): number | readonly number[] | undefined =>
  typeof value === "number" ? value : Array.isArray(value) ? list(value) : undefined;
/** One size for both directions, or two. */
export const pair = (value: unknown): readonly [number, number] => {
  const both = Array.isArray(value) ? list(value) : [n(value)];
  return [both[0] ?? 1, both[1] ?? both[0] ?? 1];
};
