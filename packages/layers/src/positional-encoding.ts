// Positional encoding: what tells attention, to which all places are alike, where an element stands.
// Sources: A. Vaswani et al., "Attention is all you need", NeurIPS 2017 (sinusoidal); J. Devlin et al., "BERT", 2019 (learned).

import {
  type Check,
  formatShape,
  type Generator,
  type Result,
  type Shape,
  ShapeError,
  type ShowSize,
  slice,
  type Tensor,
  tensor,
  typed,
  Variable,
} from "@gradus/core";
import { makingOf } from "./affine.ts";
import { type FloatDType, type Initializer, normal } from "./initializers.ts";
import { checkFeatures, checkFloat, initial } from "./inputs.ts";
import { Layer } from "./layer.ts";
import type { SameFeatures, SameFeaturesRule } from "./layer-types.ts";
import {
  checkOptions,
  checkSize,
  flag,
  floatRule,
  generatorRule,
  initializerRule,
  type OptionRules,
} from "./options.ts";

/** Options of {@link PositionalEncoding}. */
export interface PositionalEncodingOptions {
  /** Whether the encoding is a parameter, instead of sines and cosines; false by default. */
  readonly learned?: boolean;
  /** How a learned encoding starts; normal numbers of standard deviation 0.02 by default. */
  readonly initializer?: Initializer;
  /** Where the initializer's random numbers come from; the default generator if none is given. */
  readonly generator?: Generator;
  /** The type of the encoding; `float32` by default. */
  readonly dtype?: FloatDType;
}

const rules: OptionRules<PositionalEncodingOptions> = {
  learned: flag,
  initializer: initializerRule,
  generator: generatorRule,
  dtype: floatRule,
};

type Label<
  Length extends number,
  Features extends number,
> = `PositionalEncoding(${ShowSize<Length>}, ${ShowSize<Features>})`;

/**
 * y = x + P for `[…, places, features]` of at most `length` places: P(t, 2i) = sin(t / 10000^(2i/features)) and P(t,
 * 2i + 1) = cos(t / 10000^(2i/features)), or with `{ learned: true }` a parameter.
 *
 * Sources: A. Vaswani et al., "Attention is all you need", NeurIPS 2017 (waves); J. Devlin et al., "BERT", 2019
 * (learned).
 *
 * @example
 * const layer = new PositionalEncoding(100, 4);
 * layer.forward(zeros([1, 2, 4])); // [[[0, 1, 0, 1], [0.841471, 0.540302, 0.01, 0.99995]]]
 */
export class PositionalEncoding<
  const Length extends number = number,
  const Features extends number = number,
> extends Layer {
  declare readonly rule: SameFeaturesRule<Features, Label<Length, Features>>;
  /** The most places that an input may have. */
  readonly length: Length;
  /** The size of the input's last axis. */
  readonly features: Features;
  /** P, `[length, features]`: a parameter if it is learned. */
  readonly encoding: Tensor<readonly [Length, Features]>;

  /**
   * @param length the most places that an input may have
   * @param features the size of the input's last axis
   * @throws OptionError for sizes that are no whole numbers ≥ 1, and for options that are unknown or of the wrong
   * kind
   */
  constructor(length: Length, features: Features, options: PositionalEncodingOptions = {}) {
    super();
    const owner = `PositionalEncoding(${length}, ${features})`;
    checkSize(owner, "length", length);
    checkSize(owner, "features", features);
    checkOptions(owner, options, rules);
    const { learned = false, initializer = normal({ standardDeviation: 0.02 }) } = options;
    const making = makingOf(options);
    this.length = length;
    this.features = features;
    this.encoding = learned
      ? new Variable(initial(owner, "initializer", initializer, [length, features], making))
      : tensor(waves(length, features), { shape: [length, features], dtype: making.dtype });
    this.namedVariables();
  }

  override get kind(): string {
    return "positional_encoding";
  }

  /**
   * `[…, places, features]` stays as it is.
   *
   * @throws ShapeError for more places than `length`, another number of features, and an input without an axis of
   * places
   * @throws DTypeError for an input that holds no floats
   */
  override forward<S extends Shape>(
    x: Tensor<S> & Check<SameFeatures<S, Features, Label<Length, Features>>>,
  ): Tensor<Result<SameFeatures<S, Features, Label<Length, Features>>>> {
    const input: Tensor = x;
    checkFloat(this, input);
    checkFeatures(this, input, this.features);
    const places = input.shape.at(-2);
    if (places === undefined)
      throw new ShapeError(`${this}: the input ${formatShape(input.shape)} has no axis of places`);
    if (places > this.length) {
      throw new ShapeError(
        `${this}: the input ${formatShape(input.shape)} has ${places} places, more than ${this.length}`,
      );
    }
    const encoding: Tensor = this.encoding;
    return typed(input.add(places === this.length ? encoding : slice(encoding, [0, places])));
  }

  override toString(): string {
    return `PositionalEncoding(${this.length}, ${this.features})`;
  }
}

/** Sines and cosines in turn, slower from pair to pair. */
function waves(length: number, features: number): Float64Array {
  return Float64Array.from({ length: length * features }, (_, index) => {
    const [place, column] = [Math.floor(index / features), index % features];
    const angle = place / 10_000 ** ((column - (column % 2)) / features);
    return column % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
}
