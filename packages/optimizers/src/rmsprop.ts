// RMSprop: steps scaled by the root of a running average of squared gradients; centered, by that of their variance.
// Source: T. Tieleman, G. Hinton, "Neural networks for machine learning", lecture 6.5, 2012; centered: A. Graves, "Generating
// sequences with recurrent neural networks", 2013; ε outside the root and the velocity free of η, as in PyTorch.

import { stepScalar, type Tensor, type Update, update, type Variable, type Vocabulary } from "@gradus/core";
import type { OptimizerOptions, Parameters } from "./groups.ts";
import { Optimizer } from "./optimizer.ts";
import { checkShares, checkSizes, withDefaults } from "./options.ts";
import type { ParameterState } from "./state.ts";

/** The numbers that rule {@link RMSprop}. */
export type RMSpropHyperparameters = {
  /** η, the size of a step, ≥ 0. */
  readonly learningRate: number;
  /** α, the share of the old averages of g² and g, from 0 to below 1. */
  readonly alpha: number;
  /** ε ≥ 0, added to the root, so that nothing is divided by 0. */
  readonly epsilon: number;
  /** λ ≥ 0 of the penalty λ/2·|w|², added to the gradient as λ·w. */
  readonly weightDecay: number;
  /** μ, how much of the velocity b stays from step to step, from 0 to below 1; at 0 there is none. */
  readonly momentum: number;
  /** Whether √(s − a²), the spread of the gradients, stands in the place of √s. */
  readonly centered: boolean;
};

/** Options of {@link RMSprop}. */
export interface RMSpropOptions extends OptimizerOptions {
  /** η, the size of a step, ≥ 0; 0.01 by default. */
  readonly learningRate?: number;
  /** The share of the old averages, from 0 to below 1; 0.99 by default. */
  readonly alpha?: number;
  /** Added to the root, so that nothing is divided by 0; 1e-8 by default. */
  readonly epsilon?: number;
  /** λ of the penalty λ/2·|w|², added to the gradient as λ·w; 0 by default. */
  readonly weightDecay?: number;
  /** How much of the velocity stays from step to step, from 0 to below 1; 0 by default. */
  readonly momentum?: number;
  /** Divide by the spread of the gradients and not by their size; false by default. */
  readonly centered?: boolean;
}

const defaults: RMSpropHyperparameters = {
  learningRate: 0.01,
  alpha: 0.99,
  epsilon: 1e-8,
  weightDecay: 0,
  momentum: 0,
  centered: false,
};

type StateName = "square" | "mean" | "velocity";

/** α·s + (1 − α)·x */
const averaged = <T extends Vocabulary<T>>(s: T, x: T, alpha: T, fresh: T): T => s.mul(alpha).add(x.mul(fresh));

/** √(s − a²) + ε; rounding may make s smaller than a², whose difference then counts as 0 */
const spread = <T extends Vocabulary<T>>(s: T, a: T, epsilon: T): T => s.sub(a.square()).maximum(0).sqrt().add(epsilon);

// s ← α·s + (1 − α)·g²;  w ← w − η·g/(√s + ε)
const adapt: Update = /* @__PURE__ */ update({
  name: "RMSprop",
  forward: (w, s, gradient, rate, alpha, fresh, epsilon, decay) => {
    const g = gradient.add(w.mul(decay));
    const square = averaged(s, g.square(), alpha, fresh);
    return [w.sub(g.mul(rate).div(square.sqrt().add(epsilon))), square];
  },
});

// s as above;  b ← μ·b + g/(√s + ε);  w ← w − η·b
const adaptWithMomentum: Update = /* @__PURE__ */ update({
  name: "RMSprop",
  forward: (w, s, b, gradient, rate, alpha, fresh, epsilon, decay, momentum) => {
    const g = gradient.add(w.mul(decay));
    const square = averaged(s, g.square(), alpha, fresh);
    const velocity = b.mul(momentum).add(g.div(square.sqrt().add(epsilon)));
    return [w.sub(velocity.mul(rate)), square, velocity];
  },
});

// s as above;  a ← α·a + (1 − α)·g;  w ← w − η·g/(√(s − a²) + ε)
const adaptCentered: Update = /* @__PURE__ */ update({
  name: "RMSprop",
  forward: (w, s, a, gradient, rate, alpha, fresh, epsilon, decay) => {
    const g = gradient.add(w.mul(decay));
    const square = averaged(s, g.square(), alpha, fresh);
    const mean = averaged(a, g, alpha, fresh);
    return [w.sub(g.mul(rate).div(spread(square, mean, epsilon))), square, mean];
  },
});

// s, a as above;  b ← μ·b + g/(√(s − a²) + ε);  w ← w − η·b
const adaptCenteredWithMomentum: Update = /* @__PURE__ */ update({
  name: "RMSprop",
  forward: (w, s, a, b, gradient, rate, alpha, fresh, epsilon, decay, momentum) => {
    const g = gradient.add(w.mul(decay));
    const square = averaged(s, g.square(), alpha, fresh);
    const mean = averaged(a, g, alpha, fresh);
    const velocity = b.mul(momentum).add(g.div(spread(square, mean, epsilon)));
    return [w.sub(velocity.mul(rate)), square, mean, velocity];
  },
});

/**
 * RMSprop: s ← αs + (1 − α)g², w ← w − η·g/(√s + ε); centered: a ← αa + (1 − α)g, and √(s − a²) in the place of √s,
 * never the root of a negative; with momentum: b ← μb + g/(√s + ε), w ← w − η·b.
 *
 * Source: T. Tieleman, G. Hinton, "Neural networks for machine learning", lecture 6.5, 2012; centered: A. Graves,
 * "Generating sequences with recurrent neural networks", 2013.
 *
 * @example
 * const optimizer = new RMSprop(model.parameters(), { learningRate: 1e-3, centered: true });
 */
export class RMSprop extends Optimizer<StateName, RMSpropHyperparameters> {
  /**
   * @param parameters Variables, or groups of them with options of their own
   * @throws OptionError for an unknown option or one out of range, for no parameters, and for one given twice
   */
  constructor(parameters: Parameters<RMSpropOptions>, options: RMSpropOptions = {}) {
    super("RMSprop", parameters, withDefaults("RMSprop", defaults, options), ({ centered, momentum }) => {
      const averages: readonly StateName[] = centered ? ["square", "mean"] : ["square"];
      return momentum === 0 ? averages : [...averages, "velocity"];
    });
  }

  protected override check({ alpha, epsilon, weightDecay, momentum }: RMSpropHyperparameters): void {
    checkShares("RMSprop", { alpha, momentum });
    checkSizes("RMSprop", { epsilon, weightDecay });
  }

  protected override update(
    parameter: Variable,
    gradient: Tensor,
    { state, group }: ParameterState<StateName, RMSpropHyperparameters>,
  ): void {
    const { square, mean, velocity } = state;
    const { alpha, epsilon, weightDecay, momentum, centered } = group.hyperparameters;
    const rate = stepScalar(() => group.learningRate, parameter.dtype);
    const inputs = [gradient, rate, alpha, 1 - alpha, epsilon, weightDecay];
    if (centered && momentum > 0) adaptCenteredWithMomentum([parameter, square, mean, velocity], [...inputs, momentum]);
    else if (centered) adaptCentered([parameter, square, mean], inputs);
    else if (momentum > 0) adaptWithMomentum([parameter, square, velocity], [...inputs, momentum]);
    else adapt([parameter, square], inputs);
  }
}
