// Checkpoints of a training: written now and then to a folder, the last few of them kept, and found again.
//
// A file's name has the number of steps behind it, so that the newest is known without opening any. The files before it stay until
// it stands: whenever the process is killed, there is one that can be read.

import { CheckpointError, checkOption, OptionError } from "@gradus/core";
import type { Callback, Run } from "../callbacks/callback.ts";
import type { TrainerEvents } from "../events.ts";
import type { TrainingState } from "../training-state.ts";
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from "./checkpoint-file.ts";
import { isMissing, isTemporary, makeFolder, namesIn, pathIn, removeFile } from "./files.ts";

/**
 * How often a checkpoint is written: after every so many steps or epochs (counted from the start of training), or after the first
 * step beyond so many seconds since the last one. With several of them, at each of these occasions.
 */
export interface CheckpointEvery {
  readonly steps?: number;
  readonly epochs?: number;
  readonly seconds?: number;
}

/** Options of {@link Checkpoints}. */
export interface CheckpointsOptions {
  /** When one is written; `{ epochs: 1 }` by default. The end of a training always has one. */
  readonly every?: CheckpointEvery;
  /** How many are kept, the newest ones; 2 by default. */
  readonly keep?: number;
  /**
   * What happens when one cannot be written: `"throw"` ends training with the error (the default), `"continue"` warns once and goes
   * on, trying again at the next occasion.
   */
  readonly onError?: "throw" | "continue";
  /** Who hears of a damaged file or another platform before training begins; by default the console. */
  readonly warn?: (message: string) => void;
}

/** Something that goes on from a state: every `Trainer` is one. */
export interface Resumable {
  restore(state: TrainingState): unknown;
}

/** A checkpoint that was found. */
export interface FoundCheckpoint extends Checkpoint {
  readonly path: string;
}

const names = ["every", "keep", "onError", "warn"];

/** `checkpoint-000001234.safetensors`: after 1,234 steps. */
const nameOf = (steps: number): string => `checkpoint-${String(steps).padStart(9, "0")}.safetensors`;
const namePattern = /^checkpoint-(\d{9,16})\.safetensors$/;

/**
 * A callback that writes where training stands to a folder, and goes on from there: bit for bit, on the same platform, as if the
 * training had never ended.
 *
 * @throws OptionError for options that are unknown or out of range
 * @example
 * const checkpoints = new Checkpoints("training", { every: { seconds: 60 } });
 * await checkpoints.resumeTraining(trainer); // from the newest, if there is one
 * await trainer.fit(train, { epochs: 100, callbacks: [checkpoints] });
 */
export class Checkpoints implements Callback {
  readonly name = "Checkpoints";
  readonly folder: string;
  readonly every: CheckpointEvery;
  readonly keep: number;
  readonly onError: "throw" | "continue";
  readonly #warn: (message: string) => void;
  /** Whether the folder's checkpoints are those of this training. */
  #own = false;
  #ready = false;
  #warned = false;
  #lastTime = performance.now();
  /** The place of the last checkpoint, as steps and whether their epoch was over. */
  #lastPlace = "";
  #place = "";

  constructor(folder: string, options: CheckpointsOptions = {}) {
    const { every = { epochs: 1 }, keep = 2, onError = "throw" } = options;
    checkOption(typeof folder === "string" && folder !== "", "Checkpoints", "the folder", "a path", folder);
    const unknown = Object.keys(options).find((name) => !names.includes(name));
    if (unknown !== undefined) {
      throw new OptionError(`Checkpoints: there is no option ${unknown}: there are ${names.join(", ")}`);
    }
    checkEvery(every);
    checkOption(Number.isSafeInteger(keep) && keep >= 1, "Checkpoints", "keep", "a whole number ≥ 1", keep);
    checkOption(
      onError === "throw" || onError === "continue",
      "Checkpoints",
      "onError",
      '"throw" or "continue"',
      onError,
    );
    this.folder = folder;
    this.every = every;
    this.keep = keep;
    this.onError = onError;
    this.#warn = options.warn ?? ((message) => console.warn(`Warning: ${message}`));
  }

  /**
   * The files of the folder, the newest first; none if there is no such folder.
   * @throws CheckpointError if it cannot be read
   */
  async list(): Promise<readonly string[]> {
    const found = await this.#numbered();
    return found.map(({ path }) => path);
  }

  /**
   * The newest checkpoint that can be read, or null if the folder has none. A damaged one is passed over, with a warning.
   * @throws CheckpointError if there are checkpoints, but none that can be read
   */
  async latest(): Promise<FoundCheckpoint | null> {
    const paths = await this.list();
    const problems: string[] = [];
    for (const path of paths) {
      try {
        const found = { path, ...(await loadCheckpoint(path)) };
        for (const problem of problems) this.#warn(`${problem}; going on from the older ${path}`);
        return found;
      } catch (error) {
        if (!(error instanceof CheckpointError)) throw error;
        problems.push(error.message);
      }
    }
    if (problems.length === 0) return null;
    throw new CheckpointError(`${this.folder}: none of its checkpoints can be read: ${problems.join("; ")}`);
  }

  /**
   * Lets a trainer go on from the newest checkpoint that can be read; where there is none, training begins anew. Says as a warning
   * if this platform will give other bits than the one that wrote it.
   *
   * @returns the checkpoint, or null if there is none
   * @throws CheckpointError if there are checkpoints, but none that can be read, or if they are another training's
   */
  async resumeTraining(trainer: Resumable): Promise<FoundCheckpoint | null> {
    const found = await this.latest();
    if (found !== null) {
      if (found.difference !== null) this.#warn(found.difference);
      await trainer.restore(found.state);
      this.#place = placeOf(found.state);
      this.#lastPlace = this.#place;
    }
    this.#own = true;
    return found;
  }

  /**
   * Makes the folder ready, which the start of a training does too: to find out beforehand what would stand in the way.
   * @throws CheckpointError if it cannot be made, or has the checkpoints of a training that this one does not resume
   */
  async prepare(): Promise<void> {
    if (!this.#own) this.#refuse(await this.list());
    this.#own = true;
    await makeFolder(this.folder);
    // What a writer left that was killed.
    for (const name of await namesIn(this.folder)) {
      if (isTemporary(name) && name.includes("checkpoint-")) await removeFile(pathIn(this.folder, name));
    }
    this.#ready = true;
  }

  /** @internal Training begins. */
  async fitStart(_: TrainerEvents["fitStart"], run: Run): Promise<void> {
    this.#lastTime = performance.now();
    let earlier: readonly string[] = [];
    const readable = await this.#attempt(run, async () => {
      if (!this.#own) earlier = await this.list();
    });
    this.#refuse(earlier); // Whatever `onError` is: nothing of another training is overwritten.
    if (readable && !this.#ready) await this.#attempt(run, () => this.prepare());
  }

  /** @internal A step, or an epoch, is complete. */
  settled(event: TrainerEvents["settled"], run: Run): Promise<void> | undefined {
    this.#place = `${event.totalSteps}${event.logs === null ? "" : " and an epoch's end"}`;
    return this.#isDue(event) ? this.#save(run) : undefined;
  }

  /** @internal Training is over. */
  fitEnd({ completed }: TrainerEvents["fitEnd"], run: Run): Promise<void> | undefined {
    return completed && this.#place !== this.#lastPlace ? this.#save(run) : undefined;
  }

  /** @internal The state to go on from after a thread was lost. */
  async recover(): Promise<TrainingState | null> {
    return (await this.latest())?.state ?? null;
  }

  /** @throws CheckpointError unless there are none */
  #refuse(earlier: readonly string[]): void {
    if (earlier.length === 0) return;
    throw new CheckpointError(
      `${this.folder} has checkpoints of an earlier training: resume it (checkpoints.resumeTraining(trainer)), or give another folder`,
    );
  }

  #isDue({ epoch, totalSteps, logs }: TrainerEvents["settled"]): boolean {
    const { steps, epochs, seconds } = this.every;
    const beyond = seconds !== undefined && performance.now() - this.#lastTime >= seconds * 1000;
    if (logs === null) return beyond || (steps !== undefined && totalSteps % steps === 0);
    return beyond || (epochs !== undefined && epoch % epochs === 0);
  }

  async #save(run: Run): Promise<void> {
    const place = this.#place;
    const saved = await this.#attempt(run, async () => {
      if (!this.#ready) await this.prepare();
      const state = run.state();
      const path = pathIn(this.folder, nameOf(state.position.totalSteps));
      await saveCheckpoint(path, state);
      await this.#prune(state.position.totalSteps);
    });
    if (saved) this.#lastPlace = place;
    this.#lastTime = performance.now();
  }

  /** Removes the checkpoints before the last ones, and those after this one, which could not be read or were given up. */
  async #prune(steps: number): Promise<void> {
    const files = await this.#numbered();
    const kept = files.filter((file) => file.steps <= steps).slice(0, this.keep);
    for (const file of files) if (!kept.includes(file)) await removeFile(file.path);
  }

  /** Whether something that writes worked; if not, training ends or goes on, as was asked for. */
  async #attempt(run: Run, write: () => Promise<void>): Promise<boolean> {
    try {
      await write();
      return true;
    } catch (error) {
      if (this.onError === "throw" || !(error instanceof CheckpointError)) throw error;
      if (!this.#warned) await run.warn(`${error.message}; training goes on without checkpoints`);
      this.#warned = true;
      return false;
    }
  }

  async #numbered(): Promise<readonly { readonly steps: number; readonly path: string }[]> {
    let found: readonly string[] = [];
    try {
      found = await namesIn(this.folder);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    const files = found.flatMap((name) => {
      const [, digits] = namePattern.exec(name) ?? [];
      return digits === undefined ? [] : [{ steps: Number(digits), path: pathIn(this.folder, name) }];
    });
    return files.sort((a, b) => b.steps - a.steps);
  }
}

function placeOf({ position: { step, totalSteps } }: TrainingState): string {
  return `${totalSteps}${step === 0 ? " and an epoch's end" : ""}`;
}

function checkEvery(every: CheckpointEvery): void {
  const entries = Object.entries(every ?? {});
  const valid = entries.every(([unit, count]) => {
    if (unit === "seconds") return Number.isFinite(count) && count >= 0;
    return (unit === "steps" || unit === "epochs") && Number.isSafeInteger(count) && count >= 1;
  });
  if (valid && entries.length > 0) return;
  throw new OptionError(
    `Checkpoints: every must have steps, epochs (whole numbers ≥ 1) or seconds (≥ 0), got ${JSON.stringify(every)}`,
  );
}
