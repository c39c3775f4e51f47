// What training gave, epoch by epoch, under Keras's names.

import type { Logs } from "./tally.ts";

/** A list for each value: `loss` and the metrics, and each of them as `val_…` where there was a validation. */
export type HistoryValues<Name extends string> = { readonly [K in Name]: readonly number[] } & {
  readonly [K in `val_${Name}`]?: readonly number[];
};

/**
 * The values of each epoch.
 *
 * @example
 * const { history } = await trainer.fit(train, { epochs: 5, validationSplit: 0.2 });
 * history.loss; // five numbers
 * history.val_accuracy?.at(-1); // the last epoch's
 */
export class History<Name extends string = string> {
  readonly #epoch: number[] = [];
  readonly #values: Record<string, number[]> = {};

  /** @param names the values that every epoch has */
  constructor(names: readonly string[]) {
    for (const name of names.toSorted()) this.#values[name] = [];
  }

  /** The epochs that are over, counted from 0. */
  get epoch(): readonly number[] {
    return this.#epoch;
  }

  /** The values of each epoch, by name. */
  get history(): HistoryValues<Name> {
    return this.#values as HistoryValues<Name>; // cast: the constructor made a list for each name
  }

  /** @internal Notes the values of an epoch. */
  record(epoch: number, logs: Logs): void {
    this.#epoch.push(epoch);
    for (const [name, value] of Object.entries(logs)) {
      this.#values[name] ??= [];
      this.#values[name].push(value);
    }
  }

  /** Plain data, for `JSON.stringify`. A NaN or an infinity becomes null there, as JSON has neither. */
  toJSON(): { readonly epoch: readonly number[]; readonly history: HistoryValues<Name> } {
    return { epoch: this.epoch, history: this.history };
  }
}
