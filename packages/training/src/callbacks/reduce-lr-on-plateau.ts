// Smaller steps where a value no longer improves. The rules are those of Keras's callback.

import { checkOption } from "@gradus/core";
import { checkNames } from "../checks.ts";
import type { TrainerEvents } from "../events.ts";
import type { Callback, CallbackState, Run } from "./callback.ts";
import { learningRateOf } from "./learning-rate.ts";
import { checkWhole, Monitor, type MonitorOptions, savedNumber } from "./monitor.ts";

/** Options of {@link ReduceLROnPlateau}. */
export interface ReduceLROnPlateauOptions extends MonitorOptions {
  /** What the rate is multiplied by, above 0 and below 1; 0.1 by default. */
  readonly factor?: number;
  /** The rate falls after so many epochs in a row without a better value; 10 by default. */
  readonly patience?: number;
  /** By how much a value must be better than the best to count as better, ≥ 0; 1e-4 by default. */
  readonly minDelta?: number;
  /** How many epochs after a fall are not counted; 0 by default. */
  readonly cooldown?: number;
  /** The smallest rate; 0 by default. */
  readonly minLearningRate?: number;
}

/**
 * Multiplies the learning rate by `factor` when the monitored value has not become better for `patience` epochs in a row.
 *
 * @throws OptionError for options out of range
 * @example
 * const plateau = new ReduceLROnPlateau({ monitor: "val_loss", factor: 0.5, patience: 3 });
 * await trainer.fit(train, { epochs: 100, validationSplit: 0.2, callbacks: [plateau] });
 */
export class ReduceLROnPlateau implements Callback {
  readonly name: string = "ReduceLROnPlateau";
  readonly #monitor: Monitor;
  readonly #options: Required<Omit<ReduceLROnPlateauOptions, "monitor" | "mode">>;
  #wait = 0;
  #cooldown = 0;

  /** @throws OptionError for options that are unknown or out of range */
  constructor(options: ReduceLROnPlateauOptions = {}) {
    const owner = "ReduceLROnPlateau";
    checkNames(owner, options, ["monitor", "mode", "factor", "patience", "minDelta", "cooldown", "minLearningRate"]);
    const { factor = 0.1, patience = 10, minDelta = 1e-4, cooldown = 0, minLearningRate = 0 } = options;
    checkOption(factor > 0 && factor < 1, owner, "factor", "above 0 and below 1", factor);
    checkWhole(owner, "patience", patience);
    checkWhole(owner, "cooldown", cooldown);
    checkOption(minDelta >= 0 && Number.isFinite(minDelta), owner, "minDelta", "a finite number ≥ 0", minDelta);
    const valid = minLearningRate >= 0 && Number.isFinite(minLearningRate);
    checkOption(valid, owner, "minLearningRate", "a finite number ≥ 0", minLearningRate);
    this.#monitor = new Monitor(owner, options);
    this.#options = { factor, patience, minDelta, cooldown, minLearningRate };
  }

  /**
   * Refuses a monitored value that the epochs will not have, and an optimizer without a rate. @throws OptionError
   * naming it
   */
  check({ names, optimizer }: Run): void {
    this.#monitor.check(names);
    learningRateOf(this.name, optimizer);
  }

  /** Forgets an earlier fit. */
  fitStart(): void {
    this.#monitor.best = null;
    this.#wait = 0;
    this.#cooldown = 0;
  }

  /** Compares the epoch's value with the best, and lowers the optimizer's rate when patience ends. */
  epochEnd({ logs }: TrainerEvents["epochEnd"], { optimizer }: Run): void {
    const { factor, patience, minDelta, cooldown, minLearningRate } = this.#options;
    const value = this.#monitor.of(logs);
    if (value === null) return;
    if (this.#cooldown > 0) {
      this.#cooldown--;
      this.#wait = 0;
    }
    if (this.#monitor.isBetter(value, this.#monitor.best, minDelta)) {
      this.#monitor.best = value;
      this.#wait = 0;
      return;
    }
    if (this.#cooldown > 0) return;
    this.#wait++;
    const rate = learningRateOf(this.name, optimizer);
    if (this.#wait < patience || rate <= minLearningRate) return;
    optimizer.learningRate = Math.max(rate * factor, minLearningRate);
    this.#cooldown = cooldown;
    this.#wait = 0;
  }

  state(): CallbackState {
    return { json: { wait: this.#wait, cooldown: this.#cooldown }, tensors: this.#monitor.toTensors() };
  }

  restore({ json, tensors = {} }: CallbackState): void {
    this.#monitor.restore(tensors);
    this.#wait = savedNumber(json, "wait");
    this.#cooldown = savedNumber(json, "cooldown");
  }
}
