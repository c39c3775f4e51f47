// The fully connected layer: every output is a weighted sum of all inputs.

import { type Check, type Result, type Shape, type Tensor, typed } from "@gradus/core";
import { Affine, type AffineOptions, affineRules } from "./affine.ts";
import { checkFeatures, checkFloat } from "./inputs.ts";
import type { DenseOutput, DenseRule } from "./layer-types.ts";
import { checkOptions, checkSize } from "./options.ts";

/** Options of {@link Dense}. */
export interface DenseOptions extends AffineOptions {}

/**
 * y = x·W + b: `[…, inputs]` becomes `[…, outputs]`. The weight W is `[inputs, outputs]`, the bias b `[outputs]`.
 *
 * @example
 * const layer = new Dense(784, 10);
 * layer.forward(zeros([64, 784])).shape; // [64, 10]
 */
export class Dense<const In extends number = number, const Out extends number = number> extends Affine<
  readonly [In, Out],
  Out
> {
  declare readonly rule: DenseRule<In, Out>;
  /** The size of the input's last axis. */
  readonly inputs: In;
  /** The size of the result's last axis: the number of units. */
  readonly outputs: Out;

  /**
   * @param inputs the size of the input's last axis
   * @param outputs the size of the result's last axis
   * @throws OptionError for sizes that are no whole numbers ≥ 1, and for options that are unknown or of the wrong
   * kind
   */
  constructor(inputs: In, outputs: Out, options: DenseOptions = {}) {
    const owner = `Dense(${inputs}, ${outputs})`;
    checkSize(owner, "inputs", inputs);
    checkSize(owner, "outputs", outputs);
    checkOptions(owner, options, affineRules);
    super(owner, [inputs, outputs], outputs, options);
    this.inputs = inputs;
    this.outputs = outputs;
  }

  override get kind(): string {
    return "dense";
  }

  override get inputShape(): Shape {
    return [this.inputs];
  }

  /**
   * `[…, inputs]` → `[…, outputs]`.
   *
   * @throws ShapeError `Dense(64, 10): the input [32,128] has 128 features, not 64`
   * @throws DTypeError for an input that holds no floats
   */
  override forward<S extends Shape>(
    x: Tensor<S> & Check<DenseOutput<S, In, Out>>,
  ): Tensor<Result<DenseOutput<S, In, Out>>> {
    const input: Tensor = x;
    checkFloat(this, input);
    checkFeatures(this, input, this.inputs);
    const weight: Tensor = this.weight;
    return typed(this.biased(input.matmul(weight)));
  }

  override toString(): string {
    return `Dense(${this.inputs}, ${this.outputs})`;
  }
}
