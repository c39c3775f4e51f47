// A small training with everything that has a state, and folders for its checkpoints.

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Generator, manualSeed } from "@gradus/core";
import { BatchNorm, crossEntropy, Dense, Dropout, type Layer, ReLU, Sequential } from "@gradus/layers";
import { Adam } from "@gradus/optimizers";
import { type Callback, type FitOptions, type History, Trainer } from "../../src/index.ts";
import { quadrants } from "../models.ts";

/** A fresh folder. */
export function scratchFolder(): string {
  return mkdtempSync(join(tmpdir(), "gradus-checkpoints-"));
}

/** A training of a network: what it is made of, and its fit. */
export interface Training {
  readonly model: Layer;
  readonly trainer: Trainer<readonly ["accuracy"]>;
  /** The learning rate in force. */
  rate(): number;
  fit(options: FitOptions): Promise<History<"loss" | "accuracy">>;
}

/** Steps of an epoch. */
export const steps = 8;

/** A network with running statistics, dropout from two generators, and an optimizer with moments, on 96 points. */
export function training({ compile = false, seed = 4 }: { compile?: boolean; seed?: number } = {}): Training {
  manualSeed(seed);
  const generator = new Generator(9);
  const model = new Sequential(
    new Dense(2, 12),
    new BatchNorm(12),
    new ReLU(),
    new Dropout(0.2),
    new Dense(12, 8),
    new Dropout(0.1, { generator }),
    new Dense(8, 4),
  );
  const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
  const trainer = new Trainer({ model, optimizer, loss: crossEntropy, metrics: ["accuracy"], compile });
  const data = quadrants(120);
  const fit: Training["fit"] = (options) =>
    trainer.fit(data, { batchSize: 12, validationSplit: 0.2, verbose: 0, ...options });
  return { model, trainer, rate: () => optimizer.learningRate, fit };
}

/** The bits of a model's state, as text. */
export function bits(model: Layer): string {
  return [...model.stateDict()].map(([name, value]) => `${name}=${value.toTypedArray().join()}`).join(";");
}

/** What ends a training as a kill would: in the middle, and without a word. */
export class Killed extends Error {}

/** A callback that ends training at the end of a step, before anything later is written. */
export function killAt(totalSteps: number): Callback {
  return {
    name: "kill",
    stepEnd(event) {
      if (event.totalSteps === totalSteps) throw new Killed();
    },
  };
}
