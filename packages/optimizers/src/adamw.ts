// AdamW: Adam whose weight decay shrinks the weights themselves and does not pass through the averages.
// Source: I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2, with the decay multiplied by
// the learning rate as in PyTorch.

import { stepScalar, type Tensor, type Update, update, type Variable } from "@gradus/core";
import { type AdamHyperparameters, type AdamOptions, type AdamState, adamScalars, adamStates } from "./adam.ts";
import type { Parameters } from "./groups.ts";
import { Optimizer } from "./optimizer.ts";
import { checkShares, checkSizes, withDefaults } from "./options.ts";
import type { ParameterState } from "./state.ts";

/** Options of {@link AdamW}: those of Adam, with a decay that is not part of the gradient. */
export interface AdamWOptions extends AdamOptions {
  /** λ: weights shrink by the factor 1 − ηλ at each step, whatever their gradients; 0.01 by default. */
  readonly weightDecay?: number;
}

const defaults: AdamHyperparameters = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  amsgrad: false,
};

// m ← β₁·m + (1 − β₁)·g;  v ← β₂·v + (1 − β₂)·g²
// w ← (1 − ηλ)·w − η/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε)
const adapt: Update = /* @__PURE__ */ update({
  name: "AdamW",
  forward: (w, m, v, g, rate, rootCorrection, epsilon, beta1, fresh1, beta2, fresh2, kept) => {
    const first = m.mul(beta1).add(g.mul(fresh1));
    const second = v.mul(beta2).add(g.square().mul(fresh2));
    return [w.mul(kept).sub(first.mul(rate).div(second.sqrt().mul(rootCorrection).add(epsilon))), first, second];
  },
});

// The same with u ← max(u, v) in the place of v
const adaptToLargest: Update = /* @__PURE__ */ update({
  name: "AdamW",
  forward: (w, m, v, u, g, rate, rootCorrection, epsilon, beta1, fresh1, beta2, fresh2, kept) => {
    const first = m.mul(beta1).add(g.mul(fresh1));
    const second = v.mul(beta2).add(g.square().mul(fresh2));
    const largest = u.maximum(second);
    const step = first.mul(rate).div(largest.sqrt().mul(rootCorrection).add(epsilon));
    return [w.mul(kept).sub(step), first, second, largest];
  },
});

/**
 * AdamW: the averages m and v of {@link Adam}, and w ← (1 − ηλ)·w − η·m̂ / (√v̂ + ε), so that the decay λ is the
 * same for all weights, whatever their gradients.
 *
 * Source: I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", ICLR 2019; the decay is multiplied by
 * the learning rate, as in PyTorch.
 *
 * @example
 * const optimizer = new AdamW(model.parameters(), { learningRate: 1e-3, weightDecay: 0.05 });
 */
export class AdamW extends Optimizer<AdamState, AdamHyperparameters> {
  /**
   * @param parameters Variables, or groups of them with options of their own, biases without a decay, say
   * @throws OptionError for an unknown option or one out of range, for no parameters, and for one given twice
   */
  constructor(parameters: Parameters<AdamWOptions>, options: AdamWOptions = {}) {
    super("AdamW", parameters, withDefaults("AdamW", defaults, options), adamStates);
  }

  protected override check({ beta1, beta2, epsilon, weightDecay }: AdamHyperparameters): void {
    checkShares("AdamW", { beta1, beta2 });
    checkSizes("AdamW", { epsilon, weightDecay });
  }

  protected override update(
    parameter: Variable,
    gradient: Tensor,
    known: ParameterState<AdamState, AdamHyperparameters>,
  ): void {
    updateAdamW(parameter, gradient, known, known.group.hyperparameters.amsgrad);
  }
}

/** One update of {@link AdamW}. */
export function updateAdamW(
  parameter: Variable,
  gradient: Tensor,
  known: ParameterState<AdamState, Omit<AdamHyperparameters, "amsgrad">>,
  amsgrad: boolean,
): void {
  const { group, state } = known;
  const { beta1, beta2, epsilon, weightDecay } = group.hyperparameters;
  const { rate, rootCorrection } = adamScalars(known, parameter);
  const kept = stepScalar(() => 1 - group.learningRate * weightDecay, parameter.dtype);
  const inputs = [gradient, rate, rootCorrection, epsilon, beta1, 1 - beta1, beta2, 1 - beta2, kept];
  if (amsgrad) adaptToLargest([parameter, state.firstMoment, state.secondMoment, state.largestSecondMoment], inputs);
  else adapt([parameter, state.firstMoment, state.secondMoment], inputs);
}
