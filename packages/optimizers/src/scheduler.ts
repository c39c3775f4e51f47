// What applies a schedule to an optimizer: every group's rate is its first one times the schedule's factor.

import { CheckpointError, checkOption, describe, everyCall } from "@gradus/core";
import type { Schedule } from "./schedules.ts";
import { isCount } from "./state.ts";

/** What a scheduler needs of an optimizer: groups with rates that may be assigned. */
export interface Scheduled {
  /** Their rates are read once, when the scheduler is made, and assigned from then on. */
  readonly groups: readonly { learningRate: number }[];
}

/** A saved {@link LearningRateScheduler}. */
export interface SchedulerState {
  /** The number of the step whose rates are in force, from 0. */
  readonly steps: number;
  /** The rates of the groups that the factors multiply. */
  readonly rates: readonly number[];
}

/**
 * Sets the rates of an optimizer's groups to their first ones times `schedule(t)`, at once for t = 0 and with each `step` for the
 * next t: after each step of the optimizer, or after each epoch if the schedule counts those. In a compiled step it moves on at each
 * call, and nothing is compiled again.
 *
 * @example
 * const optimizer = new SGD(model.parameters(), { learningRate: 0.5 });
 * const scheduler = new LearningRateScheduler(optimizer, schedules.cosine({ steps: 100 }));
 * for (let batch = 0; batch < 50; batch++) {
 *   optimizer.step();
 *   scheduler.step();
 * }
 * optimizer.learningRate; // 0.25
 */
export class LearningRateScheduler {
  /** The optimizer whose rates are set. */
  readonly optimizer: Scheduled;
  /** The factor at a step, counted from 0. */
  readonly schedule: Schedule;
  #rates: readonly number[];
  #steps = 0;

  /**
   * Sets the rates for t = 0 at once.
   * @param optimizer whose groups' rates, as they are now, are multiplied
   * @param schedule the factor at a step: one of `schedules`, or a function of your own
   * @throws OptionError for what is no optimizer, no function, or a first factor that is negative or not finite
   */
  constructor(optimizer: Scheduled, schedule: Schedule) {
    checkOption(Array.isArray(optimizer?.groups), "LearningRateScheduler", "optimizer", "an optimizer", optimizer);
    const usable = typeof schedule === "function";
    checkOption(usable, "LearningRateScheduler", "schedule", "a function of the step", schedule);
    this.optimizer = optimizer;
    this.schedule = schedule;
    this.#rates = optimizer.groups.map(({ learningRate }) => learningRate);
    this.#apply(0);
  }

  /** The number of the step whose rates are in force, from 0. */
  get steps(): number {
    return this.#steps;
  }

  /** Goes on to the next step's rates. @throws OptionError for a factor that is negative or not finite */
  step(): void {
    everyCall(() => {
      this.#apply(this.#steps + 1);
      this.#steps++;
    });
  }

  #apply(step: number): void {
    const factor = this.schedule(step);
    const valid = Number.isFinite(factor) && factor >= 0;
    checkOption(valid, "LearningRateScheduler", `schedule(${step})`, "a finite number ≥ 0", factor);
    for (const [index, group] of this.optimizer.groups.entries())
      group.learningRate = (this.#rates[index] ?? 0) * factor;
  }

  /** Where the schedule stands, and the rates that its factors multiply. */
  stateDict(): SchedulerState {
    return { steps: this.#steps, rates: [...this.#rates] };
  }

  /** Goes on from a saved state and sets the rates. @throws CheckpointError with all differences at once; then nothing has changed */
  loadStateDict({ steps, rates = [] }: SchedulerState): void {
    const problems: string[] = [];
    if (!isCount(steps)) problems.push(`steps is ${describe(steps)}`);
    if (rates.length !== this.#rates.length)
      problems.push(`it has ${rates.length} rates, there are ${this.#rates.length} groups`);
    if (!rates.every((rate) => Number.isFinite(rate) && rate >= 0)) problems.push(`rates are ${describe(rates)}`);
    if (problems.length > 0)
      throw new CheckpointError(`LearningRateScheduler: the saved state does not fit: ${problems.join("; ")}`);
    [this.#rates, this.#steps] = [[...rates], steps];
    this.#apply(steps);
  }
}
