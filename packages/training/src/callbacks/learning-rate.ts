// A learning rate that follows a function of the epoch or of the step.

import { checkOption, OptionError } from "@gradus/core";
import { checkNames } from "../checks.ts";
import type { TrainerEvents } from "../events.ts";
import type { Optimizer } from "../model.ts";
import type { Callback, Run } from "./callback.ts";

/** The rate for an epoch or a step, counted from 0 over the whole training; `rate` is the one in force. */
export type RateFunction = (index: number, rate: number) => number;

/** Options of {@link LearningRateSchedule}. */
export interface LearningRateScheduleOptions {
  /** What the function counts: epochs (the default), or steps. */
  readonly unit?: "epoch" | "step";
}

/**
 * Sets the learning rate before each epoch, or each step.
 *
 * @throws OptionError for a rate that is negative or not finite
 * @example
 * new LearningRateSchedule((epoch) => 1e-3 * 0.9 ** epoch);
 * const cosine = schedules.cosine({ steps: 5000 }); // of the optimizers
 * new LearningRateSchedule((step) => 0.1 * cosine(step), { unit: "step" });
 */
export class LearningRateSchedule implements Callback {
  readonly name: string = "LearningRateSchedule";
  readonly #rate: RateFunction;
  readonly #unit: "epoch" | "step";

  /**
   * @param rate the rate for an epoch or a step, counted from 0; its second argument is the rate in force
   * @throws OptionError for what is no function, for an unknown option, and in the fit for a rate that is negative
   * or not finite
   */
  constructor(rate: RateFunction, options: LearningRateScheduleOptions = {}) {
    checkNames("LearningRateSchedule", options, ["unit"]);
    const { unit = "epoch" } = options;
    checkOption(
      typeof rate === "function",
      "LearningRateSchedule",
      "the schedule",
      "a function of the epoch or step",
      rate,
    );
    checkOption(unit === "epoch" || unit === "step", "LearningRateSchedule", "unit", '"epoch" or "step"', unit);
    this.#rate = rate;
    this.#unit = unit;
  }

  /** Refuses an optimizer without a `learningRate`. @throws OptionError naming it */
  check({ optimizer }: Run): void {
    learningRateOf(this.name, optimizer);
  }

  /**
   * Where the function counts epochs: sets this one's rate. @throws OptionError for one that is negative or not
   * finite
   */
  epochStart({ epoch, step }: TrainerEvents["epochStart"], { optimizer }: Run): void {
    // An epoch that goes on in its middle has its rate already.
    if (this.#unit === "epoch" && step === 0) this.#set(optimizer, epoch);
  }

  /**
   * Where the function counts steps: sets this one's rate. @throws OptionError for one that is negative or not
   * finite
   */
  stepStart({ totalSteps }: TrainerEvents["stepStart"], { optimizer }: Run): void {
    if (this.#unit === "step") this.#set(optimizer, totalSteps - 1);
  }

  #set(optimizer: Optimizer, index: number): void {
    const rate = this.#rate(index, learningRateOf(this.name, optimizer));
    const valid = Number.isFinite(rate) && rate >= 0;
    checkOption(valid, this.name, `the rate of ${this.#unit} ${index}`, "a finite number ≥ 0", rate);
    optimizer.learningRate = rate;
  }
}

/** The optimizer's rate. @throws OptionError for an optimizer that has none */
export function learningRateOf(owner: string, { learningRate }: Optimizer): number {
  if (learningRate !== undefined) return learningRate;
  throw new OptionError(`${owner}: the optimizer has no learningRate`);
}
