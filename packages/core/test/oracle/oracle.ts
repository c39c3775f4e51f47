// The recorded numbers of PyTorch in float64 (record.py made them), as tensors and lists.

import { readFileSync } from "node:fs";
import { type Tensor, tensor } from "../../src/index.ts";

/** A tensor of the record. */
export interface Recorded {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** A function's inputs, its output, and the gradients of Σ output[k] / (k + 1) with respect to the inputs. */
export interface GradientCase {
  readonly inputs: readonly Recorded[];
  readonly output: Recorded;
  readonly gradients: readonly (readonly number[])[];
}

/** A function on numbers: its values, and a row of derivatives for each input (none for conditions). */
interface PointwiseCase {
  readonly y: readonly number[];
  readonly dx: readonly (readonly number[])[];
}

/** The whole record. */
export interface Oracle {
  readonly points: readonly number[];
  readonly unary: Readonly<Record<string, PointwiseCase>>;
  readonly grid: readonly (readonly number[])[];
  readonly binary: Readonly<Record<string, PointwiseCase>>;
  readonly reductions: {
    readonly input: Recorded;
    readonly cases: readonly { name: string; axes: number[]; output: Recorded; gradient: number[] }[];
  };
  readonly matmul: readonly GradientCase[];
  readonly softmax: readonly (GradientCase & { readonly axis: number })[];
  readonly logSoftmax: readonly (GradientCase & { readonly axis: number })[];
  readonly crossEntropy: readonly (GradientCase & {
    readonly reduction: "mean" | "sum" | "none";
    readonly labels: number[];
  })[];
  readonly meanSquaredError: readonly GradientCase[];
  readonly batchNorm: readonly (GradientCase & {
    readonly axis: number;
    readonly mean: number[];
    readonly variance: number[];
  })[];
  readonly network: {
    readonly inputs: readonly Recorded[];
    readonly labels: number[];
    readonly losses: number[];
    readonly parameters: readonly number[][];
  };
  readonly curvature: { readonly inputs: readonly Recorded[]; readonly hessian: number[] };
  readonly erf: readonly (readonly number[])[];
  readonly normalQuantile: readonly (readonly number[])[];
}

const special: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
};

const revive = (_: string, value: unknown): unknown => (typeof value === "string" ? (special[value] ?? value) : value);

const lines = readFileSync(new URL("oracle.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n");

/** What PyTorch gave. */
export const oracle: Oracle = JSON.parse(
  `{${lines.map((line) => line.slice(1, -1).replace(",", ":")).join(",")}}`,
  revive,
);

/** A recorded tensor, `float64`. */
export function recorded({ shape, values }: Recorded): Tensor {
  return tensor(Float64Array.from(values), { shape });
}

/** The weights 1 / (k + 1) with which a result of this shape was summed before its gradients were recorded. */
export function weightsOf(shape: readonly number[]): Tensor {
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  return tensor(
    Float64Array.from({ length: size }, (_, index) => 1 / (index + 1)),
    { shape },
  );
}
