// Regularizers: what large weights, or large outputs, cost. A penalty is added to the loss, so that its gradient shrinks them.
// Sources: A. N. Tikhonov, "On the stability of inverse problems", 1943 (L2); R. Tibshirani, "Regression shrinkage and selection via the
// lasso", 1996 (L1); H. Zou, T. Hastie, "Regularization and variable selection via the elastic net", 2005 (both).

import { checkOption, type Tensor } from "@gradus/core";
import { checkOptions, notNegative } from "./options.ts";

/** Makes a penalty, a scalar, of weights or outputs. */
export type Regularizer = (values: Tensor) => Tensor;

/**
 * λ·Σ|w|: drives weights to exactly 0.
 *
 * @throws OptionError for a factor that is no finite number ≥ 0
 * @example l1(0.1)(tensor([1, -2, 0])); // 0.3
 */
export function l1(factor = 0.01): Regularizer {
  checkFactor("l1", factor);
  return (values) => values.abs().sum().mul(factor);
}

/**
 * λ·Σw², as in Keras (PyTorch's weight decay λ is this with λ/2): keeps weights small.
 *
 * @throws OptionError for a factor that is no finite number ≥ 0
 * @example l2(0.1)(tensor([1, -2, 0])); // 0.5
 */
export function l2(factor = 0.01): Regularizer {
  checkFactor("l2", factor);
  return (values) => values.square().sum().mul(factor);
}

/** The factors of {@link l1l2}. */
export interface L1L2Factors {
  /** 0.01 by default. */
  readonly l1?: number;
  /** 0.01 by default. */
  readonly l2?: number;
}

/**
 * λ₁·Σ|w| + λ₂·Σw².
 *
 * @throws OptionError for factors that are no finite numbers ≥ 0
 * @example l1l2({ l1: 0.1, l2: 0.2 })(tensor([1, -2, 0])); // 1.3
 */
export function l1l2(factors: L1L2Factors = {}): Regularizer {
  checkOptions("l1l2", factors, { l1: notNegative, l2: notNegative });
  const [absolute, square] = [l1(factors.l1), l2(factors.l2)];
  return (values) => absolute(values).add(square(values));
}

function checkFactor(owner: string, factor: number): void {
  checkOption(notNegative.valid(factor), owner, "factor", notNegative.rule, factor);
}
