// A checkpoint: one file of safetensors with everything that training needs to go on bit for bit. Tensors carry the prefix of
// their owner (`model.dense.weight`, `optimizer.0.firstMoment`, `training.…`), so that any reader of safetensors finds the weights;
// what is no tensor is JSON in the metadata.

import { CheckpointError, type Tensor } from "@gradus/core";
import type { OptimizerState } from "@gradus/optimizers";
import { isJson } from "../json.ts";
import type { CheckpointWriter, Json, NamedTensors, TrainingPosition, TrainingState } from "../training-state.ts";
import { isMissing, readFile, writeFile } from "./files.ts";
import { isPlatform, type Platform, platformDifference, thisPlatform } from "./platform.ts";
import { readSafetensors, type SafetensorsContent, safetensorsParts } from "./safetensors.ts";

/** The number of the files' layout. */
const FORMAT = "gradus-checkpoint-1";

/** What a checkpoint holds. */
export interface Checkpoint {
  /** What `trainer.restore` takes. */
  readonly state: TrainingState;
  /** What wrote it. */
  readonly platform: Platform;
  /** Why training goes on from it here with other bits than where it was written; null if with the same. */
  readonly difference: string | null;
}

/**
 * Writes where training stands to a file: whole and lasting when the promise resolves. If the process is killed before, an older
 * file of that name is as it was.
 *
 * @throws CheckpointError if it cannot be written: the disk is full, the folder read-only or gone
 * @example
 * await saveCheckpoint("training.safetensors", trainer.state());
 */
export async function saveCheckpoint(path: string, state: TrainingState): Promise<void> {
  await writeFile(path, safetensorsParts(contentOf(state, await thisPlatform())));
}

/**
 * Reads a checkpoint.
 *
 * @throws CheckpointError if it cannot be read, is damaged, or is no checkpoint
 * @example
 * const { state, difference } = await loadCheckpoint("training.safetensors");
 * if (difference !== null) console.warn(difference);
 * trainer.restore(state);
 */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  const { tensors, metadata } = readSafetensors(await readFile(path), path);
  const fail = (problem: string): never => {
    throw new CheckpointError(`${path}: ${problem}`);
  };
  if (metadata.get("format") !== FORMAT) {
    fail(`no checkpoint of a training: its format is ${JSON.stringify(metadata.get("format"))}, not "${FORMAT}"`);
  }
  const [position, numbers, platform] = ["position", "optimizer", "platform"].map((key) =>
    parse(metadata.get(key), key, fail),
  );
  if (!isPosition(position)) return fail("position is none that this version knows");
  if (numbers !== null && !isNumbers(numbers)) return fail("optimizer is no state of one");
  if (!isPlatform(platform)) return fail("platform has other members than it should have");
  const parts = partsOf(tensors, fail);
  const optimizer = numbers === null ? null : { ...numbers, tensors: parts.optimizer };
  const state: TrainingState = { model: parts.model, optimizer, position, tensors: parts.training };
  return { state, platform, difference: platformDifference(platform, await thisPlatform()) };
}

/**
 * {@link saveCheckpoint} and {@link loadCheckpoint} as what `ModelCheckpoint` asks for: checkpoints in files of
 * safetensors.
 *
 * @example
 * await checkpointFiles.load("nowhere.safetensors"); // null
 */
export const checkpointFiles: CheckpointWriter = {
  save: saveCheckpoint,
  async load(path) {
    try {
      return (await loadCheckpoint(path)).state;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  },
};

/** The tensors of each owner. */
type Parts = Readonly<Record<"model" | "optimizer" | "training", NamedTensors>>;

function contentOf({ model, optimizer, position, tensors }: TrainingState, platform: Platform): SafetensorsContent {
  const { tensors: states = {}, ...numbers } = optimizer ?? {};
  const prefixed = (owner: keyof Parts, named: NamedTensors): (readonly [string, Tensor])[] =>
    Object.entries(named).map(([name, value]) => [`${owner}.${name}`, value]);
  const metadata = {
    format: FORMAT,
    position: json(position, "position"),
    optimizer: json(optimizer === null ? null : numbers, "optimizer"),
    platform: json(platform, "platform"),
  };
  const all = [...prefixed("model", model), ...prefixed("optimizer", states), ...prefixed("training", tensors)];
  return { tensors: new Map(all), metadata };
}

function json(value: unknown, key: string): string {
  if (isJson(value)) return JSON.stringify(value);
  throw new CheckpointError(
    `saveCheckpoint: the ${key} of the state has something that JSON cannot hold, as NaN or a function`,
  );
}

function partsOf(tensors: ReadonlyMap<string, Tensor>, fail: (problem: string) => never): Parts {
  const parts: Record<keyof Parts, [string, Tensor][]> = { model: [], optimizer: [], training: [] };
  for (const [name, value] of tensors) {
    const [, owner = "", rest = ""] = /^(model|optimizer|training)\.(.*)$/s.exec(name) ?? fail(`${name} has no owner`);
    if (owner === "model" || owner === "optimizer" || owner === "training") parts[owner].push([rest, value]);
  }
  const { fromEntries } = Object; // Defines what it makes: `__proto__` becomes a member like any other.
  return {
    model: fromEntries(parts.model),
    optimizer: fromEntries(parts.optimizer),
    training: fromEntries(parts.training),
  };
}

function parse(text: string | undefined, key: string, fail: (problem: string) => never): unknown {
  if (text === undefined) return fail(`the metadata has no ${key}`);
  try {
    return JSON.parse(text);
  } catch {
    return fail(`${key} in the metadata is no JSON`);
  }
}

/** Whether a value has the members of a position; what they say is checked by `restore`, which knows what they mean. */
function isPosition(value: unknown): value is TrainingPosition {
  if (!isRecord(value) || value["version"] !== 1) return false;
  const counts = ["epoch", "step", "totalSteps", "accumulated"].map((key) => value[key]);
  if (!counts.every(isCount) || !isGenerator(value["generator"])) return false;
  const { feed, modelGenerators, callbacks } = value;
  if (feed !== null && !isFeed(feed)) return false;
  if (!isRecord(modelGenerators) || !Object.values(modelGenerators).every(isGenerator)) return false;
  return isRecord(callbacks) && "history" in value && "averages" in value;
}

function isFeed(value: unknown): boolean {
  if (!isRecord(value) || !isCount(value["pass"]) || !isCount(value["batch"]) || !("source" in value)) return false;
  const { samples, batchSize, generator } = value;
  if (![samples, batchSize].every((count) => count === null || isCount(count))) return false;
  return generator === null || isGenerator(generator);
}

/** Whether a value can be an optimizer's state; what it says is checked by the optimizer that takes it. */
function isNumbers(value: unknown): value is Omit<OptimizerState, "tensors"> {
  return isRecord(value);
}

function isGenerator(value: unknown): boolean {
  return isRecord(value) && isCount(value["seed"]) && isCount(value["calls"]);
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, Json>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
