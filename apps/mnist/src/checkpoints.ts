// `--checkpoint FOLDER` and `--resume`: a training that survives whatever ends it.

import type { Trainer } from "@gradus/training";
import { Checkpoints } from "@gradus/training/checkpoint";
import type { TrainOptions } from "./command-line.ts";
import { Failure, UsageError } from "./failure.ts";
import { print } from "./terminal.ts";

/** After every epoch, and in long ones after as many seconds. */
const every = { epochs: 1, seconds: 2 };

/** What of the options a checkpoint has of its own. */
type Given = Pick<TrainOptions, "checkpoint" | "resume" | "epochs" | "seed" | "learningRate">;

/**
 * The checkpoints that the options ask for, or null for none. A folder that has some of an earlier training is refused without
 * `--resume`, and one that cannot be made or written to.
 * @throws Failure or CheckpointError, before anything is read or trained
 */
export async function openCheckpoints({
  checkpoint,
  resume,
}: Pick<Given, "checkpoint" | "resume">): Promise<Checkpoints | null> {
  if (checkpoint === null) return null;
  const checkpoints = new Checkpoints(checkpoint, { every, warn: (message) => print(`Warning: ${message}`) });
  if (resume) return checkpoints;
  if ((await checkpoints.list()).length > 0) {
    throw new Failure(`${checkpoint} has checkpoints of an earlier training: add --resume, or give another folder`);
  }
  await checkpoints.prepare();
  return checkpoints;
}

/**
 * Lets a training go on from the newest checkpoint, if it is to and there is one. It has to be given the options that it began with:
 * others would be ignored, as the checkpoint has its own.
 * @throws UsageError for a seed or a learning rate that it did not begin with
 */
export async function resumeTraining(
  checkpoints: Checkpoints | null,
  trainer: Trainer<readonly ["accuracy"]>,
  { resume, epochs, seed, learningRate }: Given,
): Promise<void> {
  if (checkpoints === null || !resume) return;
  const found = await checkpoints.resumeTraining(trainer);
  if (found === null) return print(`\nNo checkpoint in ${checkpoints.folder} yet: training begins`);
  const { epoch, step, generator } = found.state.position;
  const rate = found.state.optimizer?.groups[0]?.hyperparameters["learningRate"];
  for (const [name, given, saved] of [
    ["seed", seed, generator.seed],
    ["learning-rate", learningRate, rate],
  ] as const) {
    if (given !== saved) throw new UsageError(`--${name} ${given}: the training in ${found.path} began with ${saved}`);
  }
  const place = step === 0 ? `${epoch} of ${epochs} epochs` : `epoch ${epoch + 1} of ${epochs}, step ${step}`;
  print(`\nGoing on from ${found.path}: ${place} done`);
}
