// The transposed convolution: every pixel of the input paints a small window of the output, weighted, so that images grow by the stride.
// Source: M. Zeiler et al., "Deconvolutional networks", CVPR 2010.

import { type Check, observed, type Result, type Shape, type Tensor, typed, Variable } from "@gradus/core";
import { convTranspose2d, type Extent, type Padding } from "@gradus/core/convolution";
import { xavierUniform, zeros } from "./initializers.ts";
import { initial } from "./inputs.ts";
import { Layer } from "./layer.ts";
import { checkOptions, checkSize, type OptionRules } from "./options.ts";
import type { CheckOptions, GivenOptions, PaintedOutput, PaintedRule, ShowExtent } from "./window-types.ts";
import {
  checkChannels,
  checkGroups,
  checkWindow,
  countRule,
  extentRule,
  type KernelOptions,
  kernelRules,
  outputPaddingRule,
  paddingRule,
  pairOf,
  writeExtent,
} from "./windows.ts";

/** Options of {@link ConvTranspose2D}. */
export interface ConvTranspose2DOptions extends KernelOptions {
  /** Steps between neighbouring windows; 1 by default. */
  readonly stride?: Extent;
  /** What is taken off the result: nothing for `"valid"` (the default), what leaves size · stride for `"same"`, or rows and columns. */
  readonly padding?: Padding;
  /** Steps between neighbouring taps of the kernel; 1 by default. */
  readonly dilation?: Extent;
  /** Rows and columns added after the result, less than a stride or a dilation; 0 by default. */
  readonly outputPadding?: number | readonly [height: number, width: number];
  /** Parts into which channels and filters fall; 1 by default. */
  readonly groups?: number;
}

const rules: OptionRules<ConvTranspose2DOptions> = /* @__PURE__ */ Object.assign(
  {
    stride: extentRule,
    padding: paddingRule,
    dilation: extentRule,
    outputPadding: outputPaddingRule,
    groups: countRule,
  },
  kernelRules,
);

type Label<
  In extends number,
  Out extends number,
  Size extends Extent,
> = `ConvTranspose2D(${In}, ${Out}, ${ShowExtent<Size>})`;

/**
 * y = x ∗ᵀ W + b: images `[batch, height, width, channels]` become `[batch, height', width', filters]`, where without padding
 * height' = (height − 1) · stride + size. The kernel W is `[height, width, channels, filters / groups]`, inputs before outputs as in
 * all layers (the operator takes its last two axes the other way round); the bias b is `[filters]`.
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
> extends Layer {
  declare readonly rule: PaintedRule<In, Out, Label<In, Out, Size>, Size, GivenOptions<Given>>;
  readonly channels: In;
  readonly filters: Out;
  readonly size: Size;
  readonly stride: Extent;
  readonly padding: Padding;
  readonly dilation: Extent;
  readonly outputPadding: number | readonly [height: number, width: number];
  readonly groups: number;
  /** W, `[height, width, channels, filters / groups]`. */
  readonly weight: Variable<readonly [number, number, In, number]>;
  /** b, `[filters]`, or null without one. */
  readonly bias: Variable<readonly [Out]> | null;

  /**
   * @param size height and width of a window, one number for both
   * @throws OptionError for sizes that are no whole numbers ≥ 1, and for options that are unknown or of the wrong kind
   */
  constructor(channels: In, filters: Out, size: Size, ...[options = {}]: CheckOptions<Given, ConvTranspose2DOptions>) {
    super();
    const owner = `ConvTranspose2D(${channels}, ${filters}, ${writeExtent(size)})`;
    checkSize(owner, "channels", channels);
    checkSize(owner, "filters", filters);
    checkWindow(owner, size, extentRule);
    checkOptions(owner, options, rules);
    const { stride = 1, padding = "valid", dilation = 1, outputPadding = 0, groups = 1, bias = true } = options;
    const { initializer = xavierUniform, biasInitializer = zeros, generator, dtype = "float32" } = options;
    checkGroups(owner, groups, channels, filters);
    const making = generator === undefined ? { dtype } : { dtype, generator };
    this.channels = channels;
    this.filters = filters;
    this.size = size;
    this.stride = stride;
    this.padding = padding;
    this.dilation = dilation;
    this.outputPadding = outputPadding;
    this.groups = groups;
    const shape = [...pairOf(size), channels, filters / groups] as const;
    this.weight = new Variable(initial(owner, "initializer", initializer, shape, making));
    this.bias = bias ? new Variable(initial(owner, "biasInitializer", biasInitializer, [filters], making)) : null;
    this.govern(options, this.weight, this.bias);
    this.namedVariables();
  }

  override get kind(): string {
    return "conv_transpose2d";
  }

  /** @throws ShapeError `ConvTranspose2D(1, 16, 3): the input [64,7,7,3] has 3 channels, not 1` */
  override forward<S extends Shape>(
    x: Tensor<S> & Check<PaintedOutput<S, In, Out, Label<In, Out, Size>, Size, GivenOptions<Given>>>,
  ): Tensor<Result<PaintedOutput<S, In, Out, Label<In, Out, Size>, Size, GivenOptions<Given>>>> {
    const input: Tensor = x;
    checkChannels(this, input, "[batch,height,width,channels]", this.channels);
    const { stride, padding, dilation, outputPadding, groups } = this;
    const kernel: Tensor = this.weight.permute([0, 1, 3, 2]);
    const bias: Tensor | null = observed(() => this.bias);
    const result: Tensor = convTranspose2d(input, kernel, { stride, padding, dilation, outputPadding, groups });
    return typed(this.regularized(bias === null ? result : result.add(bias)));
  }

  override toString(): string {
    return `ConvTranspose2D(${this.channels}, ${this.filters}, ${writeExtent(this.size)})`;
  }
}
