// Pooling layers: images made smaller by the maximum or the mean of each window, or one mean for each channel.

import { type Check, type Result, type Shape, ShapeError, type Tensor, typed } from "@gradus/core";
import { avgPool2d, type Extent, maxPool2d, type Padding } from "@gradus/core/convolution";
import { Layer } from "./layer.ts";
import { checkOptions, flag, type OptionRules } from "./options.ts";
import type {
  CheckOptions,
  GlobalPooledOutput,
  GlobalPooledRule,
  PooledOutput,
  PooledRule,
  ShowExtent,
} from "./window-types.ts";
import { checkChannels, checkWindow, extentRule, paddingRule, writeExtent } from "./windows.ts";

/** Options that {@link MaxPool2D} and {@link AvgPool2D} share. */
export interface Pool2DOptions {
  /**
   * Steps between neighbouring windows, one number or `[height, width]`; the size by default, so that windows stand
   * side by side.
   */
  readonly stride?: Extent;
  /**
   * Rows and columns around the image that count for nothing; none (`"valid"`) by default, `"same"`, a number,
   * `[height, width]`, or `[[top, bottom], [left, right]]`.
   */
  readonly padding?: Padding;
  /** Whether a last window that is only partly there counts; false by default. */
  readonly ceilMode?: boolean;
}

/** Options of {@link MaxPool2D}. */
export interface MaxPool2DOptions extends Pool2DOptions {
  /** Steps between neighbouring pixels of a window, one number or `[height, width]`; 1 by default. */
  readonly dilation?: Extent;
}

/** Options of {@link AvgPool2D}. */
export interface AvgPool2DOptions extends Pool2DOptions {
  /** Whether the zeros of the padding count as pixels; false by default. */
  readonly countIncludePad?: boolean;
}

const shared: OptionRules<Pool2DOptions> = { stride: extentRule, padding: paddingRule, ceilMode: flag };
const maxRules: OptionRules<MaxPool2DOptions> = /* @__PURE__ */ Object.assign({ dilation: extentRule }, shared);
const avgRules: OptionRules<AvgPool2DOptions> = /* @__PURE__ */ Object.assign({ countIncludePad: flag }, shared);

/** What stands in the parentheses of a pooling layer: its size, 2 if none is given. */
type SizeOf<Given extends readonly unknown[]> = Given extends readonly []
  ? 2
  : Given extends readonly [infer Size, ...unknown[]]
    ? Size
    : unknown;

type OptionsOf<Given extends readonly unknown[]> = Given extends readonly [] | readonly [unknown]
  ? Record<never, never>
  : Given extends readonly [unknown, infer O]
    ? O
    : unknown;

type Label<Name extends string, Given extends readonly unknown[]> = `${Name}(${ShowExtent<SizeOf<Given>>})`;

const images = "[batch,height,width,channels]";

/**
 * The maximum of each window and channel: images `[batch, height, width, channels]` become `[batch, height', width', channels]`.
 * Windows are 2 × 2 by default.
 *
 * @example
 * new MaxPool2D(2).forward(zeros([64, 28, 28, 16])).shape; // [64, 14, 14, 16]
 */
export class MaxPool2D<
  const Given extends readonly [size?: Extent, options?: MaxPool2DOptions] = readonly [
    size?: Extent,
    options?: MaxPool2DOptions,
  ],
> extends Layer {
  declare readonly rule: PooledRule<Label<"MaxPool2D", Given>, SizeOf<Given>, OptionsOf<Given>>;
  /** Height and width of a window; one number for both. */
  readonly size: Extent;
  /** Steps between neighbouring windows; one number for both directions. */
  readonly stride: Extent;
  /** Rows and columns of −∞ around the image. */
  readonly padding: Padding;
  /** Steps between neighbouring pixels of a window; one number for both directions. */
  readonly dilation: Extent;
  /** Whether a last window that is only partly there counts. */
  readonly ceilMode: boolean;

  /**
   * @param size height and width of a window, one number for both; 2 by default. Options come after it
   * @throws OptionError for a size out of range, and for options that are unknown or out of range
   */
  constructor(...[size, options = {}]: CheckOptions<Given, MaxPool2DOptions, "1">) {
    super();
    this.size = size ?? 2;
    checkWindow(String(this), this.size, extentRule);
    checkOptions(String(this), options, maxRules);
    const { stride = this.size, padding = "valid", dilation = 1, ceilMode = false } = options;
    this.stride = stride;
    this.padding = padding;
    this.dilation = dilation;
    this.ceilMode = ceilMode;
  }

  override get kind(): string {
    return "max_pool2d";
  }

  /**
   * `[batch, height, width, channels]` → `[batch, height', width', channels]`. Of equal maxima the first of a window
   * takes the gradient.
   *
   * @throws ShapeError for an input that is no images, or in which no window fits
   * @throws DTypeError for an input that holds no floats
   */
  override forward<S extends Shape>(
    x: Tensor<S> & Check<PooledOutput<S, Label<"MaxPool2D", Given>, SizeOf<Given>, OptionsOf<Given>>>,
  ): Tensor<Result<PooledOutput<S, Label<"MaxPool2D", Given>, SizeOf<Given>, OptionsOf<Given>>>> {
    const input: Tensor = x;
    checkChannels(this, input, images, null);
    const { size, stride, padding, dilation, ceilMode } = this;
    return typed(maxPool2d(input, { size, stride, padding, dilation, ceilMode }));
  }

  override toString(): string {
    return `MaxPool2D(${writeExtent(this.size)})`;
  }
}

/**
 * The mean of each window and channel: images `[batch, height, width, channels]` become `[batch, height', width', channels]`.
 * Windows are 2 × 2 by default.
 *
 * @example
 * new AvgPool2D(2).forward(zeros([64, 28, 28, 16])).shape; // [64, 14, 14, 16]
 */
export class AvgPool2D<
  const Given extends readonly [size?: Extent, options?: AvgPool2DOptions] = readonly [
    size?: Extent,
    options?: AvgPool2DOptions,
  ],
> extends Layer {
  declare readonly rule: PooledRule<Label<"AvgPool2D", Given>, SizeOf<Given>, OptionsOf<Given>>;
  /** Height and width of a window; one number for both. */
  readonly size: Extent;
  /** Steps between neighbouring windows; one number for both directions. */
  readonly stride: Extent;
  /** Rows and columns of zeros around the image. */
  readonly padding: Padding;
  /** Whether a last window that is only partly there counts. */
  readonly ceilMode: boolean;
  /** Whether the zeros of the padding count as pixels of the mean. */
  readonly countIncludePad: boolean;

  /**
   * @param size height and width of a window, one number for both; 2 by default. Options come after it
   * @throws OptionError for a size out of range, and for options that are unknown or out of range
   */
  constructor(...[size, options = {}]: CheckOptions<Given, AvgPool2DOptions, "1">) {
    super();
    this.size = size ?? 2;
    checkWindow(String(this), this.size, extentRule);
    checkOptions(String(this), options, avgRules);
    const { stride = this.size, padding = "valid", ceilMode = false, countIncludePad = false } = options;
    this.stride = stride;
    this.padding = padding;
    this.ceilMode = ceilMode;
    this.countIncludePad = countIncludePad;
  }

  override get kind(): string {
    return "avg_pool2d";
  }

  /**
   * `[batch, height, width, channels]` → `[batch, height', width', channels]`.
   *
   * @throws ShapeError for an input that is no images, or in which no window fits
   * @throws DTypeError for an input that holds no floats
   */
  override forward<S extends Shape>(
    x: Tensor<S> & Check<PooledOutput<S, Label<"AvgPool2D", Given>, SizeOf<Given>, OptionsOf<Given>>>,
  ): Tensor<Result<PooledOutput<S, Label<"AvgPool2D", Given>, SizeOf<Given>, OptionsOf<Given>>>> {
    const input: Tensor = x;
    checkChannels(this, input, images, null);
    const { size, stride, padding, ceilMode, countIncludePad } = this;
    return typed(avgPool2d(input, { size, stride, padding, ceilMode, countIncludePad }));
  }

  override toString(): string {
    return `AvgPool2D(${writeExtent(this.size)})`;
  }
}

/**
 * The mean of each channel: images `[batch, height, width, channels]` become rows `[batch, channels]`.
 *
 * @example
 * new GlobalAvgPool2D().forward(zeros([64, 7, 7, 32])).shape; // [64, 32]
 */
export class GlobalAvgPool2D extends Layer {
  declare readonly rule: GlobalPooledRule<"GlobalAvgPool2D">;

  override get kind(): string {
    return "global_avg_pool2d";
  }

  /**
   * `[batch, height, width, channels]` → `[batch, channels]`.
   *
   * @throws ShapeError for an input that is no images, or without pixels
   * @throws DTypeError for an input that holds no floats
   */
  override forward<S extends Shape>(
    x: Tensor<S> & Check<GlobalPooledOutput<S, "GlobalAvgPool2D">>,
  ): Tensor<Result<GlobalPooledOutput<S, "GlobalAvgPool2D">>> {
    const input: Tensor = x;
    checkChannels(this, input, images, null);
    const empty = input.shape.slice(1, 3).indexOf(0);
    if (empty >= 0) throw new ShapeError(`${this}: axis ${empty + 1} of the input is empty: nothing has no mean`);
    return typed(input.mean([1, 2]));
  }
}
