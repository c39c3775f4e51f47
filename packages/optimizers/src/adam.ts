// Adam: steps scaled by running averages of the gradient and of its square.
// Source: D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1; ε as there and in PyTorch,
// outside the root and after the bias correction. AMSGrad: S. J. Reddi, S. Kale, S. Kumar, "On the convergence of Adam and
// beyond", ICLR 2018.

import { stepScalar, type Tensor, type Update, update, type Variable } from "@gradus/core";
import type { OptimizerOptions, Parameters } from "./groups.ts";
import { Optimizer } from "./optimizer.ts";
import { checkShares, checkSizes, withDefaults } from "./options.ts";
import { power } from "./power.ts";
import type { ParameterState } from "./state.ts";

/** The numbers that rule {@link Adam} and its kin. */
export type AdamHyperparameters = {
  /** η, the size of a step, ≥ 0: about how far a weight moves while its gradient keeps its sign. */
  readonly learningRate: number;
  /** β₁, the share of the old average of gradients m, from 0 to below 1. */
  readonly beta1: number;
  /** β₂, the share of the old average of squared gradients v, from 0 to below 1. */
  readonly beta2: number;
  /** ε ≥ 0, added to √v̂, so that nothing is divided by 0. */
  readonly epsilon: number;
  /** λ ≥ 0: in Adam added to the gradient as λ·w; in AdamW weights shrink by the factor 1 − ηλ. */
  readonly weightDecay: number;
  /** Whether the largest v so far stands in the place of v. */
  readonly amsgrad: boolean;
};

/** Options of {@link Adam}. */
export interface AdamOptions extends OptimizerOptions {
  /** η, the size of a step, ≥ 0; 1e-3 by default. */
  readonly learningRate?: number;
  /** β₁, the share of the old average of gradients, from 0 to below 1; 0.9 by default. */
  readonly beta1?: number;
  /** β₂, the share of the old average of squared gradients, from 0 to below 1; 0.999 by default. */
  readonly beta2?: number;
  /** ε ≥ 0, added to the root, so that nothing is divided by 0; 1e-8 by default. */
  readonly epsilon?: number;
  /** λ of the penalty λ/2·|w|², added to the gradient as λ·w; 0 by default. */
  readonly weightDecay?: number;
  /** Divide by the root of the largest v so far, so that no step is larger than an earlier v allows; false by default. */
  readonly amsgrad?: boolean;
}

const defaults: AdamHyperparameters = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  amsgrad: false,
};

/** The names of the states of {@link Adam} and its kin: m, v, and with `amsgrad` the largest v so far. */
export type AdamState = "firstMoment" | "secondMoment" | "largestSecondMoment";

/** The states that Adam has: the largest v only where it is used. */
export const adamStates = ({ amsgrad }: { readonly amsgrad: boolean }): readonly AdamState[] =>
  amsgrad ? ["firstMoment", "secondMoment", "largestSecondMoment"] : ["firstMoment", "secondMoment"];

// m ← β₁·m + (1 − β₁)·g;  v ← β₂·v + (1 − β₂)·g²
// w ← w − η/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε)
const adapt: Update = /* @__PURE__ */ update({
  name: "Adam",
  forward: (w, m, v, gradient, rate, rootCorrection, epsilon, beta1, fresh1, beta2, fresh2, decay) => {
    const g = gradient.add(w.mul(decay));
    const first = m.mul(beta1).add(g.mul(fresh1));
    const second = v.mul(beta2).add(g.square().mul(fresh2));
    return [w.sub(first.mul(rate).div(second.sqrt().mul(rootCorrection).add(epsilon))), first, second];
  },
});

// The same with u ← max(u, v) in the place of v
const adaptToLargest: Update = /* @__PURE__ */ update({
  name: "Adam",
  forward: (w, m, v, u, gradient, rate, rootCorrection, epsilon, beta1, fresh1, beta2, fresh2, decay) => {
    const g = gradient.add(w.mul(decay));
    const first = m.mul(beta1).add(g.mul(fresh1));
    const second = v.mul(beta2).add(g.square().mul(fresh2));
    const largest = u.maximum(second);
    return [w.sub(first.mul(rate).div(largest.sqrt().mul(rootCorrection).add(epsilon))), first, second, largest];
  },
});

/**
 * Adam: m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², and w ← w − η·m̂ / (√v̂ + ε) with the averages corrected for
 * their start at 0, m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ). What depends on the step is computed in float64 and rounded
 * once. With `amsgrad` v̂ is the largest v so far, corrected.
 *
 * Source: D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015; AMSGrad: S. J. Reddi, S.
 * Kale, S. Kumar, "On the convergence of Adam and beyond", ICLR 2018.
 *
 * @example
 * const optimizer = new Adam(model.parameters(), { learningRate: 1e-3 });
 */
export class Adam extends Optimizer<AdamState, AdamHyperparameters> {
  /**
   * @param parameters Variables, or groups of them with options of their own
   * @throws OptionError for an unknown option or one out of range, for no parameters, and for one given twice
   */
  constructor(parameters: Parameters<AdamOptions>, options: AdamOptions = {}) {
    super("Adam", parameters, withDefaults("Adam", defaults, options), adamStates);
  }

  protected override check({ beta1, beta2, epsilon, weightDecay }: AdamHyperparameters): void {
    checkShares("Adam", { beta1, beta2 });
    checkSizes("Adam", { epsilon, weightDecay });
  }

  protected override update(
    parameter: Variable,
    gradient: Tensor,
    known: ParameterState<AdamState, AdamHyperparameters>,
  ): void {
    const { firstMoment, secondMoment, largestSecondMoment } = known.state;
    const { beta1, beta2, epsilon, weightDecay, amsgrad } = known.group.hyperparameters;
    const { rate, rootCorrection } = adamScalars(known, parameter);
    const numbers = [rate, rootCorrection, epsilon, beta1, 1 - beta1, beta2, 1 - beta2, weightDecay];
    if (amsgrad) adaptToLargest([parameter, firstMoment, secondMoment, largestSecondMoment], [gradient, ...numbers]);
    else adapt([parameter, firstMoment, secondMoment], [gradient, ...numbers]);
  }
}

/** η/(1 − β₁ᵗ) and 1/√(1 − β₂ᵗ), computed anew at each step. */
export function adamScalars(
  known: ParameterState<string, { learningRate: number; beta1: number; beta2: number }>,
  { dtype }: Variable,
): { readonly rate: Tensor | number; readonly rootCorrection: Tensor | number } {
  const { beta1, beta2 } = known.group.hyperparameters;
  return {
    rate: stepScalar(() => known.group.learningRate / (1 - power(beta1, known.updates)), dtype),
    rootCorrection: stepScalar(() => 1 / Math.sqrt(1 - power(beta2, known.updates)), dtype),
  };
}
