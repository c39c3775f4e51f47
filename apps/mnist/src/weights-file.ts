// Saved weights on disk: written as a whole or not at all, and read with suspicion.

import { randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { CheckpointError } from "@gradus/core";
import type { Layer } from "@gradus/layers";
import { Failure, reasonOf } from "./failure.ts";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";

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
 * Writes the state of a model. The file appears under its name when all of it is on the disk, so that a crash or a full disk
 * leaves an older file of that name as it was.
 * @throws Failure if it cannot be written
 */
export function saveWeights(model: Layer, path: string): void {
  const bytes = encodeSafetensors({ tensors: model.stateDict(), metadata: { format: "gradus" } });
  let temporary: string | null = null;
  try {
    const target = targetOf(path);
    temporary = temporaryFor(path);
    const file = openSync(temporary, "wx");
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, target);
    syncFolder(dirname(target));
  } catch (error) {
    if (temporary !== null) rmSync(temporary, { force: true });
    throw notSaved(path, error);
  }
}

/**
 * Gives a model the saved weights.
 * @throws Failure if the file cannot be read
 * @throws CheckpointError if it is damaged, or another model's (all differences at once); the model is as before then
 */
export function loadWeights(model: Layer, path: string): void {
  const { tensors } = decodeSafetensors(readWeights(path), path);
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

/** Makes the new name last through a loss of power, where the system can (Windows cannot open a folder). */
function syncFolder(folder: string): void {
  try {
    const handle = openSync(folder, "r");
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch {
    // The file itself is whole either way.
  }
}
