// How nodes may share a loop: the space that a loop runs over, and how operands lie in it.
//
// A loop over a space S computes full values (one for each place of S), folds them over some axes R of S, and computes kept values
// (one for each place of the remaining axes). R is the first axes or the last: the sum of a matrix over its rows, or along them.

import { broadcastStrides, type Shape, sizeOf } from "../../shape.ts";
import type { Spec } from "../../view.ts";
import type { GraphNode, Operand } from "../graph.ts";

/** The axes of a shape that are longer than 1: what loops run over. */
export function squeezed(shape: Shape): Shape {
  return shape.filter((size) => size !== 1);
}

/** The strides of an operand along the axes of `shape` that are longer than 1. */
export function stridesIn({ shape: own, strides }: Operand, shape: Shape): readonly number[] {
  return broadcastStrides(own, strides, shape).filter((_, axis) => shape[axis] !== 1);
}

/** Which axes of a space are folded: the first `split`, the last from `split` on, or none. */
export interface Fold {
  readonly kind: "rows" | "columns";
  /** How many axes come before the border between kept and folded ones. */
  readonly split: number;
}

/** The fold of a reduction in the space of its input; null if the folded axes are neither first nor last. */
export function foldOf(node: GraphNode): Fold | null {
  const [x] = node.inputs;
  if (node.work.kind !== "reduce" || x === undefined) return null;
  const { axes } = node.work;
  const folded = x.shape.flatMap((size, axis) => (size === 1 ? [] : [axes.includes(axis)]));
  const count = folded.filter(Boolean).length;
  if (folded.slice(folded.length - count).every(Boolean)) return { kind: "rows", split: folded.length - count };
  if (folded.slice(0, count).every(Boolean)) return { kind: "columns", split: count };
  return null;
}

/**
 * The order of axes, folded ones last, in which a loop can fold elements that lie like this; null if it can as they lie. A single row
 * or column of loops must run through the folded axes at one pace, and through the kept ones at another.
 */
export function foldingOrder(
  x: Spec & { readonly strides: readonly number[] },
  axes: readonly number[],
): number[] | null {
  const long = x.shape.flatMap((size, axis) => (size === 1 ? [] : [axis]));
  const count = long.filter((axis) => axes.includes(axis)).length;
  const space = long.map((axis) => x.shape[axis] ?? 1);
  const strides = long.map((axis) => x.strides[axis] ?? 0);
  const suits = (split: number, part: readonly number[]): boolean =>
    part.every((axis) => axes.includes(axis)) && matrixStrides(space, strides, split) !== null;
  if (suits(long.length - count, long.slice(long.length - count)) || suits(count, long.slice(0, count))) return null;
  const all = x.shape.map((_, axis) => axis);
  return [...all.filter((axis) => !axes.includes(axis)), ...all.filter((axis) => axes.includes(axis))];
}

/** A space as a matrix: the sizes before and after the border. */
export interface MatrixSpace {
  readonly rows: number;
  readonly columns: number;
}

/** Strides from row to row and from column to column. */
export interface MatrixStrides {
  readonly row: number;
  readonly column: number;
}

/** The space as a matrix with its border at `split`. */
export function matrixOf(space: Shape, split: number): MatrixSpace {
  return { rows: sizeOf(space.slice(0, split)), columns: sizeOf(space.slice(split)) };
}

/** Strides over a space as those of a matrix; null if either side of the border does not run at one pace. */
export function matrixStrides(space: Shape, strides: readonly number[], split: number): MatrixStrides | null {
  const row = singlePace(space.slice(0, split), strides.slice(0, split));
  const column = singlePace(space.slice(split), strides.slice(split));
  return row === null || column === null ? null : { row, column };
}

/** The stride with which axes are run through as one, 0 for no axes; null if there is none. */
export function singlePace(sizes: Shape, strides: readonly number[]): number | null {
  for (let axis = 0; axis + 1 < sizes.length; axis++) {
    if (strides[axis] !== (strides[axis + 1] ?? 0) * (sizes[axis + 1] ?? 1)) return null;
  }
  return strides.at(-1) ?? 0;
}

/** Whether strides visit every place of a space once, in order. */
export function inOrder(space: Shape, strides: readonly number[]): boolean {
  return singlePace(space, strides) === (space.length === 0 ? 0 : 1);
}
