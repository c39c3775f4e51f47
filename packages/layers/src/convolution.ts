// What the convolutional layers share: their sizes, their groups, and how they are written.

import type { Shape } from "@gradus/core";
import type { Extent } from "@gradus/core/convolution";
import { Affine, type AffineOptions } from "./affine.ts";
import { checkOptions, checkSize, type OptionRule, type OptionRules } from "./options.ts";
import { checkGroups, checkWindow, writeExtent } from "./windows.ts";

/** Options that all convolutions have. */
export interface ConvolutionOptions extends AffineOptions {
  /**
   * Parts into which channels and filters fall, a divisor of both; 1 by default, the number of channels for a
   * depthwise convolution.
   */
  readonly groups?: number;
}

/** What a convolution is told beside its sizes and options. */
interface Particulars<Kernel extends Shape> {
  readonly name: string;
  readonly rules: OptionRules<ConvolutionOptions>;
  readonly window: OptionRule;
  /** The shape of the weight for so many groups. */
  readonly kernel: (groups: number) => Kernel;
}

/** A layer that slides one kernel over its input. */
export abstract class Convolution<
  In extends number,
  Out extends number,
  Size extends Extent,
  Kernel extends Shape,
> extends Affine<Kernel, Out> {
  /** The size of the input's last axis. */
  readonly channels: In;
  /** The size of the result's last axis: how many patterns are looked for. */
  readonly filters: Out;
  /** Steps, or height and width, of a window; one number for both. */
  readonly size: Size;
  /** Parts into which channels and filters fall; each filter sees its own part of the channels alone. */
  readonly groups: number;
  readonly #owner: string;

  protected constructor(
    { name, rules, window, kernel }: Particulars<Kernel>,
    channels: In,
    filters: Out,
    size: Size,
    options: ConvolutionOptions,
  ) {
    const owner = `${name}(${channels}, ${filters}, ${writeExtent(size)})`;
    checkSize(owner, "channels", channels);
    checkSize(owner, "filters", filters);
    checkWindow(owner, size, window);
    checkOptions<ConvolutionOptions>(owner, options, rules);
    const { groups = 1 } = options;
    checkGroups(owner, groups, channels, filters);
    super(owner, kernel(groups), filters, options);
    this.channels = channels;
    this.filters = filters;
    this.size = size;
    this.groups = groups;
    this.#owner = owner;
  }

  override toString(): string {
    return this.#owner;
  }
}
