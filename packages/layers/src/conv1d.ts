// The convolutional layer of sequences: every output is a weighted sum of a few neighbouring steps, with the same weights everywhere.

import { type Check, type Result, type Shape, type ShowSize, type Tensor, typed } from "@gradus/core";
import { conv1d, type SequencePadding } from "@gradus/core/convolution";
import { affineRules } from "./affine.ts";
import { Convolution, type ConvolutionOptions } from "./convolution.ts";
import type { OptionRules } from "./options.ts";
import type { CheckOptions, GivenOptions, SequencesOutput, SequencesRule } from "./window-types.ts";
import { checkChannels, countRule, sequencePaddingRule } from "./windows.ts";

/** Options of {@link Conv1D}. */
export interface Conv1DOptions extends ConvolutionOptions {
  /** Steps between neighbouring windows, at least 1; 1 by default. */
  readonly stride?: number;
  /**
   * Zeros around the sequence: none for `"valid"` (the default), as many as keep ⌈length / stride⌉ for `"same"`, a
   * number for both sides, or `[before, after]`.
   */
  readonly padding?: SequencePadding;
  /** Steps between neighbouring taps of the kernel; 1 by default. */
  readonly dilation?: number;
}

const rules: OptionRules<Conv1DOptions> = /* @__PURE__ */ Object.assign(
  {
    stride: countRule,
    padding: sequencePaddingRule,
    dilation: countRule,
    groups: countRule,
  },
  affineRules,
);

type Label<In extends number, Out extends number, Size extends number> = `Conv1D(${In}, ${Out}, ${ShowSize<Size>})`;

/**
 * y = x ∗ W + b: sequences `[batch, length, channels]` become `[batch, length', filters]`, where length' is ⌊(length
 * + zeros − dilation · (size − 1) − 1) / stride⌋ + 1. The kernel W is `[size, channels / groups, filters]`, the bias
 * b `[filters]`. `padding: [size − 1, 0]` makes it causal.
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
> extends Convolution<In, Out, Size, readonly [Size, number, Out]> {
  declare readonly rule: SequencesRule<In, Out, Label<In, Out, Size>, Size, GivenOptions<Given>>;
  /** Steps between neighbouring windows. */
  readonly stride: number;
  /** Zeros around the sequence: `"valid"`, `"same"`, a number for both sides, or `[before, after]`. */
  readonly padding: SequencePadding;
  /** Steps between neighbouring taps of the kernel. */
  readonly dilation: number;

  /**
   * @param channels the size of the input's last axis
   * @param filters the size of the result's last axis
   * @param size steps of a window
   * @throws OptionError for sizes that are no whole numbers ≥ 1, and for options that are unknown or of the wrong
   * kind
   */
  constructor(channels: In, filters: Out, size: Size, ...[options = {}]: CheckOptions<Given, Conv1DOptions>) {
    super(
      { name: "Conv1D", rules, window: countRule, kernel: (groups) => [size, channels / groups, filters] },
      channels,
      filters,
      size,
      options,
    );
    const { stride = 1, padding = "valid", dilation = 1 } = options;
    this.stride = stride;
    this.padding = padding;
    this.dilation = dilation;
  }

  override get kind(): string {
    return "conv1d";
  }

  /**
   * `[batch, length, channels]` → `[batch, length', filters]`.
   *
   * @throws ShapeError `Conv1D(1, 16, 3): the input [64,100,3] has 3 channels, not 1`
   * @throws DTypeError for an input that holds no floats
   */
  override forward<S extends Shape>(
    x: Tensor<S> & Check<SequencesOutput<S, In, Out, Label<In, Out, Size>, Size, GivenOptions<Given>>>,
  ): Tensor<Result<SequencesOutput<S, In, Out, Label<In, Out, Size>, Size, GivenOptions<Given>>>> {
    const input: Tensor = x;
    checkChannels(this, input, "[batch,length,channels]", this.channels);
    const { stride, padding, dilation, groups } = this;
    const weight: Tensor = this.weight;
    return typed(this.biased(conv1d(input, weight, { stride, padding, dilation, groups })));
  }
}
