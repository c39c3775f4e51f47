// The transposed convolution: every pixel of the input paints a small window of the output, weighted, so that images grow by the stride.
// Source: M. Zeiler et al., "Deconvolutional networks", CVPR 2010.

import { type Check, type Result, type Shape, type Tensor, typed } from "@gradus/core";
import { convTranspose2d, type Extent, type Padding } from "@gradus/core/convolution";
import { affineRules } from "./affine.ts";
import { Convolution, type ConvolutionOptions } from "./convolution.ts";
import type { OptionRules } from "./options.ts";
import type { CheckOptions, GivenOptions, PaintedOutput, PaintedRule, ShowExtent } from "./window-types.ts";
import { checkChannels, countRule, extentRule, outputPaddingRule, paddingRule, pairOf } from "./windows.ts";

/** Options of {@link ConvTranspose2D}. */
export interface ConvTranspose2DOptions extends ConvolutionOptions {
  /** By how much an image grows, one number or `[height, width]`; 1 by default. */
  readonly stride?: Extent;
  /**
   * What is taken off the result: nothing for `"valid"` (the default), what leaves size · stride for `"same"`, or
   * rows and columns: a number for all sides, `[height, width]`, or `[[top, bottom], [left, right]]`.
   */
  readonly padding?: Padding;
  /** Steps between neighbouring taps of the kernel, one number or `[height, width]`; 1 by default. */
  readonly dilation?: Extent;
  /** Rows and columns added after the result, less than a stride or a dilation; 0 by default. */
  readonly outputPadding?: number | readonly [height: number, width: number];
}

const rules: OptionRules<ConvTranspose2DOptions> = /* @__PURE__ */ Object.assign(
  {
    stride: extentRule,
    padding: paddingRule,
    dilation: extentRule,
    outputPadding: outputPaddingRule,
    groups: countRule,
  },
  affineRules,
);

type Label<
  In extends number,
  Out extends number,
  Size extends Extent,
> = `ConvTranspose2D(${In}, ${Out}, ${ShowExtent<Size>})`;

/**
 * y = x ∗ᵀ W + b, the adjoint of a convolution: images `[batch, height, width, channels]` become
 * `[batch, height', width', filters]`, where without padding height' = (height − 1) · stride + dilation · (size − 1)
 * + 1. The kernel W is `[height, width, channels, filters / groups]`, inputs before outputs as in all layers (the
 * operator takes its last two axes the other way round); the bias b is `[filters]`.
 *
 * Source: M. Zeiler et al., "Deconvolutional networks", CVPR 2010.
 *
 * @example
 * const layer = new ConvTranspose2D(16, 8, 3, { stride: 2, padding: "same" });
 * layer.forward(zeros([64, 7, 7, 16])).shape; // [64, 14, 14, 8]
 */
export class ConvTranspose2D<
  const In extends number = number,
  const Out extends number = number,
  const Size extends Extent = Extent,
  const Given extends readonly [options?: ConvTranspose2DOptions] = readonly [options?: ConvTranspose2DOptions],
> extends Convolution<In, Out, Size, readonly [number, number, In, number]> {
  declare readonly rule: PaintedRule<In, Out, Label<In, Out, Size>, Size, GivenOptions<Given>>;
  /** By how much an image grows; one number for both directions. */
  readonly stride: Extent;
  /**
   * What is taken off the result: `"valid"`, `"same"`, a number, `[height, width]`, or
   * `[[top, bottom], [left, right]]`.
   */
  readonly padding: Padding;
  /** Steps between neighbouring taps of the kernel; one number for both directions. */
  readonly dilation: Extent;
  /** Rows and columns added after the result; one number for both. */
  readonly outputPadding: number | readonly [height: number, width: number];

  /**
   * @param channels the size of the input's last axis
   * @param filters the size of the result's last axis
   * @param size height and width of a window, one number for both
   * @throws OptionError for sizes that are no whole numbers ≥ 1, and for options that are unknown or of the wrong
   * kind
   */
  constructor(channels: In, filters: Out, size: Size, ...[options = {}]: CheckOptions<Given, ConvTranspose2DOptions>) {
    super(
      {
        name: "ConvTranspose2D",
        rules,
        window: extentRule,
        kernel: (groups) => [...pairOf(size), channels, filters / groups],
      },
      channels,
      filters,
      size,
      options,
    );
    const { stride = 1, padding = "valid", dilation = 1, outputPadding = 0 } = options;
    this.stride = stride;
    this.padding = padding;
    this.dilation = dilation;
    this.outputPadding = outputPadding;
  }

  override get kind(): string {
    return "conv_transpose2d";
  }

  /**
   * `[batch, height, width, channels]` → `[batch, height', width', filters]`.
   *
   * @throws ShapeError `ConvTranspose2D(1, 16, 3): the input [64,7,7,3] has 3 channels, not 1`
   * @throws DTypeError for an input that holds no floats
   */
  override forward<S extends Shape>(
    x: Tensor<S> & Check<PaintedOutput<S, In, Out, Label<In, Out, Size>, Size, GivenOptions<Given>>>,
  ): Tensor<Result<PaintedOutput<S, In, Out, Label<In, Out, Size>, Size, GivenOptions<Given>>>> {
    const input: Tensor = x;
    checkChannels(this, input, "[batch,height,width,channels]", this.channels);
    const { stride, padding, dilation, outputPadding, groups } = this;
    const kernel: Tensor = this.weight.permute([0, 1, 3, 2]);
    return typed(this.biased(convTranspose2d(input, kernel, { stride, padding, dilation, outputPadding, groups })));
  }
}
