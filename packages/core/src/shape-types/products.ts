// Products in the type system: of two vectors, and by Einstein's summation.

import type { Shape, ShapeMismatch } from "../shape-types.ts";
import type { Same } from "./broadcast.ts";
import type { ShowShape } from "./print.ts";

/** The dot product of two vectors is a scalar. */
export type Dotted<A extends Shape, B extends Shape> = [number] extends [A["length"] | B["length"]]
  ? readonly []
  : readonly [A, B] extends readonly [readonly [infer N extends number], readonly [infer M extends number]]
    ? [Same<N, M>] extends [never]
      ? ShapeMismatch<`dot [${N}] · [${M}]: sizes ${N} and ${M} differ`>
      : readonly []
    : ShapeMismatch<`dot ${ShowShape<A>} · ${ShowShape<B>}: both must be vectors: use matmul`>;

/** The outer product of two vectors is a matrix. */
export type Outer<A extends Shape, B extends Shape> = [number] extends [A["length"] | B["length"]]
  ? readonly [number, number]
  : readonly [A, B] extends readonly [readonly [infer N extends number], readonly [infer M extends number]]
    ? readonly [N, M]
    : ShapeMismatch<`outer ${ShowShape<A>} and ${ShowShape<B>}: both must be vectors`>;

/**
 * The shape that Einstein's summation gives: `Einsum<"ij,jk->ik", [readonly [2, 3], readonly [3, 4]]>` is `readonly [2, 4]`. Where an
 * ellipsis stands, or the output is left out, only run time knows.
 */
export type Einsum<E extends string, Shapes extends readonly Shape[]> = string extends E
  ? Shape
  : E extends `${string}...${string}` | `${string} ${string}`
    ? Shape
    : E extends `${infer Inputs}->${infer Output}`
      ? Labelled<E, Inputs, Shapes> extends infer Sizes
        ? Sizes extends ShapeMismatch<string>
          ? Sizes
          : SizesOf<Output, Sizes>
        : never
      : Shape;

/** What each label stands for, operand by operand. */
type Labelled<E extends string, Inputs extends string, Shapes extends readonly Shape[], Sizes = unknown> = [
  number,
] extends [Shapes["length"]]
  ? unknown
  : Shapes extends readonly [infer S extends Shape, ...infer More extends readonly Shape[]]
    ? Inputs extends `${infer Labels},${infer Rest}`
      ? Next<E, Rest, More, Named<E, Labels, S, Sizes>>
      : More extends readonly []
        ? Named<E, Inputs, S, Sizes>
        : unknown
    : unknown;

type Next<E extends string, Rest extends string, More extends readonly Shape[], Sizes> =
  Sizes extends ShapeMismatch<string> ? Sizes : Labelled<E, Rest, More, Sizes>;

/** The sizes with those of one operand: where a label has another size already, a mismatch. */
type Named<E extends string, Labels extends string, S extends Shape, Sizes> = [number] extends [S["length"]]
  ? Sizes
  : S extends readonly [infer D extends number, ...infer Rest extends Shape]
    ? Labels extends `${infer L}${infer More}`
      ? L extends keyof Sizes
        ? [Stretch<Sizes[L], D>] extends [never]
          ? ShapeMismatch<`einsum ${E}: label ${L} is ${Sizes[L] & number} in one place and ${D} in another`>
          : Named<E, More, Rest, Omit<Sizes, L> & Record<L, Stretch<Sizes[L], D>>>
        : Named<E, More, Rest, Sizes & Record<L, D>>
      : unknown
    : Sizes;

type Stretch<X, D extends number> = X extends number ? (X extends 1 ? D : D extends 1 ? X : Same<X, D>) : D;

type SizesOf<Output extends string, Sizes, Out extends Shape = readonly []> = Output extends `${infer L}${infer Rest}`
  ? SizesOf<Rest, Sizes, readonly [...Out, L extends keyof Sizes ? Sizes[L] & number : number]>
  : Out;
