// The callbacks of one fit, as listeners and as a part of its state.

import { CheckpointError } from "@gradus/core";
import type { Listener, Listeners, TrainerEvents } from "../events.ts";
import { isJson } from "../json.ts";
import type { Json, NamedTensors, TrainingState } from "../training-state.ts";
import type { Callback, CallbackHandlers, FitEvent, Run } from "./callback.ts";

/** The events that callbacks hear of, complete by its type. */
const fitEvents: Readonly<Record<FitEvent, true>> = {
  fitStart: true,
  epochStart: true,
  stepStart: true,
  stepEnd: true,
  validationStart: true,
  validationStep: true,
  validationEnd: true,
  epochEnd: true,
  settled: true,
  pause: true,
  resume: true,
  stop: true,
  recovered: true,
  fitEnd: true,
  warning: true,
};

/** The callbacks of a fit. */
export class Callbacks {
  readonly listeners: readonly Listeners<TrainerEvents>[];
  readonly #callbacks: readonly Callback[];
  readonly #run: Run;

  constructor(callbacks: readonly Callback[], run: Run) {
    this.#callbacks = callbacks;
    this.#run = run;
    this.listeners = callbacks.map((callback) => listenersOf(callback, run));
  }

  /** @throws OptionError if one of them cannot take part */
  check(): void {
    for (const callback of this.#callbacks) callback.check?.(this.#run);
  }

  /** What they remember, tensors under `callbacks.<name>.`. */
  state(): { readonly json: Readonly<Record<string, Json>>; readonly tensors: NamedTensors } {
    const json: Record<string, Json> = {};
    const tensors: NamedTensors[] = [];
    for (const { name, state } of this.#callbacks.map((callback) => ({
      name: callback.name,
      state: callback.state?.(),
    }))) {
      if (state === undefined) continue;
      if (!isJson(state.json)) throw new CheckpointError(`the state of the callback ${name} is not what JSON can hold`);
      json[name] = state.json;
      const entries = Object.entries(state.tensors ?? {});
      tensors.push(Object.fromEntries(entries.map(([key, value]) => [`callbacks.${name}.${key}`, value])));
    }
    return { json, tensors: Object.assign({}, ...tensors) };
  }

  /** Gives each callback what it remembered; one that is new to the state starts afresh. */
  restore({ position, tensors }: TrainingState): void {
    for (const callback of this.#callbacks) {
      const json = Object.hasOwn(position.callbacks, callback.name) ? position.callbacks[callback.name] : undefined;
      if (json === undefined) continue;
      const prefix = `callbacks.${callback.name}.`;
      const own = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
      callback.restore?.({
        json,
        tensors: Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value])),
      });
    }
  }

  /** The last state that one of them knows of. */
  async recover(): Promise<TrainingState | null> {
    for (const callback of this.#callbacks) {
      const state = await callback.recover?.();
      if (state) return state;
    }
    return null;
  }
}

/** The handlers of a callback as listeners; methods of classes count, too. */
function listenersOf(callback: Callback, run: Run): Listeners<TrainerEvents> {
  const listeners: { [K in FitEvent]?: Listener<TrainerEvents[K]> } = {};
  const bind = <K extends FitEvent>(name: K): void => {
    const handler: CallbackHandlers[K] = callback[name];
    if (handler === undefined) return;
    const listener: Listener<TrainerEvents[K]> = (event) => handler.call(callback, event, run);
    Object.assign(listeners, { [name]: listener });
  };
  for (const name of Object.keys(fitEvents)) bind(name as FitEvent); // cast: the keys of that type
  return listeners;
}
