// Trajectories beside those that were recorded from PyTorch and the papers, eager and compiled: 5 steps in float64, 100 in float32.

import type { Tensor, Variable } from "@gradus/core";
import { compile } from "@gradus/core/compile";
import { describe, expect, test } from "vitest";
import type { Optimizer } from "../src/index.ts";
import { makeOptimizer } from "./all.ts";
import { gradients, recorded, recordedSteps, shapesOf, start } from "./oracle/pytorch.ts";

type Take = (gradients: readonly (Tensor | null)[]) => void;

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
    test.each(["eager", "compiled"] as const)("%s, as recorded", (mode) => {
      const tolerance = tolerances[dtype][mode];
      const shapes = shapesOf(record.name);
      const parameters = start(dtype, shapes);
      const optimizer = makeOptimizer(record.name, parameters, record.options);
      const take = mode === "eager" ? stepOf(optimizer) : compile(stepOf(optimizer));
      const steps = recordedSteps[dtype];
      for (let step = 1; step <= (steps.at(-1) ?? 0); step++) {
        take(gradients(step, dtype, shapes));
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
