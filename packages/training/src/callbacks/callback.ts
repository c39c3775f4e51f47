// Callbacks: what else is to happen while training goes on. A callback is an object with a name and handlers of the trainer's events;
// what it remembers between epochs is part of the training's state, so that a resumed training goes on as if nothing had been.

import type { TrainerEvents } from "../events.ts";
import type { History } from "../history.ts";
import type { Model, Optimizer } from "../model.ts";
import type { Json, NamedTensors, TrainingState } from "../training-state.ts";

/** The training that a callback is part of. */
export interface Run {
  /** What is trained. */
  readonly model: Model;
  /** What changes its parameters; its `learningRate` may be assigned. */
  readonly optimizer: Optimizer;
  /** What was recorded so far. */
  readonly history: History;
  /** The names of the values of an epoch, `val_…` included. */
  readonly names: readonly string[];
  /** Where training stands, as a copy; whole in `settled`. */
  state(): TrainingState;
  /** Ends training when the epoch is closed; within a step, right after that step. */
  stop(reason: string): Promise<void>;
  /** Says something on the screen and to those who listen. */
  warn(message: string): Promise<void>;
}

/** What a callback remembers: finite numbers and texts as JSON, everything else as tensors. */
export interface CallbackState {
  /** Finite numbers, texts, truth values and lists or objects of them. */
  readonly json: Json;
  /** What may be NaN, infinite or large, by name. */
  readonly tensors?: NamedTensors;
}

/** The events of a fit. */
export type FitEvent = Exclude<keyof TrainerEvents, `evaluate${string}` | `predict${string}` | "batchEnd">;

/** A handler for each event that is of interest. Handlers are called before those of `trainer.on`; a promise is waited for. */
export type CallbackHandlers = {
  [K in FitEvent]?: (event: TrainerEvents[K], run: Run) => void | undefined | Promise<void>;
};

/**
 * Something that takes part in a fit.
 *
 * @example
 * const patience: Callback = {
 *   name: "patience",
 *   epochEnd({ logs }, run) {
 *     if ((logs["val_accuracy"] ?? 0) > 0.98) return run.stop("good enough");
 *   },
 * };
 * await trainer.fit(train, { epochs: 100, validationSplit: 0.2, callbacks: [patience] });
 */
export interface Callback extends CallbackHandlers {
  /** What it is called in states; each callback of a fit has another name. */
  readonly name: string;
  /** Throws an OptionError if it cannot take part, before anything has changed. */
  check?(run: Run): void;
  /** What it remembers. */
  state?(): CallbackState;
  /** Goes on from what it remembered; called after `fitStart`. */
  restore?(state: CallbackState): void;
  /** After a thread was lost: the last state that it knows of, or null. */
  recover?(): Promise<TrainingState | null>;
}
