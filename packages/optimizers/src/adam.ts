// Adam: steps scaled by running averages of the gradient and of its square.
// Source: D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1; ε as there and in PyTorch,
// outside the root and after the bias correction.

import { checkOption, stepScalar, type Tensor, type Update, update, type Variable } from "@gradus/core";
import { Optimizer, type OptimizerOptions, type ParameterState, type Parameters } from "./optimizer.ts";
import { power } from "./power.ts";

/** The numbers that rule {@link Adam}. */
export type AdamHyperparameters = {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
};

/** Options of {@link Adam}. */
export interface AdamOptions extends OptimizerOptions {
  /** The share of the old average of gradients, from 0 to below 1; 0.9 by default. */
  readonly beta1?: number;
  /** The share of the old average of squared gradients, from 0 to below 1; 0.999 by default. */
  readonly beta2?: number;
  /** Added to the root, so that nothing is divided by 0; 1e-8 by default. */
  readonly epsilon?: number;
  /** λ of the penalty λ/2·|w|², added to the gradient as λ·w; 0 by default. */
  readonly weightDecay?: number;
}

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

/**
 * Adam: m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², and w ← w − η·m̂ / (√v̂ + ε) with the averages corrected for their start at 0,
 * m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ). What depends on the step is computed in float64 and rounded once.
 *
 * @example
 * const optimizer = new Adam(model.parameters(), { learningRate: 1e-3 });
 */
export class Adam extends Optimizer<"firstMoment" | "secondMoment", AdamHyperparameters> {
  constructor(parameters: Parameters, options: AdamOptions = {}) {
    const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 } = options;
    super("Adam", parameters, { learningRate, beta1, beta2, epsilon, weightDecay }, ["firstMoment", "secondMoment"]);
  }

  protected override check({ beta1, beta2, epsilon, weightDecay }: AdamHyperparameters): void {
    checkOption(beta1 >= 0 && beta1 < 1, "Adam", "beta1", "from 0 to below 1", beta1);
    checkOption(beta2 >= 0 && beta2 < 1, "Adam", "beta2", "from 0 to below 1", beta2);
    checkOption(epsilon >= 0 && Number.isFinite(epsilon), "Adam", "epsilon", "a finite number ≥ 0", epsilon);
    checkOption(
      weightDecay >= 0 && Number.isFinite(weightDecay),
      "Adam",
      "weightDecay",
      "a finite number ≥ 0",
      weightDecay,
    );
  }

  protected override update(
    parameter: Variable,
    gradient: Tensor,
    known: ParameterState<"firstMoment" | "secondMoment">,
  ): void {
    const { beta1, beta2, epsilon, weightDecay } = this.hyperparameters;
    const rate = stepScalar(() => this.learningRate / (1 - power(beta1, known.updates)), parameter.dtype);
    const rootCorrection = stepScalar(() => 1 / Math.sqrt(1 - power(beta2, known.updates)), parameter.dtype);
    adapt(
      [parameter, known.state.firstMoment, known.state.secondMoment],
      [gradient, rate, rootCorrection, epsilon, beta1, 1 - beta1, beta2, 1 - beta2, weightDecay],
    );
  }
}
