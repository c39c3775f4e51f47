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

/**
 * Which axes of a space are folded. `rows`: those from `split` on, so that each row becomes one value. `columns`: those from `outer`
 * up to `split`, so that each column of each of the outer matrices does; for rows `outer` is 0.
 */
export interface Fold {
  readonly kind: "rows" | "columns";
  readonly outer: number;
  readonly split: number;
}

/** The fold of a reduction in the space of its input; null if the folded axes are not neighbours. */
export function foldOf(node: GraphNode): Fold | null {
  const [x] = node.inputs;
  if (node.work.kind !== "reduce" || x === undefined) return null;
  const { axes } = node.work;
  const folded = x.shape.flatMap((size, axis) => (size === 1 ? [] : [axes.includes(axis)]));
  return foldOfAxes(folded);
}

/** The fold of the axes that are marked. */
function foldOfAxes(folded: readonly boolean[]): Fold | null {
  const count = folded.filter(Boolean).length;
  const first = count === 0 ? folded.length : folded.indexOf(true);
  const split = first + count;
  if (!folded.slice(first, split).every(Boolean)) return null;
  return split === folded.length ? { kind: "rows", outer: 0, split: first } : { kind: "columns", outer: first, split };
}

/** Whether two folds are one. */
export function sameFold(a: Fold, b: Fold): boolean {
  return a.kind === b.kind && a.outer === b.outer && a.split === b.split;
}

/** The folded axes that are longer than 1, cut where axes that stay lie between them. */
export function runsOf({ shape }: Spec, axes: readonly number[]): number[][] {
  const runs: number[][] = [];
  let beside = false;
  for (const [axis, size] of shape.entries()) {
    if (size === 1) continue;
    const isFolded = axes.includes(axis);
    if (isFolded && beside) runs.at(-1)?.push(axis);
    else if (isFolded) runs.push([axis]);
    beside = isFolded;
  }
  return runs;
}

/** Columns from which a loop over the columns of many matrices is worth it: its vectors hold four of them. */
const LEAST_COLUMNS = 4;

/**
 * The order of axes, folded ones last, in which a loop can fold elements that lie like this; null if it can as they lie. A row or a
 * column of loops must run through the folded axes at one pace, and through the kept ones at another.
 */
export function foldingOrder(
  x: Spec & { readonly strides: readonly number[] },
  axes: readonly number[],
): number[] | null {
  const long = x.shape.flatMap((size, axis) => (size === 1 ? [] : [axis]));
  const space = long.map((axis) => x.shape[axis] ?? 1);
  const strides = long.map((axis) => x.strides[axis] ?? 0);
  const fold = foldOfAxes(long.map((axis) => axes.includes(axis)));
  if (fold !== null && matrixStrides(space, strides, fold) !== null) {
    if (fold.outer === 0 || sizeOf(space.slice(fold.split)) >= LEAST_COLUMNS) return null;
  }
  const all = x.shape.map((_, axis) => axis);
  return [...all.filter((axis) => !axes.includes(axis)), ...all.filter((axis) => axes.includes(axis))];
}

/** The axes that are left, or what belongs to them. */
export function keptAxes(list: readonly number[], { outer, split, kind }: Fold): readonly number[] {
  return kind === "rows" ? list.slice(0, split) : [...list.slice(0, outer), ...list.slice(split)];
}

/** The axes that go, or what belongs to them. */
export function foldedAxes(list: readonly number[], { outer, split, kind }: Fold): readonly number[] {
  return kind === "rows" ? list.slice(split) : list.slice(outer, split);
}

/** A space as matrices: how many there are, and the sizes before and after the border. */
export interface MatrixSpace {
  readonly outer: number;
  readonly rows: number;
  readonly columns: number;
}

/** Strides from matrix to matrix, from row to row and from column to column. */
export type MatrixStrides = MatrixSpace;

/** The space as matrices of a fold. */
export function matrixOf(space: Shape, { outer, split }: Fold): MatrixSpace {
  return {
    outer: sizeOf(space.slice(0, outer)),
    rows: sizeOf(space.slice(outer, split)),
    columns: sizeOf(space.slice(split)),
  };
}

/** Strides over a space as those of matrices; null where one of the three does not run at one pace. */
export function matrixStrides(
  space: Shape,
  strides: readonly number[],
  { outer: first, split }: Fold,
): MatrixStrides | null {
  const pace = (from: number, to: number): number | null => singlePace(space.slice(from, to), strides.slice(from, to));
  const [outer, rows, columns] = [pace(0, first), pace(first, split), pace(split, space.length)];
  return outer === null || rows === null || columns === null ? null : { outer, rows, columns };
}

/** Strides over the axes that are left as those of the fold's matrices, which do not move along what is folded. */
export function keptStrides(
  kept: Shape,
  strides: readonly number[],
  { kind, outer: first }: Fold,
): MatrixStrides | null {
  if (kind === "rows") {
    const rows = singlePace(kept, strides);
    return rows === null ? null : { outer: 0, rows, columns: 0 };
  }
  const outer = singlePace(kept.slice(0, first), strides.slice(0, first));
  const columns = singlePace(kept.slice(first), strides.slice(first));
  return outer === null || columns === null ? null : { outer, rows: 0, columns };
}

/** The steps of an operand, in elements, from row to row of a product's results (rows of all matrices follow one another) and along them. */
export interface TileStrides {
  readonly row: number;
  readonly column: number;
}

/** Strides over a space as those of rows with so many columns; null where they do not run at one pace each. */
export function tileStrides(space: Shape, strides: readonly number[], columns: number): TileStrides | null {
  if (inOrder(space, strides)) return { row: columns, column: 1 };
  if (strides.every((stride) => stride === 0)) return { row: 0, column: 0 };
  let split = space.length;
  for (let size = 1; size < columns && split > 0; ) size *= space[--split] ?? 1;
  if (sizeOf(space.slice(split)) !== columns) return null;
  const [row, column] = [
    singlePace(space.slice(0, split), strides.slice(0, split)),
    singlePace(space.slice(split), strides.slice(split)),
  ];
  return row === null || column === null ? null : { row, column };
}

/** The stride with which axes are run through as one, 0 for no axes; null if there is none. */
function singlePace(sizes: Shape, strides: readonly number[]): number | null {
  for (let axis = 0; axis + 1 < sizes.length; axis++) {
    if (strides[axis] !== (strides[axis + 1] ?? 0) * (sizes[axis + 1] ?? 1)) return null;
  }
  return strides.at(-1) ?? 0;
}

/** Whether strides visit every place of a space once, in order. */
export function inOrder(space: Shape, strides: readonly number[]): boolean {
  return singlePace(space, strides) === (space.length === 0 ? 0 : 1);
}
