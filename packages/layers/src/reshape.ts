// Another shape for each sample: rows as images, say.

import {
  type Check,
  checkOption,
  formatShape,
  type Result,
  type Shape,
  ShapeError,
  sizeOf,
  type Tensor,
  typed,
} from "@gradus/core";
import { Layer } from "./layer.ts";
import type { ReshapeOutput, ReshapeRule } from "./layer-types.ts";

/**
 * The elements of each sample in another shape: `[batch, …]` becomes `[batch, ...shape]`. One size may be −1: what is left.
 *
 * @example
 * new Reshape([28, 28, 1]).forward(zeros([64, 784])).shape; // [64, 28, 28, 1]
 */
export class Reshape<const Target extends Shape = Shape> extends Layer {
  declare readonly rule: ReshapeRule<Target>;
  /** The shape of one sample, without the batch's axis; one size may be −1. */
  readonly shape: Target;

  /**
   * @param shape of one sample, without the batch's axis
   * @throws OptionError for sizes that are no whole numbers ≥ 0, but for one −1
   */
  constructor(shape: Target) {
    super();
    const valid =
      Array.isArray(shape) &&
      shape.every((size) => Number.isInteger(size) && size >= -1) &&
      shape.filter((size) => size === -1).length <= 1;
    checkOption(valid, "Reshape", "shape", "a list of whole numbers ≥ 0, one of which may be -1", shape);
    this.shape = shape;
  }

  override get kind(): string {
    return "reshape";
  }

  /**
   * `[batch, …]` → `[batch, ...shape]`, without a copy where the elements allow.
   *
   * @throws ShapeError `Reshape([28,28]): a sample [783] has 783 values, which do not fill [28,28]`
   */
  override forward<S extends Shape>(
    x: Tensor<S> & Check<ReshapeOutput<S, Target>>,
  ): Tensor<Result<ReshapeOutput<S, Target>>> {
    const input: Tensor = x;
    const [batch, ...sample] = input.shape;
    if (batch === undefined) throw new ShapeError(`${this}: the input [] has no axis of the batch`);
    const count = sizeOf(sample);
    const known = sizeOf(this.shape.filter((size) => size !== -1));
    const fills = this.shape.includes(-1) ? known > 0 && count % known === 0 : count === known;
    if (!fills) {
      const problem = `has ${count} values, which do not fill ${formatShape(this.shape)}`;
      throw new ShapeError(`${this}: a sample ${formatShape(sample)} ${problem}`);
    }
    return typed(input.reshape([batch, ...this.shape.map((size) => (size === -1 ? count / known : size))]));
  }

  override toString(): string {
    return `Reshape(${formatShape(this.shape)})`;
  }
}
