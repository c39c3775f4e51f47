// Parts in the type system: pieces of an axis, padding, tiling, diagonals.

import type { Shape, ShapeMismatch } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import type { AxisIndex, OutOfRange, UnknownSizes, Without, WithSize } from "./axes.ts";
import type { ShowShape } from "./print.ts";
import type { Add, Divide, Multiply } from "./sizes.ts";

/** The axis that is split must exist, and literal sizes must add up to it: the shape itself, or a mismatch. */
export type Split<S extends Shape, N, X extends number = 0> = [number] extends [S["length"] | X]
  ? S
  : [AxisIndex<S, X>] extends [never]
    ? ShapeMismatch<OutOfRange<S, X, "split">>
    : [N] extends [readonly number[]]
      ? [number] extends [Total<N> | S[AxisIndex<S, X>]]
        ? S
        : Total<N> extends S[AxisIndex<S, X>]
          ? S
          : ShapeMismatch<`split ${ShowShape<S>}: sizes ${ShowShape<N>} add up to ${Total<N>}, axis ${AxisIndex<S, X>} has ${S[AxisIndex<S, X>]}`>
      : S;

/** The sum of sizes. */
type Total<N extends Shape, Sum extends number = 0> = [number] extends [N["length"] | Sum]
  ? number
  : N extends readonly [infer D extends number, ...infer Rest extends Shape]
    ? Total<Rest, Add<Sum, D>>
    : Sum;

/** The pieces of a tensor along an axis: a tuple where the sizes are listed. */
export type Pieces<S extends Shape, N, X extends number = 0> = [N] extends [readonly number[]]
  ? [number] extends [N["length"]]
    ? Tensor<Piece<S, number, X>>[]
    : { -readonly [K in keyof N]: Tensor<Piece<S, N[K], X>> }
  : [N] extends [number]
    ? Tensor<Piece<S, Even<S[AxisIndex<S, X> & keyof S], N>, X>>[]
    : Tensor[];

type Piece<S extends Shape, N, X extends number> = [number] extends [S["length"]]
  ? Shape
  : [number] extends [X]
    ? UnknownSizes<S>
    : [AxisIndex<S, X>] extends [never]
      ? Shape
      : WithSize<S, AxisIndex<S, X>, N & number>;

/** The size of every piece: that asked for, if it divides the axis. */
type Even<Whole, N extends number> = [Whole] extends [number]
  ? [Divide<Whole, N>] extends [never]
    ? number
    : number extends Divide<Whole, N>
      ? number
      : N
  : number;

/** Each axis with its two widths added. */
export type Padded<S extends Shape, W extends readonly (readonly [number, number])[]> = [number] extends [
  S["length"] | W["length"],
]
  ? Shape
  : S["length"] extends W["length"]
    ? { readonly [K in keyof S]: K extends keyof W ? PaddedSize<S[K], W[K]> : never }
    : ShapeMismatch<`pad ${ShowShape<S>}: ${W["length"]} pairs of widths given for rank ${S["length"]}`>;

type PaddedSize<D, W> = D extends number
  ? W extends readonly [infer Before extends number, infer After extends number]
    ? Add<Add<D, Before>, After>
    : number
  : never;

/** The shape repeated along its axes; the shorter of the two lists counts from the last axis. */
export type Tiled<S extends Shape, R extends Shape, Out extends Shape = readonly []> = [number] extends [
  S["length"] | R["length"],
]
  ? Shape
  : S extends readonly [...infer Lead extends Shape, infer D extends number]
    ? R extends readonly [...infer Counts extends Shape, infer N extends number]
      ? Tiled<Lead, Counts, readonly [Multiply<D, N>, ...Out]>
      : readonly [...S, ...Out]
    : readonly [...R, ...Out];

/** The shape without two axes, and the length of their diagonal last; it is known where a main diagonal is a square's. */
export type Diagonal<S extends Shape, O extends number = 0, A extends number = 0, B extends number = 1> = [
  number,
] extends [S["length"]]
  ? Shape
  : S extends readonly [] | readonly [number]
    ? ShapeMismatch<`diagonal ${ShowShape<S>}: needs at least two axes`>
    : [number] extends [A | B]
      ? Shape
      : [AxisIndex<S, A>] extends [never]
        ? ShapeMismatch<OutOfRange<S, A, "diagonal">>
        : [AxisIndex<S, B>] extends [never]
          ? ShapeMismatch<OutOfRange<S, B, "diagonal">>
          : [AxisIndex<S, A>] extends [AxisIndex<S, B>]
            ? ShapeMismatch<`diagonal ${ShowShape<S>}: axis1 and axis2 are both axis ${AxisIndex<S, A>}`>
            : readonly [
                ...Without<S, AxisIndex<S, A> | AxisIndex<S, B>>,
                DiagonalSize<S[AxisIndex<S, A>], S[AxisIndex<S, B>], O>,
              ];

type DiagonalSize<Rows extends number, Columns extends number, O extends number> = [O] extends [0]
  ? [Rows] extends [Columns]
    ? [Columns] extends [Rows]
      ? Rows
      : number
    : number
  : number;
