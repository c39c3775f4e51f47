// The convolutional layer of images: every output is a weighted sum of the pixels under a small window, with the same weights
// everywhere. Source: Y. LeCun et al., "Backpropagation applied to handwritten zip code recognition", Neural Computation 1989.

import { type Check, type Result, type Shape, type Tensor, typed } from "@gradus/core";
import { conv2d, type Extent, type Padding } from "@gradus/core/convolution";
import { affineRules } from "./affine.ts";
import { Convolution, type ConvolutionOptions } from "./convolution.ts";
import type { OptionRules } from "./options.ts";
import type { CheckOptions, GivenOptions, ImagesOutput, ImagesRule, ShowExtent } from "./window-types.ts";
import { checkChannels, countRule, extentRule, paddingRule, pairOf } from "./windows.ts";

/** Options of {@link Conv2D}. */
export interface Conv2DOptions extends ConvolutionOptions {
  /** Steps between neighbouring windows, one number or `[height, width]`; 1 by default. */
  readonly stride?: Extent;
  /**
   * Zeros around the image: none for `"valid"` (the default), as many as keep ⌈size / stride⌉ for `"same"`, a number
   * for all sides, `[height, width]`, or `[[top, bottom], [left, right]]`.
   */
  readonly padding?: Padding;
  /** Steps between neighbouring taps of the kernel, one number or `[height, width]`; 1 by default. */
  readonly dilation?: Extent;
}

const rules: OptionRules<Conv2DOptions> = /* @__PURE__ */ Object.assign(
  {
    stride: extentRule,
    padding: paddingRule,
    dilation: extentRule,
    groups: countRule,
  },
  affineRules,
);

type Label<In extends number, Out extends number, Size extends Extent> = `Conv2D(${In}, ${Out}, ${ShowExtent<Size>})`;

/**
 * y = x ∗ W + b: images `[batch, height, width, channels]` become `[batch, height', width', filters]`, where height'
 * is ⌊(height + zeros − dilation · (size − 1) − 1) / stride⌋ + 1. The kernel W is
 * `[height, width, channels / groups, filters]`, the bias b `[filters]`.
 *
 * Source: Y. LeCun et al., "Backpropagation applied to handwritten zip code recognition", Neural Computation 1989.
 *
 * @example
 * const layer = new Conv2D(1, 16, 3, { padding: "same" });
 * layer.forward(zeros([64, 28, 28, 1])).shape; // [64, 28, 28, 16]
 */
export class Conv2D<
  const In extends number = number,
  const Out extends number = number,
  const Size extends Extent = Extent,
  const Given extends readonly [options?: Conv2DOptions] = readonly [options?: Conv2DOptions],
> extends Convolution<In, Out, Size, readonly [number, number, number, Out]> {
  declare readonly rule: ImagesRule<In, Out, Label<In, Out, Size>, Size, GivenOptions<Given>>;
  /** Steps between neighbouring windows; one number for both directions. */
  readonly stride: Extent;
  /** Zeros around the image: `"valid"`, `"same"`, a number, `[height, width]`, or `[[top, bottom], [left, right]]`. */
  readonly padding: Padding;
  /** Steps between neighbouring taps of the kernel; one number for both directions. */
  readonly dilation: Extent;

  /**
   * @param channels the size of the input's last axis
   * @param filters the size of the result's last axis
   * @param size height and width of a window, one number for both
   * @throws OptionError for sizes that are no whole numbers ≥ 1, and for options that are unknown or of the wrong
   * kind
   */
  constructor(channels: In, filters: Out, size: Size, ...[options = {}]: CheckOptions<Given, Conv2DOptions>) {
    super(
      { name: "Conv2D", rules, window: extentRule, kernel: (groups) => [...pairOf(size), channels / groups, filters] },
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
    return "conv2d";
  }

  /**
   * `[batch, height, width, channels]` → `[batch, height', width', filters]`.
   *
   * @throws ShapeError `Conv2D(1, 16, 3): the input [64,28,28,3] has 3 channels, not 1`
   * @throws DTypeError for an input that holds no floats
   */
  override forward<S extends Shape>(
    x: Tensor<S> & Check<ImagesOutput<S, In, Out, Label<In, Out, Size>, Size, GivenOptions<Given>>>,
  ): Tensor<Result<ImagesOutput<S, In, Out, Label<In, Out, Size>, Size, GivenOptions<Given>>>> {
    const input: Tensor = x;
    checkChannels(this, input, "[batch,height,width,channels]", this.channels);
    const { stride, padding, dilation, groups } = this;
    const weight: Tensor = this.weight;
    return typed(this.biased(conv2d(input, weight, { stride, padding, dilation, groups })));
  }
}
