// Findings from courses that are written down: what needs no network to be shown, and what two causes at once lead to.

import { expect, test } from "vitest";
import { type Course, diagnose, type LayerFacts, type LayerObservation, type Observation } from "../src/index.ts";

const layer = (path: string, kind: string, facts: Partial<LayerFacts> = {}): LayerFacts => ({
  path,
  kind,
  weighted: kind === "dense",
  memory: null,
  ...facts,
});
const nothing: LayerObservation = { activation: null, input: null, dead: null, weights: null, drift: null };
const weights = (gradient: number | null, update = 1e-3): LayerObservation => ({
  ...nothing,
  activation: { mean: 0, spread: 1, size: 1, flat: null },
  input: 1,
  weights: { weight: 1, gradient, update, identical: null },
});
const observed = (step: number, layers: readonly LayerObservation[], loss: number | null = 1): Observation => ({
  step,
  steps: step,
  loss,
  layers,
});
const dense = [layer("first", "dense"), layer("last", "dense")];
const kinds = (course: Course): readonly string[] => diagnose(course).map(({ kind, layer: path }) => `${kind} ${path}`);

test("nothing seen, nothing found", () => {
  expect(diagnose({ layers: dense, observations: [] })).toEqual([]);
});

test("a gradient that grows on its way back", () => {
  const course = { layers: dense, observations: [observed(1, [weights(2e4), weights(1)])] };
  expect(kinds(course)).toEqual(["explodingGradient first"]);
  expect(diagnose(course)[0]?.message).toBe("first: its gradient is 2 · 10⁴ times the last layer's: exploding.");
});

test("one odd batch is no finding", () => {
  const [odd, usual] = [
    [weights(2e4), weights(1)],
    [weights(1), weights(1)],
  ];
  const steps = [usual, odd, usual].map((layers, index) => observed(1 + 10 * index, layers));
  expect(kinds({ layers: dense, observations: steps })).toEqual([]);
});

test("weights that the loss does not reach are a warning, after errors", () => {
  const layers = [...dense, layer("side", "dense")];
  const seen = [weights(1e-9), weights(null), weights(1)];
  const findings = diagnose({ layers, observations: [observed(1, seen)] });
  expect(findings.map(({ kind, severity }) => `${kind} ${severity}`)).toEqual([
    "vanishingGradient error",
    "noGradient warning",
  ]);
});

test("no gradient at all is no finding: nobody called backward", () => {
  expect(kinds({ layers: dense, observations: [observed(1, [weights(null), weights(null)])] })).toEqual([]);
});

test("what is no number any more is named, after what made it so", () => {
  const large = observed(1, [weights(1, 30), weights(1, 20)]);
  const broken = {
    ...weights(Number.NaN),
    activation: { mean: Number.NaN, spread: Number.NaN, size: Number.NaN, flat: null },
  };
  const course = { layers: dense, observations: [large, observed(11, [broken, broken], Number.NaN)] };
  expect(kinds(course)).toEqual(["largeUpdates first", "notFinite first"]);
  expect(diagnose(course).map(({ since }) => since)).toEqual([1, 11]);
});

test("NaN in the data is found in the first step", () => {
  const broken = {
    ...weights(Number.NaN),
    activation: { mean: Number.NaN, spread: Number.NaN, size: Number.NaN, flat: null },
  };
  const [finding] = diagnose({ layers: dense, observations: [observed(1, [broken, broken], Number.NaN)] });
  expect(finding).toMatchObject({ kind: "notFinite", layer: "first", since: 1 });
  expect(finding?.advice).toMatch(/in the data/);
});

test("a BatchNorm that lags behind is a warning, once it had time", () => {
  const layers = [layer("dense", "dense"), layer("norm", "batch_norm", { memory: 100 }), layer("last", "dense")];
  const lagging = { ...nothing, drift: { mean: 3, variance: Math.log(6) } };
  const at = (step: number): Course => ({ layers, observations: [observed(step, [weights(1), lagging, weights(1)])] });
  expect(kinds(at(400))).toEqual([]);
  expect(kinds(at(500))).toEqual(["batchNormDrift norm"]);
  expect(diagnose(at(500))[0]?.message).toContain(
    "3 standard deviations from the batch's, its variance off by a factor of 6",
  );
});

test("a warm-up that begins with tiny steps is no finding, nor is a model that has learnt", () => {
  const course = (updates: readonly number[], losses: readonly number[]): Course => ({
    layers: dense,
    observations: updates.map((update, index) =>
      observed(1 + 10 * index, [weights(1, update), weights(1, update)], losses[index] ?? 1),
    ),
  });
  expect(kinds(course([1e-6, 1e-4, 1e-3], [2, 2, 2]))).toEqual([]);
  expect(kinds(course([1e-6, 1e-6, 1e-6], [2, 1, 0.1]))).toEqual([]);
  expect(kinds(course([1e-6, 1e-6, 1e-6], [2, 2, 2]))).toEqual(["smallUpdates first"]);
});
