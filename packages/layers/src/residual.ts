// A residual connection: layers that learn what to add to their input.
// Source: K. He et al., "Deep residual learning for image recognition", CVPR 2016.

import {
  type Check,
  type DType,
  describe,
  formatShape,
  OptionError,
  type Result,
  type Shape,
  ShapeError,
  type Tensor,
  typed,
} from "@gradus/core";
import { Layer } from "./layer.ts";
import type { CheckChain, ResidualOutput, ResidualRule } from "./layer-types.ts";
import { Sequential } from "./sequential.ts";

/**
 * y = x + f(x), with f the layers given, one after another, which must keep the shape. They are named as in a
 * `Sequential`. Source: K. He et al., "Deep residual learning for image recognition", CVPR 2016.
 *
 * @example
 * const block = new Residual(new LayerNorm(64), new Dense(64, 64), new ReLU());
 * block.forward(zeros([32, 64])).shape; // [32, 64]
 */
export class Residual<const L extends readonly Layer[] = readonly Layer[]> extends Layer {
  declare readonly rule: ResidualRule<L>;
  readonly #body: Sequential;

  /**
   * @param layers f, in the order in which they are applied
   * @throws OptionError for an argument that is no layer
   */
  constructor(...layers: { [K in keyof L]: L[K] & CheckChain<L, K> }) {
    super();
    const given: readonly Layer[] = layers;
    for (const [place, layer] of given.entries()) {
      if (layer instanceof Layer) continue;
      throw new OptionError(`Residual: argument ${place} is ${describe(layer)}, not a layer`);
    }
    this.#body = new Sequential(...given);
    this.namedVariables();
  }

  override get kind(): string {
    return "residual";
  }

  override get inputShape(): Shape | null {
    return this.#body.inputShape;
  }

  override get inputDType(): DType | null {
    return this.#body.inputDType;
  }

  /** The fields of the layers within, under their names. */
  override fields(): Iterable<readonly [string, unknown]> {
    return [...this.#body.fields(), ...super.fields()];
  }

  /**
   * Any shape that the layers take, which stays.
   *
   * @throws ShapeError where the layers change the shape
   */
  override forward<S extends Shape>(x: Tensor<S> & Check<ResidualOutput<L, S>>): Tensor<Result<ResidualOutput<L, S>>> {
    const input: Tensor = x;
    const change: Tensor = this.#body.forward(input);
    const [given, made] = [input, change].map(({ shape }) => formatShape(shape));
    if (given !== made) throw new ShapeError(`Residual: the layers make ${made} of ${given}: they must keep the shape`);
    return typed(input.add(change));
  }

  override toString(): string {
    return String(this.#body).replace("Sequential", "Residual");
  }
}
