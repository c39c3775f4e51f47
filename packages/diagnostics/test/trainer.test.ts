// In a Trainer, on the real MNIST: the lecture's network learns, nothing is found, and nothing is changed. And what is broken is found.

import { manualSeed } from "@gradus/core";
import { findMnist, mnist } from "@gradus/data";
import { BatchNorm, crossEntropy, Dense, Dropout, initializers, type Layer, ReLU, Sequential } from "@gradus/layers";
import { Adam } from "@gradus/optimizers";
import { Trainer } from "@gradus/training";
import { expect, test } from "vitest";
import { Diagnostics, watch } from "../src/index.ts";
import { seedsFor } from "./networks.ts";

const lecture = (initializer: initializers.Initializer = initializers.xavierUniform): Sequential =>
  new Sequential(
    new Dense(784, 256, { initializer }),
    new BatchNorm(256),
    new ReLU(),
    new Dense(256, 128, { initializer }),
    new BatchNorm(128),
    new ReLU(),
    new Dropout(0.3),
    new Dense(128, 64, { initializer }),
    new BatchNorm(64),
    new ReLU(),
    new Dense(64, 10, { initializer }),
  );

const { train } = await mnist({ folder: findMnist(import.meta.url), shape: [784] });

interface Course {
  readonly model?: () => Layer;
  readonly learningRate?: number;
  readonly observe?: boolean;
  readonly compile?: boolean;
  readonly accumulate?: number;
  readonly seed?: number;
  readonly samples?: number;
}

async function fit(
  course: Course,
): Promise<{ readonly diagnostics: Diagnostics | null; readonly weights: readonly string[] }> {
  const { learningRate = 1e-3, observe = true, compile = true, seed = 1, accumulate = 1, samples = 704 } = course;
  manualSeed(seed);
  const model = (course.model ?? lecture)();
  const optimizer = new Adam(model.parameters(), { learningRate, epsilon: 1e-7 });
  const trainer = new Trainer({ model, optimizer, loss: crossEntropy, metrics: ["accuracy"], compile });
  const diagnostics = observe ? new Diagnostics(model) : null;
  const callbacks = diagnostics === null ? [] : [diagnostics, watch(model, "dense_1", "gradient", { every: 20 })];
  await trainer.fit(train.slice(0, samples), { batchSize: 64, epochs: 2, verbose: 0, accumulate, seed, callbacks });
  return {
    diagnostics,
    weights: [...model.stateDict().values()].map((value) =>
      Buffer.from(value.toTypedArray().buffer).toString("base64"),
    ),
  };
}

test.each(seedsFor(0))("the lecture's network: nothing is found (seed %d)", async (seed) => {
  const { diagnostics } = await fit({ seed, samples: 4000 });
  expect(diagnostics?.findings).toEqual([]);
  expect(diagnostics?.report()).toMatchObject({ step: 121, observations: 13, notes: [] });
  expect(diagnostics?.report().loss).toBeLessThan(0.6);
  // Plain data: a report survives JSON, and so does a course.
  const report = diagnostics?.report();
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  expect(JSON.parse(JSON.stringify(diagnostics?.course))).toEqual(diagnostics?.course);
});

test.each([
  { compile: true, accumulate: 1 },
  { compile: false, accumulate: 1 },
  { compile: true, accumulate: 4 },
])("the same weights with it and without: $compile, $accumulate", async (how) => {
  const [looked, plain] = [await fit(how), await fit({ ...how, observe: false })];
  expect(looked.weights).toEqual(plain.weights);
  expect(looked.diagnostics?.findings).toEqual([]);
  const updates = looked.diagnostics?.report().layers.map(({ update }) => update);
  expect(updates?.some((update) => update !== null && update > 0)).toBe(true);
});

test.each([
  ["all zero", { model: () => lecture(initializers.constant(0)) }, "identicalUnits"],
  ["a huge learning rate", { learningRate: 1 }, "largeUpdates"],
  ["a tiny learning rate", { learningRate: 1e-8 }, "smallUpdates"],
] as const)("the lecture's network, %s", async (_, course, kind) => {
  const { diagnostics } = await fit(course);
  expect(diagnostics?.findings[0]?.kind).toBe(kind);
});

test("bad input is refused before anything is tapped", () => {
  const model = lecture();
  const bad =
    (options: object): (() => unknown) =>
    () =>
      new Diagnostics(model, options);
  expect(bad({ every: 0 })).toThrow("Diagnostics: every must be a whole number ≥ 1, got 0");
  expect(bad({ every: 2.5 })).toThrow("Diagnostics: every");
  expect(bad({ keep: 3 })).toThrow("Diagnostics: keep must be a whole number ≥ 10, got 3");
  expect(bad({ name: "" })).toThrow("Diagnostics: name must be a text");
  expect(bad({ evry: 5 })).toThrow('Diagnostics: unknown option "evry": the options are every, name, keep');
  const wrong: unknown = { forward: () => null };
  expect(() => new Diagnostics(wrong as Layer)).toThrow("Diagnostics: the model must be a Layer, got Object"); // cast: what plain JavaScript may do
  expect([...model].every((layer: Layer) => !Object.hasOwn(layer, "forward"))).toBe(true);
});
