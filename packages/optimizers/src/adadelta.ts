// Adadelta: the ratio of what steps were to what gradients are, so that a step has the unit of its weight.
// Source: M. D. Zeiler, "ADADELTA: an adaptive learning rate method", 2012, algorithm 1; the learning rate is PyTorch's addition.

import { stepScalar, type Tensor, type Update, update, type Variable } from "@gradus/core";
import type { OptimizerOptions, Parameters } from "./groups.ts";
import { Optimizer } from "./optimizer.ts";
import { checkShares, checkSizes, withDefaults } from "./options.ts";
import type { ParameterState } from "./state.ts";

/** The numbers that rule {@link Adadelta}. */
export type AdadeltaHyperparameters = {
  /** η, by which the step δ is multiplied; ≥ 0. */
  readonly learningRate: number;
  /** ρ, the share of the old averages of g² and δ², from 0 to below 1. */
  readonly rho: number;
  /** ε, added under both roots, ≥ 0: at 0 nothing would ever begin to move. */
  readonly epsilon: number;
  /** λ ≥ 0 of the penalty λ/2·|w|², added to the gradient as λ·w. */
  readonly weightDecay: number;
};

/** Options of {@link Adadelta}. */
export interface AdadeltaOptions extends OptimizerOptions {
  /** η, the size of a step, ≥ 0; 1 by default: the steps find their size themselves. */
  readonly learningRate?: number;
  /** ρ, the share of the old averages, from 0 to below 1; 0.9 by default. */
  readonly rho?: number;
  /** Added under both roots: it is what the first steps begin with; 1e-6 by default. */
  readonly epsilon?: number;
  /** λ of the penalty λ/2·|w|², added to the gradient as λ·w; 0 by default. */
  readonly weightDecay?: number;
}

const defaults: AdadeltaHyperparameters = { learningRate: 1, rho: 0.9, epsilon: 1e-6, weightDecay: 0 };

// s ← ρ·s + (1 − ρ)·g²;  δ = g·√(d + ε)/√(s + ε);  d ← ρ·d + (1 − ρ)·δ²;  w ← w − η·δ
const adapt: Update = /* @__PURE__ */ update({
  name: "Adadelta",
  forward: (w, s, d, gradient, rate, epsilon, rho, fresh, decay) => {
    const g = gradient.add(w.mul(decay));
    const square = s.mul(rho).add(g.square().mul(fresh));
    const delta = d.add(epsilon).sqrt().div(square.add(epsilon).sqrt()).mul(g);
    return [w.sub(delta.mul(rate)), square, d.mul(rho).add(delta.square().mul(fresh))];
  },
});

/**
 * Adadelta: s ← ρs + (1 − ρ)g², δ = g·√(d + ε)/√(s + ε), d ← ρd + (1 − ρ)δ², w ← w − η·δ. A step has the unit of its
 * weight.
 *
 * Source: M. D. Zeiler, "ADADELTA: an adaptive learning rate method", 2012; the learning rate is PyTorch's addition.
 *
 * @example
 * const optimizer = new Adadelta(model.parameters());
 */
export class Adadelta extends Optimizer<"square" | "delta", AdadeltaHyperparameters> {
  /**
   * @param parameters Variables, or groups of them with options of their own
   * @throws OptionError for an unknown option or one out of range, for no parameters, and for one given twice
   */
  constructor(parameters: Parameters<AdadeltaOptions>, options: AdadeltaOptions = {}) {
    super("Adadelta", parameters, withDefaults("Adadelta", defaults, options), ["square", "delta"]);
  }

  protected override check({ rho, epsilon, weightDecay }: AdadeltaHyperparameters): void {
    checkShares("Adadelta", { rho });
    checkSizes("Adadelta", { epsilon, weightDecay });
  }

  protected override update(
    parameter: Variable,
    gradient: Tensor,
    { group, state }: ParameterState<"square" | "delta", AdadeltaHyperparameters>,
  ): void {
    const { rho, epsilon, weightDecay } = group.hyperparameters;
    const rate = stepScalar(() => group.learningRate, parameter.dtype);
    adapt([parameter, state.square, state.delta], [gradient, rate, epsilon, rho, 1 - rho, weightDecay]);
  }
}
