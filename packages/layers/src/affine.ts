// What layers share that multiply by a weight and add a bias: the options, the two parameters, and how they start.

import { type Generator, observed, type Shape, type Tensor, Variable } from "@gradus/core";
import { type FloatDType, type Initializer, type InitializerOptions, xavierUniform, zeros } from "./initializers.ts";
import { initial } from "./inputs.ts";
import { Layer } from "./layer.ts";
import { flag, floatRule, generatorRule, initializerRule, type OptionRules } from "./options.ts";
import { type BiasOptions, biasRules, type WeightOptions, weightRules } from "./penalties.ts";

/** Options of layers with a weight and a bias. */
export interface AffineOptions extends WeightOptions, BiasOptions {
  /** Whether a bias is added; true by default. Leave it out before a BatchNorm, which has its own. */
  readonly bias?: boolean;
  /** How the weight starts; `xavierUniform` by default, whose fans for a convolution are channels times the size of a window. */
  readonly initializer?: Initializer;
  /** How the bias starts; zeros by default. */
  readonly biasInitializer?: Initializer;
  /** Where the initializers' random numbers come from; the default generator, which `manualSeed` sets, unless given. */
  readonly generator?: Generator;
  /** The type of the parameters; `float32` by default. */
  readonly dtype?: FloatDType;
}

/** The rules of {@link AffineOptions}. */
export const affineRules: OptionRules<AffineOptions> = /* @__PURE__ */ Object.assign(
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

/** What initializers are told. */
export function makingOf({
  dtype = "float32",
  generator,
}: Pick<AffineOptions, "dtype" | "generator">): InitializerOptions & { readonly dtype: FloatDType } {
  return generator === undefined ? { dtype } : { dtype, generator };
}

/** A layer with a weight of shape `Kernel` and, unless its options say no, a bias for each of its `Out` results. */
export abstract class Affine<Kernel extends Shape, Out extends number> extends Layer {
  /** The weight W; the class says which of its axes is which. */
  readonly weight: Variable<Kernel>;
  /** The bias b, one number for each output, or null without one. */
  readonly bias: Variable<readonly [Out]> | null;

  /** @param owner the layer as messages write it: `Dense(784, 256)`. The sizes and options have been checked. */
  protected constructor(owner: string, kernel: Kernel, outputs: Out, options: AffineOptions) {
    super();
    const { bias = true, initializer = xavierUniform, biasInitializer = zeros } = options;
    const making = makingOf(options);
    this.weight = new Variable(initial(owner, "initializer", initializer, kernel, making));
    this.bias = bias ? new Variable(initial(owner, "biasInitializer", biasInitializer, [outputs], making)) : null;
    this.govern(options, this.weight, this.bias);
    this.namedVariables();
  }

  /** The product with the bias added, after the activity regularizer has seen it. */
  protected biased(product: Tensor): Tensor {
    const bias: Tensor | null = observed(() => this.bias);
    return this.regularized(bias === null ? product : product.add(bias));
  }
}
