// The trajectories that record.py recorded from PyTorch and from papers, and the start and the gradients that they have in common.

import { readFileSync } from "node:fs";
import { type DType, type Tensor, tensor, Variable } from "@gradus/core";

/** One optimizer's trajectory: all elements of all parameters, after each of the steps. */
export interface TrajectoryRecord {
  readonly name: string;
  readonly options: Readonly<Record<string, number | boolean>>;
  readonly float64: readonly (readonly number[])[];
  readonly float32: readonly (readonly number[])[];
}

const lines = readFileSync(new URL("pytorch.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n");

/** The recorded trajectories. */
export const recorded: readonly TrajectoryRecord[] = lines.map((line): TrajectoryRecord => JSON.parse(line));

/** The steps after which the elements were recorded. */
export const recordedSteps: { readonly float64: readonly number[]; readonly float32: readonly number[] } = {
  float64: [1, 2, 3, 4, 5],
  float32: [25, 50, 75, 100],
};

const sizes = [6, 3] as const;

/** The parameters' shapes: Muon's are matrices. */
export const shapesOf = (name: string): readonly (readonly number[])[] =>
  name === "Muon"
    ? [
        [2, 3],
        [3, 1],
      ]
    : [[6], [3]];

/** The parameters before the first step. */
export function start(dtype: DType, shapes: readonly (readonly number[])[]): Variable[] {
  return sizes.map((size, parameter) => {
    const values = Array.from({ length: size }, (_, index) => (3 * index - 5 * parameter + 1) / 8);
    return new Variable(tensor(values, { dtype }).reshape(shapes[parameter] ?? [size]), {
      name: `parameter ${parameter}`,
    });
  });
}

/** The gradients of a step, counted from 1: null where a parameter has none. */
export function gradients(step: number, dtype: DType, shapes: readonly (readonly number[])[]): (Tensor | null)[] {
  return sizes.map((size, parameter) => {
    if (parameter === 1 && step % 5 === 4) return null;
    const values = Array.from({ length: size }, (_, index) => {
      const zero = parameter === 0 && (index === 1 || step % 5 === 3);
      return zero ? 0 : (((7 * step + 3 * index + 5 * parameter) % 17) - 8) / 8;
    });
    return tensor(values, { dtype }).reshape(shapes[parameter] ?? [size]);
  });
}
