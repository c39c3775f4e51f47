// Saved weights: whole or not at all.

import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CheckpointError, manualSeed } from "@gradus/core";
import { BatchNorm, Dense, Sequential } from "@gradus/layers";
import { expect, test } from "vitest";
import { Failure } from "../src/failure.ts";
import { createModel } from "../src/model.ts";
import { checkWritable, loadWeights, saveWeights } from "../src/weights-file.ts";
import { weightsHash } from "../src/weights-hash.ts";
import { scratchFolder } from "./program.ts";

test("a model comes back as it was, and leaves no other file", () => {
  const folder = scratchFolder();
  const path = join(folder, "digits.safetensors");
  manualSeed(1);
  const model = createModel();
  checkWritable(path);
  expect(readdirSync(folder)).toEqual([]);
  saveWeights(model, path);
  const other = createModel();
  expect(weightsHash(other)).not.toBe(weightsHash(model));
  loadWeights(other, path);
  expect(weightsHash(other)).toBe(weightsHash(model));
  saveWeights(other, path); // over the first
  expect(readdirSync(folder)).toEqual(["digits.safetensors"]);
});

test("a symbolic link stays one, and its file has the weights", () => {
  const folder = scratchFolder();
  writeFileSync(join(folder, "real"), "old");
  symlinkSync(join(folder, "real"), join(folder, "link"));
  saveWeights(new Dense(2, 2), join(folder, "link"));
  expect(readFileSync(join(folder, "real")).length).toBeGreaterThan(100);
});

test("a place that cannot be written is refused, in words", () => {
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
    expect(() => saveWeights(new Dense(2, 2), path)).toThrow(`cannot save to ${path}`);
  }
  expect(readdirSync(folder).sort()).toEqual(["file", "sub"]);
});

test("another model's weights are refused with all differences, and nothing is loaded", () => {
  const path = join(scratchFolder(), "other.safetensors");
  saveWeights(new Sequential(new Dense(784, 256), new BatchNorm(256), new Dense(256, 10)), path);
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
