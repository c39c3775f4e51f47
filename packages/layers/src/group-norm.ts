// Group normalization: each sample's groups of channels brought to mean 0 and variance 1, over all places of the sample.
// Source: Y. Wu, K. He, "Group normalization", ECCV 2018. ε and the order of arguments are PyTorch's.

import {
  type Check,
  checkOption,
  formatShape,
  groupNorm,
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
import { checkOptions, checkSize, flag, floatRule, type OptionRules, positive, whole } from "./options.ts";

/** Options of {@link GroupNorm}. */
export interface GroupNormLayerOptions<Axis extends number = number> {
  /** ε > 0, added to the variance before the root; 1e-5 by default. */
  readonly epsilon?: number;
  /** Whether a shift β is learnt for each channel; true by default. */
  readonly center?: boolean;
  /** Whether a scale γ is learnt for each channel; true by default. */
  readonly scale?: boolean;
  /** The axis of the channels; the last by default. */
  readonly axis?: Axis;
  /** The type of the parameters; `float32` by default. */
  readonly dtype?: FloatDType;
}

const rules: OptionRules<GroupNormLayerOptions> = {
  epsilon: positive,
  center: flag,
  scale: flag,
  axis: whole,
  dtype: floatRule,
};

type Label<Groups extends number, Channels extends number> = `GroupNorm(${ShowSize<Groups>}, ${ShowSize<Channels>})`;

/** What the compiler knows of the result: the channels are checked where they stand on the last axis. */
type Output<S extends Shape, Groups extends number, Channels extends number, Axis extends number> = [Axis] extends [-1]
  ? SameFeatures<S, Channels, Label<Groups, Channels>>
  : S;

/**
 * y = γ · (x − μ) / √(σ² + ε) + β for `[batch, …, channels]`, with μ and the biased σ² of each sample and group of
 * neighbouring channels, over all axes but the batch's. One group is a layer normalization of the whole sample, a
 * group for each channel an instance normalization. The same in training and in evaluation.
 *
 * Source: Y. Wu, K. He, "Group normalization", ECCV 2018.
 *
 * @example
 * const layer = new GroupNorm(4, 32);
 * layer.forward(zeros([8, 14, 14, 32])).shape; // [8, 14, 14, 32]
 */
export class GroupNorm<
  const Groups extends number = number,
  const Channels extends number = number,
  const Axis extends number = -1,
> extends Layer {
  declare readonly rule: [Axis] extends [-1] ? SameFeaturesRule<Channels, Label<Groups, Channels>> : SameShapeRule;
  /** How many groups the channels fall into, each of neighbours; a divisor of their number. */
  readonly groups: Groups;
  /** The size of the axis of channels. */
  readonly channels: Channels;
  /** ε, added to the variance before the root. */
  readonly epsilon: number;
  /** The axis of the channels; −1 is the last. */
  readonly axis: number;
  /** The scale γ, `[channels]`, or null without one. */
  readonly gamma: Variable<readonly [Channels]> | null;
  /** The shift β, `[channels]`, or null without one. */
  readonly beta: Variable<readonly [Channels]> | null;

  /**
   * @param groups how many groups the channels fall into: 1 for all together, `channels` for each alone
   * @param channels the size of the input's axis of channels
   * @throws OptionError for a number of groups that does not divide the channels, and for options out of range
   */
  constructor(groups: Groups, channels: Channels, options: GroupNormLayerOptions<Axis> = {}) {
    super();
    const owner = `GroupNorm(${groups}, ${channels})`;
    checkSize(owner, "groups", groups);
    checkSize(owner, "channels", channels);
    checkOption(channels % groups === 0, owner, "groups", `a divisor of the ${channels} channels`, groups);
    checkOptions(owner, options, rules);
    const { epsilon = 1e-5, center = true, scale = true, axis = -1, dtype = "float32" } = options;
    const shape: readonly [Channels] = [channels];
    this.groups = groups;
    this.channels = channels;
    this.epsilon = epsilon;
    this.axis = axis;
    this.gamma = scale ? new Variable(ones(shape, { dtype })) : null;
    this.beta = center ? new Variable(zeros(shape, { dtype })) : null;
    this.namedVariables();
  }

  override get kind(): string {
    return "group_norm";
  }

  override get inputShape(): Shape | null {
    return this.axis === -1 ? [this.channels] : null;
  }

  /**
   * `[batch, …, channels]` (or with the channels on another `axis`) stays as it is.
   *
   * @throws ShapeError `GroupNorm(2, 6): the input [8,4] has 4 features, not 6`, and for an input without a batch's
   * axis
   * @throws DTypeError for an input that holds no floats
   */
  override forward<S extends Shape>(
    x: Tensor<S> & Check<Output<S, Groups, Channels, Axis>>,
  ): Tensor<Result<Output<S, Groups, Channels, Axis>>> {
    const input: Tensor = x;
    const { epsilon, axis } = this;
    checkFloat(this, input);
    checkFeatures(this, input, this.channels, axis);
    if (input.rank < 2 || axis === 0 || axis === -input.rank) {
      throw new ShapeError(`${this}: the input ${formatShape(input.shape)} has no batch's axis before its channels`);
    }
    return typed(groupNorm(input, this.groups, this.gamma ?? 1, this.beta ?? 0, { epsilon, axis }));
  }

  override toString(): string {
    return `GroupNorm(${this.groups}, ${this.channels})`;
  }
}
