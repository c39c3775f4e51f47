// Adagrad: steps scaled by the root of the sum of all squared gradients: rare features keep long steps.
// Source: J. Duchi, E. Hazan, Y. Singer, "Adaptive subgradient methods for online learning and stochastic optimization", JMLR 12,
// 2011.

import { stepScalar, type Tensor, type Update, update, type Variable } from "@gradus/core";
import type { OptimizerOptions, Parameters } from "./groups.ts";
import { Optimizer } from "./optimizer.ts";
import { checkSizes, withDefaults } from "./options.ts";
import type { ParameterState } from "./state.ts";

/** The numbers that rule {@link Adagrad}. */
export type AdagradHyperparameters = {
  /** η, the size of the first steps, ≥ 0. */
  readonly learningRate: number;
  /** δ ≥ 0 in the rate η/(1 + (t − 1)·δ) of step t. */
  readonly learningRateDecay: number;
  /** λ ≥ 0 of the penalty λ/2·|w|², added to the gradient as λ·w. */
  readonly weightDecay: number;
  /** What the sum of squares s begins with, ≥ 0. */
  readonly initialAccumulator: number;
  /** ε ≥ 0, added to √s, so that nothing is divided by 0. */
  readonly epsilon: number;
};

/** Options of {@link Adagrad}. */
export interface AdagradOptions extends OptimizerOptions {
  /** η, the size of a step, ≥ 0; 0.01 by default. */
  readonly learningRate?: number;
  /** δ in the rate η/(1 + (t − 1)·δ) of step t; 0 by default. */
  readonly learningRateDecay?: number;
  /** λ of the penalty λ/2·|w|², added to the gradient as λ·w; 0 by default. */
  readonly weightDecay?: number;
  /** The sum of squares before the first gradient; 0 by default. */
  readonly initialAccumulator?: number;
  /** Added to the root, so that nothing is divided by 0; 1e-10 by default. */
  readonly epsilon?: number;
}

const defaults: AdagradHyperparameters = {
  learningRate: 0.01,
  learningRateDecay: 0,
  weightDecay: 0,
  initialAccumulator: 0,
  epsilon: 1e-10,
};

// s ← s + g²;  w ← w − η/(1 + (t − 1)·δ) · g/(√s + ε)
const adapt: Update = /* @__PURE__ */ update({
  name: "Adagrad",
  forward: (w, s, gradient, rate, epsilon, decay) => {
    const g = gradient.add(w.mul(decay));
    const sum = s.add(g.square());
    return [w.sub(g.mul(rate).div(sum.sqrt().add(epsilon))), sum];
  },
});

/**
 * Adagrad: s ← s + g², w ← w − η/(1 + (t − 1)·δ) · g/(√s + ε). Rare features keep long steps.
 *
 * Source: J. Duchi, E. Hazan, Y. Singer, "Adaptive subgradient methods for online learning and stochastic
 * optimization", JMLR 2011.
 *
 * @example
 * const optimizer = new Adagrad(model.parameters(), { learningRate: 0.1 });
 */
export class Adagrad extends Optimizer<"accumulator", AdagradHyperparameters> {
  /**
   * @param parameters Variables, or groups of them with options of their own
   * @throws OptionError for an unknown option or one out of range, for no parameters, and for one given twice
   */
  constructor(parameters: Parameters<AdagradOptions>, options: AdagradOptions = {}) {
    super("Adagrad", parameters, withDefaults("Adagrad", defaults, options), ["accumulator"]);
  }

  protected override check(hyperparameters: AdagradHyperparameters): void {
    const { learningRateDecay, weightDecay, initialAccumulator, epsilon } = hyperparameters;
    checkSizes("Adagrad", { learningRateDecay, weightDecay, initialAccumulator, epsilon });
  }

  protected override initial(_: "accumulator", { initialAccumulator }: AdagradHyperparameters): number {
    return initialAccumulator;
  }

  protected override update(
    parameter: Variable,
    gradient: Tensor,
    known: ParameterState<"accumulator", AdagradHyperparameters>,
  ): void {
    const { group, state } = known;
    const { learningRateDecay, epsilon, weightDecay } = group.hyperparameters;
    const rate = stepScalar(() => group.learningRate / (1 + (known.updates - 1) * learningRateDecay), parameter.dtype);
    adapt([parameter, state.accumulator], [gradient, rate, epsilon, weightDecay]);
  }
}
