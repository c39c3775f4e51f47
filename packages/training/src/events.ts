// What happens during training, as typed events. The progress display, pages and tests listen to the same.

import type { History } from "./history.ts";
import type { Logs } from "./tally.ts";

/** The values of an epoch: each of `Name`, and `val_…` of it where there was a validation. */
export type EpochLogs<Name extends string> = { readonly [K in Name]: number } & {
  readonly [K in `val_${Name}`]?: number;
};

/** The events of a trainer whose values have the names `Name`. Epochs count from 0, steps from 1. */
export interface TrainerEvents<Name extends string = string> {
  /** Training begins; all options have been checked. */
  readonly fitStart: {
    readonly epochs: number;
    readonly steps: number;
    readonly samples: number;
    readonly validationSamples: number;
  };
  readonly epochStart: { readonly epoch: number; readonly epochs: number; readonly steps: number };
  /** A batch was learned. */
  readonly stepEnd: {
    readonly epoch: number;
    readonly step: number;
    readonly steps: number;
    /** How many samples this batch had. */
    readonly samples: number;
    /** The mean loss of this batch. */
    readonly loss: number;
    /** The averages over this epoch's samples so far. */
    readonly logs: Readonly<Record<Name, number>>;
  };
  /** An epoch and its validation are done. */
  readonly epochEnd: {
    readonly epoch: number;
    readonly epochs: number;
    /** The averages over the epoch, and over the validation samples as `val_…`. */
    readonly logs: EpochLogs<Name>;
  };
  /** Training is over: all of it, or (`completed` false) what an error or a signal left. */
  readonly fitEnd: { readonly history: History<Name>; readonly completed: boolean };
  readonly evaluateStart: { readonly steps: number; readonly samples: number };
  readonly evaluateStep: {
    readonly step: number;
    readonly steps: number;
    readonly logs: Readonly<Record<Name, number>>;
  };
  readonly evaluateEnd: { readonly logs: Readonly<Record<Name, number>> };
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
   * Calls the listeners in the order in which they came, after that of `first`.
   * @returns a promise only if one of them did, so that steps stay cheap
   */
  emit<K extends keyof Events>(name: K, event: Events[K], first: Listeners<Events> = {}): Promise<void> | undefined {
    const promises: Promise<void>[] = [];
    const leading: Listener<Events[K]> | undefined = first[name];
    for (const listener of leading === undefined ? [...this.#of(name)] : [leading, ...this.#of(name)]) {
      const promise = listener(event);
      if (promise !== undefined) promises.push(promise);
    }
    return promises.length === 0 ? undefined : Promise.all(promises).then(() => undefined);
  }

  #of<K extends keyof Events>(name: K): Set<Listener<Events[K]>> {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    return listeners as Set<Listener<Events[K]>>; // cast: only `on` adds, with the name's own type
  }
}

/** Values under their names: the tally's keys are the trainer's by construction. */
export function named<Name extends string>(logs: Logs): EpochLogs<Name> {
  return logs as EpochLogs<Name>; // cast: a tally has exactly the names that it was made for
}
