// What the layers of activations share: a function of floats that keeps the shape.

import { type Shape, type Tensor, typed } from "@gradus/core";
import { checkFloat } from "./inputs.ts";
import { Layer } from "./layer.ts";
import type { SameShapeRule } from "./layer-types.ts";

/** A layer that says what it makes of a tensor of floats, which must have the same shape. */
export abstract class Activation extends Layer {
  declare readonly rule: SameShapeRule;

  /** The result for floats. */
  protected abstract apply(x: Tensor): Tensor;

  /**
   * The function of each element (of each row, for a softmax): any shape, which stays.
   *
   * @throws DTypeError for an input that holds no floats
   */
  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    checkFloat(this, x);
    return typed(this.apply(x));
  }
}
