// Checkpoints of a training: a callback that decides when one is written, what happens when that fails, and how training goes on from
// the newest. What lies in the folder is folder.ts's part.

import { CheckpointError, checkOption, OptionError } from "@gradus/core";
import type { Callback, Run } from "../callbacks/callback.ts";
import type { TrainerEvents } from "../events.ts";
import type { TrainingState } from "../training-state.ts";
import { type FoundCheckpoint, filesIn, newestIn, readyFolder, saveIn } from "./folder.ts";

/**
 * How often a checkpoint is written: after every so many steps or epochs (counted from the start of training), or after the first
 * step beyond so many seconds since the last one. With several of them, at each of these occasions.
 */
export interface CheckpointEvery {
  /** After every so many steps, a whole number ≥ 1. */
  readonly steps?: number;
  /** After every so many epochs, a whole number ≥ 1. */
  readonly epochs?: number;
  /** After the first step beyond so many seconds since the last one, ≥ 0. */
  readonly seconds?: number;
}

/** Options of {@link Checkpoints}. */
export interface CheckpointsOptions {
  /** When one is written; `{ epochs: 1 }` by default. The end of a training always has one. */
  readonly every?: CheckpointEvery;
  /** How many are kept, the newest ones, at least 1; 2 by default. */
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
  /** Loads the state, so that the next fit goes on from it. */
  restore(state: TrainingState): unknown;
}

const names = ["every", "keep", "onError", "warn"];

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
  /** Where the checkpoints lie. */
  readonly folder: string;
  /** When one is written. */
  readonly every: CheckpointEvery;
  /** How many are kept, the newest ones. */
  readonly keep: number;
  /** What happens when one cannot be written. */
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

  /**
   * @param folder where the checkpoints lie; made when training begins, if it is not there
   * @throws OptionError for options that are unknown or out of range
   */
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
    return (await filesIn(this.folder)).map(({ path }) => path);
  }

  /**
   * The newest checkpoint that can be read, or null if the folder has none. A damaged one is passed over, with a warning.
   * @throws CheckpointError if there are checkpoints, but none that can be read
   */
  async latest(): Promise<FoundCheckpoint | null> {
    return newestIn(this.folder, this.#warn);
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
      await takeOver(trainer, found);
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
    await readyFolder(this.folder);
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
      await saveIn(this.folder, run.state(), this.keep);
    });
    if (saved) this.#lastPlace = place;
    this.#lastTime = performance.now();
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

/** Lets the trainer go on from a checkpoint; that it is another model's says which file it is. */
async function takeOver(trainer: Resumable, { path, state }: FoundCheckpoint): Promise<void> {
  try {
    await trainer.restore(state);
  } catch (error) {
    throw error instanceof CheckpointError ? new CheckpointError(`${path}: ${error.message}`, { cause: error }) : error;
  }
}
