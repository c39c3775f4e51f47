// Saved weights on disk: written as a whole or not at all, and read with suspicion.

import { randomBytes } from "node:crypto";
import { closeSync, openSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { CheckpointError } from "@gradus/core";
import type { Layer } from "@gradus/layers";
import { readSafetensors, type Safetensors, saveWeights as writeWeights } from "@gradus/training/checkpoint";
import { Failure, reasonOf } from "./failure.ts";
import { createModel, isModelName, type ModelName, modelNames } from "./model.ts";

/** Greater files are not weights of this network, and are not read into memory. */
const LARGEST = 2 ** 30;

/**
 * Finds out, before hours of training, whether weights can be written to `path`.
 * @throws Failure with what stands in the way
 */
export function checkWritable(path: string): void {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
      throw new Failure(
        `cannot save to ${path}: it is a folder: give a file in it, as ${join(path, "digits.safetensors")}`,
      );
    }
    const temporary = temporaryFor(path);
    closeSync(openSync(temporary, "wx"));
    rmSync(temporary);
  } catch (error) {
    throw notSaved(path, error);
  }
}

/**
 * Writes the state of a model, whole or not at all.
 * @param name which of the networks it is
 * @throws CheckpointError if it cannot be written
 */
export async function saveWeights(model: Layer, path: string, name: ModelName = "mlp"): Promise<void> {
  await writeWeights(model, path, { metadata: { model: name } });
}

/**
 * Gives a model the saved weights.
 * @throws Failure if the file cannot be read
 * @throws CheckpointError if it is damaged, or another model's (all differences at once); the model is as before then
 */
export function loadWeights(model: Layer, path: string): void {
  restore(model, readSafetensors(readWeights(path), path), path);
}

/** The network that a file was saved from, with its weights; a file that does not tell is taken for the first network's. */
export function loadModel(path: string): { readonly model: Layer; readonly name: ModelName } {
  const file = readSafetensors(readWeights(path), path);
  const name = file.metadata.get("model") ?? "mlp";
  if (!isModelName(name))
    throw new CheckpointError(`${path}: weights of a network "${name}": this program has ${modelNames.join(" and ")}`);
  const model = createModel(name);
  restore(model, file, path);
  return { model, name };
}

function restore(model: Layer, { tensors }: Safetensors, path: string): void {
  try {
    model.loadStateDict(tensors);
  } catch (error) {
    if (error instanceof CheckpointError) throw new CheckpointError(`${path}: ${error.message}`, { cause: error });
    throw error;
  }
}

function readWeights(path: string): Uint8Array {
  try {
    const { size } = statSync(path);
    if (size <= LARGEST) return readFileSync(path);
  } catch (error) {
    throw new Failure(`cannot read ${path}: ${reasonOf(error)}; demo --save FILE writes such a file`, { cause: error });
  }
  throw new CheckpointError(`${path}: too large for the weights of this network`);
}

function notSaved(path: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  return new Failure(`cannot save to ${path}: ${reasonOf(error)}`, { cause: error });
}

/** The file itself where `path` is a symbolic link to it. */
function targetOf(path: string): string {
  return statSync(path, { throwIfNoEntry: false }) === undefined ? path : realpathSync(path);
}

/** A name beside the file, so that renaming stays on one disk. */
function temporaryFor(path: string): string {
  const target = targetOf(path);
  return join(dirname(target), `.${basename(target)}.${randomBytes(4).toString("hex")}.tmp`);
}
