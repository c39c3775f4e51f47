// What all optimizers share: groups of parameters, the state of each, hyperparameters, and saving. An optimizer itself says only
// which states a parameter has and how one parameter is updated.

import {
  CheckpointError,
  describe,
  everyCall,
  OptionError,
  observed,
  shareMemory,
  type Tensor,
  type Variable,
} from "@gradus/core";
import { type GroupOptions, groupsOf, type Hyperparameters, ParameterGroup } from "./groups.ts";
import { withDefaults } from "./options.ts";
import { isCount, KnownState, type OptimizerState, type ParameterState, specOf } from "./state.ts";

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
 *   protected override update(parameter: Variable, gradient: Tensor, { group }: ParameterState<never>): void {
 *     follow([parameter], [gradient, stepScalar(() => group.learningRate)]);
 *   }
 * }
 */
export abstract class Optimizer<StateName extends string = string, H extends Hyperparameters = Hyperparameters> {
  /** The class's name, for messages. */
  readonly name: string;
  /** The groups of parameters, each with hyperparameters of its own; one if a plain list was given. */
  readonly groups: readonly ParameterGroup<H>[];
  /** The variables that `step` updates, of all groups. */
  readonly parameters: readonly Variable[];
  readonly #first: ParameterGroup<H>;
  readonly #states: { names(hyperparameters: H): readonly StateName[] };
  readonly #known: readonly (readonly [Variable, KnownState<StateName, H>])[];
  #steps = 0;
  #shared = false;

  /**
   * @param name the class's name, for messages
   * @param parameters Variables, or groups of them with hyperparameters of their own
   * @param hyperparameters those of all groups, unless a group has its own
   * @param stateNames the names of a parameter's states, or which they are for hyperparameters
   * @throws OptionError if there are no parameters, one comes twice, or a group's hyperparameter is unknown or out
   * of range
   */
  protected constructor(
    name: string,
    parameters: Iterable<Variable | GroupOptions<object>>,
    hyperparameters: H,
    stateNames: readonly StateName[] | ((hyperparameters: H) => readonly StateName[]),
  ) {
    this.name = name;
    this.groups = groupsOf(name, parameters).map(
      ({ parameters: own, options }) =>
        new ParameterGroup(name, own, withDefaults(name, hyperparameters, options), {
          check: (numbers, variables) => this.check(numbers, variables),
        }),
    );
    const [first] = this.groups;
    if (first === undefined) throw new OptionError(`${name}: no parameters to optimize: pass model.parameters()`);
    this.#first = first;
    this.parameters = this.groups.flatMap((group) => group.parameters);
    this.#states = { names: typeof stateNames === "function" ? stateNames : () => stateNames };
    this.#known = this.groups.flatMap((group) =>
      group.parameters.map((parameter) => [parameter, new KnownState<StateName, H>(parameter, group)] as const),
    );
  }

  /** The numbers in force, of the first group. */
  get hyperparameters(): H {
    return this.#first.hyperparameters;
  }

  /**
   * η, the size of a step, of the first group. Assigning it changes the rates of all groups in proportion.
   *
   * @throws OptionError when it is assigned a number that is negative or not finite, or if it was 0 and groups
   * differ
   */
  get learningRate(): number {
    return this.#first.learningRate;
  }

  set learningRate(learningRate: number) {
    this.#first.check({ ...this.#first.hyperparameters, learningRate });
    const before = this.#first.hyperparameters.learningRate;
    const rates = this.groups.map(({ hyperparameters: { learningRate: rate } }) =>
      rate === before ? learningRate : learningRate * (rate / before),
    );
    if (before === 0 && rates.some((rate) => rate !== learningRate)) {
      throw new OptionError(
        `${this.name}: the first group's learningRate is 0, so that no proportion is left: assign it to each group`,
      );
    }
    for (const [index, group] of this.groups.entries()) group.learningRate = rates[index] ?? learningRate;
  }

  /** Throws an OptionError if one of the optimizer's own numbers is out of range, or does not suit these parameters. */
  protected abstract check(hyperparameters: H, parameters: readonly Variable[]): void;

  /** The value with which a state begins; 0 unless a subclass says otherwise. */
  protected initial(_state: StateName, _hyperparameters: H): number {
    return 0;
  }

  /** How many steps have been taken. */
  get steps(): number {
    return this.#steps;
  }

  /** Updates every parameter that has a gradient. A parameter without one stays as it is, and so does its state. */
  step(): void {
    if (!this.#shared) shareMemory(this.parameters);
    this.#shared = true;
    // A compiled step has these numbers built in, all but the learning rates; other numbers make another program.
    for (const group of this.groups) {
      for (const name of Object.keys(group.hyperparameters)) {
        if (name !== "learningRate") observed(() => group.hyperparameters[name]);
      }
    }
    everyCall(() => void this.#steps++);
    for (const [parameter, known] of this.#known) {
      if (parameter.grad === null || !parameter.requiresGrad) continue;
      const { hyperparameters } = known.group;
      for (const name of this.#states.names(hyperparameters)) known.variable(name, this.initial(name, hyperparameters));
      everyCall(() => void known.updates++);
      this.update(parameter, parameter.grad, known);
    }
  }

  /** Forgets the gradients, so that the next backward starts from nothing. */
  zeroGrad(): void {
    for (const parameter of this.parameters) parameter.grad = null;
  }

  /** Updates one parameter and its states, given its gradient. */
  protected abstract update(parameter: Variable, gradient: Tensor, known: ParameterState<StateName, H>): void;

  /**
   * Everything that `loadStateDict` needs to go on exactly from here, as copies: plain numbers, and tensors by name.
   */
  stateDict(): OptimizerState {
    const tensors: Record<string, Tensor> = {};
    for (const [index, [, known]] of this.#known.entries()) {
      if (known.updates === 0) continue;
      for (const name of this.#states.names(known.group.hyperparameters))
        tensors[`${index}.${name}`] = known.state[name].detach().clone();
    }
    const groups = this.groups.map(({ parameters, hyperparameters }) => ({
      parameters: parameters.length,
      hyperparameters: { ...hyperparameters },
    }));
    return { groups, steps: this.#steps, updates: this.#known.map(([, { updates }]) => updates), tensors };
  }

  /** Goes on from a saved state. @throws CheckpointError with all differences at once; then nothing has changed */
  loadStateDict(saved: OptimizerState): void {
    const { groups = [], updates = [], tensors = {}, steps } = saved;
    const state = { groups, updates, tensors, steps };
    const problems = [...this.#tensorProblems(state), ...this.#numberProblems(state)];
    if (problems.length > 0)
      throw new CheckpointError(`${this.name}: the saved state does not fit: ${problems.join("; ")}`);
    for (const [index, group] of this.groups.entries())
      group.hyperparameters = { ...group.hyperparameters, ...groups[index]?.hyperparameters };
    this.#steps = steps;
    for (const [index, [, known]] of this.#known.entries()) {
      const { hyperparameters } = known.group;
      known.updates = updates[index] ?? 0;
      known.reset((name) => this.initial(name, hyperparameters));
      for (const name of this.#states.names(hyperparameters)) {
        const value = tensors[`${index}.${name}`];
        if (value !== undefined) known.variable(name, 0).assign(value);
      }
    }
  }

  #tensorProblems({ tensors, updates, groups }: OptimizerState): string[] {
    const problems: string[] = [];
    const unknown = new Set(Object.keys(tensors));
    for (const [index, [parameter, { group }]] of this.#known.entries()) {
      const numbers = { ...group.hyperparameters, ...groups[this.groups.indexOf(group)]?.hyperparameters };
      const keys = this.#states.names(numbers).map((name) => `${index}.${name}`);
      const needed = (updates[index] ?? 0) > 0 || keys.some((key) => key in tensors);
      for (const key of needed ? keys : []) {
        const [found, wanted] = [specOf(tensors[key]), specOf(parameter)];
        if (!unknown.delete(key)) problems.push(`${key} is missing (${parameter.name || "unnamed"})`);
        else if (found !== wanted) problems.push(`${key} is ${found}, its parameter ${wanted}`);
      }
    }
    return [...problems, ...[...unknown].map((key) => `${key} is unknown`)];
  }

  #numberProblems({ groups, steps, updates }: OptimizerState): string[] {
    const problems = this.groups.flatMap((group, index) => this.#groupProblems(group, index, groups[index]));
    if (groups.length !== this.groups.length)
      problems.push(`it has ${groups.length} groups of parameters, there are ${this.groups.length}`);
    if (!isCount(steps)) problems.push(`steps is ${describe(steps)}`);
    if (updates.length !== this.parameters.length)
      problems.push(`it counts ${updates.length} parameters, there are ${this.parameters.length}`);
    if (!updates.every(isCount)) problems.push(`updates are ${describe(updates)}`);
    return problems;
  }

  #groupProblems(
    group: ParameterGroup<H>,
    index: number,
    saved: OptimizerState["groups"][number] | undefined,
  ): string[] {
    if (saved === undefined) return [];
    const place = this.groups.length > 1 ? `group ${index}: ` : "";
    const own: Readonly<Record<string, unknown>> = group.hyperparameters;
    const { parameters, hyperparameters = {} } = saved;
    const problems = Object.entries(own).flatMap(([name, value]) => {
      const found = hyperparameters[name];
      if (found === undefined) return [`${place}${name} is missing`];
      return typeof found === typeof value ? [] : [`${place}${name} is ${describe(found)}`];
    });
    for (const name of Object.keys(hyperparameters)) if (!(name in own)) problems.push(`${place}${name} is unknown`);
    if (this.groups.length > 1 && parameters !== group.parameters.length)
      problems.push(`${place}it has ${describe(parameters)} parameters, there are ${group.parameters.length}`);
    try {
      group.check({ ...group.hyperparameters, ...hyperparameters });
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      problems.push(`${place}${error.message}`);
    }
    return problems;
  }
}
