// The examples in the docstrings of this package's sources run, and give what they say. What they take for granted stands here: a small
// model and its data, a folder to write to, and a server with weights from PyTorch.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as core from "@gradus/core";
import * as data from "@gradus/data";
import * as layers from "@gradus/layers";
import * as optimizers from "@gradus/optimizers";
import { afterAll, beforeAll, beforeEach, vi } from "vitest";
import { testExamples } from "../../core/test/examples/run.ts";
import * as checkpoints from "../src/checkpoint.ts";
import * as training from "../src/index.ts";
import * as tensorboard from "../src/tensorboard.ts";

core.manualSeed(0);
const images = core.uniform([40, 4]);
const labels = core.randint([40], { high: 10 });
const train = data.fromArrays({ inputs: images, targets: labels });
const model = new layers.Sequential(new layers.Dense(4, 8), new layers.ReLU(), new layers.Dense(8, 10));
const trainer = new training.Trainer({
  model,
  optimizer: new optimizers.Adam(model.parameters()),
  loss: layers.crossEntropy,
  metrics: ["accuracy"],
});
const history = await trainer.fit(train, { epochs: 1, seed: 0, verbose: 0 });
const state = trainer.state();
const memory: training.CheckpointWriter = { save: async () => undefined, load: async () => state };
const torch = checkpoints.toTorch(model, { map: { fc1: "dense", fc2: "dense_1" } });
const file = checkpoints.writeSafetensors({ tensors: torch });

const before = process.cwd();
const folder = mkdtempSync(join(tmpdir(), "gradus-examples-"));
beforeAll(async () => {
  process.chdir(folder);
  await checkpoints.saveCheckpoint("training.safetensors", state);
  await checkpoints.saveWeights(model, "digits.safetensors");
});
beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  vi.spyOn(process.stdout, "write").mockImplementation(() => true);
});
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});

testExamples({
  sources: new URL("../src/", import.meta.url),
  names: {
    ...core,
    ...data,
    ...layers,
    ...optimizers,
    ...training,
    ...checkpoints,
    ...tensorboard,
    model,
    trainer,
    train,
    test: train,
    images,
    inputs: images,
    targets: labels,
    history,
    state,
    writer: memory,
    fetch: async () => new Response(new Uint8Array(file)),
  },
});
