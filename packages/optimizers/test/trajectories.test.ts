// Trajectories beside those that PyTorch recorded, eager and compiled: 5 steps in float64, 100 in float32.

import type { Tensor, Variable } from "@gradus/core";
import { compile } from "@gradus/core/compile";
import { describe, expect, test } from "vitest";
import { Adam, type Optimizer, SGD } from "../src/index.ts";
import { gradients, recorded, recordedSteps, start, type TrajectoryRecord } from "./oracle/pytorch.ts";

type Take = (gradients: readonly (Tensor | null)[]) => void;

function make({ name, options }: TrajectoryRecord, parameters: readonly Variable[]): Optimizer {
  return name === "SGD" ? new SGD(parameters, options) : new Adam(parameters, options);
}

/** A step with given gradients. */
function stepOf(optimizer: Optimizer): Take {
  return (given) => {
    for (const [index, parameter] of optimizer.parameters.entries()) parameter.grad = given[index] ?? null;
    optimizer.step();
  };
}

/** Expects |found − recorded| ≤ tolerance · max(1, |recorded|) for every element. */
function expectClose(parameters: readonly Variable[], values: readonly number[] | undefined, tolerance: number): void {
  const found = parameters.flatMap((parameter) => [...parameter.toTypedArray()]);
  expect(found.length).toBe(values?.length);
  for (const [index, value] of values?.entries() ?? []) {
    const off = Math.abs((found[index] ?? Number.NaN) - value) / Math.max(1, Math.abs(value));
    expect(off, `element ${index}: ${found[index]} for ${value}`).toBeLessThanOrEqual(tolerance);
  }
}

const titled = recorded.map((record) => ({ ...record, title: `${record.name} ${JSON.stringify(record.options)}` }));

const tolerances = { float64: { eager: 1e-9, compiled: 1e-9 }, float32: { eager: 1e-5, compiled: 1e-5 } };

describe.each(titled)("$title", (record) => {
  describe.each(["float64", "float32"] as const)("%s", (dtype) => {
    test.each(["eager", "compiled"] as const)("%s, as PyTorch", (mode) => {
      const tolerance = tolerances[dtype][mode];
      const parameters = start(dtype);
      const optimizer = make(record, parameters);
      const take = mode === "eager" ? stepOf(optimizer) : compile(stepOf(optimizer));
      const steps = recordedSteps[dtype];
      for (let step = 1; step <= (steps.at(-1) ?? 0); step++) {
        take(gradients(step, dtype));
        const place = steps.indexOf(step);
        if (place >= 0) expectClose(parameters, record[dtype][place], tolerance);
      }
      expect(optimizer.steps).toBe(steps.at(-1));
      expect(optimizer.stateDict().updates).toEqual([
        optimizer.steps,
        optimizer.steps - Math.floor((optimizer.steps + 1) / 5),
      ]);
    });
  });
});
