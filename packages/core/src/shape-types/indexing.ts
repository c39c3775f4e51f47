// Indices in the type system: slices in the place of an axis, and the greatest few along one.

import type { Shape, ShapeMismatch } from "../shape-types.ts";
import type { AxisIndex, OutOfRange, UnknownSizes, WithSize } from "./axes.ts";
import type { ShowShape } from "./print.ts";

/** The shape with an axis replaced by those of the indices: `Gathered<[5, 3], [2, 2], 0>` is `readonly [2, 2, 3]`. */
export type Gathered<S extends Shape, I extends Shape, X extends number = 0> = [number] extends [
  S["length"] | I["length"] | X,
]
  ? Shape
  : [AxisIndex<S, X>] extends [never]
    ? ShapeMismatch<OutOfRange<S, X, "gather">>
    : Replaced<S, I, AxisIndex<S, X>>;

type Replaced<
  S extends Shape,
  I extends Shape,
  Index extends number,
  Head extends Shape = readonly [],
> = S extends readonly [infer D extends number, ...infer Rest extends Shape]
  ? Head["length"] extends Index
    ? readonly [...Head, ...I, ...Rest]
    : Replaced<Rest, I, Index, readonly [...Head, D]>
  : Shape;

/** The shape of a table's rows at indices: `Embedded<[1000, 64], [32, 10]>` is `readonly [32, 10, 64]`. */
export type Embedded<W extends Shape, I extends Shape> = [number] extends [W["length"]]
  ? readonly [...I, number]
  : W extends readonly [number, infer F extends number]
    ? readonly [...I, F]
    : ShapeMismatch<`embedding: the weight must be [entries, features], got ${ShowShape<W>}`>;

/** The shape with size `K` along an axis: of `topK`. A scalar stays one. */
export type Chosen<S extends Shape, K extends number, X extends number = -1> = [number] extends [S["length"]]
  ? Shape
  : number extends X
    ? UnknownSizes<S>
    : S extends readonly []
      ? S
      : [AxisIndex<S, X>] extends [never]
        ? ShapeMismatch<OutOfRange<S, X, "topK">>
        : WithSize<S, AxisIndex<S, X>, K>;
