// NAdam: Adam with Nesterov's momentum, whose strength grows over the first steps.
// Source: T. Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop 2016, with the schedule of μ that PyTorch and Keras use.

import { stepScalar, type Tensor, type Update, update, type Variable } from "@gradus/core";
import type { OptimizerOptions, Parameters } from "./groups.ts";
import { Optimizer } from "./optimizer.ts";
import { checkShares, checkSizes, withDefaults } from "./options.ts";
import { expOfNegative, power } from "./power.ts";
import type { ParameterState } from "./state.ts";

/** The numbers that rule {@link NAdam}. */
export type NAdamHyperparameters = {
  /** η, the size of a step, ≥ 0. */
  readonly learningRate: number;
  /** β₁, the share of the old average of gradients m, and the momentum in the long run; from 0 to below 1. */
  readonly beta1: number;
  /** β₂, the share of the old average of squared gradients v, from 0 to below 1. */
  readonly beta2: number;
  /** ε ≥ 0, added to √v̂, so that nothing is divided by 0. */
  readonly epsilon: number;
  /** λ ≥ 0 of the penalty λ/2·|w|², added to the gradient as λ·w. */
  readonly weightDecay: number;
  /** ψ ≥ 0 in μₜ = β₁·(1 − 0.96^(t·ψ)/2): how fast the momentum grows from β₁/2 to β₁. */
  readonly momentumDecay: number;
};

/** Options of {@link NAdam}. */
export interface NAdamOptions extends OptimizerOptions {
  /** η, the size of a step, ≥ 0; 2e-3 by default. */
  readonly learningRate?: number;
  /** The share of the old average of gradients, from 0 to below 1; 0.9 by default. */
  readonly beta1?: number;
  /** The share of the old average of squared gradients, from 0 to below 1; 0.999 by default. */
  readonly beta2?: number;
  /** Added to the root, so that nothing is divided by 0; 1e-8 by default. */
  readonly epsilon?: number;
  /** λ of the penalty λ/2·|w|², added to the gradient as λ·w; 0 by default. */
  readonly weightDecay?: number;
  /** ψ in μₜ = β₁·(1 − 0.96^(t·ψ)/2): how fast the momentum grows from β₁/2 to β₁; 0.004 by default. */
  readonly momentumDecay?: number;
}

const defaults: NAdamHyperparameters = {
  learningRate: 2e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  momentumDecay: 0.004,
};

/** ln 0.96 */
const LOG_BASE = -0.040821994520255166;

// m ← β₁·m + (1 − β₁)·g;  v ← β₂·v + (1 − β₂)·g²
// w ← w − η·((1 − μₜ)/(1 − Π μ₁…μₜ)·g + μₜ₊₁/(1 − Π μ₁…μₜ₊₁)·m) / (√v/√(1 − β₂ᵗ) + ε)
const adapt: Update = /* @__PURE__ */ update({
  name: "NAdam",
  forward: (w, m, v, gradient, slope, ahead, rootCorrection, epsilon, beta1, fresh1, beta2, fresh2, decay) => {
    const g = gradient.add(w.mul(decay));
    const first = m.mul(beta1).add(g.mul(fresh1));
    const second = v.mul(beta2).add(g.square().mul(fresh2));
    const root = second.sqrt().mul(rootCorrection).add(epsilon);
    return [w.sub(g.mul(slope).add(first.mul(ahead)).div(root)), first, second];
  },
});

/**
 * NAdam: Adam that looks ahead by one step of its momentum μₜ = β₁·(1 − 0.96^(t·ψ)/2): w ← w − η·((1 − μₜ)·g/(1 −
 * Πμ₁…μₜ) + μₜ₊₁·m/(1 − Πμ₁…μₜ₊₁)) / (√v̂ + ε), with m and v as in {@link Adam}.
 *
 * Source: T. Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop 2016, with the schedule of μ that
 * PyTorch and Keras use.
 *
 * @example
 * const optimizer = new NAdam(model.parameters(), { learningRate: 2e-3 });
 */
export class NAdam extends Optimizer<"firstMoment" | "secondMoment", NAdamHyperparameters> {
  readonly #momenta = new WeakMap<object, { readonly key: string; readonly sequence: MomentumSequence }>();

  /**
   * @param parameters Variables, or groups of them with options of their own
   * @throws OptionError for an unknown option or one out of range, for no parameters, and for one given twice
   */
  constructor(parameters: Parameters<NAdamOptions>, options: NAdamOptions = {}) {
    super("NAdam", parameters, withDefaults("NAdam", defaults, options), ["firstMoment", "secondMoment"]);
  }

  protected override check(hyperparameters: NAdamHyperparameters): void {
    const { beta1, beta2, epsilon, weightDecay, momentumDecay } = hyperparameters;
    checkShares("NAdam", { beta1, beta2 });
    checkSizes("NAdam", { epsilon, weightDecay, momentumDecay });
  }

  protected override update(
    parameter: Variable,
    gradient: Tensor,
    known: ParameterState<"firstMoment" | "secondMoment", NAdamHyperparameters>,
  ): void {
    const { group, state } = known;
    const { beta1, beta2, epsilon, weightDecay } = group.hyperparameters;
    const momenta = this.#momentaOf(known);
    const { dtype } = parameter;
    const slope = stepScalar(() => {
      const { now, product } = momenta.at(known.updates);
      return (group.learningRate * (1 - now)) / (1 - product);
    }, dtype);
    const ahead = stepScalar(() => {
      const { next, product } = momenta.at(known.updates);
      return (group.learningRate * next) / (1 - product * next);
    }, dtype);
    const rootCorrection = stepScalar(() => 1 / Math.sqrt(1 - power(beta2, known.updates)), dtype);
    adapt(
      [parameter, state.firstMoment, state.secondMoment],
      [gradient, slope, ahead, rootCorrection, epsilon, beta1, 1 - beta1, beta2, 1 - beta2, weightDecay],
    );
  }

  /** The momenta of one parameter: each counts its own updates. */
  #momentaOf(known: ParameterState<string, NAdamHyperparameters>): MomentumSequence {
    const { beta1, momentumDecay } = known.group.hyperparameters;
    const key = `${beta1} ${momentumDecay}`;
    let momenta = this.#momenta.get(known);
    if (momenta?.key !== key) {
      momenta = { key, sequence: new MomentumSequence(beta1, momentumDecay) };
      this.#momenta.set(known, momenta);
    }
    return momenta.sequence;
  }
}

/** μₜ, μₜ₊₁ and Π μ₁…μₜ. */
interface Momenta {
  readonly now: number;
  readonly next: number;
  readonly product: number;
}

/** The momenta of a step. The product is carried on from step to step, and computed again for an earlier one. */
class MomentumSequence {
  readonly #beta1: number;
  readonly #base: number;
  #reached = 0;
  #product = 1;

  constructor(beta1: number, momentumDecay: number) {
    this.#beta1 = beta1;
    this.#base = expOfNegative(LOG_BASE * momentumDecay);
  }

  #momentum(step: number): number {
    return this.#beta1 * (1 - 0.5 * power(this.#base, step));
  }

  at(step: number): Momenta {
    if (step < this.#reached) [this.#reached, this.#product] = [0, 1];
    while (this.#reached < step) this.#product *= this.#momentum(++this.#reached);
    return { now: this.#momentum(step), next: this.#momentum(step + 1), product: this.#product };
  }
}
