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
  /** The epoch, counted from 0. */
  readonly epoch: number;
  /** The step of this epoch, from 1. */
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
    /** The number of the epoch after which training is over. */
    readonly epochs: number;
    /** The epoch that it begins with. */
    readonly epoch: number;
    /** The steps of an epoch; null where nobody knows. */
    readonly steps: number | null;
    /** The samples of a pass; null where nobody knows. */
    readonly samples: number | null;
    /** The samples of a validation; null where there is none, or nobody knows. */
    readonly validationSamples: number | null;
    /** Whether it goes on from a state that was restored. */
    readonly resumed: boolean;
  };
  /** An epoch begins, or goes on where an earlier training was resumed in its middle. */
  readonly epochStart: {
    /** The epoch, counted from 0. */
    readonly epoch: number;
    /** The number of the epoch after which training is over. */
    readonly epochs: number;
    /** The steps of the epoch; null where nobody knows. */
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
  /** A validation begins, at an epoch's end or after a step. */
  readonly validationStart: {
    /** The epoch that it belongs to, counted from 0. */
    readonly epoch: number;
    /** How many steps have been taken in all. */
    readonly totalSteps: number;
    /** How many batches it has; null where nobody knows. */
    readonly steps: number | null;
  };
  /** A batch of the validation was looked at. */
  readonly validationStep: {
    /** The batch, from 1. */
    readonly step: number;
    /** How many batches there are; null where nobody knows. */
    readonly steps: number | null;
    /** The averages over the samples looked at so far. */
    readonly logs: Readonly<Record<Name, number>>;
  };
  /** A validation is done. */
  readonly validationEnd: {
    /** The epoch that it belongs to, counted from 0. */
    readonly epoch: number;
    /** How many steps had been taken in all. */
    readonly totalSteps: number;
    /** The averages over all validation samples, as `val_…`. */
    readonly logs: { readonly [K in `val_${Name}`]: number };
  };
  /** An epoch and its validation are done. */
  readonly epochEnd: {
    /** The epoch that is over, counted from 0. */
    readonly epoch: number;
    /** The number of the epoch after which training is over. */
    readonly epochs: number;
    /** The averages over the epoch, and over the validation samples as `val_…`. */
    readonly logs: EpochLogs<Name>;
  };
  /** Everyone has heard of a step's end, or of an epoch's: now `trainer.state()` is whole. The time for checkpoints. */
  readonly settled: {
    /** The epoch that goes on, counted from 0; at an epoch's end the next: so many epochs are over. */
    readonly epoch: number;
    /** How many steps of it are done; 0 at an epoch's end. */
    readonly step: number;
    /** How many steps have been taken in all. */
    readonly totalSteps: number;
    /** The values of the epoch that has just ended; null within an epoch. */
    readonly logs: EpochLogs<Name> | null;
  };
  /** Training is held up, until `trainer.resume()`. */
  readonly pause: {
    /** The epoch that goes on, counted from 0. */
    readonly epoch: number;
    /** How many steps of it are done. */
    readonly step: number;
  };
  /** Training goes on after a pause. */
  readonly resume: {
    /** The epoch that goes on, counted from 0. */
    readonly epoch: number;
    /** How many steps of it are done. */
    readonly step: number;
  };
  /** Someone asked for an early end: the step goes to its end, then its epoch is closed. */
  readonly stop: {
    /** Why, in words: what was given to `stop`. */
    readonly reason: string;
    /** The epoch that goes on, or between two the one that has just ended; counted from 0. */
    readonly epoch: number;
    /** How many steps of the epoch that goes on are done. */
    readonly step: number;
  };
  /** A thread was lost, and training goes on from the last checkpoint, at this place. */
  readonly recovered: {
    /** The epoch of the checkpoint, counted from 0. */
    readonly epoch: number;
    /** How many steps of it were done there. */
    readonly step: number;
    /** What was lost, and where. */
    readonly error: Error;
  };
  /** Training is over: all of it, or (`completed` false) what an error or a signal left. */
  readonly fitEnd: {
    /** What training gave. */
    readonly history: History<Name>;
    /** Whether training came to its end, by itself or by `stop`; false where an error or a signal broke it off. */
    readonly completed: boolean;
  };
  /** `trainOnBatch` learned a batch. */
  readonly batchEnd: {
    /** How many samples the batch had. */
    readonly samples: number;
    /** Its loss and metrics, as they were before the step. */
    readonly logs: Readonly<Record<Name, number>>;
  };
  /** `evaluate` begins. */
  readonly evaluateStart: {
    /** How many batches there are; null where nobody knows. */
    readonly steps: number | null;
    /** How many samples there are; null where nobody knows. */
    readonly samples: number | null;
  };
  /** `evaluate` has looked at a batch. */
  readonly evaluateStep: {
    /** The batch, from 1. */
    readonly step: number;
    /** How many batches there are; null where nobody knows. */
    readonly steps: number | null;
    /** The averages over the samples looked at so far. */
    readonly logs: Readonly<Record<Name, number>>;
  };
  /** `evaluate` is done. */
  readonly evaluateEnd: {
    /** The averages over all samples: what `evaluate` gives. */
    readonly logs: Readonly<Record<Name, number>>;
  };
  /** `predict` begins. */
  readonly predictStart: {
    /** How many batches there are; null where nobody knows. */
    readonly steps: number | null;
    /** How many samples there are; null where nobody knows. */
    readonly samples: number | null;
  };
  /** `predict` has the results of a batch. */
  readonly predictStep: {
    /** The batch, from 1. */
    readonly step: number;
    /** How many batches there are; null where nobody knows. */
    readonly steps: number | null;
  };
  /** `predict` is done. */
  readonly predictEnd: {
    /** The results of all batches, a row for each sample: what `predict` gives. */
    readonly output: Tensor;
  };
  /** Something that the caller should know, though training goes on: a loss that is no number any more. */
  readonly warning: {
    /** What is to be known, in one line. */
    readonly message: string;
    /** The epoch that goes on, counted from 0. */
    readonly epoch: number;
    /** How many steps of it are done. */
    readonly step: number;
  };
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
