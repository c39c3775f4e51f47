// The convolutional layer of sequences: every output is a weighted sum of a few neighbouring steps, with the same weights everywhere.

import {
  type Check,
  observed,
  type Result,
  type Shape,
  type ShowSize,
  type Tensor,
  typed,
  Variable,
} from "@gradus/core";
import { conv1d, type SequencePadding } from "@gradus/core/convolution";
import { xavierUniform, zeros } from "./initializers.ts";
import { initial } from "./inputs.ts";
import { Layer } from "./layer.ts";
import { checkOptions, checkSize, type OptionRules } from "./options.ts";
import type { CheckOptions, GivenOptions, SequencesOutput, SequencesRule } from "./window-types.ts";
import {
  checkChannels,
  checkGroups,
  countRule,
  type KernelOptions,
  kernelRules,
  sequencePaddingRule,
} from "./windows.ts";

/** Options of {@link Conv1D}. */
export interface Conv1DOptions extends KernelOptions {
  /** Steps between neighbouring windows; 1 by default. */
  readonly stride?: number;
  /** Zeros around the sequence: none for `"valid"` (the default), as many as keep ⌈length / stride⌉ for `"same"`. */
  readonly padding?: SequencePadding;
  /** Steps between neighbouring taps of the kernel; 1 by default. */
  readonly dilation?: number;
  /** Parts into which channels and filters fall; 1 by default, the number of channels for a depthwise convolution. */
  readonly groups?: number;
}

const rules: OptionRules<Conv1DOptions> = /* @__PURE__ */ Object.assign(
  {
    stride: countRule,
    padding: sequencePaddingRule,
    dilation: countRule,
    groups: countRule,
  },
  kernelRules,
);

type Label<In extends number, Out extends number, Size extends number> = `Conv1D(${In}, ${Out}, ${ShowSize<Size>})`;

/**
 * y = x ∗ W + b: sequences `[batch, length, channels]` become `[batch, length', filters]`. The kernel W is
 * `[size, channels / groups, filters]`, the bias b `[filters]`. `padding: [size − 1, 0]` makes it causal.
 *
 * @example
 * const layer = new Conv1D(8, 16, 3, { padding: "same" });
 * layer.forward(zeros([64, 100, 8])).shape; // [64, 100, 16]
 */
export class Conv1D<
  const In extends number = number,
  const Out extends number = number,
  const Size extends number = number,
  const Given extends readonly [options?: Conv1DOptions] = readonly [options?: Conv1DOptions],
> extends Layer {
  declare readonly rule: SequencesRule<In, Out, Label<In, Out, Size>, Size, GivenOptions<Given>>;
  readonly channels: In;
  readonly filters: Out;
  readonly size: Size;
  readonly stride: number;
  readonly padding: SequencePadding;
  readonly dilation: number;
  readonly groups: number;
  /** W, `[size, channels / groups, filters]`. */
  readonly weight: Variable<readonly [Size, number, Out]>;
  /** b, `[filters]`, or null without one. */
  readonly bias: Variable<readonly [Out]> | null;

  /**
   * @param size steps of a window
   * @throws OptionError for sizes that are no whole numbers ≥ 1, and for options that are unknown or of the wrong kind
   */
  constructor(channels: In, filters: Out, size: Size, ...[options = {}]: CheckOptions<Given, Conv1DOptions>) {
    super();
    const owner = `Conv1D(${channels}, ${filters}, ${size})`;
    checkSize(owner, "channels", channels);
    checkSize(owner, "filters", filters);
    checkSize(owner, "size", size);
    checkOptions(owner, options, rules);
    const { stride = 1, padding = "valid", dilation = 1, groups = 1, bias = true } = options;
    const { initializer = xavierUniform, biasInitializer = zeros, generator, dtype = "float32" } = options;
    checkGroups(owner, groups, channels, filters);
    const making = generator === undefined ? { dtype } : { dtype, generator };
    this.channels = channels;
    this.filters = filters;
    this.size = size;
    this.stride = stride;
    this.padding = padding;
    this.dilation = dilation;
    this.groups = groups;
    const shape: readonly [Size, number, Out] = [size, channels / groups, filters];
    this.weight = new Variable(initial(owner, "initializer", initializer, shape, making));
    this.bias = bias ? new Variable(initial(owner, "biasInitializer", biasInitializer, [filters], making)) : null;
    this.govern(options, this.weight, this.bias);
    this.namedVariables();
  }

  override get kind(): string {
    return "conv1d";
  }

  /** @throws ShapeError `Conv1D(1, 16, 3): the input [64,100,3] has 3 channels, not 1` */
  override forward<S extends Shape>(
    x: Tensor<S> & Check<SequencesOutput<S, In, Out, Label<In, Out, Size>, Size, GivenOptions<Given>>>,
  ): Tensor<Result<SequencesOutput<S, In, Out, Label<In, Out, Size>, Size, GivenOptions<Given>>>> {
    const input: Tensor = x;
    checkChannels(this, input, "[batch,length,channels]", this.channels);
    const { stride, padding, dilation, groups } = this;
    const weight: Tensor = this.weight;
    const bias: Tensor | null = observed(() => this.bias);
    const result: Tensor = conv1d(input, weight, { stride, padding, dilation, groups });
    return typed(this.regularized(bias === null ? result : result.add(bias)));
  }

  override toString(): string {
    return `Conv1D(${this.channels}, ${this.filters}, ${this.size})`;
  }
}
