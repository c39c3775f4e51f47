// PyTorch's convolutions and pooling in float64 (record.py wrote them down), and the numbers that they were given.

import { readFileSync } from "node:fs";
import type { ConvolutionOptions, PoolingOptions } from "../../../src/convolution.ts";
import { type Tensor, tensor } from "../../../src/index.ts";
import { count } from "../../exam/reference.ts";

interface Result {
  readonly images: readonly number[];
  readonly shape: readonly number[];
  readonly y: readonly number[];
  /** Of Σ y[i] · cos i, for each input. */
  readonly gradients: readonly (readonly number[])[];
}

/** One recorded operation. */
export type Case =
  | (Result & { readonly op: "conv2d"; readonly kernel: readonly number[]; readonly options: ConvolutionOptions })
  | (Result & { readonly op: "maxPool2d" | "avgPool2d"; readonly options: PoolingOptions });

/** All that was recorded. */
export const cases: readonly Case[] = readFileSync(new URL("oracle.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Case); // cast: record.py writes them so

/** Numbers without pattern, float64. */
export function wave(shape: readonly number[], phase = 0): Tensor {
  const values = Float64Array.from({ length: count(shape) }, (_, k) =>
    Math.sin(((1.7 * k * k) % 1000) + 0.9 * k + phase),
  );
  return tensor(values, { shape });
}

/** What results are multiplied with before they are summed, so that each element's gradient counts. */
export function weightsOf(shape: readonly number[]): Tensor {
  return tensor(
    Float64Array.from({ length: count(shape) }, (_, k) => Math.cos(k)),
    { shape },
  );
}

/** A case in a few words. */
export function titleOf(record: Case): string {
  const given = record.op === "conv2d" ? `[${record.images}] ∗ [${record.kernel}]` : `[${record.images}]`;
  return `${record.op} ${given} ${JSON.stringify(record.options)}`;
}

/** The operation of a case, on its inputs. */
export function inputsOf(record: Case): Tensor[] {
  return record.op === "conv2d" ? [wave(record.images), wave(record.kernel, 1)] : [wave(record.images)];
}
