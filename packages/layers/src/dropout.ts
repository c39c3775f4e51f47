// Dropout: noise in training that keeps units from relying on one another.

import { checkOption, dropout, type Generator, type Shape, type Tensor } from "@gradus/core";
import { checkFloat } from "./inputs.ts";
import { Layer } from "./layer.ts";
import type { SameShapeRule } from "./layer-types.ts";
import { between, checkOptions, generatorRule, type OptionRules } from "./options.ts";

/** Options of {@link Dropout}. */
export interface DropoutOptions {
  /** Where the random numbers come from; the default generator if none is given. */
  readonly generator?: Generator;
}

const rules: OptionRules<DropoutOptions> = { generator: generatorRule };
const unit = /* @__PURE__ */ between(0, 1);

/**
 * In training, sets each element to 0 with probability `rate` and scales the others by 1/(1 − rate), so that the
 * expected value stays; in evaluation, the identity. No two calls share a mask.
 * Source: N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 2014.
 *
 * @example
 * new Dropout(0.3).eval().forward(ones([2])).toArray(); // [1, 1]
 */
export class Dropout extends Layer {
  declare readonly rule: SameShapeRule;
  /** The probability with which an element becomes 0 in training, from 0 to 1. */
  readonly rate: number;
  /** Where the masks come from; null for the default generator. */
  readonly generator: Generator | null;

  /**
   * @param rate the probability with which an element is dropped, from 0 (nothing happens) to 1 (all is zeros)
   * @throws OptionError for a rate outside [0, 1]
   */
  constructor(rate: number, options: DropoutOptions = {}) {
    super();
    checkOption(unit.valid(rate), "Dropout", "rate", unit.rule, rate);
    checkOptions("Dropout", options, rules);
    this.rate = rate;
    this.generator = options.generator ?? null;
  }

  override get kind(): string {
    return "dropout";
  }

  /**
   * Any shape, which stays: in evaluation the input itself.
   *
   * @throws DTypeError for an input that holds no floats
   */
  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    checkFloat(this, x);
    if (!this.training) return x;
    return dropout(x, this.rate, this.generator === null ? {} : { generator: this.generator });
  }

  override toString(): string {
    return `Dropout(${this.rate})`;
  }
}
