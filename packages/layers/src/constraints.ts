// Constraints: where weights are put back to after each step of the optimizer.
// Sources: N. Srebro, J. Rennie, T. Jaakkola, "Maximum-margin matrix factorization", NIPS 2005 (max norm); names and settings are Keras's.

import { type Axes, checkOption, OptionError, type Tensor } from "@gradus/core";
import { between, checkOptions, notNegative, type OptionRule, positive } from "./options.ts";

/** Makes the nearest allowed weights of any. */
export type Constraint = (weights: Tensor) => Tensor;

/** Settings of constraints on norms. */
export interface NormSettings {
  /**
   * The axes that a norm is taken over; by default all but the last, so that it is that of the weights which lead to one unit. For the
   * rows of an `Embedding` it is 1.
   */
  readonly axis?: number | readonly number[];
}

const axisRule: OptionRule = {
  rule: "a whole number, or a list of them",
  valid: (value) => (Array.isArray(value) ? value.every(Number.isInteger) : Number.isInteger(value)),
};

/**
 * Norms of at most `max`: longer vectors are scaled down to it, w·min(1, max / ‖w‖). Shorter ones stay as they are, to the bit.
 *
 * @throws OptionError for settings out of range
 * @example maxNorm(2, { axis: 1 })(tensor([[3, 4], [0, 1]])); // [[1.2, 1.6], [0, 1]]
 */
export function maxNorm(max = 2, settings: NormSettings = {}): Constraint {
  checkOption(positive.valid(max), "maxNorm", "max", positive.rule, max);
  checkOptions("maxNorm", settings, { axis: axisRule });
  return (weights) => rescaled(weights, settings, (norms) => norms.minimum(max));
}

/**
 * Norms of 1: w / ‖w‖. A vector of zeros stays.
 *
 * @throws OptionError for settings out of range
 * @example unitNorm({ axis: 1 })(tensor([[3, 4], [0, 0]])); // [[0.6, 0.8], [0, 0]]
 */
export function unitNorm(settings: NormSettings = {}): Constraint {
  checkOptions("unitNorm", settings, { axis: axisRule });
  return (weights) => rescaled(weights, settings, (norms) => norms.clip(1, 1));
}

/** Settings of {@link minMaxNorm}. */
export interface MinMaxNormSettings extends NormSettings {
  /** The least norm; 0 by default. */
  readonly min?: number;
  /** The greatest norm; 1 by default. */
  readonly max?: number;
  /** How far a norm is moved to the nearest allowed one at each step: 1, by default, is all the way. */
  readonly rate?: number;
}

/**
 * Norms from `min` to `max`: with c = clip(‖w‖, min, max), w·(rate·c + (1 − rate)·‖w‖) / ‖w‖. A vector of zeros stays.
 *
 * @throws OptionError for settings out of range, or a `min` above `max`
 * @example minMaxNorm({ min: 0.5, max: 1, axis: 1 })(tensor([[3, 4], [0, 0.1]])); // [[0.6, 0.8], [0, 0.5]]
 */
export function minMaxNorm(settings: MinMaxNormSettings = {}): Constraint {
  checkOptions("minMaxNorm", settings, { axis: axisRule, min: notNegative, max: positive, rate: between(0, 1) });
  const { min = 0, max = 1, rate = 1 } = settings;
  if (min > max) throw new OptionError(`minMaxNorm: min must be at most max, ${max}, got ${min}`);
  return (weights) => {
    return rescaled(weights, settings, (norms) => {
      const near = norms.clip(min, max);
      // Within the bounds nothing changes, to the bit.
      return rate === 1 ? near : near.eq(norms).where(norms, near.mul(rate).add(norms.mul(1 - rate)));
    });
  };
}

/**
 * Weights of 0 or more: max(w, 0).
 *
 * @example nonNegative()(tensor([-1, 0.5])); // [0, 0.5]
 */
export function nonNegative(): Constraint {
  return (weights) => weights.relu();
}

/** Weights with other norms: w·wanted / ‖w‖, where wanted = ‖w‖ leaves w as it is. */
function rescaled(weights: Tensor, { axis }: NormSettings, wanted: (norms: Tensor) => Tensor): Tensor {
  const last = Math.max(1, weights.rank - 1);
  const axes: Axes = axis ?? Array.from({ length: Math.min(last, weights.rank) }, (_, index) => index);
  const norms: Tensor = weights.square().sum<readonly number[], Axes, true>(axes, { keepDims: true }).sqrt();
  const target = wanted(norms);
  const factor = norms.gt(0).logicalAnd(target.ne(norms)).where(target.div(norms), 1);
  return weights.mul<readonly number[], readonly number[]>(factor);
}
