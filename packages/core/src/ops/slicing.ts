// Parts of a tensor along its axes: slices, reversed axes, pieces. All are views of the same memory.

import { checkOption, describe, OptionError, ShapeError } from "../errors.ts";
import { formatShape, normalizeAxes, normalizeAxis, type Shape } from "../shape.ts";
import { type Axes, type Check, type Pieces, type Reduced, type Split, typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { along, type Stretch, stretchesOf, take } from "./parts.ts";

/** One axis of a part: a place, `[start, end, step]` with each left out or negative as wished, or null for the whole axis. */
export type Range = number | null | readonly [start?: number | null, end?: number | null, step?: number | null];

/**
 * A part of a tensor, without a copy. For each axis it takes a place (the axis goes), `[start, end, step]` as NumPy's `start:end:step`
 * (each may be left out, negative bounds count from the end, a negative step goes backwards), or null for all; axes that are not
 * given are taken whole.
 *
 * @throws ShapeError for a place out of range, and for more ranges than axes
 * @throws OptionError for a step of 0 and for bounds that are no whole numbers
 * @example slice([[1, 2, 3], [4, 5, 6]], null, [0, 2]) // [[1, 2], [4, 5]]
 */
export function slice(x: Tensor, ...ranges: readonly Range[]): Tensor {
  if (ranges.length > x.rank)
    throw new ShapeError(`slice ${formatShape(x.shape)}: ${ranges.length} ranges given for rank ${x.rank}`);
  return take(x, stretchesOf(x.shape.map((size, axis) => resolveRange(ranges[axis] ?? null, size, axis))));
}

const isGiven = (bound: number | null | undefined): bound is number => bound !== undefined && bound !== null;

function resolveRange(range: Range, size: number, axis: number): Stretch {
  if (range === null) return { start: 0, step: 1, count: size, picks: false };
  if (typeof range === "number") {
    if (!Number.isInteger(range) || range < -size || range >= size) {
      throw new ShapeError(`slice: place ${describe(range)} on axis ${axis} is out of range: ${-size} to ${size - 1}`);
    }
    return { start: range < 0 ? range + size : range, step: 1, count: 1, picks: true };
  }
  if (!Array.isArray(range)) {
    throw new OptionError(
      `slice: the range of axis ${axis} must be a place, [start, end, step] or null, got ${describe(range)}`,
    );
  }
  const step = range[2] ?? 1;
  checkOption(Number.isInteger(step) && step !== 0, "slice", "step", "a whole number other than 0", step);
  for (const bound of [range[0], range[1]]) {
    if (isGiven(bound) && !Number.isInteger(bound)) {
      throw new OptionError(`slice: bounds must be whole numbers, got ${describe(bound)} on axis ${axis}`);
    }
  }
  const [lowest, highest] = step > 0 ? [0, size] : [-1, size - 1];
  const within = (bound: number): number => Math.min(Math.max(bound < 0 ? bound + size : bound, lowest), highest);
  const [first, last] = step > 0 ? [lowest, highest] : [highest, lowest];
  const start = isGiven(range[0]) ? within(range[0]) : first;
  const end = isGiven(range[1]) ? within(range[1]) : last;
  const count = Math.max(0, Math.ceil((end - start) / step));
  return { start: count === 0 ? 0 : start, step, count, picks: false };
}

/**
 * The elements in reverse order along an axis, several, or all, without a copy.
 * @example flip([[1, 2], [3, 4]], 1) // [[2, 1], [4, 3]]
 */
export function flip<S extends Shape, const X extends Axes = undefined>(
  x: Tensor<S>,
  axes?: X & Check<Reduced<S, X, true, "flip">>,
): Tensor<S> {
  const given: Axes = axes;
  const reversed = normalizeAxes("flip", given, x.rank);
  return typed(slice(x, ...x.shape.map((_, axis): Range => (reversed.includes(axis) ? [null, null, -1] : null))));
}

/**
 * The pieces of a tensor along an axis, without copies: all of one size but perhaps the last, or of the sizes given.
 *
 * @throws OptionError unless sizes are whole numbers (a single one above 0)
 * @throws ShapeError unless the sizes add up to the axis
 * @example split([1, 2, 3, 4, 5], [2, 3])[1] // [3, 4, 5]
 */
export function split<S extends Shape, const N extends number | readonly number[], const X extends number = 0>(
  x: Tensor<S>,
  sizes: N & Check<Split<S, N, X>>,
  axis?: X,
): Pieces<S, N, X> {
  const at = normalizeAxis("split", axis ?? 0, x.rank);
  let start = 0;
  const pieces = sizesOf(x, sizes, at).map((count): Tensor => {
    start += count;
    return take(x, along(at, start - count, count));
  });
  return pieces as Pieces<S, N, X>; // cast: the pieces have the sizes that the rule promises
}

function sizesOf({ shape }: Tensor, sizes: number | readonly number[], axis: number): readonly number[] {
  const whole = shape[axis] ?? 0;
  const list = Array.isArray(sizes) ? sizes : null;
  const valid = (size: unknown, least: number): boolean => Number.isInteger(size) && Number(size) >= least;
  if (list === null) {
    const size = Number(sizes);
    checkOption(
      typeof sizes === "number" && valid(size, 1),
      "split",
      "sizes",
      "a whole number above 0, or a list",
      sizes,
    );
    return Array.from({ length: Math.max(1, Math.ceil(whole / size)) }, (_, index) =>
      Math.min(size, whole - index * size),
    );
  }
  checkOption(
    list.every((size) => valid(size, 0)),
    "split",
    "sizes",
    "whole numbers ≥ 0",
    sizes,
  );
  const sum = list.reduce((total: number, size: number) => total + size, 0);
  if (sum !== whole)
    throw new ShapeError(
      `split ${formatShape(shape)}: sizes ${formatShape(list)} add up to ${sum}, axis ${axis} has ${whole}`,
    );
  return list;
}
