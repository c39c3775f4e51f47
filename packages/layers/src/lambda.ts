// A function as a layer, for what has no parameters.

import { checkOption, describe, GradusError, type Shape, Tensor } from "@gradus/core";
import { Layer } from "./layer.ts";

/**
 * y = f(x), for a function of tensors without parameters. What it makes of a shape is known to the compiler if its result's type
 * says so.
 *
 * @example
 * const double = new Lambda((x) => x.mul(2), "double");
 * double.forward(tensor([1, 2])); // [2, 4]
 */
export class Lambda<const Out extends Shape = Shape> extends Layer {
  /** What messages and `toString` call it; "" for nothing. */
  readonly name: string;
  readonly #apply: (x: Tensor) => Tensor<Out>;

  /**
   * @param apply f: its result's shape, if its type says one, is known to the compiler
   * @param name what messages and `toString` call it: the function's own name by default
   * @throws OptionError for what is no function
   */
  constructor(apply: (x: Tensor) => Tensor<Out>, name: string = apply?.name ?? "") {
    super();
    checkOption(typeof apply === "function", "Lambda", "apply", "a function of a tensor", apply);
    checkOption(typeof name === "string", "Lambda", "name", "a text", name);
    this.name = name;
    this.#apply = apply;
  }

  override get kind(): string {
    return "lambda";
  }

  /**
   * f(x), of whatever shape f gives it.
   *
   * @throws GradusError if the function gives no tensor
   */
  override forward(x: Tensor): Tensor<Out> {
    const result = this.#apply(x);
    if (!(result instanceof Tensor))
      throw new GradusError(`${this}: the function gave ${describe(result)}, not a tensor`);
    return result;
  }

  override toString(): string {
    return this.name === "" ? "Lambda" : `Lambda(${this.name})`;
  }
}
