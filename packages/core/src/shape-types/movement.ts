// Movement in the type system: the same values under other axes.

import type { Shape, ShapeMismatch } from "../shape-types.ts";
import type { AxisIndex, BadAxes, OutOfRange, UnknownSizes, Without } from "./axes.ts";
import type { Same } from "./broadcast.ts";
import type { ShowShape } from "./print.ts";
import type { Product } from "./sizes.ts";

/** The shape with its last two axes exchanged. */
export type Transposed<S extends Shape> = [number] extends [S["length"]]
  ? Shape
  : S extends readonly [...infer Rest extends Shape, infer X extends number, infer Y extends number]
    ? readonly [...Rest, Y, X]
    : ShapeMismatch<`transpose ${ShowShape<S>}: needs at least two axes`>;

/** The shape with two axes exchanged. */
export type Swapped<S extends Shape, A extends number, B extends number> = [number] extends [S["length"]]
  ? Shape
  : number extends A | B
    ? UnknownSizes<S>
    : [BadAxes<S, readonly [A, B]>] extends [never]
      ? SwappedAt<S, AxisIndex<S, A>, AxisIndex<S, B>>
      : ShapeMismatch<OutOfRange<S, BadAxes<S, readonly [A, B]>, "transpose">>;

type SwappedAt<S extends Shape, I extends number, J extends number> = {
  readonly [K in keyof S]: K extends `${I}` ? S[J] : K extends `${J}` ? S[I] : S[K];
};

/**
 * The shape with its axes in the order given: `Permuted<readonly [2, 3, 4], readonly [2, 0, 1]>` is `readonly [4, 2,
 * 3]`.
 */
export type Permuted<S extends Shape, X extends readonly number[]> = [number] extends [S["length"]]
  ? Shape
  : number extends X["length"] | X[number]
    ? UnknownSizes<S>
    : S["length"] extends X["length"]
      ? [BadAxes<S, X>] extends [never]
        ? [Exclude<keyof S & `${number}`, `${AxisIndex<S, X[number]>}`>] extends [never]
          ? { readonly [K in keyof X]: S[AxisIndex<S, X[K]>] }
          : ShapeMismatch<`permute ${ShowShape<S>} to ${ShowShape<X>}: each axis must appear once`>
        : ShapeMismatch<OutOfRange<S, BadAxes<S, X>, "permute">>
      : ShapeMismatch<`permute ${ShowShape<S>} to ${ShowShape<X>}: ${X["length"]} axes given for rank ${S["length"]}`>;

/** The shape with the axes from `Start` on made one: `Flattened<readonly [64, 28, 28], 1>` is `readonly [64, 784]`. */
export type Flattened<S extends Shape, Start extends number = 0> = [number] extends [S["length"]]
  ? [Start] extends [0]
    ? readonly [number]
    : [Start] extends [1]
      ? readonly [number, number]
      : Shape
  : number extends Start
    ? Shape
    : S extends readonly []
      ? Start extends 0 | -1
        ? readonly [1]
        : ShapeMismatch<OutOfRange<S, Start, "flatten">>
      : [AxisIndex<S, Start>] extends [never]
        ? ShapeMismatch<OutOfRange<S, Start, "flatten">>
        : FlattenedFrom<S, AxisIndex<S, Start>>;

type FlattenedFrom<
  S extends Shape,
  Start extends number,
  Head extends Shape = readonly [],
> = Head["length"] extends Start
  ? readonly [...Head, Product<S>]
  : S extends readonly [infer D extends number, ...infer Rest extends Shape]
    ? FlattenedFrom<Rest, Start, readonly [...Head, D]>
    : Shape;

/** The shape without its axes of size 1: all of them, or the one given, which must be 1. */
export type Squeezed<S extends Shape, X extends number | undefined = undefined> = [number] extends [S["length"]]
  ? Shape
  : [X] extends [number]
    ? number extends X
      ? S extends readonly [number, ...infer Rest extends Shape]
        ? UnknownSizes<Rest>
        : Shape
      : [AxisIndex<S, X>] extends [never]
        ? ShapeMismatch<OutOfRange<S, X, "squeeze">>
        : [Same<S[AxisIndex<S, X>], 1>] extends [never]
          ? ShapeMismatch<`squeeze ${ShowShape<S>}: axis ${X} has size ${S[AxisIndex<S, X>]}, not 1`>
          : Without<S, AxisIndex<S, X>>
    : [X] extends [undefined]
      ? number extends S[number]
        ? Shape
        : SqueezedAll<S>
      : Shape;

type SqueezedAll<S extends Shape, Out extends Shape = readonly []> = S extends readonly [
  infer D extends number,
  ...infer Rest extends Shape,
]
  ? SqueezedAll<Rest, D extends 1 ? Out : readonly [...Out, D]>
  : Out;

/** The shape with a new axis of size `D` in front of the axis given; negative axes count from the end of the result. */
export type Unsqueezed<S extends Shape, X extends number, Op extends string = "unsqueeze", D extends number = 1> = [
  number,
] extends [S["length"]]
  ? Shape
  : number extends X
    ? UnknownSizes<readonly [number, ...S]>
    : [AxisIndex<readonly [D, ...S], X>] extends [never]
      ? ShapeMismatch<OutOfRange<readonly [D, ...S], X, Op, S>>
      : Inserted<S, AxisIndex<readonly [D, ...S], X>, D>;

type Inserted<
  S extends Shape,
  Index extends number,
  D extends number,
  Head extends Shape = readonly [],
> = Head["length"] extends Index
  ? readonly [...Head, D, ...S]
  : S extends readonly [infer First extends number, ...infer Rest extends Shape]
    ? Inserted<Rest, Index, D, readonly [...Head, First]>
    : Shape;
