// Matrix products in the type system: inner dimensions meet, leading axes broadcast, vectors lend an axis.

import type { Shape, ShapeMismatch } from "../shape-types.ts";
import type { Same, Stretched } from "./broadcast.ts";
import type { ShowShape } from "./print.ts";

/**
 * `[…, m, k] × […, k, n]` is `[…, m, n]`, the leading axes broadcast; a vector counts as one row on the left, as one
 * column on the right, and its axis is left out of the result.
 */
export type MatMul<A extends Shape, B extends Shape> = [number] extends [A["length"] | B["length"]]
  ? Shape
  : MatMulKnown<A, B, `matmul ${ShowShape<A>} × ${ShowShape<B>}`>;

type MatMulKnown<A extends Shape, B extends Shape, Message extends string> = A extends readonly [
  ...infer ARows extends Shape,
  infer K extends number,
]
  ? B extends readonly [infer L extends number]
    ? Contract<K, L, readonly [...ARows], Message>
    : B extends readonly [...infer BBatch extends Shape, infer L extends number, infer N extends number]
      ? ARows extends readonly [...infer ABatch extends Shape, infer M extends number]
        ? Contract<K, L, Batched<Stretched<ABatch, BBatch, Message>, readonly [M, N]>, Message>
        : Contract<K, L, readonly [...BBatch, N], Message>
      : ShapeMismatch<`${Message}: a scalar has no inner dimension`>
  : ShapeMismatch<`${Message}: a scalar has no inner dimension`>;

type Contract<K extends number, L extends number, R, Message extends string> = [Same<K, L>] extends [never]
  ? ShapeMismatch<`${Message}: inner dimensions ${K} and ${L} differ`>
  : R;

type Batched<Batch, Matrix extends Shape> = Batch extends Shape ? readonly [...Batch, ...Matrix] : Batch;
