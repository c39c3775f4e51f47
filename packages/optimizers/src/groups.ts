// Parameter groups: parameters that share hyperparameters. A list of parameters is one group.

import { describe, OptionError, observed, Variable } from "@gradus/core";
import { checkSizes } from "./options.ts";

/** The numbers that rule an optimizer. */
export type Hyperparameters = Readonly<Record<string, number | boolean>> & {
  /** η, the size of a step, ≥ 0. */
  readonly learningRate: number;
};

/** Options that every optimizer takes. */
export interface OptimizerOptions {
  /** η, the size of a step, ≥ 0; each optimizer has a default of its own. */
  readonly learningRate?: number;
}

/** Parameters with options of their own: those that are left out are the optimizer's. */
export type GroupOptions<Options extends object = OptimizerOptions> = Options & {
  /** The Variables of the group; none may be in another. */
  readonly parameters: Iterable<Variable>;
};

/** Variables to optimize, or groups of them with options of their own, in a list or any other iterable. */
export type Parameters<Options extends object = OptimizerOptions> =
  | Iterable<Variable>
  | Iterable<GroupOptions<Options>>;

/** Says what is wrong with hyperparameters; a method, so that a group of one optimizer's numbers is a group of numbers. */
interface Checks<H extends Hyperparameters> {
  check(hyperparameters: H, parameters: readonly Variable[]): void;
}

/**
 * Parameters that share hyperparameters.
 *
 * @example
 * const optimizer = new SGD([{ parameters: model.parameters(), learningRate: 0.1 }], { learningRate: 0.01 });
 * const [group] = optimizer.groups;
 * group.learningRate; // 0.1
 * group.hyperparameters = { ...group.hyperparameters, momentum: 0.9 };
 */
export class ParameterGroup<H extends Hyperparameters = Hyperparameters> {
  /** The variables of the group, in the order in which they were given. */
  readonly parameters: readonly Variable[];
  readonly #owner: string;
  readonly #rules: Checks<H>;
  #hyperparameters: H;

  /**
   * @param owner the optimizer's name, for messages
   * @param parameters what the group updates
   * @param hyperparameters the numbers to begin with
   * @param rules whose `check` throws if one of the numbers is out of range
   * @throws OptionError as `rules` says, or for a learning rate that is negative or not finite
   */
  constructor(owner: string, parameters: readonly Variable[], hyperparameters: H, rules: Checks<H>) {
    this.parameters = parameters;
    this.#owner = owner;
    this.#rules = rules;
    this.#hyperparameters = hyperparameters;
    this.check(hyperparameters);
  }

  /**
   * The numbers in force. Other numbers may be assigned between steps (out of range, they throw an OptionError and
   * nothing changes); all but the learning rate make another program of a compiled step.
   */
  get hyperparameters(): H {
    return this.#hyperparameters;
  }

  set hyperparameters(hyperparameters: H) {
    this.check(hyperparameters);
    this.#hyperparameters = hyperparameters;
  }

  /** η, the size of a step, ≥ 0. It may be assigned between steps; a compiled step reads it at each call. */
  get learningRate(): number {
    return observed(() => this.#hyperparameters.learningRate);
  }

  set learningRate(learningRate: number) {
    this.hyperparameters = { ...this.#hyperparameters, learningRate };
  }

  /**
   * Whether numbers may be assigned to `hyperparameters`.
   *
   * @throws OptionError if they are out of range, naming them
   */
  check(hyperparameters: H): void {
    checkSizes(this.#owner, { learningRate: hyperparameters.learningRate });
    this.#rules.check(hyperparameters, this.parameters);
  }
}

/** Parameters and options as groups: a list of Variables is one group without options. */
export function groupsOf<Options extends object>(
  name: string,
  parameters: Iterable<Variable | GroupOptions<Options>>,
): readonly { readonly parameters: readonly Variable[]; readonly options: object }[] {
  const list = [...listed(name, parameters)];
  const [first] = list;
  if (first === undefined || !isGroup(first)) return [{ parameters: checkParameters(name, list), options: {} }];
  const seen: unknown[] = [];
  return list.map((group, index) => {
    if (!isGroup(group))
      throw new OptionError(`${name}: group ${index} is ${describe(group)}, not an object with parameters and options`);
    const { parameters: inner, ...options } = group;
    const own = [...listed(`${name}: group ${index}`, inner)];
    if (own.length === 0) throw new OptionError(`${name}: group ${index} has no parameters`);
    checkParameters(name, seen, own);
    seen.push(...own);
    return { parameters: own, options };
  });
}

/** What can be iterated over. @throws OptionError if it cannot */
export function listed<T>(name: string, parameters: Iterable<T>): Iterable<T> {
  if (typeof parameters === "object" && parameters !== null && Symbol.iterator in parameters) return parameters;
  throw new OptionError(
    `${name}: parameters must be a list of Variables, got ${describe(parameters)}: pass model.parameters()`,
  );
}

/** Whether an entry of a list of parameters is a group of them. */
export function isGroup<G extends object>(value: Variable | G): value is G {
  return !(value instanceof Variable) && typeof value === "object" && value !== null && "parameters" in value;
}

/** The Variables of a list. @throws OptionError if there are none, one comes twice, or something else is among them */
export function checkParameters(
  name: string,
  parameters: Iterable<unknown>,
  more: Iterable<unknown> = [],
): readonly Variable[] {
  const list = [...listed(name, parameters), ...more];
  if (list.length === 0) throw new OptionError(`${name}: no parameters to optimize: pass model.parameters()`);
  const seen = new Set<Variable>();
  for (const [index, parameter] of list.entries()) {
    if (!(parameter instanceof Variable))
      throw new OptionError(`${name}: parameter ${index} is no Variable: only Variables can be updated`);
    if (seen.has(parameter)) throw new OptionError(`${name}: parameter ${parameter.name || index} is given twice`);
    seen.add(parameter);
  }
  return [...seen];
}
