// Embedding: a vector of its own for each of a vocabulary's entries, looked up by index.

import {
  arange,
  checkOption,
  type DType,
  DTypeError,
  describe,
  embedding,
  type Generator,
  type Shape,
  Tensor,
  typed,
  Variable,
  zeros,
} from "@gradus/core";
import { makingOf } from "./affine.ts";
import { type FloatDType, type Initializer, normal } from "./initializers.ts";
import { initial } from "./inputs.ts";
import { Layer } from "./layer.ts";
import type { EmbeddingRule } from "./layer-types.ts";
import {
  checkOptions,
  checkSize,
  floatRule,
  generatorRule,
  initializerRule,
  type OptionRules,
  orNull,
  whole,
} from "./options.ts";
import { type WeightOptions, weightRules } from "./penalties.ts";

/** Options of {@link Embedding}. */
export interface EmbeddingOptions extends WeightOptions {
  /** The index that stands for nothing: its vector starts as zeros, and learns nothing; none (null) by default. */
  readonly paddingIndex?: number | null;
  /** How the vectors start; normal numbers of mean 0 and standard deviation 1 by default. */
  readonly initializer?: Initializer;
  /** Where the initializer's random numbers come from; the default generator if none is given. */
  readonly generator?: Generator;
  /** The type of the vectors; `float32` by default. */
  readonly dtype?: FloatDType;
}

const rules: OptionRules<EmbeddingOptions> = /* @__PURE__ */ Object.assign(
  {
    paddingIndex: /* @__PURE__ */ orNull(whole),
    initializer: initializerRule,
    generator: generatorRule,
    dtype: floatRule,
  },
  weightRules,
);

/**
 * The rows of a weight `[vocabulary, features]` that whole numbers name: `[…]` becomes `[…, features]`. The indices are `int32` or
 * `uint8`, from 0 to vocabulary − 1.
 *
 * @example
 * const layer = new Embedding(1000, 16);
 * layer.forward(tensor([[1, 2, 999]], { dtype: "int32" })).shape; // [1, 3, 16]
 */
export class Embedding<const Vocabulary extends number = number, const Features extends number = number> extends Layer {
  declare readonly rule: EmbeddingRule<Features>;
  /** How many entries there are: indices run from 0 to one less. */
  readonly vocabulary: Vocabulary;
  /** The size of each entry's vector. */
  readonly features: Features;
  /** The index that stands for nothing and learns nothing, or null. */
  readonly paddingIndex: number | null;
  /** A row for each entry, `[vocabulary, features]`. */
  readonly weight: Variable<readonly [Vocabulary, Features]>;

  /**
   * @param vocabulary how many entries there are
   * @param features the size of each entry's vector
   * @throws OptionError for sizes that are no whole numbers ≥ 1, and for options that are unknown or out of range
   */
  constructor(vocabulary: Vocabulary, features: Features, options: EmbeddingOptions = {}) {
    super();
    const owner = `Embedding(${vocabulary}, ${features})`;
    checkSize(owner, "vocabulary", vocabulary);
    checkSize(owner, "features", features);
    checkOptions(owner, options, rules);
    const { paddingIndex = null, initializer = normal({ standardDeviation: 1 }) } = options;
    const within = paddingIndex === null || (paddingIndex >= 0 && paddingIndex < vocabulary);
    checkOption(within, owner, "paddingIndex", `from 0 to ${vocabulary - 1}, or null`, paddingIndex);
    this.vocabulary = vocabulary;
    this.features = features;
    this.paddingIndex = paddingIndex;
    const rows = initial(owner, "initializer", initializer, [vocabulary, features], makingOf(options));
    this.weight = new Variable(paddingIndex === null ? rows : withoutRow(rows, paddingIndex));
    this.govern(options, this.weight);
    this.namedVariables();
  }

  override get kind(): string {
    return "embedding";
  }

  override get inputDType(): DType {
    return "int32";
  }

  /**
   * `[…]` of indices → `[…, features]`.
   *
   * @throws DTypeError for indices that are no whole numbers
   * @throws DataError for an index outside the vocabulary, with its value and place
   */
  override forward<S extends Shape>(indices: Tensor<S>): Tensor<readonly [...S, Features]> {
    const given: Tensor = indices;
    if (!(given instanceof Tensor)) throw new DTypeError(`${this}: the input is ${describe(given)}, not a tensor`);
    if (given.dtype !== "int32" && given.dtype !== "uint8") {
      throw new DTypeError(
        `${this}: the indices are ${given.dtype}, not int32 or uint8: cast them, as x.cast("int32")`,
      );
    }
    const { paddingIndex } = this;
    return typed(this.regularized(embedding(this.weight, given, paddingIndex === null ? {} : { paddingIndex })));
  }

  override toString(): string {
    return `Embedding(${this.vocabulary}, ${this.features})`;
  }
}

/** The rows with zeros in the place of one. */
function withoutRow<S extends Shape>(rows: Tensor<S>, row: number): Tensor<S> {
  const places = arange(rows.shape[0] ?? 0, { dtype: "int32" }).unsqueeze(1);
  return typed(places.eq(row).where(zeros([], { dtype: rows.dtype }), rows));
}
