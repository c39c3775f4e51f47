// Activations with options: the function of the same name in @gradus/core, applied to every element; and PReLU, whose slope is
// learned.

import {
  celu,
  checkOption,
  describe,
  elu,
  formatShape,
  gelu,
  hardTanh,
  leakyRelu,
  prelu,
  type Shape,
  ShapeError,
  type Tensor,
  Variable,
} from "@gradus/core";
import { Activation } from "./activation.ts";
import { constant, type FloatDType, type Initializer } from "./initializers.ts";
import { checkFloat, initial } from "./inputs.ts";
import { Layer } from "./layer.ts";
import type { SameShapeRule } from "./layer-types.ts";
import { checkOptions, checkSize, finite, floatRule, initializerRule, type OptionRule } from "./options.ts";

/** Options of {@link LeakyReLU}. */
export interface LeakyReLUOptions {
  /** The slope for x ≤ 0; 0.01 by default. */
  readonly negativeSlope?: number;
}

/**
 * x where it is positive, negativeSlope·x elsewhere.
 *
 * @example
 * new LeakyReLU({ negativeSlope: 0.1 }).forward(tensor([-2, 3])).toArray(); // [-0.2, 3]
 */
export class LeakyReLU extends Activation {
  /** dy/dx for x ≤ 0. */
  readonly negativeSlope: number;

  /** @throws OptionError for a slope that is no finite number */
  constructor(options: LeakyReLUOptions = {}) {
    super();
    checkOptions("LeakyReLU", options, { negativeSlope: finite });
    this.negativeSlope = options.negativeSlope ?? 0.01;
  }

  override get kind(): string {
    return "leaky_relu";
  }

  protected override apply(x: Tensor): Tensor {
    return leakyRelu(x, { negativeSlope: this.negativeSlope });
  }

  override toString(): string {
    return `LeakyReLU({ negativeSlope: ${this.negativeSlope} })`;
  }
}

/** Options of {@link PReLU}. */
export interface PReLUOptions {
  /** How the slopes start; all 0.25 by default. */
  readonly initializer?: Initializer;
  /** The type of the slopes; `float32` by default. */
  readonly dtype?: FloatDType;
}

/**
 * x where it is positive, w·x elsewhere, with learned slopes w: one for all channels, or one for each of `channels` (the last
 * axis). Keep weight decay away from them: it would turn them into a ReLU.
 * Source: K. He et al., "Delving deep into rectifiers", ICCV 2015.
 *
 * @example
 * new PReLU().forward(tensor([-4, 2])).toArray(); // [-1, 2]
 */
export class PReLU extends Layer {
  declare readonly rule: SameShapeRule;
  /** How many slopes are learned: one for each channel of the last axis, or 1 for all. */
  readonly channels: number;
  /** w, `[channels]`. */
  readonly weight: Variable<readonly [number]>;

  /**
   * @param channels how many slopes: 1 for all of the input, or the size of its last axis
   * @throws OptionError for `channels` that is no whole number ≥ 1, and for options that are unknown or of the wrong
   * kind
   */
  constructor(channels: number = 1, options: PReLUOptions = {}) {
    super();
    const owner = `PReLU(${describe(channels)})`;
    checkSize(owner, "channels", channels);
    checkOptions(owner, options, { initializer: initializerRule, dtype: floatRule });
    const { initializer = quarter, dtype = "float32" } = options;
    this.channels = channels;
    this.weight = new Variable(initial(owner, "initializer", initializer, [channels], { dtype }));
    this.namedVariables();
  }

  override get kind(): string {
    return "prelu";
  }

  /**
   * `[…, channels]`, or any shape where there is one slope for all, stays as it is.
   *
   * @throws ShapeError `PReLU(8): the input [32,16] has 16 channels, not 8`
   * @throws DTypeError for an input that holds no floats
   */
  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    checkFloat(this, x);
    const { channels } = this;
    if (channels !== 1 && x.shape.at(-1) !== channels) {
      throw new ShapeError(
        `${this}: the input ${formatShape(x.shape)} has ${x.shape.at(-1) ?? "no"} channels, not ${channels}`,
      );
    }
    const weight: Tensor = this.weight;
    return prelu(x, channels === 1 ? weight.reshape([]) : weight);
  }

  override toString(): string {
    return `PReLU(${this.channels})`;
  }
}

const quarter: Initializer = /* @__PURE__ */ constant(0.25);

/** Options of {@link ELU} and {@link CELU}. */
export interface ELUOptions {
  /** α: what the result tends to at −∞, negated; 1 by default. A {@link CELU} refuses 0. */
  readonly alpha?: number;
}

/**
 * x for positive x, else α(eˣ − 1). Source: D.-A. Clevert et al., "Fast and accurate deep network learning by
 * exponential linear units", ICLR 2016.
 *
 * @example new ELU({ alpha: 2 }).forward(tensor([-1, 1])); // [-1.2642411, 1]
 */
export class ELU extends Activation {
  /** α: the result tends to −α at −∞. */
  readonly alpha: number;

  /** @throws OptionError for an alpha that is no finite number */
  constructor(options: ELUOptions = {}) {
    super();
    checkOptions("ELU", options, { alpha: finite });
    this.alpha = options.alpha ?? 1;
  }

  override get kind(): string {
    return "elu";
  }

  protected override apply(x: Tensor): Tensor {
    return elu(x, { alpha: this.alpha });
  }

  override toString(): string {
    return `ELU({ alpha: ${this.alpha} })`;
  }
}

const notZero: OptionRule = {
  rule: "a finite number other than 0",
  valid: (value) => Number.isFinite(value) && value !== 0,
};

/**
 * x for positive x, else α(e^(x/α) − 1): an ELU whose slope has no jump. Source: J. T. Barron, "Continuously
 * differentiable exponential linear units", 2017.
 *
 * @example new CELU({ alpha: 2 }).forward(tensor([-1, 1])); // [-0.7869387, 1]
 */
export class CELU extends Activation {
  /** α, not 0: the result tends to −α at −∞. */
  readonly alpha: number;

  /** @throws OptionError for an alpha of 0 or that is no finite number */
  constructor(options: ELUOptions = {}) {
    super();
    checkOptions("CELU", options, { alpha: notZero });
    this.alpha = options.alpha ?? 1;
  }

  override get kind(): string {
    return "celu";
  }

  protected override apply(x: Tensor): Tensor {
    return celu(x, { alpha: this.alpha });
  }

  override toString(): string {
    return `CELU({ alpha: ${this.alpha} })`;
  }
}

/** Options of {@link GELU}. */
export interface GELUOptions {
  /** `"none"` for the normal distribution itself (the default), `"tanh"` for its approximation. */
  readonly approximate?: "none" | "tanh";
}

const approximation: OptionRule = {
  rule: '"none" or "tanh"',
  valid: (value) => value === "none" || value === "tanh",
};

/**
 * x·Φ(x), with Φ the standard normal distribution. Source: D. Hendrycks and K. Gimpel, "Gaussian error linear units", 2016.
 *
 * @example
 * new GELU().forward(tensor([-1, 1])); // [-0.15865525, 0.8413447]
 * new GELU({ approximate: "tanh" }).forward(tensor([-1, 1])); // [-0.158808, 0.841192]
 */
export class GELU extends Activation {
  /** `"none"` for Φ itself, `"tanh"` for ½(1 + tanh(√(2/π)·(x + 0.044715·x³))) in its place. */
  readonly approximate: "none" | "tanh";

  /** @throws OptionError for another approximation */
  constructor(options: GELUOptions = {}) {
    super();
    checkOptions("GELU", options, { approximate: approximation });
    this.approximate = options.approximate ?? "none";
  }

  override get kind(): string {
    return "gelu";
  }

  protected override apply(x: Tensor): Tensor {
    return gelu(x, { approximate: this.approximate });
  }

  override toString(): string {
    return this.approximate === "none" ? "GELU" : 'GELU({ approximate: "tanh" })';
  }
}

/** Options of {@link HardTanh}. */
export interface HardTanhLayerOptions {
  /** The lowest value; −1 by default. */
  readonly min?: number;
  /** The highest value, above the lowest; 1 by default. */
  readonly max?: number;
}

/** x limited to [min, max]. @example new HardTanh({ max: 2 }).forward(tensor([-5, 0.5, 5])); // [-1, 0.5, 2] */
export class HardTanh extends Activation {
  /** The lowest value: what smaller ones become. */
  readonly min: number;
  /** The highest value: what larger ones become. */
  readonly max: number;

  /** @throws OptionError unless both are finite and min < max */
  constructor(options: HardTanhLayerOptions = {}) {
    super();
    checkOptions("HardTanh", options, { min: finite, max: finite });
    const { min = -1, max = 1 } = options;
    checkOption(min < max, "HardTanh", "max", `above min, which is ${min}`, max);
    this.min = min;
    this.max = max;
  }

  override get kind(): string {
    return "hard_tanh";
  }

  protected override apply(x: Tensor): Tensor {
    return hardTanh(x, { min: this.min, max: this.max });
  }

  override toString(): string {
    return `HardTanh({ min: ${this.min}, max: ${this.max} })`;
  }
}
