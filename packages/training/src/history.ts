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
  /** The epochs that are over, counted from 0. */
  readonly epoch: readonly number[];
  /** The values of each epoch, by name. */
  readonly history: HistoryValues<Name>;

  /** @internal The trainer makes histories. */
  constructor(epoch: readonly number[], history: HistoryValues<Name>) {
    this.epoch = epoch;
    this.history = history;
  }

  /** Plain data, for `JSON.stringify`. A NaN or an infinity becomes null there, as JSON has neither. */
  toJSON(): { readonly epoch: readonly number[]; readonly history: HistoryValues<Name> } {
    return { epoch: this.epoch, history: this.history };
  }
}

/** Writes a history, epoch by epoch. */
export class Recorder<Name extends string> {
  /** What was written so far. */
  readonly history: History<Name>;
  readonly #epoch: number[] = [];
  readonly #values: Record<string, number[]> = {};

  /** @param names the values that every epoch has, in the order in which they are listed */
  constructor(names: readonly string[]) {
    for (const name of names) this.#values[name] = [];
    this.history = new History(this.#epoch, this.#values as HistoryValues<Name>); // cast: a list was made for each name
  }

  /** Notes the values of an epoch. */
  record(epoch: number, logs: Logs): void {
    this.#epoch.push(epoch);
    for (const [name, value] of Object.entries(logs)) this.#values[name]?.push(value);
  }
}
