// RAdam: Adam that waits with dividing by √v until v has seen enough gradients to be trusted.
// Source: L. Liu, H. Jiang, P. He, W. Chen, X. Liu, J. Gao, J. Han, "On the variance of the adaptive learning rate and beyond",
// ICLR 2020, algorithm 2; the division begins above ρ = 5, as in PyTorch.

import { stepScalar, type Tensor, type Update, update, type Variable } from "@gradus/core";
import type { OptimizerOptions, Parameters } from "./groups.ts";
import { Optimizer } from "./optimizer.ts";
import { checkShares, checkSizes, withDefaults } from "./options.ts";
import { power } from "./power.ts";
import type { ParameterState } from "./state.ts";

/** The numbers that rule {@link RAdam}. */
export type RAdamHyperparameters = {
  /** η, the size of a step, ≥ 0. */
  readonly learningRate: number;
  /** β₁, the share of the old average of gradients m, from 0 to below 1. */
  readonly beta1: number;
  /** β₂, the share of the old average of squared gradients v, from 0 to below 1: how long v takes to be trusted. */
  readonly beta2: number;
  /** ε ≥ 0, added to √v, so that nothing is divided by 0. */
  readonly epsilon: number;
  /** λ ≥ 0 of the penalty λ/2·|w|², added to the gradient as λ·w. */
  readonly weightDecay: number;
};

/** Options of {@link RAdam}. */
export interface RAdamOptions extends OptimizerOptions {
  /** η, the size of a step, ≥ 0; 1e-3 by default. */
  readonly learningRate?: number;
  /** The share of the old average of gradients, from 0 to below 1; 0.9 by default. */
  readonly beta1?: number;
  /** The share of the old average of squared gradients, from 0 to below 1; 0.999 by default. */
  readonly beta2?: number;
  /** Added to the root, so that nothing is divided by 0; 1e-8 by default. */
  readonly epsilon?: number;
  /** λ of the penalty λ/2·|w|², added to the gradient as λ·w; 0 by default. */
  readonly weightDecay?: number;
}

const defaults: RAdamHyperparameters = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
};

// m ← β₁·m + (1 − β₁)·g;  v ← β₂·v + (1 − β₂)·g²
// w ← w − η/(1 − β₁ᵗ) · m · (a/(√v + ε) + b), where b is 1 at first and a = r·√(1 − β₂ᵗ) later
const adapt: Update = /* @__PURE__ */ update({
  name: "RAdam",
  forward: (w, m, v, gradient, rate, adaptive, plain, epsilon, beta1, fresh1, beta2, fresh2, decay) => {
    const g = gradient.add(w.mul(decay));
    const first = m.mul(beta1).add(g.mul(fresh1));
    const second = v.mul(beta2).add(g.square().mul(fresh2));
    return [w.sub(first.mul(rate).mul(adaptive.div(second.sqrt().add(epsilon)).add(plain))), first, second];
  },
});

/**
 * RAdam: Adam's averages; w ← w − η·m̂ while ρₜ = ρ∞ − 2t·β₂ᵗ/(1 − β₂ᵗ) ≤ 5, with ρ∞ = 2/(1 − β₂) − 1, and then w ←
 * w − η·r·m̂·√(1 − β₂ᵗ)/(√v + ε) with r = √((ρₜ − 4)(ρₜ − 2)ρ∞ / ((ρ∞ − 4)(ρ∞ − 2)ρₜ)). It needs no warm-up.
 *
 * Source: L. Liu, H. Jiang, P. He, W. Chen, X. Liu, J. Gao, J. Han, "On the variance of the adaptive learning rate
 * and beyond", ICLR 2020; the division begins above ρ = 5, as in PyTorch.
 *
 * @example
 * const optimizer = new RAdam(model.parameters(), { learningRate: 1e-3 });
 */
export class RAdam extends Optimizer<"firstMoment" | "secondMoment", RAdamHyperparameters> {
  /**
   * @param parameters Variables, or groups of them with options of their own
   * @throws OptionError for an unknown option or one out of range, for no parameters, and for one given twice
   */
  constructor(parameters: Parameters<RAdamOptions>, options: RAdamOptions = {}) {
    super("RAdam", parameters, withDefaults("RAdam", defaults, options), ["firstMoment", "secondMoment"]);
  }

  protected override check({ beta1, beta2, epsilon, weightDecay }: RAdamHyperparameters): void {
    checkShares("RAdam", { beta1, beta2 });
    checkSizes("RAdam", { epsilon, weightDecay });
  }

  protected override update(
    parameter: Variable,
    gradient: Tensor,
    known: ParameterState<"firstMoment" | "secondMoment", RAdamHyperparameters>,
  ): void {
    const { group, state } = known;
    const { beta1, beta2, epsilon, weightDecay } = group.hyperparameters;
    const { dtype } = parameter;
    const rate = stepScalar(() => group.learningRate / (1 - power(beta1, known.updates)), dtype);
    const adaptive = stepScalar(() => rectification(beta2, known.updates) ?? 0, dtype);
    const plain = stepScalar(() => (rectification(beta2, known.updates) === null ? 1 : 0), dtype);
    adapt(
      [parameter, state.firstMoment, state.secondMoment],
      [gradient, rate, adaptive, plain, epsilon, beta1, 1 - beta1, beta2, 1 - beta2, weightDecay],
    );
  }
}

/** r·√(1 − β₂ᵗ), or null while v is too young. */
function rectification(beta2: number, step: number): number | null {
  const decayed = power(beta2, step);
  const most = 2 / (1 - beta2) - 1;
  const length = most - (2 * step * decayed) / (1 - decayed);
  if (length <= 5) return null;
  const share = ((length - 4) * (length - 2) * most) / ((most - 4) * (most - 2) * length);
  return Math.sqrt(share) * Math.sqrt(1 - decayed);
}
