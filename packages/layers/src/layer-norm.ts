// Layer normalization: each sample's features brought to mean 0 and variance 1, whatever the rest of the batch is.
// Source: J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", 2016. ε is PyTorch's.

import {
  type Check,
  checkOption,
  describe,
  formatShape,
  layerNorm,
  ones,
  type Result,
  type Shape,
  ShapeError,
  type ShowSize,
  type Tensor,
  typed,
  Variable,
  zeros,
} from "@gradus/core";
import type { FloatDType } from "./initializers.ts";
import { checkFeatures, checkFloat } from "./inputs.ts";
import { Layer } from "./layer.ts";
import type { SameFeatures, SameFeaturesRule, SameShapeRule } from "./layer-types.ts";
import { checkOptions, checkSize, flag, floatRule, type OptionRules, positive } from "./options.ts";

/** Options of {@link LayerNorm}. */
export interface LayerNormLayerOptions {
  /** ε > 0, added to the variance before the root; 1e-5 by default. */
  readonly epsilon?: number;
  /** Whether a shift β is learnt; true by default. */
  readonly center?: boolean;
  /** Whether a scale γ is learnt; true by default. */
  readonly scale?: boolean;
  /** The type of the parameters; `float32` by default. */
  readonly dtype?: FloatDType;
}

const rules: OptionRules<LayerNormLayerOptions> = { epsilon: positive, center: flag, scale: flag, dtype: floatRule };

/** What the compiler knows of the result: a last size is checked, several are left to the run. */
type Output<S extends Shape, Features> = Features extends number
  ? SameFeatures<S, Features, `LayerNorm(${ShowSize<Features>})`>
  : S;

/** The sizes of the parameters. */
type Sizes<Features> = Features extends number
  ? readonly [Features]
  : Features extends Shape
    ? Readonly<Features>
    : never;

/**
 * y = γ · (x − μ) / √(σ² + ε) + β, with μ and the biased σ² of each sample over its last axis, or over the last axes
 * that a shape names: `[…, features]` stays as it is. The same in training and in evaluation.
 *
 * Source: J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", 2016.
 *
 * @example
 * const layer = new LayerNorm(64);
 * layer.forward(zeros([32, 10, 64])).shape; // [32, 10, 64]
 */
export class LayerNorm<const Features extends number | Shape = number> extends Layer {
  declare readonly rule: Features extends number
    ? SameFeaturesRule<Features, `LayerNorm(${ShowSize<Features>})`>
    : SameShapeRule;
  /** The sizes of the axes that are normalized together, the last ones of the input. */
  readonly features: Sizes<Features>;
  /** ε, added to the variance before the root. */
  readonly epsilon: number;
  /** The scale γ, with the sizes of the features, or null without one. */
  readonly gamma: Variable<Sizes<Features>> | null;
  /** The shift β, with the sizes of the features, or null without one. */
  readonly beta: Variable<Sizes<Features>> | null;

  /**
   * @param features the size of the last axis, or the sizes of the last axes, which are normalized together
   * @throws OptionError for sizes that are no whole numbers ≥ 1, and for options that are unknown or out of range
   */
  constructor(features: Features, options: LayerNormLayerOptions = {}) {
    super();
    const isList = Array.isArray(features) && features.length > 0;
    checkOption(
      typeof features === "number" || isList,
      `LayerNorm(${describe(features)})`,
      "features",
      "a size, or a list of at least one",
      features,
    );
    const sizes: Shape = typeof features === "number" ? [features] : features;
    const owner = `LayerNorm(${typeof features === "number" ? features : formatShape(sizes)})`;
    for (const size of sizes) checkSize(owner, "features", size);
    checkOptions(owner, options, rules);
    const { epsilon = 1e-5, center = true, scale = true, dtype = "float32" } = options;
    const shape = sizes as Sizes<Features>; // cast: a number became a list of one above
    this.features = shape;
    this.epsilon = epsilon;
    this.gamma = scale ? new Variable(ones(shape, { dtype })) : null;
    this.beta = center ? new Variable(zeros(shape, { dtype })) : null;
    this.namedVariables();
  }

  override get kind(): string {
    return "layer_norm";
  }

  override get inputShape(): Shape {
    return this.features;
  }

  /**
   * `[…, features]`, or `[…, ...features]` of several, stays as it is.
   *
   * @throws ShapeError `LayerNorm(128): the input [32,64] has 64 features, not 128`
   * @throws DTypeError for an input that holds no floats
   */
  override forward<S extends Shape>(x: Tensor<S> & Check<Output<S, Features>>): Tensor<Result<Output<S, Features>>> {
    const input: Tensor = x;
    const { epsilon } = this;
    const features: Shape = this.features;
    checkFloat(this, input);
    if (features.length === 1) checkFeatures(this, input, features[0] ?? 1);
    else if (formatShape(input.shape.slice(-features.length)) !== formatShape(features)) {
      throw new ShapeError(`${this}: the input ${formatShape(input.shape)} does not end in ${formatShape(features)}`);
    }
    const axis = features.map((_, place) => place - features.length);
    return typed(layerNorm(input, this.gamma ?? 1, this.beta ?? 0, { axis, epsilon }));
  }

  override toString(): string {
    const features: Shape = this.features;
    return `LayerNorm(${features.length === 1 ? features[0] : formatShape(features)})`;
  }
}
