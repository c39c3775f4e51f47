// What a layer adds to the loss beside what comes out of it, and what it keeps its weights to: regularizers and constraints, as options
// that layers share, and the record that each layer has of them.

import {
  currentCapture,
  formatShape,
  GradusError,
  isRecomputing,
  ShapeError,
  type Tensor,
  type Variable,
} from "@gradus/core";
import type { Constraint } from "./constraints.ts";
import type { OptionRule, OptionRules } from "./options.ts";
import type { Regularizer } from "./regularizers.ts";

/** A function that makes a penalty. */
export const regularizerRule: OptionRule = {
  rule: "a regularizer, a function such as l2(1e-4)",
  valid: (value) => typeof value === "function",
};

/** A function that makes allowed weights. */
export const constraintRule: OptionRule = {
  rule: "a constraint, a function such as maxNorm(2)",
  valid: (value) => typeof value === "function",
};

/** Options of layers with a weight. */
export interface WeightOptions {
  /** What the weight costs: `l2(1e-4)`; nothing by default. */
  readonly weightRegularizer?: Regularizer;
  /** What the layer's result costs, divided by the size of the batch, its first axis; nothing by default. */
  readonly activityRegularizer?: Regularizer;
  /** What the weight is kept to after each step: `maxNorm(2)`; anything by default. */
  readonly weightConstraint?: Constraint;
}

/** Options of layers with a weight and a bias. */
export interface BiasOptions {
  /** What the bias costs; nothing by default. */
  readonly biasRegularizer?: Regularizer;
  /** What the bias is kept to after each step; anything by default. */
  readonly biasConstraint?: Constraint;
}

/** The rules of {@link WeightOptions}. */
export const weightRules: OptionRules<WeightOptions> = {
  weightRegularizer: regularizerRule,
  activityRegularizer: regularizerRule,
  weightConstraint: constraintRule,
};

/** The rules of {@link BiasOptions}. */
export const biasRules: OptionRules<BiasOptions> = {
  biasRegularizer: regularizerRule,
  biasConstraint: constraintRule,
};

/** After so many calls of whose penalties nobody asked, nobody will. */
const FORGOTTEN = 1024;

/** The penalties and constraints of one layer. */
export class Penalties {
  readonly regularizers: Map<Variable, Regularizer> = new Map();
  readonly constraints: Map<Variable, Constraint> = new Map();
  activity: Regularizer | null = null;
  /** Penalties of calls that were not asked for yet, and what captured them. */
  #calls: Tensor[] = [];
  #capture: object | null = null;

  /** Notes a penalty of the call that goes on. A layer may be called several times in one pass: they add up. */
  note(owner: { toString(): string }, penalty: Tensor, training: boolean): void {
    checkScalar(owner, penalty);
    // Computed again for a checkpoint's gradients, a call is not another one.
    if (isRecomputing()) return;
    const capture = currentCapture();
    if (capture !== this.#capture) this.forget();
    this.#capture = capture;
    if (this.#calls.length >= FORGOTTEN) {
      this.forget();
      if (training) {
        const advice = "add model.regularization() to the loss, or ask for it after each forward pass";
        throw new GradusError(`${owner}: the penalties of ${FORGOTTEN} calls were never asked for: ${advice}`);
      }
    }
    this.#calls.push(penalty);
  }

  /** The penalties of the calls since this was asked last. */
  take(): readonly Tensor[] {
    const calls = this.#capture === currentCapture() ? this.#calls : [];
    this.forget();
    return calls;
  }

  /** Lets go of the penalties of all calls so far. */
  forget(): void {
    this.#calls = [];
  }
}

/** The sum of all penalties, each weight counted once, without those that are not being learned; null where there are none. */
export function sumOfPenalties(
  layers: Iterable<readonly [owner: { toString(): string }, own: Penalties]>,
): Tensor | null {
  const seen = new Set<Variable>();
  let sum: Tensor | null = null;
  const add = (penalty: Tensor): void => {
    sum = sum === null ? penalty : sum.add(penalty);
  };
  for (const [owner, own] of layers) {
    for (const [variable, regularizer] of own.regularizers) {
      if (seen.has(variable) || !variable.requiresGrad) continue;
      seen.add(variable);
      const penalty = regularizer(variable);
      checkScalar(owner, penalty);
      add(penalty);
    }
    for (const penalty of own.take()) add(penalty);
  }
  return sum;
}

function checkScalar(owner: { toString(): string }, penalty: Tensor): void {
  if (penalty.rank === 0) return;
  throw new ShapeError(`${owner}: a penalty must be a scalar, got ${formatShape(penalty.shape)}: sum it up`);
}
