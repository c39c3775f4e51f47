// What happens during training, as typed events. The progress display, callbacks, pages and tests listen to the same.

import type { Tensor } from "@gradus/core";
import type { History } from "./history.ts";
import type { Logs } from "./tally.ts";

/** The values of an epoch: each of `Name`, and `val_…` of it where there was a validation. */
export type EpochLogs<Name extends string> = { readonly [K in Name]: number } & {
  readonly [K in `val_${Name}`]?: number;
};

/** Where in training something happens. Epochs count from 0, steps from 1. */
export interface StepPlace {
  readonly epoch: number;
  readonly step: number;
  /** The steps of an epoch; null where nobody knows. */
  readonly steps: number | null;
  /** The number of this step among all, from 1. */
  readonly totalSteps: number;
}

/** The events of a trainer whose values have the names `Name`. */
export interface TrainerEvents<Name extends string = string> {
  /** Training begins; all options have been checked. */
  readonly fitStart: {
    readonly epochs: number;
    /** The epoch that it begins with. */
    readonly epoch: number;
    /** The steps of an epoch; null where nobody knows. */
    readonly steps: number | null;
    readonly samples: number | null;
    readonly validationSamples: number | null;
    /** Whether it goes on from a state that was restored. */
    readonly resumed: boolean;
  };
  readonly epochStart: {
    readonly epoch: number;
    readonly epochs: number;
    readonly steps: number | null;
    /** How many of them are done already; more than 0 only where training goes on in the middle of an epoch. */
    readonly step: number;
  };
  /** A batch is about to be learned. */
  readonly stepStart: StepPlace;
  /** A batch was learned. */
  readonly stepEnd: StepPlace & {
    /** How many samples this batch had. */
    readonly samples: number;
    /** The mean loss of this batch. */
    readonly loss: number;
    /** The averages over this epoch's samples so far. */
    readonly logs: Readonly<Record<Name, number>>;
    /** Whether the optimizer took a step; with `accumulate` it does not after each batch. */
    readonly updated: boolean;
  };
  readonly validationStart: { readonly epoch: number; readonly totalSteps: number; readonly steps: number | null };
  readonly validationStep: {
    readonly step: number;
    readonly steps: number | null;
    readonly logs: Readonly<Record<Name, number>>;
  };
  readonly validationEnd: {
    readonly epoch: number;
    readonly totalSteps: number;
    readonly logs: { readonly [K in `val_${Name}`]: number };
  };
  /** An epoch and its validation are done. */
  readonly epochEnd: {
    readonly epoch: number;
    readonly epochs: number;
    /** The averages over the epoch, and over the validation samples as `val_…`. */
    readonly logs: EpochLogs<Name>;
  };
  /** Everyone has heard of a step's end, or of an epoch's: now `trainer.state()` is whole. The time for checkpoints. */
  readonly settled: {
    readonly epoch: number;
    readonly step: number;
    readonly totalSteps: number;
    /** The values of the epoch that has just ended; null within an epoch. */
    readonly logs: EpochLogs<Name> | null;
  };
  readonly pause: { readonly epoch: number; readonly step: number };
  readonly resume: { readonly epoch: number; readonly step: number };
  /** Someone asked for an early end: the step goes to its end, then its epoch is closed. */
  readonly stop: { readonly reason: string; readonly epoch: number; readonly step: number };
  /** A thread was lost, and training goes on from the last checkpoint, at this place. */
  readonly recovered: { readonly epoch: number; readonly step: number; readonly error: Error };
  /** Training is over: all of it, or (`completed` false) what an error or a signal left. */
  readonly fitEnd: { readonly history: History<Name>; readonly completed: boolean };
  /** `trainOnBatch` learned a batch. */
  readonly batchEnd: { readonly samples: number; readonly logs: Readonly<Record<Name, number>> };
  readonly evaluateStart: { readonly steps: number | null; readonly samples: number | null };
  readonly evaluateStep: {
    readonly step: number;
    readonly steps: number | null;
    readonly logs: Readonly<Record<Name, number>>;
  };
  readonly evaluateEnd: { readonly logs: Readonly<Record<Name, number>> };
  readonly predictStart: { readonly steps: number | null; readonly samples: number | null };
  readonly predictStep: { readonly step: number; readonly steps: number | null };
  readonly predictEnd: { readonly output: Tensor };
  /** Something that the caller should know, though training goes on: a loss that is no number any more. */
  readonly warning: { readonly message: string; readonly epoch: number; readonly step: number };
}

/** A listener; the trainer waits for a promise that it returns. */
export type Listener<Event> = (event: Event) => void | Promise<void>;

/** A listener for each event that is of interest. */
export type Listeners<Events> = { readonly [K in keyof Events]?: Listener<Events[K]> };

/** The listeners to a set of events. */
export class Emitter<Events> {
  readonly #listeners = new Map<keyof Events, Set<unknown>>();

  /** Calls `listener` at each such event. @returns a function that ends that */
  on<K extends keyof Events>(name: K, listener: Listener<Events[K]>): () => void {
    const listeners = this.#of(name);
    // A listener of its own each time, so that the same function may listen twice and leave once.
    const entry: Listener<Events[K]> = (event) => listener(event);
    listeners.add(entry);
    return () => {
      listeners.delete(entry);
    };
  }

  /** Whether anyone listens. */
  has(name: keyof Events): boolean {
    return this.#of(name).size > 0;
  }

  /**
   * Calls the listeners one after the other: those of `first`, then the others in the order in which they came.
   * @returns a promise only if one of them did, so that steps stay cheap
   */
  emit<K extends keyof Events>(
    name: K,
    event: Events[K],
    first: readonly Listeners<Events>[] = [],
  ): Promise<void> | undefined {
    const listeners: Listener<Events[K]>[] = [];
    for (const { [name]: listener } of first) if (listener !== undefined) listeners.push(listener);
    listeners.push(...this.#of(name));
    for (const [index, listener] of listeners.entries()) {
      const promise = listener(event);
      if (promise !== undefined) return rest(promise, listeners.slice(index + 1), event);
    }
    return undefined;
  }

  #of<K extends keyof Events>(name: K): Set<Listener<Events[K]>> {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    return listeners as Set<Listener<Events[K]>>; // cast: only `on` adds, with the name's own type
  }
}

/** Waits for one listener, then calls those after it. */
async function rest<Event>(first: Promise<void>, others: readonly Listener<Event>[], event: Event): Promise<void> {
  await first;
  for (const listener of others) await listener(event);
}

/** Values under their names: the tally's keys are the trainer's by construction. */
export function named<Name extends string>(logs: Logs): EpochLogs<Name> {
  return logs as EpochLogs<Name>; // cast: a tally has exactly the names that it was made for
}
