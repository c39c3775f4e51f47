// Early stopping: no further epochs once a value has not improved for a while.
// Source: L. Prechelt, "Early stopping, but when?", 1998; the rules are those of Keras's callback.

import { checkOption } from "@gradus/core";
import { checkNames } from "../checks.ts";
import type { TrainerEvents } from "../events.ts";
import { loadModelState, modelState } from "../model-state.ts";
import type { NamedTensors } from "../training-state.ts";
import type { Callback, CallbackState, Run } from "./callback.ts";
import { checkWhole, Monitor, type MonitorOptions, savedNumber } from "./monitor.ts";

/** Options of {@link EarlyStopping}. */
export interface EarlyStoppingOptions extends MonitorOptions {
  /** By how much a value must be better than the best to count as better, ≥ 0; 0 by default. */
  readonly minDelta?: number;
  /**
   * Training ends after so many epochs in a row without a better value; 0, the default, is the first such epoch, and
   * so is 1.
   */
  readonly patience?: number;
  /** A value that has to be beaten, too: until then, better epochs do not end the waiting. None by default. */
  readonly baseline?: number;
  /** Whether the model has the weights (and running statistics) of the best epoch afterwards; false by default. */
  readonly restoreBest?: boolean;
  /** The epochs before this one, counted from 0, are not looked at; 0 by default. */
  readonly startFromEpoch?: number;
}

/**
 * Ends training when the monitored value has not become better for `patience` epochs in a row. The very first epoch never ends it, as
 * in Keras.
 *
 * @throws OptionError for options out of range
 * @example
 * const stopping = new EarlyStopping({ monitor: "val_loss", patience: 3, restoreBest: true });
 * await trainer.fit(train, { epochs: 100, validationSplit: 0.2, callbacks: [stopping] });
 * stopping.bestEpoch; // whose weights the model has now
 */
export class EarlyStopping implements Callback {
  readonly name: string = "EarlyStopping";
  readonly #monitor: Monitor;
  readonly #options: Required<Omit<EarlyStoppingOptions, "monitor" | "mode" | "baseline">>;
  readonly #baseline: number | null;
  #wait = 0;
  #bestEpoch = 0;
  #stoppedEpoch: number | null = null;
  #weights: NamedTensors | null = null;

  /** @throws OptionError for options that are unknown or out of range */
  constructor(options: EarlyStoppingOptions = {}) {
    const owner = "EarlyStopping";
    const own = ["minDelta", "patience", "baseline", "restoreBest", "startFromEpoch"];
    checkNames(owner, options, ["monitor", "mode", ...own]);
    const { minDelta = 0, patience = 0, baseline, restoreBest = false, startFromEpoch = 0 } = options;
    checkOption(minDelta >= 0 && Number.isFinite(minDelta), owner, "minDelta", "a finite number ≥ 0", minDelta);
    checkWhole(owner, "patience", patience);
    checkWhole(owner, "startFromEpoch", startFromEpoch);
    checkOption(baseline === undefined || Number.isFinite(baseline), owner, "baseline", "a finite number", baseline);
    checkOption(typeof restoreBest === "boolean", owner, "restoreBest", "true or false", restoreBest);
    this.#monitor = new Monitor(owner, options);
    this.#options = { minDelta, patience, restoreBest, startFromEpoch };
    this.#baseline = baseline ?? null;
  }

  /** The best value so far; null before the first. */
  get best(): number | null {
    return this.#monitor.best;
  }

  /** The epoch that had it, counted from 0. */
  get bestEpoch(): number {
    return this.#bestEpoch;
  }

  /** The epoch after which training was ended; null if it was not. */
  get stoppedEpoch(): number | null {
    return this.#stoppedEpoch;
  }

  /** How many epochs in a row have brought nothing. */
  get wait(): number {
    return this.#wait;
  }

  /**
   * Refuses a monitored value that the epochs of this fit will not have. @throws OptionError naming those that they
   * have
   */
  check({ names }: Run): void {
    this.#monitor.check(names);
  }

  /** Forgets an earlier fit. */
  fitStart(): void {
    this.#monitor.best = null;
    this.#wait = 0;
    this.#bestEpoch = 0;
    this.#stoppedEpoch = null;
    this.#weights = null;
  }

  /**
   * Compares the epoch's value with the best, keeps the weights of a better one if asked to, and ends training when
   * patience does.
   */
  async epochEnd({ epoch, logs }: TrainerEvents["epochEnd"], run: Run): Promise<void> {
    const { minDelta, patience, restoreBest, startFromEpoch } = this.#options;
    const monitor = this.#monitor;
    const value = monitor.of(logs);
    if (value === null || epoch < startFromEpoch) return;
    this.#wait++;
    const better = monitor.isBetter(value, monitor.best, minDelta);
    if (better || (restoreBest && this.#weights === null)) {
      this.#bestEpoch = epoch;
      if (restoreBest) this.#weights = modelState(run.model);
    }
    if (better) {
      monitor.best = value;
      if (this.#baseline === null || monitor.isBetter(value, this.#baseline, minDelta)) this.#wait = 0;
      return;
    }
    if (this.#wait < patience || epoch === 0) return;
    this.#stoppedEpoch = epoch;
    const back = restoreBest ? `; the model goes back to epoch ${this.#bestEpoch + 1}` : "";
    const least = this.#wait === 1 ? "1 epoch" : `${this.#wait} epochs`;
    await run.stop(`${monitor.name} has not improved for ${least}${back}`);
  }

  /** With `restoreBest`, gives the model the weights of the best epoch. */
  fitEnd({ completed }: TrainerEvents["fitEnd"], run: Run): void {
    if (completed && this.#weights !== null) loadModelState(run.model, this.#weights);
  }

  /** How long it has waited, the best value and epoch, and their weights if they are kept. */
  state(): CallbackState {
    const weights = Object.entries(this.#weights ?? {}).map(([name, value]) => [`weights.${name}`, value] as const);
    return {
      json: { wait: this.#wait, bestEpoch: this.#bestEpoch },
      tensors: { ...this.#monitor.toTensors(), ...Object.fromEntries(weights) },
    };
  }

  restore({ json, tensors = {} }: CallbackState): void {
    this.#monitor.restore(tensors);
    this.#wait = savedNumber(json, "wait");
    this.#bestEpoch = savedNumber(json, "bestEpoch");
    const prefix = "weights.";
    const weights = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
    this.#weights =
      weights.length === 0
        ? null
        : Object.fromEntries(weights.map(([name, value]) => [name.slice(prefix.length), value]));
  }
}
