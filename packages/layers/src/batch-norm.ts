// Batch normalization: every feature brought to mean 0 and variance 1, then scaled and shifted by what is learnt.
// Source: S. Ioffe, C. Szegedy, "Batch normalization: accelerating deep network training", ICML 2015.
// The conventions are those of Keras (momentum weighs the old value, ε = 1e-3, biased running variance); PyTorch's are
// `{ momentum: 0.9, epsilon: 1e-5, unbiasedVariance: true }`.

import {
  batchNorm,
  type Check,
  formatShape,
  full,
  noGrad,
  normalizeFeatures,
  ones,
  type Result,
  type Shape,
  ShapeError,
  type Tensor,
  tensor,
  typed,
  type Update,
  update,
  Variable,
  zeros,
} from "@gradus/core";
import { checkFoldable, type Foldable } from "./folding.ts";
import type { FloatDType } from "./initializers.ts";
import { checkFeatures, checkFloat } from "./inputs.ts";
import { Layer } from "./layer.ts";
import type { BatchNormOutput, BatchNormRule, SameShapeRule } from "./layer-types.ts";
import {
  between,
  checkOptions,
  checkSize,
  flag,
  floatRule,
  type OptionRules,
  orNull,
  positive,
  whole,
} from "./options.ts";

/** Options of {@link BatchNorm}. */
export interface BatchNormLayerOptions<Axis extends number = number> {
  /**
   * The weight of the old running value: running ← momentum · running + (1 − momentum) · batch; 0.99 by default. With
   * null the running values are the mean over all batches seen.
   */
  readonly momentum?: number | null;
  /** ε > 0, added to the variance before the root; 1e-3 by default. */
  readonly epsilon?: number;
  /**
   * Whether the running variance is of the batch's sum of squares over n − 1 instead of n; false by default. What a
   * training batch is divided by is biased either way.
   */
  readonly unbiasedVariance?: boolean;
  /** Whether a shift β is learnt; true by default. */
  readonly center?: boolean;
  /** Whether a scale γ is learnt; true by default. */
  readonly scale?: boolean;
  /** The axis of the features; the last by default. All others are averaged over. */
  readonly axis?: Axis;
  /** The type of parameters and statistics; `float32` by default. */
  readonly dtype?: FloatDType;
}

const rules: OptionRules<BatchNormLayerOptions> = {
  momentum: /* @__PURE__ */ orNull(/* @__PURE__ */ between(0, 1)),
  epsilon: positive,
  unbiasedVariance: flag,
  center: flag,
  scale: flag,
  axis: whole,
  dtype: floatRule,
};

/** running ← keep · running + take · batch, for mean and variance in one loop. */
const blend: Update = /* @__PURE__ */ update({
  name: "batchNorm.running",
  forward: (mean, variance, batchMean, batchVariance, keep, take, correction) => [
    mean.mul(keep).add(batchMean.mul(take)),
    variance.mul(keep).add(batchVariance.mul(correction).mul(take)),
  ],
});

const increment: Update = /* @__PURE__ */ update({ name: "batchNorm.count", forward: (count) => [count.add(1)] });

/** What the compiler knows of the result: the features are checked where they stand on the last axis. */
type Output<S extends Shape, Features extends number, Axis extends number> = [Axis] extends [-1]
  ? BatchNormOutput<S, Features>
  : S;

/**
 * y = γ · (x − μ) / √(σ² + ε) + β for each feature. In training μ and σ² (biased) are those of the batch, and
 * running averages of them are kept; in evaluation, and when frozen, the running averages are used and stay as they
 * are. The defaults are Keras's; PyTorch's are `{ momentum: 0.9, epsilon: 1e-5, unbiasedVariance: true }`.
 *
 * Source: S. Ioffe, C. Szegedy, "Batch normalization: accelerating deep network training", ICML 2015.
 *
 * @example
 * const layer = new BatchNorm(256);
 * layer.forward(zeros([64, 256])).shape; // [64, 256]
 */
export class BatchNorm<const Features extends number = number, const Axis extends number = -1> extends Layer {
  declare readonly rule: [Axis] extends [-1] ? BatchNormRule<Features> : SameShapeRule;
  /** The size of the axis that is normalized feature by feature. */
  readonly features: Features;
  /** The weight of the old running value, from 0 to 1; null where running values are the mean over all batches. */
  readonly momentum: number | null;
  /** ε, added to the variance before the root. */
  readonly epsilon: number;
  /** Whether the running variance divides by n − 1 instead of n. */
  readonly unbiasedVariance: boolean;
  /** The axis of the features; −1 is the last. */
  readonly axis: number;
  /** The scale γ, `[features]`, or null without one. */
  readonly gamma: Variable<readonly [Features]> | null;
  /** The shift β, `[features]`, or null without one. */
  readonly beta: Variable<readonly [Features]> | null;
  /** The average of the batches' means, `[features]`. */
  readonly runningMean: Variable<readonly [Features]>;
  /** The average of the batches' variances, `[features]`. */
  readonly runningVariance: Variable<readonly [Features]>;
  /** How many batches were seen, where `momentum` is null. */
  readonly batches: Variable<readonly []> | null;

  /**
   * @param features the size of the input's axis of features
   * @throws OptionError for a number of features that is no whole number ≥ 1, and for options out of range
   */
  constructor(features: Features, options: BatchNormLayerOptions<Axis> = {}) {
    super();
    const owner = `BatchNorm(${features})`;
    checkSize(owner, "features", features);
    checkOptions(owner, options, rules);
    const {
      momentum = 0.99,
      epsilon = 1e-3,
      unbiasedVariance = false,
      center = true,
      scale = true,
      dtype = "float32",
    } = options;
    this.features = features;
    this.momentum = momentum;
    this.epsilon = epsilon;
    this.unbiasedVariance = unbiasedVariance;
    this.axis = options.axis ?? -1;
    const shape: readonly [Features] = [features];
    this.gamma = scale ? new Variable(ones(shape, { dtype })) : null;
    this.beta = center ? new Variable(zeros(shape, { dtype })) : null;
    this.runningMean = new Variable(zeros(shape, { dtype }), { requiresGrad: false });
    this.runningVariance = new Variable(ones(shape, { dtype }), { requiresGrad: false });
    this.batches = momentum === null ? new Variable(tensor(0, { dtype }), { requiresGrad: false }) : null;
    this.namedVariables();
  }

  override get kind(): string {
    return "batch_norm";
  }

  override get inputShape(): Shape | null {
    return this.axis === -1 ? [this.features] : null;
  }

  /**
   * `[…, features]` (or with the features on another `axis`) stays as it is. In training, the running averages move.
   *
   * @throws ShapeError `BatchNorm(128): the input [32,64] has 64 features, not 128`
   * @throws ShapeError for a training batch with one value per feature, which has no variance
   * @throws DTypeError for an input that holds no floats
   */
  override forward<S extends Shape>(
    x: Tensor<S> & Check<Output<S, Features, Axis>>,
  ): Tensor<Result<Output<S, Features, Axis>>> {
    const input: Tensor = x;
    checkFloat(this, input);
    checkFeatures(this, input, this.features, this.axis);
    const { epsilon, axis } = this;
    const [gamma, beta] = [this.gamma ?? 1, this.beta ?? 0] as const;
    if (!this.training || this.frozen) {
      const running = { mean: this.runningMean, variance: this.runningVariance };
      return typed(normalizeFeatures(input, running, gamma, beta, { epsilon, axis }));
    }
    const count = input.size / this.features;
    if (count < 2) {
      const values = count === 1 ? "one value" : "no value";
      throw new ShapeError(
        `${this}: the training batch ${formatShape(input.shape)} has ${values} per feature, which has no variance: ` +
          "use larger batches, or eval()",
      );
    }
    const { output, mean, variance } = batchNorm(input, gamma, beta, { epsilon, axis });
    this.#follow(mean, variance, this.unbiasedVariance ? count / (count - 1) : 1);
    return typed(output);
  }

  /**
   * Makes this layer's evaluation part of the layer before it, for faster inference: the layer's weight is multiplied by γ/√(σ² + ε),
   * its bias becomes (b − μ)·γ/√(σ² + ε) + β, and this layer becomes the identity in evaluation, so that it may stay in its model or
   * be left out. A layer without a bias gets one.
   *
   * @param layer a Dense or a convolution, or anything with a weight whose last axis is the output, and a bias
   * @returns the layer
   * @throws ShapeError where the layer's outputs are not this layer's features; nothing is changed then
   * @example
   * const [dense, norm] = [new Dense(3, 2, { bias: false }), new BatchNorm(2)];
   * const model = new Sequential(norm.eval().foldInto(dense), new ReLU());
   * model.forward(zeros([4, 3])).shape; // [4, 2]
   */
  foldInto<L extends Foldable>(layer: L): L {
    checkFoldable(this, layer, this.features, this.axis);
    noGrad(() => {
      const [mean, variance, gamma, beta] = [
        this.runningMean,
        this.runningVariance,
        this.gamma ?? 1,
        this.beta ?? 0,
      ].map((value): Tensor => (typeof value === "number" ? full([], value) : value).cast("float64"));
      if (mean === undefined || variance === undefined || gamma === undefined || beta === undefined) return;
      const { weight, bias } = layer;
      const factor = gamma.div(variance.add(this.epsilon).sqrt());
      const shift = (bias === null ? mean.neg() : bias.cast("float64").sub(mean)).mul(factor).add(beta);
      weight.assign(weight.cast("float64").mul(factor).cast(weight.dtype));
      if (bias === null) Object.assign(layer, { bias: new Variable(shift.cast(weight.dtype)) });
      else bias.assign(shift.cast(bias.dtype));
      // (x − 0) / √((1 − ε) + ε) = x
      this.runningMean.assign(zeros([this.features], { dtype: this.runningMean.dtype }));
      this.runningVariance.assign(full([this.features], 1 - this.epsilon, { dtype: this.runningVariance.dtype }));
      this.gamma?.assign(ones([this.features], { dtype: this.gamma.dtype }));
      this.beta?.assign(zeros([this.features], { dtype: this.beta.dtype }));
    });
    return layer;
  }

  /** Moves the running averages towards the statistics of a batch. */
  #follow(mean: Tensor, variance: Tensor, correction: number): void {
    const running = [this.runningMean, this.runningVariance];
    if (this.momentum !== null) {
      blend(running, [mean, variance, this.momentum, 1 - this.momentum, correction]);
    } else if (this.batches !== null) {
      // mean of n: keep (n − 1)/n of the mean before, take 1/n of the new value.
      increment([this.batches], []);
      const take: Tensor = this.batches.reciprocal();
      blend(running, [mean, variance, take.neg().add(1), take, correction]);
    }
  }

  override toString(): string {
    return `BatchNorm(${this.features})`;
  }
}
