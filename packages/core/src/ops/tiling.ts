// Tiling: a tensor laid side by side with itself.

import { checkOption } from "../errors.ts";
import type { Shape } from "../shape.ts";
import { type Tiled, typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";

/**
 * The tensor repeated so many times along each axis; shorter lists count from the last axis, longer ones make new axes in front.
 * NumPy's `tile`.
 *
 * @throws OptionError unless repeats are whole numbers ≥ 0
 * @example tile([[1, 2]], [2, 2]) // [[1, 2, 1, 2], [1, 2, 1, 2]]
 */
export function tile<S extends Shape, const R extends readonly number[]>(
  x: Tensor<S>,
  repeats: Readonly<R>,
): Tensor<Tiled<S, R>> {
  const list: readonly number[] = repeats;
  const valid = Array.isArray(list) && list.every((count) => Number.isInteger(count) && count >= 0);
  checkOption(valid, "tile", "repeats", "a list of whole numbers ≥ 0", repeats);
  const rank = Math.max(x.rank, list.length);
  const shape = [...new Array<number>(rank - x.rank).fill(1), ...x.shape];
  const counts = [...new Array<number>(rank - list.length).fill(1), ...list];
  // Each axis of size n becomes r × n, of which the first is stretched.
  const interleave = (count: (axis: number) => number): number[] => shape.flatMap((size, axis) => [count(axis), size]);
  const stretched = x.reshape(interleave(() => 1)).broadcastTo(interleave((axis) => counts[axis] ?? 1));
  return typed(stretched.reshape(shape.map((size, axis) => size * (counts[axis] ?? 1))));
}
