// Multi-head attention: several attentions side by side, each in a part of the features, mixed by a last product.
// Source: A. Vaswani et al., "Attention is all you need", NeurIPS 2017.

import {
  type Check,
  checkOption,
  formatShape,
  type Generator,
  type Result,
  type Shape,
  ShapeError,
  type ShowSize,
  scaledDotProductAttention,
  type Tensor,
  typed,
} from "@gradus/core";
import { Dense } from "./dense.ts";
import type { FloatDType, Initializer } from "./initializers.ts";
import { checkFeatures, checkFloat } from "./inputs.ts";
import { Layer } from "./layer.ts";
import type { SameFeatures, SameFeaturesRule } from "./layer-types.ts";
import {
  between,
  checkOptions,
  checkSize,
  flag,
  floatRule,
  generatorRule,
  initializerRule,
  type OptionRule,
  type OptionRules,
} from "./options.ts";

/** Options of {@link MultiHeadAttention}. */
export interface MultiHeadAttentionOptions {
  /** Whether the query at place i sees only keys 0 to i; false by default. */
  readonly causal?: boolean;
  /** The probability with which attention weights are dropped in training, from 0 to 1; 0 by default. */
  readonly dropout?: number;
  /** Whether the four products add a bias; true by default. */
  readonly bias?: boolean;
  /** The features of the keys; by default as many as the queries'. */
  readonly keyFeatures?: number;
  /** The features of the values; by default as many as the queries'. */
  readonly valueFeatures?: number;
  /** How the four weights start; `xavierUniform` by default. */
  readonly initializer?: Initializer;
  /** Where the random numbers of the initializer and of dropout come from; the default generator if none is given. */
  readonly generator?: Generator;
  /** The type of the parameters; `float32` by default. */
  readonly dtype?: FloatDType;
}

const size: OptionRule = {
  rule: "a whole number ≥ 1",
  valid: (value) => typeof value === "number" && Number.isInteger(value) && value >= 1,
};

const rules: OptionRules<MultiHeadAttentionOptions> = {
  causal: flag,
  dropout: /* @__PURE__ */ between(0, 1),
  bias: flag,
  keyFeatures: size,
  valueFeatures: size,
  initializer: initializerRule,
  generator: generatorRule,
  dtype: floatRule,
};

type Label<
  Features extends number,
  Heads extends number,
> = `MultiHeadAttention(${ShowSize<Features>}, ${ShowSize<Heads>})`;

/**
 * y = concat(head₁, …)·Wₒ with headᵢ = softmax(QᵢKᵢᵀ / √(features/heads))·Vᵢ, where Q, K, V are dense layers of
 * queries, keys and values, and headᵢ takes the i-th part of their features. `[…, queries, features]` stays as it
 * is.
 *
 * `forward(x)` attends to itself; `forward(queries, keys)` to others, `forward(queries, keys, values)` with values
 * apart from the keys. A fourth tensor is a mask, broadcast to `[…, heads, queries, keys]`: `bool`, true where a
 * query may look, or floats that are added to the scores.
 *
 * Source: A. Vaswani et al., "Attention is all you need", NeurIPS 2017.
 *
 * @example
 * const layer = new MultiHeadAttention(64, 8, { causal: true });
 * layer.forward(zeros([32, 10, 64])).shape; // [32, 10, 64]
 */
export class MultiHeadAttention<
  const Features extends number = number,
  const Heads extends number = number,
> extends Layer {
  declare readonly rule: SameFeaturesRule<Features, Label<Features, Heads>>;
  /** The size of the queries' and the result's last axis. */
  readonly features: Features;
  /** How many attentions stand side by side, each in features / heads of the features. */
  readonly heads: Heads;
  /** Whether the query at place i sees only keys 0 to i. */
  readonly causal: boolean;
  /** The probability with which attention weights are dropped in training. */
  readonly dropout: number;
  /** Where dropout's masks come from; null for the default generator. */
  readonly generator: Generator | null;
  /** What makes Q of the queries: `[features, features]`. */
  readonly query: Dense;
  /** What makes K of the keys: `[keyFeatures, features]`. */
  readonly key: Dense;
  /** What makes V of the values: `[valueFeatures, features]`. */
  readonly value: Dense;
  /** Wₒ, which mixes the heads: `[features, features]`. */
  readonly output: Dense;

  /**
   * @param features the size of the queries' and the result's last axis
   * @param heads how many attentions stand side by side, a divisor of the features
   * @throws OptionError for a number of heads that does not divide the features, and for options out of range
   */
  constructor(features: Features, heads: Heads, options: MultiHeadAttentionOptions = {}) {
    super();
    const owner = `MultiHeadAttention(${features}, ${heads})`;
    checkSize(owner, "features", features);
    checkSize(owner, "heads", heads);
    checkOption(features % heads === 0, owner, "heads", `a divisor of the ${features} features`, heads);
    checkOptions(owner, options, rules);
    const { causal = false, dropout = 0, keyFeatures = features, valueFeatures = features, ...dense } = options;
    this.features = features;
    this.heads = heads;
    this.causal = causal;
    this.dropout = dropout;
    this.generator = options.generator ?? null;
    this.query = new Dense<number, number>(features, features, dense);
    this.key = new Dense<number, number>(keyFeatures, features, dense);
    this.value = new Dense<number, number>(valueFeatures, features, dense);
    this.output = new Dense<number, number>(features, features, dense);
    this.namedVariables();
  }

  override get kind(): string {
    return "multi_head_attention";
  }

  /**
   * `[…, queries, features]` stays as it is.
   *
   * @param keys `[…, keys, keyFeatures]`; the queries themselves by default
   * @param values `[…, keys, valueFeatures]`; the keys by default
   * @param mask broadcast to `[…, heads, queries, keys]`: true where a query may look, or floats added to the scores
   * @throws ShapeError where queries, keys, values or the mask do not fit one another
   * @throws DTypeError for an input that holds no floats
   */
  override forward<S extends Shape>(
    queries: Tensor<S> & Check<SameFeatures<S, Features, Label<Features, Heads>>>,
    keys: Tensor = queries,
    values: Tensor = keys,
    mask?: Tensor,
  ): Tensor<Result<SameFeatures<S, Features, Label<Features, Heads>>>> {
    const input: Tensor = queries;
    this.#check(input, keys, values);
    const [q, k, v] = [this.query.forward(input), this.key.forward(keys), this.value.forward(values)].map((x) =>
      this.#split(x),
    );
    if (q === undefined || k === undefined || v === undefined) throw new ShapeError(`${this}: an input is missing`);
    const heads = scaledDotProductAttention(q, k, v, {
      causal: this.causal,
      dropout: this.training ? this.dropout : 0,
      ...(mask === undefined ? {} : { mask }),
      ...(this.generator === null ? {} : { generator: this.generator }),
    });
    return typed(this.output.forward(heads.transpose(-3, -2).reshape(input.shape)));
  }

  /** [..., places, features] as [..., heads, places, features of a head]. */
  #split(x: Tensor): Tensor {
    return x.reshape([...x.shape.slice(0, -1), this.heads, this.features / this.heads]).transpose(-3, -2);
  }

  #check(queries: Tensor, keys: Tensor, values: Tensor): void {
    const parts = [
      ["queries", queries, this.query] as const,
      ["keys", keys, this.key] as const,
      ["values", values, this.value] as const,
    ];
    const lead = queries.shape.slice(0, -2);
    for (const [name, x, { inputs }] of parts) {
      const owner = `${this}: ${name}`;
      checkFloat(owner, x);
      checkFeatures(owner, x, inputs);
      if (x.rank < 2) throw new ShapeError(`${owner}: the input ${formatShape(x.shape)} has no axis of places`);
      if (formatShape(x.shape.slice(0, -2)) !== formatShape(lead)) {
        const given = [queries.shape, x.shape].map(formatShape);
        throw new ShapeError(`${this}: the leading axes of queries ${given[0]} and ${name} ${given[1]} differ`);
      }
    }
    if (keys.shape.at(-2) !== values.shape.at(-2))
      throw new ShapeError(`${this}: there are ${keys.shape.at(-2)} keys, and ${values.shape.at(-2)} values`);
  }

  override toString(): string {
    return `MultiHeadAttention(${this.features}, ${this.heads})`;
  }
}
