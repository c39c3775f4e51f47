// Stochastic gradient descent, with momentum, Nesterov's variant and weight decay.
// Source: I. Sutskever, J. Martens, G. Dahl, G. Hinton, "On the importance of initialization and momentum in deep learning",
// ICML 2013, in the form that PyTorch made common: the learning rate multiplies the velocity.

import { checkOption, stepScalar, type Tensor, type Update, update, type Variable } from "@gradus/core";
import type { OptimizerOptions, Parameters } from "./groups.ts";
import { Optimizer } from "./optimizer.ts";
import { checkShares, checkSizes, withDefaults } from "./options.ts";
import type { ParameterState } from "./state.ts";

/** The numbers that rule {@link SGD}. */
export type SGDHyperparameters = {
  /** η, the size of a step, ≥ 0. */
  readonly learningRate: number;
  /** μ, how much of the velocity v stays from step to step, from 0 to below 1; at 0 there is none. */
  readonly momentum: number;
  /** τ, how much of a new gradient does not enter the velocity, from 0 to 1. */
  readonly dampening: number;
  /** Whether a step goes along g + μ·v in the place of v. */
  readonly nesterov: boolean;
  /** λ ≥ 0 of the penalty λ/2·|w|², added to the gradient as λ·w. */
  readonly weightDecay: number;
};

/** Options of {@link SGD}. */
export interface SGDOptions extends OptimizerOptions {
  /** η, the size of a step, ≥ 0; 0.01 by default. */
  readonly learningRate?: number;
  /** μ, how much of the velocity stays from step to step, from 0 to below 1; 0 by default. */
  readonly momentum?: number;
  /** τ, how much of a new gradient does not enter the velocity, from 0 to 1; 0 by default. */
  readonly dampening?: number;
  /** Look ahead by one step of the velocity; false by default. Needs a momentum, and no dampening. */
  readonly nesterov?: boolean;
  /** λ of the penalty λ/2·|w|², added to the gradient as λ·w; 0 by default. */
  readonly weightDecay?: number;
}

const defaults: SGDHyperparameters = {
  learningRate: 0.01,
  momentum: 0,
  dampening: 0,
  nesterov: false,
  weightDecay: 0,
};

// w ← w − η·(g + λw)
const descend: Update = /* @__PURE__ */ update({
  name: "SGD",
  forward: (w, g, rate, decay) => [w.sub(g.add(w.mul(decay)).mul(rate))],
});

// v ← μ·v + (1 − τ)·(g + λw);  w ← w − η·v
const descendWithMomentum: Update = /* @__PURE__ */ update({
  name: "SGD",
  forward: (w, v, g, rate, decay, momentum, fresh) => {
    const velocity = v.mul(momentum).add(g.add(w.mul(decay)).mul(fresh));
    return [w.sub(velocity.mul(rate)), velocity];
  },
});

// v ← μ·v + (1 − τ)·(g + λw);  w ← w − η·(g + λw + μ·v)
const descendLookingAhead: Update = /* @__PURE__ */ update({
  name: "SGD",
  forward: (w, v, g, rate, decay, momentum, fresh) => {
    const slope = g.add(w.mul(decay));
    const velocity = v.mul(momentum).add(slope.mul(fresh));
    return [w.sub(slope.add(velocity.mul(momentum)).mul(rate)), velocity];
  },
});

/**
 * Stochastic gradient descent: w ← w − η·g, or with momentum μ: v ← μ·v + (1 − τ)·g, w ← w − η·v, and with
 * `nesterov` w ← w − η·(g + μ·v). The first velocity is the first gradient, undampened. With a decay, g stands for g
 * + λ·w.
 *
 * Source: I. Sutskever, J. Martens, G. Dahl, G. Hinton, "On the importance of initialization and momentum in deep
 * learning", ICML 2013, in PyTorch's form: the learning rate multiplies the velocity.
 *
 * @example
 * const optimizer = new SGD(model.parameters(), { learningRate: 0.1, momentum: 0.9 });
 */
export class SGD extends Optimizer<"velocity", SGDHyperparameters> {
  /**
   * @param parameters Variables, or groups of them with options of their own
   * @throws OptionError for an unknown option or one out of range, for `nesterov` without momentum or with
   * dampening, for no parameters, and for one given twice
   */
  constructor(parameters: Parameters<SGDOptions>, options: SGDOptions = {}) {
    super("SGD", parameters, withDefaults("SGD", defaults, options), ({ momentum }) =>
      momentum === 0 ? [] : ["velocity"],
    );
  }

  protected override check({ momentum, dampening, nesterov, weightDecay }: SGDHyperparameters): void {
    checkShares("SGD", { momentum });
    checkOption(dampening >= 0 && dampening <= 1, "SGD", "dampening", "from 0 to 1", dampening);
    checkSizes("SGD", { weightDecay });
    const usable = momentum > 0 && dampening === 0;
    checkOption(!nesterov || usable, "SGD", "nesterov", "used with a momentum and no dampening", nesterov);
  }

  protected override update(
    parameter: Variable,
    gradient: Tensor,
    known: ParameterState<"velocity", SGDHyperparameters>,
  ): void {
    const { group, state } = known;
    const { momentum, dampening, nesterov, weightDecay } = group.hyperparameters;
    const rate = stepScalar(() => group.learningRate, parameter.dtype);
    if (momentum === 0) {
      descend([parameter], [gradient, rate, weightDecay]);
      return;
    }
    const rule = nesterov ? descendLookingAhead : descendWithMomentum;
    const fresh = stepScalar(() => (known.updates === 1 ? 1 : 1 - dampening), parameter.dtype);
    rule([parameter, state.velocity], [gradient, rate, weightDecay, momentum, fresh]);
  }
}
