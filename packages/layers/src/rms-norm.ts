// Root mean square normalization: features brought to mean square 1, without subtracting their mean.
// Source: B. Zhang, R. Sennrich, "Root mean square layer normalization", NeurIPS 2019.

import {
  type Check,
  ones,
  type Result,
  rmsNorm,
  type Shape,
  type ShowSize,
  type Tensor,
  typed,
  Variable,
} from "@gradus/core";
import type { FloatDType } from "./initializers.ts";
import { checkFeatures, checkFloat } from "./inputs.ts";
import { Layer } from "./layer.ts";
import type { SameFeatures, SameFeaturesRule } from "./layer-types.ts";
import { checkOptions, checkSize, flag, floatRule, type OptionRules, positive } from "./options.ts";

/** Options of {@link RMSNorm}. */
export interface RMSNormOptions {
  /** ε > 0, added to the mean square before the root; 1e-5 by default. */
  readonly epsilon?: number;
  /** Whether a scale γ is learnt; true by default. */
  readonly scale?: boolean;
  /** The type of the parameter; `float32` by default. */
  readonly dtype?: FloatDType;
}

const rules: OptionRules<RMSNormOptions> = { epsilon: positive, scale: flag, dtype: floatRule };

type Label<Features extends number> = `RMSNorm(${ShowSize<Features>})`;

/**
 * y = γ · x / √(mean x² + ε) over the last axis: `[…, features]` stays as it is. The same in training and in
 * evaluation.
 *
 * Source: B. Zhang, R. Sennrich, "Root mean square layer normalization", NeurIPS 2019.
 *
 * @example
 * const layer = new RMSNorm(64);
 * layer.forward(zeros([32, 10, 64])).shape; // [32, 10, 64]
 */
export class RMSNorm<const Features extends number = number> extends Layer {
  declare readonly rule: SameFeaturesRule<Features, Label<Features>>;
  /** The size of the last axis, which is normalized. */
  readonly features: Features;
  /** ε, added to the mean square before the root. */
  readonly epsilon: number;
  /** The scale γ, `[features]`, or null without one. */
  readonly gamma: Variable<readonly [Features]> | null;

  /**
   * @param features the size of the input's last axis
   * @throws OptionError for a number of features that is no whole number ≥ 1, and for options out of range
   */
  constructor(features: Features, options: RMSNormOptions = {}) {
    super();
    const owner = `RMSNorm(${features})`;
    checkSize(owner, "features", features);
    checkOptions(owner, options, rules);
    const { epsilon = 1e-5, scale = true, dtype = "float32" } = options;
    const shape: readonly [Features] = [features];
    this.features = features;
    this.epsilon = epsilon;
    this.gamma = scale ? new Variable(ones(shape, { dtype })) : null;
    this.namedVariables();
  }

  override get kind(): string {
    return "rms_norm";
  }

  override get inputShape(): Shape {
    return [this.features];
  }

  /**
   * `[…, features]` stays as it is.
   *
   * @throws ShapeError `RMSNorm(128): the input [32,64] has 64 features, not 128`
   * @throws DTypeError for an input that holds no floats
   */
  override forward<S extends Shape>(
    x: Tensor<S> & Check<SameFeatures<S, Features, Label<Features>>>,
  ): Tensor<Result<SameFeatures<S, Features, Label<Features>>>> {
    const input: Tensor = x;
    checkFloat(this, input);
    checkFeatures(this, input, this.features);
    return typed(rmsNorm(input, this.gamma ?? 1, { epsilon: this.epsilon }));
  }

  override toString(): string {
    return `RMSNorm(${this.features})`;
  }
}
