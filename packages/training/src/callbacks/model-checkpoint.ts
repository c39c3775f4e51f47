// States of the training, stored as it goes on: each, or only the best.

import { checkOption, OptionError } from "@gradus/core";
import { checkNames } from "../checks.ts";
import type { TrainerEvents } from "../events.ts";
import type { ValidateEvery } from "../options.ts";
import type { Logs } from "../tally.ts";
import type { CheckpointWriter, TrainingState } from "../training-state.ts";
import type { Callback, CallbackState, Run } from "./callback.ts";
import { Monitor, type MonitorOptions } from "./monitor.ts";

/** Where a checkpoint is taken. */
export interface CheckpointPlace {
  /** The epochs that are over. */
  readonly epoch: number;
  /** The steps since the beginning. */
  readonly totalSteps: number;
  /** The values of the epoch that has just ended; empty within one. */
  readonly logs: Logs;
}

/** Options of {@link ModelCheckpoint}. */
export interface ModelCheckpointOptions extends MonitorOptions {
  /** Whether only an epoch that is better than all before is stored; false by default. */
  readonly bestOnly?: boolean;
  /** With `bestOnly`: the value that the first one has to beat; anything by default. */
  readonly baseline?: number;
  /** How often; `{ epochs: 1 }` by default. */
  readonly every?: ValidateEvery;
  /** What stores and reads states; files of safetensors by default. */
  readonly writer?: CheckpointWriter;
}

/**
 * Stores the whole state of the training, so that `trainer.restore` can go on from it; after a thread was lost, the trainer goes back
 * to the last one by itself.
 *
 * @param path where to, or a function that says so; the same path again replaces what was there
 * @throws OptionError for options out of range
 * @example
 * const best = new ModelCheckpoint("best.safetensors", { monitor: "val_accuracy", bestOnly: true });
 * const all = new ModelCheckpoint(({ epoch }) => `epoch-${epoch}.safetensors`);
 */
export class ModelCheckpoint implements Callback {
  readonly name: string;
  readonly #path: string | ((place: CheckpointPlace) => string);
  readonly #bestOnly: boolean;
  readonly #baseline: number | null;
  readonly #every: ValidateEvery;
  /** Null for files. */
  readonly #given: CheckpointWriter | null;
  readonly #monitor: Monitor;
  #last: string | null = null;

  /**
   * @param path where to, or a function that says so; the same path again replaces what was there
   * @throws OptionError for options that are unknown or out of range, or that need `bestOnly` and do not have it
   */
  constructor(path: string | ((place: CheckpointPlace) => string), options: ModelCheckpointOptions = {}) {
    const owner = "ModelCheckpoint";
    checkNames(owner, options, ["monitor", "mode", "bestOnly", "baseline", "every", "writer"]);
    const { bestOnly = false, baseline, every = { epochs: 1 }, writer } = options;
    const named = (typeof path === "string" && path !== "") || typeof path === "function";
    checkOption(named, owner, "path", "a text or a function", path);
    checkOption(baseline === undefined || Number.isFinite(baseline), owner, "baseline", "a finite number", baseline);
    const [unit = "", ...more] = Object.keys(every);
    const count: unknown = Reflect.get(every, unit);
    const valid =
      more.length === 0 && (unit === "epochs" || unit === "steps") && Number.isSafeInteger(count) && Number(count) >= 1;
    checkOption(valid, owner, "every", "{ epochs: n } or { steps: n } with a whole number ≥ 1", every);
    if (bestOnly && "steps" in every)
      throw new OptionError(`${owner}: bestOnly compares epochs: give every as { epochs }`);
    const needed = (["monitor", "mode", "baseline"] as const).find((name) => options[name] !== undefined);
    if (!bestOnly && needed) throw new OptionError(`${owner}: ${needed} is for bestOnly`);
    this.name = typeof path === "string" ? `${owner} ${path}` : owner;
    this.#path = path;
    this.#bestOnly = bestOnly;
    this.#baseline = baseline ?? null;
    this.#every = every;
    this.#given = writer ?? null;
    this.#monitor = new Monitor(owner, options);
    this.#monitor.best = this.#baseline;
  }

  /** The path of the last one that was stored. */
  get last(): string | null {
    return this.#last;
  }

  /** With `bestOnly`: the value of the epoch that is stored. */
  get best(): number | null {
    return this.#monitor.best;
  }

  /**
   * With `bestOnly`, refuses a monitored value that the epochs will not have. @throws OptionError naming those that
   * they have
   */
  check({ names }: Run): void {
    if (this.#bestOnly) this.#monitor.check(names);
  }

  /** Forgets an earlier fit. */
  fitStart(): void {
    this.#monitor.best = this.#baseline;
    this.#last = null;
  }

  /**
   * Stores the state if it is time, and with `bestOnly` if the epoch is the best so far. @throws CheckpointError
   * what the writer throws, if it cannot
   */
  settled(event: TrainerEvents["settled"], run: Run): Promise<void> | undefined {
    return this.#isDue(event) ? this.#save({ ...event, logs: event.logs ?? {} }, run) : undefined;
  }

  #isDue({ epoch, totalSteps, logs }: TrainerEvents["settled"]): boolean {
    if ("steps" in this.#every) return logs === null && totalSteps % this.#every.steps === 0;
    if (logs === null || epoch % this.#every.epochs !== 0) return false;
    if (!this.#bestOnly) return true;
    const value = this.#monitor.of(logs);
    return value !== null && this.#monitor.isBetter(value, this.#monitor.best, 0);
  }

  async #save(place: CheckpointPlace, run: Run): Promise<void> {
    const before = { best: this.#monitor.best, last: this.#last };
    const path = typeof this.#path === "string" ? this.#path : this.#path(place);
    // First, so that the state that is stored knows of itself.
    if (this.#bestOnly) this.#monitor.best = this.#monitor.of(place.logs);
    this.#last = path;
    try {
      const writer = await this.#writer();
      await writer.save(path, run.state());
    } catch (error) {
      this.#monitor.best = before.best;
      this.#last = before.last;
      throw error;
    }
  }

  /** The state that was stored last, to go back to after a thread was lost; null before the first. */
  async recover(): Promise<TrainingState | null> {
    return this.#last === null ? null : await (await this.#writer()).load(this.#last);
  }

  /** Files are loaded when they are needed: a program that stores states elsewhere does not carry them. */
  async #writer(): Promise<CheckpointWriter> {
    return this.#given ?? (await import("../checkpoint/checkpoint-file.ts")).checkpointFiles;
  }

  state(): CallbackState {
    return { json: { last: this.#last }, tensors: this.#monitor.toTensors() };
  }

  restore({ json, tensors = {} }: CallbackState): void {
    this.#monitor.restore(tensors);
    const last: unknown = typeof json === "object" && json !== null ? Reflect.get(json, "last") : null;
    this.#last = typeof last === "string" ? last : null;
  }
}
