// The numbers of a report are those that their definitions give, computed here in plain JavaScript, compiled and eagerly.

import { Generator, manualSeed, type Tensor, uniform } from "@gradus/core";
import { compile } from "@gradus/core/compile";
import { BatchNorm, Dense, ReLU, Sequential, Sigmoid, Tanh } from "@gradus/layers";
import { SGD } from "@gradus/optimizers";
import { expect, test } from "vitest";
import { Diagnostics } from "../src/index.ts";
import { formatNumber, formatShare } from "../src/numbers.ts";

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const norm = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
const list = (value: Tensor | null | undefined): number[] => [...(value?.toTypedArray() ?? [])];

test.each([true, false])("compiled: %s", (compiled) => {
  manualSeed(5);
  const model = new Sequential(
    new Dense(6, 9),
    new BatchNorm(9),
    new ReLU(),
    new Dense(9, 5),
    new Tanh(),
    new Dense(5, 4),
    new Sigmoid(),
  );
  const optimizer = new SGD(model.parameters(), { learningRate: 0.3 });
  const diagnostics = new Diagnostics(model, { every: 2 });
  const outputs: Tensor[] = [];
  const work = (x: Tensor): Tensor[] => {
    const values: Tensor[] = [];
    let value = x;
    for (const layer of model) {
      value = layer.forward(value);
      values.push(value);
    }
    const loss = value.square().mean();
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return [...values.map((one) => one.detach()), loss.detach()];
  };
  const step = compiled ? compile(work) : work;
  const x: Tensor = uniform([40, 6], { low: -9, high: 9, generator: new Generator(1) });
  for (let count = 0; count < 2; count++) diagnostics.step(() => step(x));
  const before = model.stateDict();
  diagnostics.step(() => outputs.push(...step(x)));
  const { layers, step: number } = diagnostics.report();
  expect(number).toBe(3);
  for (const [index, row] of layers.entries()) {
    const values = list(outputs[index]);
    expect(row.mean).toBeCloseTo(mean(values), 5);
    expect(row.spread).toBeCloseTo(Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2))), 4);
  }
  const row = (layer: string) => layers.find((other) => other.layer === layer);
  expect(row("tanh")?.saturated).toBeCloseTo(mean(list(outputs[4]).map((y) => (Math.abs(y) > 0.97 ? 1 : 0))), 6);
  expect(row("sigmoid")?.saturated).toBeCloseTo(
    mean(list(outputs[6]).map((y) => (Math.abs(2 * y - 1) > 0.97 ? 1 : 0))),
    6,
  );
  expect(row("relu")?.saturated).toBe(null);
  for (const [path, layer] of model.namedLayers()) {
    if (!(layer instanceof Dense)) continue;
    const [old, now] = [list(before.get(`${path}.weight`)), list(layer.weight)];
    expect(row(path)?.gradient).toBeCloseTo(norm(list(layer.weight.grad)), 6);
    expect(row(path)?.weight).toBeCloseTo(norm(old), 5);
    expect(row(path)?.update).toBeCloseTo(norm(now.map((value, index) => value - (old[index] ?? 0))) / norm(old), 6);
  }
  const last = row("dense_2")?.gradient ?? 0;
  expect(row("dense")?.gradientRatio).toBeCloseTo((row("dense")?.gradient ?? 0) / last, 6);
  // Batch statistics of what the normalization was given, beside the running ones as the step left them.
  const features = model.at(1);
  const given = outputs[0]?.toArray() as number[][]; // cast: a matrix
  const drift = Array.from({ length: 9 }, (_, feature) => {
    const column = given.map((values) => values[feature] ?? 0);
    const variance = mean(column.map((value) => (value - mean(column)) ** 2)) + features.epsilon;
    return Math.abs(mean(column) - (list(features.runningMean)[feature] ?? 0)) / Math.sqrt(variance);
  });
  expect(row("batch_norm")?.drift?.mean).toBeCloseTo(mean(drift), 4);
});

test("of a large matrix a part stands for all", () => {
  manualSeed(1);
  const model = new Dense(784, 256);
  const diagnostics = new Diagnostics(model, { every: 1 });
  const optimizer = new SGD(model.parameters(), { learningRate: 1 });
  const x: Tensor = uniform([32, 784], { generator: new Generator(2) });
  const before = list(model.weight);
  diagnostics.step(() => {
    optimizer.zeroGrad();
    model.forward(x).square().mean().backward();
    optimizer.step();
  });
  const exact = norm(list(model.weight).map((value, index) => value - (before[index] ?? 0))) / norm(before);
  const found = diagnostics.report().layers[0]?.update ?? 0;
  expect(found / exact).toBeGreaterThan(0.8);
  expect(found / exact).toBeLessThan(1.25);
});

test("dead units are those that were silent in all of the last batches", () => {
  const model = new Sequential(new Dense(1, 2, { bias: false }), new ReLU());
  model.at(0).weight.assign([1, -1]);
  const diagnostics = new Diagnostics(model, { every: 1 });
  const positive: Tensor = uniform([40, 1], { low: 1, high: 2, generator: new Generator(1) });
  diagnostics.step(() => model.forward(positive));
  expect(diagnostics.course.observations[0]?.layers[1]?.dead).toEqual({ units: 2, now: 0.5, lately: 0.5, values: 40 });
  diagnostics.step(() => model.forward(positive.neg()));
  expect(diagnostics.course.observations[1]?.layers[1]?.dead).toEqual({ units: 2, now: 0.5, lately: 0, values: 80 });
});

test.each([
  [0, "0"],
  [1, "1"],
  [-0.5, "−0.5"],
  [0.01234, "0.0123"],
  [41.26, "41.3"],
  [1234.4, "1234"],
  [12345, "1.2 · 10⁴"],
  [3e-7, "3 · 10⁻⁷"],
  [-2.2e-5, "−2.2 · 10⁻⁵"],
  [Number.POSITIVE_INFINITY, "∞"],
  [Number.NaN, "NaN"],
])("%d is written %s", (value, text) => expect(formatNumber(value)).toBe(text));

test.each([
  [0, "0 %"],
  [0.001, "< 1 %"],
  [0.912, "91 %"],
  [0.998, "> 99 %"],
  [1, "100 %"],
])("a share of %d is written %s", (value, text) => expect(formatShare(value)).toBe(text));
