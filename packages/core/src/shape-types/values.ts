// The shape of values: what `tensor([[1, 2], [3, 4]])` is.

import type { Shape } from "../shape-types.ts";

/** Anything flat with a length: a typed array. */
interface Flat {
  readonly BYTES_PER_ELEMENT: number;
  readonly length: number;
}

/**
 * The shape of nested array literals, of which only the first row is looked at: `ShapeOf<readonly [readonly [1, 2],
 * readonly [3, 4]]>` is `readonly [2, 2]`, `ShapeOf<number[][]>` is `readonly [number, number]`, a number has shape
 * `readonly []` and a typed array `readonly [number]`. Values of a type that leaves the nesting open (`any`, a number
 * or an array) have any shape.
 */
export type ShapeOf<V, Out extends Shape = readonly []> = 0 extends 1 & V
  ? Shape
  : [V] extends [number | boolean]
    ? Out
    : [V] extends [Flat]
      ? readonly [...Out, number]
      : [V] extends [readonly []]
        ? readonly [...Out, 0]
        : [V] extends [readonly unknown[]]
          ? ShapeOf<V[0], readonly [...Out, V["length"]]>
          : Shape;
