// What all optimizers share: parameters, the state of each, hyperparameters, and saving. An optimizer itself says only which
// states a parameter has and how one parameter is updated.

import {
  CheckpointError,
  checkOption,
  describe,
  everyCall,
  formatShape,
  OptionError,
  observed,
  shareMemory,
  Tensor,
  Variable,
  zeros,
} from "@gradus/core";

/** Variables to optimize, in a list or any other iterable. */
export type Parameters = Iterable<Variable>;

/** The numbers that rule an optimizer. */
export type Hyperparameters = Readonly<Record<string, number | boolean>> & { readonly learningRate: number };

/** A saved optimizer: its numbers, and a tensor for each state of each parameter, named `0.firstMoment`. */
export interface OptimizerState {
  readonly hyperparameters: Readonly<Record<string, number | boolean>>;
  /** The number of steps, and for each parameter how many of them updated it. */
  readonly steps: number;
  readonly updates: readonly number[];
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/** Options that every optimizer takes. */
export interface OptimizerOptions {
  /** The size of a step; must be ≥ 0. */
  readonly learningRate?: number;
}

/** What an optimizer knows of one parameter besides its value and gradient. */
export interface ParameterState<StateName extends string> {
  /** The parameter's states, zeros at first; made when they are first read. */
  readonly state: Readonly<Record<StateName, Variable>>;
  /** The number of this update of the parameter, from 1. A step in which it has no gradient does not count. */
  readonly updates: number;
}

/**
 * The base of all optimizers. A subclass names the states of a parameter, checks its numbers, and updates one parameter.
 *
 * @example
 * const follow = update({ name: "SignDescent", forward: (w, g, rate) => [w.sub(g.sign().mul(rate))] });
 * class SignDescent extends Optimizer<never, Hyperparameters> {
 *   constructor(parameters: Parameters) {
 *     super("SignDescent", parameters, { learningRate: 0.01 }, []);
 *   }
 *   protected override check(): void {}
 *   protected override update(parameter: Variable, gradient: Tensor): void {
 *     follow([parameter], [gradient, stepScalar(() => this.learningRate)]);
 *   }
 * }
 */
export abstract class Optimizer<StateName extends string = string, H extends Hyperparameters = Hyperparameters> {
  /** The class's name, for messages. */
  readonly name: string;
  /** The variables that `step` updates. */
  readonly parameters: readonly Variable[];
  readonly #stateNames: readonly StateName[];
  readonly #known = new Map<Variable, KnownState<StateName>>();
  #hyperparameters: H;
  #steps = 0;
  #shared = false;

  protected constructor(name: string, parameters: Parameters, hyperparameters: H, stateNames: readonly StateName[]) {
    this.name = name;
    this.parameters = checkParameters(name, parameters);
    this.#hyperparameters = hyperparameters;
    this.#stateNames = stateNames;
    this.#checkAll(hyperparameters);
  }

  /** The numbers in force. */
  get hyperparameters(): H {
    return this.#hyperparameters;
  }

  /** The size of a step. Schedules assign it between steps. */
  get learningRate(): number {
    return observed(() => this.#hyperparameters.learningRate);
  }

  set learningRate(learningRate: number) {
    const changed = { ...this.#hyperparameters, learningRate };
    this.#checkAll(changed);
    this.#hyperparameters = changed;
  }

  #checkAll(hyperparameters: H): void {
    const rate = hyperparameters.learningRate;
    checkOption(Number.isFinite(rate) && rate >= 0, this.name, "learningRate", "a finite number ≥ 0", rate);
    this.check(hyperparameters);
  }

  /** Throws an OptionError if one of the optimizer's own numbers is out of range. */
  protected abstract check(hyperparameters: H): void;

  /** How many steps have been taken. */
  get steps(): number {
    return this.#steps;
  }

  /** Updates every parameter that has a gradient. A parameter without one stays as it is, and so does its state. */
  step(): void {
    if (!this.#shared) shareMemory(this.parameters);
    this.#shared = true;
    // A compiled step has these numbers built in, all but the learning rate; other numbers make another program.
    for (const name of Object.keys(this.#hyperparameters)) {
      if (name !== "learningRate") observed(() => this.#hyperparameters[name]);
    }
    everyCall(() => void this.#steps++);
    for (const parameter of this.parameters) {
      if (parameter.grad === null || !parameter.requiresGrad) continue;
      const known = this.#stateOf(parameter);
      everyCall(() => void known.updates++);
      this.update(parameter, parameter.grad, known);
    }
  }

  /** Forgets the gradients, so that the next backward starts from nothing. */
  zeroGrad(): void {
    for (const parameter of this.parameters) parameter.grad = null;
  }

  /** Updates one parameter and its states, given its gradient. */
  protected abstract update(parameter: Variable, gradient: Tensor, known: ParameterState<StateName>): void;

  #stateOf(parameter: Variable): KnownState<StateName> {
    let known = this.#known.get(parameter);
    if (known === undefined) {
      known = new KnownState(this.#stateNames, parameter);
      this.#known.set(parameter, known);
    }
    return known;
  }

  /** Everything that `loadStateDict` needs to go on exactly from here, as copies. */
  stateDict(): OptimizerState {
    const tensors: Record<string, Tensor> = {};
    for (const [index, parameter] of this.parameters.entries()) {
      const known = this.#known.get(parameter);
      if (known?.made)
        for (const name of this.#stateNames) tensors[`${index}.${name}`] = known.state[name].detach().clone();
    }
    const updates = this.parameters.map((parameter) => this.#known.get(parameter)?.updates ?? 0);
    return { hyperparameters: { ...this.#hyperparameters }, steps: this.#steps, updates, tensors };
  }

  /** Goes on from a saved state. @throws CheckpointError with all differences at once; then nothing has changed */
  loadStateDict(saved: OptimizerState): void {
    const { hyperparameters = {}, updates = [], tensors = {}, steps } = saved;
    const state = { hyperparameters, updates, tensors, steps };
    const problems = [...this.#tensorProblems(state), ...this.#numberProblems(state)];
    if (problems.length > 0)
      throw new CheckpointError(`${this.name}: the saved state does not fit: ${problems.join("; ")}`);
    this.#hyperparameters = { ...this.#hyperparameters, ...hyperparameters };
    this.#steps = steps;
    for (const [index, parameter] of this.parameters.entries()) {
      const known = this.#stateOf(parameter);
      known.updates = updates[index] ?? 0;
      for (const name of this.#stateNames) {
        const value = tensors[`${index}.${name}`];
        // The Variables stay the same ones: compiled steps work on them.
        if (value !== undefined) known.state[name].assign(value);
        else if (known.made) known.state[name].assign(zeros(parameter.shape, { dtype: parameter.dtype }));
      }
    }
  }

  #tensorProblems({ tensors, updates }: OptimizerState): string[] {
    const problems: string[] = [];
    const unknown = new Set(Object.keys(tensors));
    const hasStates = unknown.size > 0; // Plain gradient descent has none.
    for (const [index, parameter] of this.parameters.entries()) {
      const keys = this.#stateNames.map((name) => `${index}.${name}`);
      const needed = (hasStates && (updates[index] ?? 0) > 0) || keys.some((key) => key in tensors);
      for (const key of needed ? keys : []) {
        const [found, wanted] = [specOf(tensors[key]), specOf(parameter)];
        if (!unknown.delete(key)) problems.push(`${key} is missing (${parameter.name || "unnamed"})`);
        else if (found !== wanted) problems.push(`${key} is ${found}, its parameter ${wanted}`);
      }
    }
    return [...problems, ...[...unknown].map((key) => `${key} is unknown`)];
  }

  #numberProblems({ hyperparameters, steps, updates }: OptimizerState): string[] {
    const own: Readonly<Record<string, unknown>> = { ...this.#hyperparameters };
    const problems = Object.entries(own).flatMap(([name, value]) => {
      const found = hyperparameters[name];
      if (found === undefined) return [`${name} is missing`];
      return typeof found === typeof value ? [] : [`${name} is ${describe(found)}`];
    });
    for (const name of Object.keys(hyperparameters)) if (!(name in own)) problems.push(`${name} is unknown`);
    try {
      this.#checkAll({ ...this.#hyperparameters, ...hyperparameters });
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      problems.push(error.message);
    }
    if (!isCount(steps)) problems.push(`steps is ${describe(steps)}`);
    if (updates.length !== this.parameters.length)
      problems.push(`it counts ${updates.length} parameters, there are ${this.parameters.length}`);
    if (!updates.every(isCount)) problems.push(`updates are ${describe(updates)}`);
    return problems;
  }
}

/** `float32 [3]`: what must agree. */
function specOf(value: unknown): string {
  if (!(value instanceof Tensor)) return describe(value);
  const { dtype, shape }: Tensor = value;
  return `${dtype} ${formatShape(shape)}`;
}

/** The states of one parameter, made when they are first read: plain SGD never reads any. */
class KnownState<StateName extends string> implements ParameterState<StateName> {
  updates = 0;
  readonly #names: readonly StateName[];
  readonly #parameter: Variable;
  #state: Record<StateName, Variable> | null = null;

  constructor(names: readonly StateName[], parameter: Variable) {
    this.#names = names;
    this.#parameter = parameter;
  }

  /** Whether the states exist. */
  get made(): boolean {
    return this.#state !== null;
  }

  get state(): Record<StateName, Variable> {
    this.#state ??= zeroStates(this.#names, this.#parameter);
    return this.#state;
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function zeroStates<Name extends string>(names: readonly Name[], parameter: Variable): Record<Name, Variable> {
  const pairs = names.map((name) => {
    const initial = zeros(parameter.shape, { dtype: parameter.dtype });
    return [name, new Variable(initial, { name: `${parameter.name}.${name}`, requiresGrad: false })] as const;
  });
  return Object.fromEntries(pairs) as Record<Name, Variable>; // cast: one pair was made for each name
}

function checkParameters(name: string, parameters: Parameters): readonly Variable[] {
  const list = [...parameters];
  if (list.length === 0) throw new OptionError(`${name}: no parameters to optimize: pass model.parameters()`);
  for (const [index, parameter] of list.entries()) {
    if (!(parameter instanceof Variable))
      throw new OptionError(`${name}: parameter ${index} is no Variable: only Variables can be updated`);
    if (list.indexOf(parameter) !== index)
      throw new OptionError(`${name}: parameter ${parameter.name || index} is given twice`);
  }
  return list;
}
