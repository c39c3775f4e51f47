// The numbers that record.py recorded from PyTorch in float64.

import { readFileSync } from "node:fs";
import { type DType, type Tensor, tensor } from "@gradus/core";
import { expect } from "vitest";

/** Nested arrays of numbers, as JSON holds them. */
export type Numbers = number | readonly Numbers[];

/** A recorded BatchNorm: its options, three training batches and an evaluation. */
interface BatchNormRecord extends Readonly<Record<BatchNormValue, Numbers>> {
  readonly features: number;
  readonly axis: number;
  readonly momentum: number | null;
  readonly epsilon: number;
  readonly unbiasedVariance: boolean;
  readonly batches: readonly Numbers[];
  readonly outputs: readonly Numbers[];
}
type BatchNormValue =
  | "gamma"
  | "beta"
  | "dy"
  | "dx"
  | "dgamma"
  | "dbeta"
  | "runningMean"
  | "runningVariance"
  | "evaluated";

/** The spread of a large sample. */
interface InitializerRecord {
  readonly name: "xavierUniform" | "xavierNormal" | "heUniform" | "heNormal" | "truncatedNormal";
  readonly shape: readonly number[];
  readonly standardDeviation: number;
  readonly greatest: number;
}

/** All that was recorded. */
export interface Recorded {
  readonly dense: Readonly<Record<"x" | "weight" | "bias" | "dy" | "y" | "dx" | "dweight" | "dbias", Numbers>>;
  readonly batchNorm: readonly BatchNormRecord[];
  readonly losses: Readonly<Record<LossValue, Numbers>>;
  readonly initializers: readonly InitializerRecord[];
  readonly trajectory: {
    readonly x: Numbers;
    readonly labels: Numbers;
    readonly parameters: readonly Numbers[];
    readonly losses: readonly number[];
    readonly logits: Numbers;
  };
}
type LossValue =
  | "logits"
  | "labels"
  | "crossEntropy"
  | "dlogits"
  | "prediction"
  | "target"
  | "meanSquaredError"
  | "dprediction";

const lines = readFileSync(new URL("pytorch.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n");

/** The recorded numbers. */
export const recorded: Recorded = Object.assign({}, ...lines.map((line): unknown => JSON.parse(line)));

/** Recorded numbers as a tensor. */
export function read(values: Numbers | undefined, dtype: DType = "float64"): Tensor {
  return tensor(values ?? [], { dtype });
}

/** Expects a tensor to be what was recorded, to 1e-12. */
export function expectClose(found: Tensor | null | undefined, recordedValues: Numbers | undefined): void {
  const expected = read(recordedValues);
  expect(found?.shape).toEqual(expected.shape);
  const values = found?.toTypedArray() ?? [];
  for (const [index, value] of expected.toTypedArray().entries()) {
    const off = Math.abs((values[index] ?? Number.NaN) - value);
    expect(off, `element ${index}: ${values[index]} for ${value}`).toBeLessThanOrEqual(1e-12 + 1e-12 * Math.abs(value));
  }
}
