// Collected tensors are what the layers had, compiled and eagerly.

import { manualSeed, type Tensor } from "@gradus/core";
import { compile } from "@gradus/core/compile";
import { crossEntropy, Dense, type Layer, ReLU, Residual, Sequential } from "@gradus/layers";
import { SGD } from "@gradus/optimizers";
import { describe, expect, test } from "vitest";
import { watch } from "../src/index.ts";
import { patterns } from "./networks.ts";

const make = (): Sequential => {
  manualSeed(2);
  return new Sequential(new Dense(64, 8), new Residual(new Dense(8, 8), new ReLU()), new Dense(8, 10));
};

describe.each([true, false])("compiled: %s", (compiled) => {
  const training = (model: Layer): ((batch: number) => Tensor) => {
    const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
    const next = patterns(4);
    const work = (x: Tensor, y: Tensor): Tensor => {
      const loss = crossEntropy(model.forward(x), y);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      return loss;
    };
    const step = compiled ? compile(work) : work;
    return (batch) => {
      const { x, y } = next(batch);
      return step(x, y);
    };
  };

  test("activations, of batches of any size", () => {
    const model = make();
    const step = training(model);
    const watching = watch(model, /relu$/, "activation");
    for (const batch of [16, 7, 16]) watching.step(() => step(batch));
    expect(watching.records.map(({ step: number, path, value }) => [number, path, value.shape])).toEqual([
      [1, "residual.relu", [16, 8]],
      [2, "residual.relu", [7, 8]],
      [3, "residual.relu", [16, 8]],
    ]);
    const [first, , third] = watching.records.map(({ value }) => value.toArray());
    expect(first).not.toEqual(third);
    expect(watching.records.every(({ value }) => value.toTypedArray().every((y) => y >= 0))).toBe(true);
  });

  test("weights, gradients and updates agree: Δw = −η·g", () => {
    const model = make();
    const step = training(model);
    const [weights, gradients, updates] = (["weight", "gradient", "update"] as const).map((facet) =>
      watch(model, "residual*", facet),
    );
    const before = model.stateDict();
    weights?.step(() => gradients?.step(() => updates?.step(() => step(16))));
    const paths = weights?.records.map(({ path }) => path);
    expect(paths).toEqual(["residual.dense.weight", "residual.dense.bias"]);
    for (const [index, path] of (paths ?? []).entries()) {
      const change = updates?.records[index]?.value.toTypedArray() ?? [];
      const gradient = gradients?.records[index]?.value.toTypedArray() ?? [];
      const now = weights?.records[index]?.value.toTypedArray() ?? [];
      const old = before.get(path)?.toTypedArray() ?? [];
      expect(change).toHaveLength(old.length);
      for (let at = 0; at < old.length; at++) {
        expect(change[at]).toBeCloseTo(-0.1 * (gradient[at] ?? 0), 6);
        expect(now[at]).toBeCloseTo((old[at] ?? 0) + (change[at] ?? 0), 6);
      }
    }
  });

  test("every so many steps, and the latest are kept", () => {
    const model = make();
    const step = training(model);
    const watching = watch(model, (path) => path.startsWith("dense"), "weight", { every: 3, keep: 2 });
    for (let count = 0; count < 10; count++) watching.step(() => step(8));
    expect(watching.of("dense_1.bias").map(({ step: number }) => number)).toEqual([7, 10]);
    expect(watching.records).toHaveLength(8);
  });
});

test("what is not there is refused", () => {
  const model = make();
  expect(() => watch(model, "dense_7", "weight")).toThrow(
    'watch: no layer is selected by "dense_7": there are sequential, dense, residual, residual.dense, residual.relu, dense_1',
  );
  expect(() => watch(model, "dense", "bias" as "weight")).toThrow(
    "watch: facet must be one of activation, gradient, weight, update",
  );
  expect(() => watch(model, "dense", "weight", { every: 0 })).toThrow("watch: every must be a whole number ≥ 1, got 0");
  const wrong: object = { keeps: 3 };
  expect(() => watch(model, "dense", "weight", wrong)).toThrow(
    'watch: unknown option "keeps": the options are every, keep',
  );
});
