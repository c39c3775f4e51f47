// Activations as layers: the function of the same name in @gradus/core, applied to every element (softmax: to every
// row).

import { type Shape, softmax, type Tensor } from "@gradus/core";
import { checkFloat } from "./inputs.ts";
import { Layer } from "./layer.ts";
import type { SameShapeRule } from "./layer-types.ts";
import { checkOptions, whole } from "./options.ts";
import { markProbabilities } from "./probabilities.ts";

/** max(x, 0). */
export class ReLU extends Layer {
  declare readonly rule: SameShapeRule;

  override get kind(): string {
    return "relu";
  }

  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    checkFloat(this, x);
    return x.relu();
  }
}

/** 1 / (1 + e⁻ˣ): between 0 and 1. */
export class Sigmoid extends Layer {
  declare readonly rule: SameShapeRule;

  override get kind(): string {
    return "sigmoid";
  }

  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    checkFloat(this, x);
    return x.sigmoid();
  }
}

/** The hyperbolic tangent: between −1 and 1. */
export class Tanh extends Layer {
  declare readonly rule: SameShapeRule;

  override get kind(): string {
    return "tanh";
  }

  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    checkFloat(this, x);
    return x.tanh();
  }
}

/** Options of {@link Softmax}. */
export interface SoftmaxOptions {
  /** The axis of the classes; the last by default. */
  readonly axis?: number;
}

/**
 * eˣ / Σ eˣ along an axis: probabilities. For models that predict; a model that is trained with `crossEntropy` ends
 * in logits, without a Softmax.
 */
export class Softmax extends Layer {
  declare readonly rule: SameShapeRule;
  readonly axis: number;

  constructor(options: SoftmaxOptions = {}) {
    super();
    checkOptions("Softmax", options, { axis: whole });
    this.axis = options.axis ?? -1;
  }

  override get kind(): string {
    return "softmax";
  }

  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    checkFloat(this, x);
    return markProbabilities(softmax(x, this.axis));
  }
}
