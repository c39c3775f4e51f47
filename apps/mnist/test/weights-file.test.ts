// Saved weights: whole or not at all.

import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CheckpointError, manualSeed } from "@gradus/core";
import { BatchNorm, Dense, Sequential } from "@gradus/layers";
import { saveWeights as writeWeights } from "@gradus/training/checkpoint";
import { expect, test } from "vitest";
import { Failure } from "../src/failure.ts";
import { createModel, modelNames } from "../src/model.ts";
import { checkWritable, loadModel, loadWeights, saveWeights } from "../src/weights-file.ts";
import { weightsHash } from "../src/weights-hash.ts";
import { scratchFolder } from "./program.ts";

test("a model comes back as it was, and leaves no other file", async () => {
  const folder = scratchFolder();
  const path = join(folder, "digits.safetensors");
  manualSeed(1);
  const model = createModel();
  checkWritable(path);
  expect(readdirSync(folder)).toEqual([]);
  await saveWeights(model, path);
  const other = createModel();
  expect(weightsHash(other)).not.toBe(weightsHash(model));
  loadWeights(other, path);
  expect(weightsHash(other)).toBe(weightsHash(model));
  await saveWeights(other, path); // over the first
  expect(readdirSync(folder)).toEqual(["digits.safetensors"]);
});

test("a file tells which network it is of", async () => {
  const path = join(scratchFolder(), "digits.safetensors");
  for (const name of modelNames) {
    const model = createModel(name);
    await saveWeights(model, path, name);
    const loaded = loadModel(path);
    expect(loaded.name).toBe(name);
    expect(weightsHash(loaded.model)).toBe(weightsHash(model));
  }
  await saveWeights(createModel("cnn"), path, "mlp"); // another's name
  expect(() => loadModel(path)).toThrow(/dense_3\.bias \[10\] float32 is missing/);
});

test("a network that the program does not have is refused by its name", async () => {
  const path = join(scratchFolder(), "digits.safetensors");
  await writeWeights(createModel(), path, { metadata: { model: "transformer" } });
  expect(() => loadModel(path)).toThrow(
    new CheckpointError(`${path}: weights of a network "transformer": this program has mlp and cnn`),
  );
});

test("a symbolic link stays one, and its file has the weights", async () => {
  const folder = scratchFolder();
  writeFileSync(join(folder, "real"), "old");
  symlinkSync(join(folder, "real"), join(folder, "link"));
  await saveWeights(new Dense(2, 2), join(folder, "link"));
  expect(readFileSync(join(folder, "real")).length).toBeGreaterThan(100);
});

test("a place that cannot be written is refused, in words", async () => {
  const folder = scratchFolder();
  writeFileSync(join(folder, "file"), "");
  mkdirSync(join(folder, "sub"));
  const refused: readonly (readonly [path: string, message: string])[] = [
    [join(folder, "missing", "w"), "there is no such file or folder"],
    [join(folder, "file", "w"), "a part of the path is a file"],
    [join(folder, "sub"), "it is a folder: give a file in it"],
  ];
  for (const [path, message] of refused) {
    expect(() => checkWritable(path)).toThrow(Failure);
    expect(() => checkWritable(path)).toThrow(`cannot save to ${path}: ${message}`);
    await expect(saveWeights(new Dense(2, 2), path)).rejects.toThrow(`cannot save to ${path}`);
  }
  expect(readdirSync(folder).sort()).toEqual(["file", "sub"]);
});

test("another model's weights are refused with all differences, and nothing is loaded", async () => {
  const path = join(scratchFolder(), "other.safetensors");
  await saveWeights(new Sequential(new Dense(784, 256), new BatchNorm(256), new Dense(256, 10)), path);
  const model = createModel();
  const before = weightsHash(model);
  const load = (): void => loadWeights(model, path);
  expect(load).toThrow(CheckpointError);
  expect(load).toThrow(path);
  expect(load).toThrow(/dense_1\.weight is \[256,128\] float32 in the model, \[256,10\] float32 in the state/);
  expect(load).toThrow(/dense_2\.weight \[128,64\] float32 is missing/);
  expect(load).toThrow(/dense_3\.bias \[10\] float32 is missing/);
  expect(weightsHash(model)).toBe(before);
});
