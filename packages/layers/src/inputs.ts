// Checks of the tensors that reach a layer, and of the values that its parameters start with.

import { DTypeError, describe, formatShape, OptionError, type Shape, ShapeError, Tensor } from "@gradus/core";
import type { Initializer, InitializerOptions } from "./initializers.ts";

/**
 * Checks that `x` holds floats.
 * @throws DTypeError `Dense(784, 256): the input is uint8, not a float: cast it first, as x.cast("float32")`
 */
export function checkFloat(owner: { toString(): string }, x: Tensor): void {
  if (!(x instanceof Tensor)) throw new DTypeError(`${owner}: the input is ${describe(x)}, not a tensor`);
  if (x.dtype !== "float32" && x.dtype !== "float64") {
    throw new DTypeError(`${owner}: the input is ${x.dtype}, not a float: cast it first, as x.cast("float32")`);
  }
}

/**
 * Checks that `x` has `features` along `axis`.
 * @throws ShapeError `Dense(64, 10): the input [32,128] has 128 features, not 64`
 */
export function checkFeatures(owner: { toString(): string }, x: Tensor, features: number, axis = -1): void {
  const found = x.shape.at(axis);
  if (found === features && axis < x.rank) return;
  const shape = formatShape(x.shape);
  if (x.rank === 0) throw new ShapeError(`${owner}: the input [] has no features`);
  if (found === undefined) throw new ShapeError(`${owner}: the input ${shape} has no axis ${axis}`);
  throw new ShapeError(
    `${owner}: the input ${shape} has ${found} features${axis === -1 ? "" : ` on axis ${axis}`}, not ${features}`,
  );
}

/** The first value of a parameter: what the initializer makes, if it is a tensor of that shape. */
export function initial<const S extends Shape>(
  owner: string,
  option: string,
  make: Initializer,
  shape: S,
  options: InitializerOptions,
): Tensor<S> {
  const value = make(shape, options);
  const isRight = value instanceof Tensor && formatShape(value.shape) === formatShape(shape);
  if (!isRight) {
    const found = value instanceof Tensor ? formatShape(value.shape) : describe(value);
    throw new OptionError(`${owner}: ${option} gave ${found}, a tensor of shape ${formatShape(shape)} was expected`);
  }
  return value.cast(options.dtype ?? "float32").reshape(shape) as Tensor<S>; // cast: the shape was compared above
}
