// Adamax: Adam with the largest gradient, slowly forgotten, in the place of the root of the average square.
// Source: D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 2; ε inside the maximum, as in
// PyTorch.

import { stepScalar, type Tensor, type Update, update, type Variable } from "@gradus/core";
import type { OptimizerOptions, Parameters } from "./groups.ts";
import { Optimizer } from "./optimizer.ts";
import { checkShares, checkSizes, withDefaults } from "./options.ts";
import { power } from "./power.ts";
import type { ParameterState } from "./state.ts";

/** The numbers that rule {@link Adamax}. */
export type AdamaxHyperparameters = {
  /** η ≥ 0: no weight moves by much more at a step. */
  readonly learningRate: number;
  /** β₁, the share of the old average of gradients m, from 0 to below 1. */
  readonly beta1: number;
  /** β₂, what remains of the largest gradient u from step to step, from 0 to below 1. */
  readonly beta2: number;
  /** ε ≥ 0, added to |g|, so that nothing is divided by 0. */
  readonly epsilon: number;
  /** λ ≥ 0 of the penalty λ/2·|w|², added to the gradient as λ·w. */
  readonly weightDecay: number;
};

/** Options of {@link Adamax}. */
export interface AdamaxOptions extends OptimizerOptions {
  /** η, the size of a step, ≥ 0; 2e-3 by default. */
  readonly learningRate?: number;
  /** The share of the old average of gradients, from 0 to below 1; 0.9 by default. */
  readonly beta1?: number;
  /** What remains of the largest gradient from step to step, from 0 to below 1; 0.999 by default. */
  readonly beta2?: number;
  /** Added to |g|, so that nothing is divided by 0; 1e-8 by default. */
  readonly epsilon?: number;
  /** λ of the penalty λ/2·|w|², added to the gradient as λ·w; 0 by default. */
  readonly weightDecay?: number;
}

const defaults: AdamaxHyperparameters = {
  learningRate: 2e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
};

// m ← β₁·m + (1 − β₁)·g;  u ← max(β₂·u, |g| + ε);  w ← w − η/(1 − β₁ᵗ) · m/u
const adapt: Update = /* @__PURE__ */ update({
  name: "Adamax",
  forward: (w, m, u, gradient, rate, epsilon, beta1, fresh1, beta2, decay) => {
    const g = gradient.add(w.mul(decay));
    const first = m.mul(beta1).add(g.mul(fresh1));
    const largest = u.mul(beta2).maximum(g.abs().add(epsilon));
    return [w.sub(first.mul(rate).div(largest)), first, largest];
  },
});

/**
 * Adamax: m ← β₁m + (1 − β₁)g, u ← max(β₂u, |g| + ε), w ← w − η·m̂/u with m̂ = m/(1 − β₁ᵗ).
 *
 * Source: D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 2; ε as in
 * PyTorch.
 *
 * @example
 * const optimizer = new Adamax(model.parameters(), { learningRate: 2e-3 });
 */
export class Adamax extends Optimizer<"firstMoment" | "largest", AdamaxHyperparameters> {
  /**
   * @param parameters Variables, or groups of them with options of their own
   * @throws OptionError for an unknown option or one out of range, for no parameters, and for one given twice
   */
  constructor(parameters: Parameters<AdamaxOptions>, options: AdamaxOptions = {}) {
    super("Adamax", parameters, withDefaults("Adamax", defaults, options), ["firstMoment", "largest"]);
  }

  protected override check({ beta1, beta2, epsilon, weightDecay }: AdamaxHyperparameters): void {
    checkShares("Adamax", { beta1, beta2 });
    checkSizes("Adamax", { epsilon, weightDecay });
  }

  protected override update(
    parameter: Variable,
    gradient: Tensor,
    known: ParameterState<"firstMoment" | "largest", AdamaxHyperparameters>,
  ): void {
    const { group, state } = known;
    const { beta1, beta2, epsilon, weightDecay } = group.hyperparameters;
    const rate = stepScalar(() => group.learningRate / (1 - power(beta1, known.updates)), parameter.dtype);
    const inputs = [gradient, rate, epsilon, beta1, 1 - beta1, beta2, weightDecay];
    adapt([parameter, state.firstMoment, state.largest], inputs);
  }
}
