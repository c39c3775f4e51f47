// The fully connected layer: every output is a weighted sum of all inputs.

import {
  type Check,
  type Generator,
  observed,
  type Result,
  type Shape,
  type Tensor,
  typed,
  Variable,
} from "@gradus/core";
import { type FloatDType, type Initializer, xavierUniform, zeros } from "./initializers.ts";
import { checkFeatures, checkFloat, initial } from "./inputs.ts";
import { Layer } from "./layer.ts";
import type { DenseOutput, DenseRule } from "./layer-types.ts";
import {
  checkOptions,
  checkSize,
  flag,
  floatRule,
  generatorRule,
  initializerRule,
  type OptionRules,
} from "./options.ts";
import { type BiasOptions, biasRules, type WeightOptions, weightRules } from "./penalties.ts";

/** Options of {@link Dense}. */
export interface DenseOptions extends WeightOptions, BiasOptions {
  /** Whether a bias is added; true by default. Leave it out before a BatchNorm, which has its own. */
  readonly bias?: boolean;
  /** How the weight starts; `xavierUniform` by default. */
  readonly initializer?: Initializer;
  /** How the bias starts; zeros by default. */
  readonly biasInitializer?: Initializer;
  /** Where the initializer's random numbers come from. */
  readonly generator?: Generator;
  /** The type of the parameters; `float32` by default. */
  readonly dtype?: FloatDType;
}

const rules: OptionRules<DenseOptions> = /* @__PURE__ */ Object.assign(
  {
    bias: flag,
    initializer: initializerRule,
    biasInitializer: initializerRule,
    generator: generatorRule,
    dtype: floatRule,
  },
  weightRules,
  biasRules,
);

/**
 * y = x·W + b: `[…, inputs]` becomes `[…, outputs]`. The weight W is `[inputs, outputs]`, the bias b `[outputs]`.
 *
 * @example
 * const layer = new Dense(784, 10);
 * layer.forward(zeros([64, 784])).shape; // [64, 10]
 */
export class Dense<const In extends number = number, const Out extends number = number> extends Layer {
  declare readonly rule: DenseRule<In, Out>;
  readonly inputs: In;
  readonly outputs: Out;
  /** W, `[inputs, outputs]`. */
  readonly weight: Variable<readonly [In, Out]>;
  /** b, `[outputs]`, or null without one. */
  readonly bias: Variable<readonly [Out]> | null;

  /**
   * @throws OptionError for sizes that are no whole numbers ≥ 1, and for options that are unknown or of the wrong
   * kind
   */
  constructor(inputs: In, outputs: Out, options: DenseOptions = {}) {
    super();
    const owner = `Dense(${inputs}, ${outputs})`;
    checkSize(owner, "inputs", inputs);
    checkSize(owner, "outputs", outputs);
    checkOptions(owner, options, rules);
    const { bias = true, initializer = xavierUniform, biasInitializer = zeros, generator, dtype = "float32" } = options;
    const making = generator === undefined ? { dtype } : { dtype, generator };
    this.inputs = inputs;
    this.outputs = outputs;
    this.weight = new Variable(initial(owner, "initializer", initializer, [inputs, outputs], making));
    this.bias = bias ? new Variable(initial(owner, "biasInitializer", biasInitializer, [outputs], making)) : null;
    this.govern(options, this.weight, this.bias);
    this.namedVariables();
  }

  override get kind(): string {
    return "dense";
  }

  override get inputShape(): Shape {
    return [this.inputs];
  }

  /** @throws ShapeError `Dense(64, 10): the input [32,128] has 128 features, not 64` */
  override forward<S extends Shape>(
    x: Tensor<S> & Check<DenseOutput<S, In, Out>>,
  ): Tensor<Result<DenseOutput<S, In, Out>>> {
    const input: Tensor = x;
    checkFloat(this, input);
    checkFeatures(this, input, this.inputs);
    const weight: Tensor = this.weight;
    const bias: Tensor | null = observed(() => this.bias);
    const product = input.matmul(weight);
    return typed(this.regularized(bias === null ? product : product.add(bias)));
  }

  override toString(): string {
    return `Dense(${this.inputs}, ${this.outputs})`;
  }
}
