// From images to rows: all axes of a sample made one.

import {
  type Check,
  type Flattened,
  formatShape,
  type Result,
  type Shape,
  ShapeError,
  type Tensor,
  typed,
} from "@gradus/core";
import { Layer } from "./layer.ts";
import type { FlattenRule } from "./layer-types.ts";

/**
 * All axes but the first made one: `[64, 28, 28]` becomes `[64, 784]`.
 *
 * @example
 * new Flatten().forward(zeros([64, 28, 28])).shape; // [64, 784]
 */
export class Flatten extends Layer {
  declare readonly rule: FlattenRule;

  override get kind(): string {
    return "flatten";
  }

  /**
   * `[batch, …]` → `[batch, features]`, the product of the other sizes; no copy.
   *
   * @throws ShapeError for an input without axes after the batch's
   */
  override forward<S extends Shape>(x: Tensor<S> & Check<Flattened<S, 1>>): Tensor<Result<Flattened<S, 1>>> {
    const input: Tensor = x;
    if (input.rank < 2) {
      throw new ShapeError(
        `Flatten: the input ${formatShape(input.shape)} has no axes after the batch's: [batch, …] was expected`,
      );
    }
    return typed(input.flatten(1));
  }
}
