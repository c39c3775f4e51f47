// A folder of checkpoints. A file's name has the number of steps behind it, so that the newest is known without opening any. The files
// before it stay until it stands: whenever the process is killed, there is one that can be read.

import { CheckpointError } from "@gradus/core";
import type { TrainingState } from "../training-state.ts";
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from "./checkpoint-file.ts";
import { isMissing, isTemporary, makeFolder, namesIn, pathIn, removeFile } from "./files.ts";

/** A checkpoint that was found. */
export interface FoundCheckpoint extends Checkpoint {
  /** The file, with the folder in front. */
  readonly path: string;
}

/** A file that is a checkpoint by its name. */
interface NumberedFile {
  readonly steps: number;
  readonly path: string;
}

/** `checkpoint-000001234.safetensors`: after 1,234 steps. */
const nameOf = (steps: number): string => `checkpoint-${String(steps).padStart(9, "0")}.safetensors`;
const namePattern = /^checkpoint-(\d{9,16})\.safetensors$/;

/** The checkpoints of a folder, the newest first; none if there is no such folder. @throws CheckpointError if it cannot be read */
export async function filesIn(folder: string): Promise<readonly NumberedFile[]> {
  let found: readonly string[] = [];
  try {
    found = await namesIn(folder);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  const files = found.flatMap((name) => {
    const [, digits] = namePattern.exec(name) ?? [];
    return digits === undefined ? [] : [{ steps: Number(digits), path: pathIn(folder, name) }];
  });
  return files.sort((a, b) => b.steps - a.steps);
}

/**
 * The newest checkpoint that can be read, or null if there is none at all.
 * @param warn hears of those that were passed over
 * @throws CheckpointError if there are checkpoints, but none that can be read
 */
export async function newestIn(folder: string, warn: (message: string) => void): Promise<FoundCheckpoint | null> {
  const problems: string[] = [];
  for (const { path } of await filesIn(folder)) {
    try {
      const found = { path, ...(await loadCheckpoint(path)) };
      for (const problem of problems) warn(`${problem}; going on from the older ${path}`);
      return found;
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      problems.push(error.message);
    }
  }
  if (problems.length === 0) return null;
  throw new CheckpointError(`${folder}: none of its checkpoints can be read: ${problems.join("; ")}`);
}

/** Makes the folder, and removes what writers left that were killed. @throws CheckpointError if that fails */
export async function readyFolder(folder: string): Promise<void> {
  await makeFolder(folder);
  for (const name of await namesIn(folder)) {
    if (isTemporary(name) && name.startsWith(".checkpoint-")) await removeFile(pathIn(folder, name));
  }
}

/**
 * Writes a checkpoint, and removes all but it and the last ones before it; those after it, too, which could not be read or were given
 * up.
 * @param keep how many stay
 * @throws CheckpointError if it cannot be written; nothing was removed then
 */
export async function saveIn(folder: string, state: TrainingState, keep: number): Promise<void> {
  const { totalSteps } = state.position;
  await saveCheckpoint(pathIn(folder, nameOf(totalSteps)), state);
  const files = await filesIn(folder);
  const kept = files.filter(({ steps }) => steps <= totalSteps).slice(0, keep);
  for (const file of files) if (!kept.includes(file)) await removeFile(file.path);
}
