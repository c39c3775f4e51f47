// Units that were 0 for everything that was looked at. One batch says little of a unit that fires for one input in a hundred, so the
// last few batches are taken together.

import type { TypedArray } from "@gradus/core";

/** How many of the last steps that were looked at are judged together. */
export const recentSteps = 5;

/** What the last batches say of a layer's units. */
export interface DeadFacts {
  /** How many units the layer has: the size of its output's last axis. */
  readonly units: number;
  /** The share of units that were 0 for all of this batch. */
  readonly now: number;
  /** The share of units that were 0 for all of the last batches looked at. */
  readonly lately: number;
  /** How many values of each unit that is. */
  readonly values: number;
}

/** Follows the greatest values of a layer's units. */
export class DeadUnits {
  #recent: readonly { readonly peaks: TypedArray; readonly rows: number }[] = [];

  /** Takes a batch: the greatest value of each unit in it, and how many values there were. */
  add(peaks: TypedArray, rows: number): DeadFacts {
    const fitting = this.#recent.filter((other) => other.peaks.length === peaks.length);
    this.#recent = [...fitting, { peaks, rows }].slice(-recentSteps);
    const silent = (index: number): boolean => this.#recent.every((one) => !((one.peaks[index] ?? 0) > 0));
    let [now, lately] = [0, 0];
    for (const [index, peak] of peaks.entries()) {
      if (peak > 0) continue;
      now++;
      if (silent(index)) lately++;
    }
    const units = Math.max(peaks.length, 1);
    const values = this.#recent.reduce((sum, one) => sum + one.rows, 0);
    return { units: peaks.length, now: now / units, lately: lately / units, values };
  }
}
