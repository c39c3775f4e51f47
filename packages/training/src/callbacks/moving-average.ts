// Averaged weights while training goes on: followed after each step, looked at in validation, and the model's in the end.

import { checkOption, GraphError } from "@gradus/core";
import type { AverageState, ExponentialMovingAverage } from "@gradus/optimizers";
import { checkNames } from "../checks.ts";
import type { TrainerEvents } from "../events.ts";
import type { Callback, CallbackState } from "./callback.ts";
import { savedNumber } from "./monitor.ts";

/** What follows the weights: an `ExponentialMovingAverage` of @gradus/optimizers. */
export type WeightAverage = Pick<ExponentialMovingAverage, "update" | "swap" | "stateDict" | "loadStateDict">;

/** Options of {@link MovingAverage}. */
export interface MovingAverageOptions {
  /** Whether validations look at the averages; true by default. */
  readonly validate?: boolean;
  /** Whether the model has the averages when training is over; true by default. */
  readonly keep?: boolean;
}

/**
 * Follows a model's weights with their exponential moving average.
 *
 * @throws OptionError for something that is no average
 * @example
 * const average = new ExponentialMovingAverage(model.parameters(), { decay: 0.999 }); // of the optimizers
 * await trainer.fit(train, { epochs: 10, validationSplit: 0.1, callbacks: [new MovingAverage(average)] });
 */
export class MovingAverage implements Callback {
  readonly name: string = "MovingAverage";
  readonly #average: WeightAverage;
  readonly #options: Required<MovingAverageOptions>;
  #swapped = false;
  /** Whether the weights moved since they were followed last. */
  #behind = false;

  /**
   * @param average what follows the weights; it must be of this model's parameters
   * @throws OptionError for something that is no average, and for unknown options
   */
  constructor(average: WeightAverage, options: MovingAverageOptions = {}) {
    checkNames("MovingAverage", options, ["validate", "keep"]);
    const usable = ["update", "swap", "stateDict", "loadStateDict"].every(
      (method) => typeof average === "object" && average !== null && typeof Reflect.get(average, method) === "function",
    );
    checkOption(usable, "MovingAverage", "the average", "an ExponentialMovingAverage", average);
    this.#average = average;
    this.#options = { validate: options.validate ?? true, keep: options.keep ?? true };
  }

  /** Nothing is left to follow yet. */
  fitStart(): void {
    this.#behind = false;
  }

  /** Takes the weights into the average, if the optimizer moved them. */
  stepEnd({ updated }: TrainerEvents["stepEnd"]): void {
    this.#behind = !updated;
    if (updated) this.#average.update();
  }

  /** Puts the averages in the place of the weights, unless `validate` is false. */
  validationStart(): void {
    this.#follow();
    if (this.#options.validate) this.#swap(true);
  }

  /** Puts the weights back. */
  validationEnd(): void {
    this.#swap(false);
  }

  /** Takes in what the epoch's last batches moved. */
  epochEnd(): void {
    this.#follow();
  }

  /** Leaves the averages in the model, unless `keep` is false or training did not come to its end. */
  fitEnd({ completed }: TrainerEvents["fitEnd"]): void {
    this.#swap(completed && this.#options.keep);
    this.#swapped = false; // What the model has now is its own.
  }

  /** An epoch's last batches may be a step of their own. */
  #follow(): void {
    if (this.#behind && !this.#swapped) this.#average.update();
    this.#behind = false;
  }

  #swap(swapped: boolean): void {
    if (this.#swapped !== swapped) this.#average.swap();
    this.#swapped = swapped;
  }

  /**
   * The averages and how many updates they have. @throws GraphError within a validation, while they are in the place
   * of the weights
   */
  state(): CallbackState {
    if (this.#swapped) throw new GraphError("MovingAverage: a state within a validation is none to go on from");
    const { averages, decay, warmup, updates } = this.#average.stateDict();
    return { json: { decay, warmup, updates }, tensors: Object.fromEntries(averages.entries()) };
  }

  restore({ json, tensors = {} }: CallbackState): void {
    const averages = Object.entries(tensors).sort(([a], [b]) => Number(a) - Number(b));
    const warmup = typeof json === "object" && json !== null && Reflect.get(json, "warmup") === true;
    const state: AverageState = {
      decay: savedNumber(json, "decay"),
      warmup,
      updates: savedNumber(json, "updates"),
      averages: averages.map(([, value]) => value),
    };
    this.#average.loadStateDict(state);
  }
}
