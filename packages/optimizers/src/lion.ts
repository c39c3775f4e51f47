// Lion: steps of one size, in the direction of the sign of an average of gradients. One state for each parameter.
// Source: X. Chen and others, "Symbolic discovery of optimization algorithms", 2023, algorithm 2.

import { stepScalar, type Tensor, type Update, update, type Variable } from "@gradus/core";
import type { OptimizerOptions, Parameters } from "./groups.ts";
import { Optimizer } from "./optimizer.ts";
import { checkShares, checkSizes, withDefaults } from "./options.ts";
import type { ParameterState } from "./state.ts";

/** The numbers that rule {@link Lion}. */
export type LionHyperparameters = {
  /** η ≥ 0: how far every weight moves at every step. */
  readonly learningRate: number;
  /** β₁, the share of the average m in the direction of the step, from 0 to below 1. */
  readonly beta1: number;
  /** β₂, the share of the old average in the new one, from 0 to below 1. */
  readonly beta2: number;
  /** λ ≥ 0: weights shrink by the factor 1 − ηλ at each step. */
  readonly weightDecay: number;
};

/** Options of {@link Lion}. */
export interface LionOptions extends OptimizerOptions {
  /** η, the size of a step, ≥ 0; 1e-4 by default. */
  readonly learningRate?: number;
  /** The share of the average in the direction of the step, from 0 to below 1; 0.9 by default. */
  readonly beta1?: number;
  /** The share of the old average of gradients, from 0 to below 1; 0.99 by default. */
  readonly beta2?: number;
  /** λ: weights shrink by the factor 1 − ηλ, whatever their gradients; 0 by default. */
  readonly weightDecay?: number;
}

const defaults: LionHyperparameters = { learningRate: 1e-4, beta1: 0.9, beta2: 0.99, weightDecay: 0 };

// w ← (1 − ηλ)·w − η·sign(β₁·m + (1 − β₁)·g);  m ← β₂·m + (1 − β₂)·g
const follow: Update = /* @__PURE__ */ update({
  name: "Lion",
  forward: (w, m, g, rate, kept, beta1, fresh1, beta2, fresh2) => {
    const direction = m.mul(beta1).add(g.mul(fresh1)).sign();
    return [w.mul(kept).sub(direction.mul(rate)), m.mul(beta2).add(g.mul(fresh2))];
  },
});

/**
 * Lion: w ← (1 − ηλ)w − η·sign(β₁m + (1 − β₁)g), then m ← β₂m + (1 − β₂)g. Rates are 3 to 10 times smaller than
 * Adam's, and decays as much larger.
 *
 * Source: X. Chen and others, "Symbolic discovery of optimization algorithms", 2023.
 *
 * @example
 * const optimizer = new Lion(model.parameters(), { learningRate: 1e-4, weightDecay: 0.1 });
 */
export class Lion extends Optimizer<"mean", LionHyperparameters> {
  /**
   * @param parameters Variables, or groups of them with options of their own
   * @throws OptionError for an unknown option or one out of range, for no parameters, and for one given twice
   */
  constructor(parameters: Parameters<LionOptions>, options: LionOptions = {}) {
    super("Lion", parameters, withDefaults("Lion", defaults, options), ["mean"]);
  }

  protected override check({ beta1, beta2, weightDecay }: LionHyperparameters): void {
    checkShares("Lion", { beta1, beta2 });
    checkSizes("Lion", { weightDecay });
  }

  protected override update(
    parameter: Variable,
    gradient: Tensor,
    { group, state }: ParameterState<"mean", LionHyperparameters>,
  ): void {
    const { beta1, beta2, weightDecay } = group.hyperparameters;
    const rate = stepScalar(() => group.learningRate, parameter.dtype);
    const kept = stepScalar(() => 1 - group.learningRate * weightDecay, parameter.dtype);
    follow([parameter, state.mean], [gradient, rate, kept, beta1, 1 - beta1, beta2, 1 - beta2]);
  }
}
