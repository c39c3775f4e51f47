// What Diagnostics and watches share: they look at some of a training's steps, from outside. Whoever trains says where a step begins
// and ends: a Trainer by its events, a loop of one's own by `step(() => …)`.

import { checkOption, GradusError, observed, type Tensor } from "@gradus/core";
import type { Layer } from "@gradus/layers";
import { ensureTap, tap } from "./taps.ts";

/** What a step's beginning tells, as far as anything is told. */
export interface StepStart {
  /** The number of the step, from 1; counted here if it is left out. */
  readonly totalSteps?: number;
}

/** What a step's end tells, as far as anything is told. */
export interface StepEnd {
  /** The loss of the step's batch. */
  readonly loss?: number;
  /** Whether the parameters were updated; true if it is left out. Gathering gradients of several batches, they are not each time. */
  readonly updated?: boolean;
}

/**
 * Something that looks at every n-th step of a training. It is a callback of the `Trainer` of @gradus/training as it is; in a loop of
 * one's own the step goes into {@link step}.
 *
 * Steps that are not looked at run as if it were not there. A compiled step has two programs, one that only trains and one that also
 * hands out what is looked at.
 *
 * @example
 * const model = new Sequential(new Dense(3, 2), new Tanh());
 * watch(model, "tanh", "activation") instanceof StepObserver; // true
 */
export abstract class StepObserver {
  /** What it is called among the callbacks of a fit. */
  readonly name: string;
  /** It looks at steps 1, 1 + every, 1 + 2 · every, … */
  readonly every: number;
  readonly #layers: readonly Layer[];
  readonly #taps: readonly (() => void)[];
  #steps = 0;
  #due = false;
  #step = 0;

  /** @throws OptionError unless `every` is a whole number ≥ 1 */
  protected constructor(owner: string, name: string, every: number, layers: Iterable<Layer>) {
    checkOption(Number.isSafeInteger(every) && every >= 1, owner, "every", "a whole number ≥ 1", every);
    this.name = name;
    this.every = every;
    this.#layers = [...new Set(layers)];
    this.#taps = this.#layers.map((layer) =>
      tap(layer, (seen, inputs, output) => {
        if (observed(() => this.#due)) this.see(seen, inputs, output);
      }),
    );
  }

  /** How many steps there have been, looked at or not. */
  get steps(): number {
    return this.#steps;
  }

  /** A step is about to be taken. */
  stepStart({ totalSteps }: StepStart = {}): void {
    const first = this.#steps === 0;
    this.#steps++;
    if (this.#due) return; // The gradients of several batches make one step.
    const number = totalSteps ?? this.#steps;
    if (!first && (number - 1) % this.every !== 0) return;
    this.#step = number;
    for (const layer of this.#layers) ensureTap(layer);
    this.begin();
    this.#due = true;
  }

  /** A step was taken. */
  stepEnd({ loss, updated = true }: StepEnd = {}): void {
    if (!this.#due || !updated) return;
    this.#due = false;
    this.end(this.#step, loss ?? null);
  }

  /**
   * Takes a step: `body`, between {@link stepStart} and {@link stepEnd}.
   * @returns what `body` does; a tensor with one element is taken for the loss
   * @throws GradusError if `body` returns a promise: nobody knows then what happens in between
   */
  step<R>(body: () => R): R {
    this.stepStart();
    const before = this.#due;
    let result: R;
    try {
      result = body();
    } catch (error) {
      this.#due = false;
      throw error;
    }
    if (result instanceof Promise) {
      this.#due = false;
      throw new GradusError(
        `${this.name}: the step is asynchronous: call stepStart() before it and stepEnd() after it`,
      );
    }
    if (before) this.stepEnd(lossOf(result));
    return result;
  }

  /** Looks no more: the layers' own `forward` is back. */
  detach(): void {
    this.#due = false;
    for (const end of this.#taps) end();
  }

  /** A step that is looked at begins. */
  protected abstract begin(): void;

  /** A layer's forward pass within such a step, eagerly or while it is captured. */
  protected abstract see(layer: Layer, inputs: readonly Tensor[], output: Tensor): void;

  /** Such a step is over. */
  protected abstract end(step: number, loss: number | null): void;
}

/** The loss, where a step returns it: a number, or a tensor of one element. */
function lossOf(result: unknown): StepEnd {
  if (typeof result === "number") return { loss: result };
  if (typeof result !== "object" || result === null) return {};
  const item: unknown = Reflect.get(result, "item");
  if (typeof item !== "function" || Reflect.get(result, "size") !== 1) return {};
  const loss: unknown = item.call(result);
  return typeof loss === "number" ? { loss } : {};
}
