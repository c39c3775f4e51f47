// Watching a value of the epochs: whether smaller or greater is better, and what counts as an improvement. Shared by the callbacks
// that stop, save or slow down by it, with Keras's rules. A NaN is never an improvement.

import { checkOption, OptionError, type Tensor, tensor } from "@gradus/core";
import type { Logs } from "../tally.ts";
import type { NamedTensors } from "../training-state.ts";

/** Whether smaller or greater values are better; "auto" tells it by the name. */
export type MonitorMode = "auto" | "min" | "max";

/** What is watched. */
export interface MonitorOptions {
  /** A value of the epochs' logs; "val_loss" by default. */
  readonly monitor?: string;
  /** Whether smaller or greater is better; "auto" by default: smaller for losses and errors, greater for accuracies and their kin. */
  readonly mode?: MonitorMode;
}

const smaller = /loss|error|perplexity|divergence|(^|_)(mse|mae|rmse|mape|msle)$/i;
const greater = /acc|auc|precision|recall|f1|fbeta|iou|dice|r2|score|similarity/i;

/** A watched value, and the best of it so far. */
export class Monitor {
  readonly name: string;
  readonly #owner: string;
  /** 1 where greater is better, −1 where smaller. */
  readonly #sign: 1 | -1;
  /** The best so far; null before the first. */
  best: number | null = null;

  /** @throws OptionError for a mode that there is not, and for a name that does not tell */
  constructor(owner: string, { monitor = "val_loss", mode = "auto" }: MonitorOptions) {
    checkOption(typeof monitor === "string" && monitor !== "", owner, "monitor", 'a name such as "val_loss"', monitor);
    checkOption(["auto", "min", "max"].includes(mode), owner, "mode", '"auto", "min" or "max"', mode);
    if (mode === "auto" && !smaller.test(monitor) && !greater.test(monitor)) {
      throw new OptionError(`${owner}: monitor ${monitor} does not tell which way is better: give mode "min" or "max"`);
    }
    this.name = monitor;
    this.#owner = owner;
    this.#sign = mode === "max" || (mode === "auto" && !smaller.test(monitor)) ? 1 : -1;
  }

  /** @throws OptionError where no epoch has such a value */
  check(names: readonly string[]): void {
    if (names.includes(this.name)) return;
    const advice = this.name.startsWith("val_") ? "; values with val_ need validationData or validationSplit" : "";
    throw new OptionError(`${this.#owner}: monitor ${this.name} is none of the values ${names.join(", ")}${advice}`);
  }

  /** The value of an epoch; null for one without. */
  of(logs: Logs): number | null {
    return logs[this.name] ?? null;
  }

  /** Whether a value is better than another by more than `minDelta`; anything but NaN is better than nothing. */
  isBetter(value: number, than: number | null, minDelta: number): boolean {
    if (Number.isNaN(value)) return false;
    return than === null || this.#sign * value - minDelta > this.#sign * than;
  }

  /** The best as tensors, which hold infinities, too. */
  toTensors(): NamedTensors {
    return this.best === null ? {} : { best: tensor(Float64Array.of(this.best)) };
  }

  /** Goes on from {@link toTensors}. */
  restore(tensors: NamedTensors): void {
    const saved: Tensor | undefined = tensors["best"];
    this.best = saved?.toTypedArray()[0] ?? null;
  }
}

/** @throws OptionError unless it is a whole number ≥ 0 */
export function checkWhole(owner: string, option: string, value: number): void {
  checkOption(Number.isSafeInteger(value) && value >= 0, owner, option, "a whole number ≥ 0", value);
}

/** A number of a callback's saved state. */
export function savedNumber(json: unknown, name: string): number {
  const value: unknown = typeof json === "object" && json !== null ? Reflect.get(json, name) : undefined;
  return typeof value === "number" ? value : 0;
}
