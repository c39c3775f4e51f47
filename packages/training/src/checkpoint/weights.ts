// The weights of a model in a file, to be used elsewhere: what a checkpoint has beside them is left out.

import { CheckpointError, type Tensor } from "@gradus/core";
import { readFile, writeFile } from "./files.ts";
import { readSafetensors, safetensorsParts } from "./safetensors.ts";

/** A model whose parameters and buffers have names: every `Layer` of @gradus/layers is one. */
export interface NamedModel {
  /** Copies of all values by path. */
  stateDict(): ReadonlyMap<string, Tensor>;
  /** Takes them over. @throws CheckpointError if they do not fit; nothing is changed then */
  loadStateDict(state: ReadonlyMap<string, Tensor>): unknown;
}

/** Options of {@link saveWeights}. */
export interface SaveWeightsOptions {
  /** Texts to stand beside the weights: what the model is, where it comes from. None by default. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes the parameters and buffers of a model to a file of safetensors, whole or not at all: a crash or a full disk leaves an
 * older file of that name as it was.
 *
 * @throws CheckpointError if it cannot be written
 * @example
 * await saveWeights(model, "digits.safetensors", { metadata: { classes: "0 to 9" } });
 */
export async function saveWeights(
  model: NamedModel,
  path: string,
  { metadata = {} }: SaveWeightsOptions = {},
): Promise<void> {
  await writeFile(path, safetensorsParts({ tensors: model.stateDict(), metadata: { format: "gradus", ...metadata } }));
}

/**
 * Gives a model the weights of a file that {@link saveWeights} wrote, or another program under the same names. A checkpoint of a
 * training will do too: its weights are taken.
 *
 * @throws CheckpointError if the file cannot be read, is damaged, or is another model's (all differences at once); the model is as
 * before then
 * @example
 * await loadWeights(model, "digits.safetensors");
 */
export async function loadWeights(model: NamedModel, path: string): Promise<void> {
  const { tensors, metadata } = readSafetensors(await readFile(path), path);
  const isCheckpoint = metadata.get("format")?.startsWith("gradus-checkpoint-") === true;
  const owned = [...tensors].filter(([name]) => name.startsWith("model."));
  const weights = isCheckpoint ? new Map(owned.map(([name, value]) => [name.slice("model.".length), value])) : tensors;
  try {
    model.loadStateDict(weights);
  } catch (error) {
    if (error instanceof CheckpointError) throw new CheckpointError(`${path}: ${error.message}`, { cause: error });
    throw error;
  }
}
