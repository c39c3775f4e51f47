// Reductions in the type system: which axes are left after `sum`, `mean`, `max` … over an axis, several, or all.

import type { Axes, Shape, ShapeMismatch } from "../shape-types.ts";
import type { AxisIndex, BadAxes, OutOfRange, UnknownSizes, Without, WithSize } from "./axes.ts";

/**
 * The shape after reducing over an axis, several, or all (`undefined`); negative axes count from the end.
 * `Reduced<readonly [64, 784], 1, true>` is `readonly [64, 1]`.
 */
export type Reduced<
  S extends Shape,
  X extends Axes = undefined,
  KeepDims extends boolean = false,
  Op extends string = "reduce",
> = [boolean] extends [KeepDims]
  ? Shape
  : [X] extends [undefined]
    ? [KeepDims] extends [true]
      ? { readonly [K in keyof S]: 1 }
      : readonly []
    : [number] extends [S["length"]]
      ? Shape
      : [X] extends [number | readonly number[]]
        ? ReducedEach<S, X, KeepDims, Op>
        : Shape;

/** Over one axis or a list of them; a union of axes gives a union of shapes. */
type ReducedEach<S extends Shape, X, KeepDims extends boolean, Op extends string> = X extends number
  ? ReducedOver<S, readonly [X], KeepDims, Op>
  : X extends readonly number[]
    ? ReducedOver<S, X, KeepDims, Op>
    : never;

type ReducedOver<
  S extends Shape,
  X extends readonly number[],
  KeepDims extends boolean,
  Op extends string,
> = number extends X[number] | X["length"]
  ? KeepDims extends true
    ? UnknownSizes<S>
    : [X["length"], S] extends [1, readonly [number, ...infer Rest extends Shape]]
      ? UnknownSizes<Rest>
      : Shape
  : [BadAxes<S, X>] extends [never]
    ? KeepDims extends true
      ? WithSize<S, AxisIndex<S, X[number]>, 1>
      : Without<S, AxisIndex<S, X[number]>>
    : ShapeMismatch<OutOfRange<S, BadAxes<S, X>, Op>>;
