// An exponential moving average of weights: it forgets the noise of single steps and often generalizes better than the last ones.
// Source: B. Polyak, A. Juditsky, "Acceleration of stochastic approximation by averaging", 1992, in the exponential form that
// TensorFlow made common, with its warm-up.

import {
  CheckpointError,
  describe,
  everyCall,
  GraphError,
  OptionError,
  shareMemory,
  stepScalar,
  type Tensor,
  type Update,
  update,
  Variable,
} from "@gradus/core";
import { checkParameters } from "./groups.ts";
import { checkShares, withDefaults } from "./options.ts";
import { isCount, specOf } from "./state.ts";

/** Options of {@link ExponentialMovingAverage}. */
export interface ExponentialMovingAverageOptions {
  /** The share of the old average, from 0 to below 1; 0.999 by default. */
  readonly decay?: number;
  /** Begin with smaller shares, min(decay, (1 + t)/(10 + t)), so that the start is forgotten sooner; false by default. */
  readonly warmup?: boolean;
}

/** A saved {@link ExponentialMovingAverage}. */
export interface AverageState {
  /** d in a ← d·a + (1 − d)·w. */
  readonly decay: number;
  /** Whether the shares begin smaller. */
  readonly warmup: boolean;
  /** The number of updates so far. */
  readonly updates: number;
  /** The averages, in the order of the parameters. */
  readonly averages: readonly Tensor[];
}

const name = "ExponentialMovingAverage";

// a ← d·a + (1 − d)·w
const follow: Update = /* @__PURE__ */ update({
  name,
  forward: (a, w, decay, fresh) => [a.mul(decay).add(w.mul(fresh))],
});

const exchange: Update = /* @__PURE__ */ update({ name: "swap", forward: (w, a) => [a, w] });

/**
 * Averages a ← d·a + (1 − d)·w of parameters (and buffers, if they are given), which begin as copies. `update` after
 * each step of the optimizer, also in a compiled step; `during` evaluates with the averages in the place of the
 * parameters.
 *
 * Source: B. Polyak, A. Juditsky, "Acceleration of stochastic approximation by averaging", 1992, in the exponential
 * form that TensorFlow made common.
 *
 * @example
 * const w = new Variable(tensor([0]));
 * const average = new ExponentialMovingAverage([w], { decay: 0.75 });
 * w.assign([4]);
 * average.update();
 * average.during(() => w.toArray()); // [1]
 * w.toArray(); // [4]
 */
export class ExponentialMovingAverage {
  /** The variables whose averages these are. */
  readonly parameters: readonly Variable[];
  readonly #averages: readonly Variable[];
  #decay: number;
  #warmup: boolean;
  #updates = 0;
  #swapped = false;
  #shared = false;

  /**
   * @param parameters what is averaged: Variables of floats, of which copies are made now
   * @throws OptionError for a decay outside [0, 1), an unknown option, no parameters, one given twice, or one of
   * integers
   */
  constructor(parameters: Iterable<Variable>, options: ExponentialMovingAverageOptions = {}) {
    const { decay, warmup } = withDefaults(name, { decay: 0.999, warmup: false }, options);
    checkShares(name, { decay });
    this.parameters = checkParameters(name, parameters);
    const integer = this.parameters.find(({ dtype }) => dtype !== "float32" && dtype !== "float64");
    if (integer !== undefined)
      throw new OptionError(`${name}: ${integer.name || "a parameter"} is ${integer.dtype}: only floats have averages`);
    this.#decay = decay;
    this.#warmup = warmup;
    this.#averages = this.parameters.map(
      (parameter) =>
        new Variable(parameter.detach().clone(), { name: `${parameter.name}.average`, requiresGrad: false }),
    );
  }

  /** The averages as they are now, as copies, in the order of the parameters. */
  get averages(): readonly Tensor[] {
    return (this.#swapped ? this.parameters : this.#averages).map((average) => average.detach().clone());
  }

  /** How many updates have been made. */
  get updates(): number {
    return this.#updates;
  }

  /** Takes the parameters as they are now into the averages. @throws GraphError while the averages are in their place */
  update(): void {
    this.#refuseSwapped("update");
    if (!this.#shared) shareMemory([...this.parameters, ...this.#averages]);
    this.#shared = true;
    everyCall(() => void this.#updates++);
    const share = (): number =>
      this.#warmup ? Math.min(this.#decay, (1 + this.#updates) / (10 + this.#updates)) : this.#decay;
    for (const [index, parameter] of this.parameters.entries()) {
      const average = this.#averages[index];
      if (average === undefined) continue;
      const { dtype } = parameter;
      follow([average], [parameter, stepScalar(share, dtype), stepScalar(() => 1 - share(), dtype)]);
    }
  }

  /**
   * Exchanges parameters and averages; a second call changes them back.
   *
   * @throws GraphError within a compiled function
   */
  swap(): void {
    let now = false;
    everyCall(() => {
      now = true;
    });
    if (!now) throw new GraphError(`${name}: swap cannot be part of a compiled function: call it around`);
    for (const [index, parameter] of this.parameters.entries()) {
      const average = this.#averages[index];
      if (average !== undefined) exchange([parameter, average], []);
    }
    this.#swapped = !this.#swapped;
  }

  /** Runs `body` with the averages in the place of the parameters; until it settles, if it gives a promise. */
  during<R>(body: () => Promise<R>): Promise<R>;
  /** Runs `body` with the averages in the place of the parameters. @throws GraphError while they are there already */
  during<R>(body: () => R): R;
  during(body: () => unknown): unknown {
    this.#refuseSwapped("during");
    this.swap();
    let waiting = false;
    try {
      const result = body();
      if (!(result instanceof Promise)) return result;
      waiting = true;
      return result.finally(() => this.swap());
    } finally {
      if (!waiting) this.swap();
    }
  }

  #refuseSwapped(method: string): void {
    if (this.#swapped)
      throw new GraphError(
        `${name}: ${method} while the averages are in the place of the parameters: swap() back first`,
      );
  }

  /** Everything that `loadStateDict` needs to go on exactly from here, as copies. */
  stateDict(): AverageState {
    return { decay: this.#decay, warmup: this.#warmup, updates: this.#updates, averages: this.averages };
  }

  /** Goes on from a saved state. @throws CheckpointError with all differences at once; then nothing has changed */
  loadStateDict({ decay, warmup, updates, averages = [] }: AverageState): void {
    const problems: string[] = [];
    if (!(decay >= 0 && decay < 1)) problems.push(`decay is ${describe(decay)}`);
    if (typeof warmup !== "boolean") problems.push(`warmup is ${describe(warmup)}`);
    if (!isCount(updates)) problems.push(`updates is ${describe(updates)}`);
    if (averages.length !== this.parameters.length)
      problems.push(`it has ${averages.length} averages, there are ${this.parameters.length} parameters`);
    for (const [index, parameter] of this.parameters.entries()) {
      const [found, wanted] = [specOf(averages[index]), specOf(parameter)];
      if (index < averages.length && found !== wanted)
        problems.push(`average ${index} is ${found}, its parameter (${parameter.name || "unnamed"}) ${wanted}`);
    }
    if (problems.length > 0) throw new CheckpointError(`${name}: the saved state does not fit: ${problems.join("; ")}`);
    [this.#decay, this.#warmup, this.#updates] = [decay, warmup, updates];
    const targets = this.#swapped ? this.parameters : this.#averages;
    for (const [index, target] of targets.entries()) {
      const average = averages[index];
      if (average !== undefined) target.assign(average);
    }
  }
}
