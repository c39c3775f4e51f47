// What an optimizer remembers of each parameter, and what of it is saved.

import { describe, formatShape, full, Tensor, Variable } from "@gradus/core";
import type { Hyperparameters, ParameterGroup } from "./groups.ts";

/** A saved optimizer: the numbers of its groups, and a tensor for each state of each parameter, named `0.firstMoment`. */
export interface OptimizerState {
  /** For each group the number of its parameters, and its hyperparameters. */
  readonly groups: readonly {
    /** How many there are in the group. */
    readonly parameters: number;
    /** The group's numbers by name, `learningRate` among them. */
    readonly hyperparameters: Readonly<Record<string, number | boolean>>;
  }[];
  /** How many steps have been taken: t of schedules and corrections, where every step had every gradient. */
  readonly steps: number;
  /** For each parameter, in order, how many of the steps updated it: t of its own corrections. */
  readonly updates: readonly number[];
  /** The states by the parameter's number and their name, `0.firstMoment`, each of its parameter's shape and dtype. */
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/** What an optimizer knows of one parameter besides its value and gradient. */
export interface ParameterState<StateName extends string, H extends Hyperparameters = Hyperparameters> {
  /** The parameter's states: those that the hyperparameters ask for. */
  readonly state: Readonly<Record<StateName, Variable>>;
  /** The number of this update of the parameter, from 1. A step in which it has no gradient does not count. */
  readonly updates: number;
  /** The group that the parameter belongs to: its hyperparameters, and the learning rate, which may change from step to step. */
  readonly group: Pick<ParameterGroup<H>, "hyperparameters" | "learningRate">;
}

/** The states of one parameter, made at its first update. They stay the same Variables: compiled steps work on them. */
export class KnownState<StateName extends string, H extends Hyperparameters> implements ParameterState<StateName, H> {
  updates = 0;
  readonly group: ParameterGroup<H>;
  readonly #parameter: Variable;
  // cast: the states that are in use are made before the update
  readonly state: Record<StateName, Variable> = {} as Record<StateName, Variable>;

  constructor(parameter: Variable, group: ParameterGroup<H>) {
    this.#parameter = parameter;
    this.group = group;
  }

  /** The state of a name, made if it is not there yet. */
  variable(name: StateName, initial: number): Variable {
    if (name in this.state) return this.state[name];
    const { shape, dtype, name: owner } = this.#parameter;
    this.state[name] = new Variable(full(shape, initial, { dtype }), { name: `${owner}.${name}`, requiresGrad: false });
    return this.state[name];
  }

  /** Goes back to the beginning: every state that was made has its first value again. */
  reset(initial: (name: StateName) => number): void {
    const { shape, dtype } = this.#parameter;
    for (const name in this.state) this.state[name].assign(full(shape, initial(name), { dtype }));
  }
}

/** `float32 [3]`: what a state and its parameter must have in common. */
export function specOf(value: unknown): string {
  if (!(value instanceof Tensor)) return describe(value);
  const { dtype, shape }: Tensor = value;
  return `${dtype} ${formatShape(shape)}`;
}

/** Whether a value can be a number of steps. */
export function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
