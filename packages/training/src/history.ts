// What training gave: the values of each epoch under Keras's names, those of each step, and those of each validation.

import { Table } from "./table.ts";
import type { Logs } from "./tally.ts";
import type { NamedTensors } from "./training-state.ts";

/** A list for each value: `loss` and the metrics, and each of them as `val_…` where there was a validation. */
export type HistoryValues<Name extends string> = { readonly [K in Name]: readonly number[] } & {
  readonly [K in `val_${Name}`]?: readonly number[];
};

/** The three tables of a {@link History}. */
export type HistoryPart = "epochs" | "steps" | "validations";

/** A history as plain data. */
export interface HistoryJson<Name extends string = string> {
  readonly epoch: readonly number[];
  readonly history: HistoryValues<Name>;
  readonly steps: History<Name>["steps"];
  readonly validations: History<Name>["validations"];
}

/**
 * The values of each epoch, of each step, and of each validation. All lists grow while training goes on.
 *
 * @example
 * const { history, steps } = await trainer.fit(train, { epochs: 5, validationSplit: 0.2 });
 * history.loss; // five numbers
 * history.val_accuracy?.at(-1); // the last epoch's
 * steps.values.loss; // a number for each batch
 */
export class History<Name extends string = string> {
  /** The epochs that are over, counted from 0. */
  readonly epoch: readonly number[];
  /** The values of each epoch, by name; a list of validation values has as many as there were epochs with a validation. */
  readonly history: HistoryValues<Name>;
  /** The values of each batch alone: its epoch, its number among all steps (from 1), its loss and metrics. */
  readonly steps: {
    /** The epoch of each step, counted from 0. */
    readonly epoch: readonly number[];
    /** The number of each among all steps, from 1. */
    readonly step: readonly number[];
    /** The loss and metrics of each step's batch, by name. */
    readonly values: { readonly [K in Name]: readonly number[] };
  };
  /** The values of each validation: the epoch and the number of steps after which it was. */
  readonly validations: {
    /** The epoch of each validation, counted from 0. */
    readonly epoch: readonly number[];
    /** After how many steps each was. */
    readonly step: readonly number[];
    /** The averages over the validation samples, by name, as `val_…`. */
    readonly values: { readonly [K in `val_${Name}`]?: readonly number[] };
  };
  readonly #tables: Tables;

  /** @internal The trainer makes histories. */
  constructor(tables: Tables) {
    this.#tables = tables;
    const { epochs, steps, validations } = tables;
    this.epoch = epochs.index("epoch");
    // casts: the recorder made a column for each name
    this.history = epochs.values as HistoryValues<Name>;
    this.steps = {
      epoch: steps.index("epoch"),
      step: steps.index("step"),
      values: steps.values as History<Name>["steps"]["values"],
    };
    this.validations = {
      epoch: validations.index("epoch"),
      step: validations.index("step"),
      values: validations.values as History<Name>["validations"]["values"],
    };
  }

  /** Plain data, for `JSON.stringify`. A NaN or an infinity becomes null there, as JSON has neither. */
  toJSON(): HistoryJson<Name> {
    const { epoch, history, steps, validations } = this;
    return { epoch, history, steps, validations };
  }

  /**
   * One of the tables as comma-separated values, names in the first line; a cell is empty where there was no validation.
   *
   * @example
   * history.toCSV(); // epoch,accuracy,loss and a line for each epoch: 0,0.91,0.31
   * history.toCSV("steps"); // epoch,step,accuracy,loss and a line for each batch: 0,1,0.09,2.31
   */
  toCSV(part: HistoryPart = "epochs"): string {
    return this.#tables[part].toCSV();
  }
}

/** What a history is made of. */
export interface Tables {
  readonly epochs: Table<"epoch">;
  readonly steps: Table<"epoch" | "step">;
  readonly validations: Table<"epoch" | "step">;
}

/** Writes a history. */
export class Recorder {
  /** What was written so far. */
  readonly history: History;
  /** The names of the values of each epoch. */
  readonly names: readonly string[];
  readonly #tables: Tables;

  /** @param names the values that every step has, in order; @param validated whether there are validations */
  constructor(names: readonly string[], validated: boolean) {
    const validation = validated ? names.map((name) => `val_${name}`) : [];
    this.names = [...names, ...validation];
    this.#tables = {
      epochs: new Table(["epoch"], this.names),
      steps: new Table(["epoch", "step"], names),
      validations: new Table(["epoch", "step"], validation),
    };
    this.history = new History(this.#tables);
  }

  /** Notes the values of an epoch. */
  epoch(epoch: number, logs: Logs): void {
    this.#tables.epochs.append({ epoch }, logs);
  }

  /** Notes the values of a step; `step` counts all of them, from 1. */
  step(epoch: number, step: number, logs: Logs): void {
    this.#tables.steps.append({ epoch, step }, logs);
  }

  /** Notes the values of a validation after so many steps. */
  validation(epoch: number, step: number, logs: Logs): void {
    this.#tables.validations.append({ epoch, step }, logs);
  }

  /** The values of the last validation, and when it was. */
  lastValidation(): { readonly epoch: number; readonly step: number; readonly logs: Logs } | null {
    const { validations } = this.#tables;
    if (validations.length === 0) return null;
    const last = (values: readonly number[]): number => values.at(-1) ?? Number.NaN;
    const logs = Object.entries(validations.values).map(([name, values]) => [name, last(values)] as const);
    return {
      epoch: last(validations.index("epoch")),
      step: last(validations.index("step")),
      logs: Object.fromEntries(logs),
    };
  }

  /** All values, exactly. */
  toTensors(): NamedTensors {
    return Object.assign(
      {},
      ...Object.entries(this.#tables).map(([part, table]) => table.toTensors(`history.${part}`)),
    );
  }

  /** Goes on from what {@link toTensors} gave. @throws CheckpointError for tables that do not fit */
  restore(tensors: NamedTensors): void {
    for (const [part, table] of Object.entries(this.#tables)) table.restore(`history.${part}`, tensors);
  }
}
