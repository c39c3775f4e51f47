// Shapes at run time: sizes, strides, broadcasting and axes, with the checks that every operation shares.

import { describe, ShapeError } from "./errors.ts";
import type { Shape } from "./shape-types.ts";

export type { Shape } from "./shape-types.ts";

/** One axis or several; negative ones count from the end. */
export type Axes = number | readonly number[];

/** The number of elements of a shape; 1 for a scalar. @example sizeOf([64, 784]); // 50176 */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const dimension of shape) size *= dimension;
  return size;
}

/** Row-major strides in elements: the last axis is contiguous. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] ?? 1;
  }
  return strides;
}

/** A shape as it stands in messages. @example formatShape([64, 784]); // "[64,784]" */
export const formatShape: (shape: Shape) => string = describe;

/** Whether two shapes are equal. */
export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** Whether a value is an array: callers without types give anything. */
const isList = (value: unknown): boolean => Array.isArray(value);

/** Throws unless it is a list, every dimension is a whole number ≥ 0 and the size can be allocated. */
export function checkShape(operation: { toString(): string }, shape: Shape): void {
  if (!isList(shape))
    throw new ShapeError(`${operation}: the shape must be a list of sizes, as in [2, 3], got ${describe(shape)}`);
  for (const [axis, dimension] of shape.entries()) {
    if (!Number.isInteger(dimension) || dimension < 0) {
      throw new ShapeError(
        `${operation}: axis ${axis} of the shape must be a whole number ≥ 0, got ${describe(dimension)}`,
      );
    }
  }
  const size = sizeOf(shape);
  if (size > 2 ** 32) throw new ShapeError(`${operation}: ${formatShape(shape)} has ${size} elements, more than 2³²`);
}

/** What stands between two shapes in a message; the shape types print the same. */
const signs: Readonly<Record<string, string>> = {
  add: "+",
  sub: "-",
  mul: "*",
  div: "/",
  pow: "**",
  eq: "==",
  ne: "!=",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">=",
  matmul: "×",
};

/**
 * The shape that `a` and `b`, but for their last so many axes, broadcast to: aligned from the right, a size of 1 stretches.
 * @throws ShapeError naming both shapes and the axis (of the result) at which they differ.
 */
export function broadcastShapes(operation: string, a: Shape, b: Shape, besides = 0): Shape {
  if (besides === 0 && sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length) - besides;
  const result = new Array<number>(rank);
  for (let axis = 0; axis < rank; axis++) {
    const left = a[axis - rank + a.length - besides] ?? 1;
    const right = b[axis - rank + b.length - besides] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new ShapeError(
        `${operation} ${formatShape(a)} ${signs[operation] ?? "and"} ${formatShape(b)}: axis ${axis}: ${left} and ${right} differ`,
      );
    }
    result[axis] = left === 1 ? right : left;
  }
  return result;
}

/** The strides with which a tensor of `shape` and `strides` is read as one of shape `target`: 0 along stretched axes. */
export function broadcastStrides(shape: Shape, strides: readonly number[], target: Shape): number[] {
  const lead = target.length - shape.length;
  const result = new Array<number>(target.length);
  for (let axis = 0; axis < target.length; axis++) {
    const own = axis - lead;
    result[axis] = own < 0 || (shape[own] === 1 && target[axis] !== 1) ? 0 : (strides[own] ?? 0);
  }
  return result;
}

/** `axis` as a number from 0 to rank − 1. */
export function normalizeAxis(operation: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    const range = rank === 0 ? "a scalar has no axes" : `the valid range is ${-rank} to ${rank - 1}`;
    throw new ShapeError(`${operation}: axis ${describe(axis)} is out of range for rank ${rank}: ${range}`);
  }
  return axis < 0 ? axis + rank : axis;
}

/** Axes as sorted numbers from 0 to rank − 1; all of them if none are given. As in PyTorch a scalar lets axis 0 or −1 pass. */
export function normalizeAxes(operation: string, axes: Axes | undefined, rank: number): readonly number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  if (rank === 0 && [axes].flat().every((axis) => axis === 0 || axis === -1)) return [];
  if (typeof axes === "number") return [normalizeAxis(operation, axes, rank)];
  if (!isList(axes))
    throw new ShapeError(`${operation}: axis must be a whole number or a list of such, got ${describe(axes)}`);
  const result = axes.map((axis) => normalizeAxis(operation, axis, rank)).sort((a, b) => a - b);
  for (let index = 1; index < result.length; index++) {
    if (result[index] === result[index - 1]) {
      throw new ShapeError(`${operation}: axis ${result[index]} is given twice in ${describe(axes)}`);
    }
  }
  return result;
}

/** The shape left after reducing over `axes` (sorted, from 0). */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  if (keepDims) return shape.map((dimension, axis) => (axes.includes(axis) ? 1 : dimension));
  return shape.filter((_, axis) => !axes.includes(axis));
}

/** Whether elements stand in row-major order without gaps. Axes of size 1 do not count. */
export function isContiguous(shape: Shape, strides: readonly number[]): boolean {
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const dimension = shape[axis] ?? 1;
    if (dimension === 0) return true;
    if (dimension !== 1 && strides[axis] !== stride) return false;
    stride *= dimension;
  }
  return true;
}

/** A loop nest over several operands: sizes, and for each operand its strides. */
export interface LoopNest {
  readonly sizes: readonly number[];
  readonly strides: readonly (readonly number[])[];
}

/**
 * The fewest loops that visit `shape` in order: axes of size 1 go, and neighbours merge where every operand steps through both
 * at one pace. A contiguous operand beside scalars becomes a single loop.
 */
export function collapse(shape: Shape, operands: readonly (readonly number[])[]): LoopNest {
  const sizes: number[] = [];
  const strides: number[][] = operands.map(() => []);
  for (let axis = 0; axis < shape.length; axis++) {
    const size = shape[axis] ?? 1;
    if (size === 1) continue;
    const last = sizes.length - 1;
    const merges =
      last >= 0 && operands.every((operand, index) => strides[index]?.[last] === (operand[axis] ?? 0) * size);
    if (merges) {
      sizes[last] = (sizes[last] ?? 1) * size;
      for (const [index, operand] of operands.entries()) (strides[index] ?? [])[last] = operand[axis] ?? 0;
    } else {
      sizes.push(size);
      for (const [index, operand] of operands.entries()) strides[index]?.push(operand[axis] ?? 0);
    }
  }
  return { sizes, strides };
}

/** A shape as [outer, size, inner] around an axis; a scalar is one element. */
export function around(shape: Shape, axis: number): { outer: number; size: number; inner: number } {
  return { outer: sizeOf(shape.slice(0, axis)), size: shape[axis] ?? 1, inner: sizeOf(shape.slice(axis + 1)) };
}

/** Where the elements of a tensor with these sizes and strides lie, in row-major order, counted from the first. */
export function offsetsOf(sizes: Shape, strides: readonly number[]): Float64Array {
  let offsets = new Float64Array(1);
  for (const [axis, size] of sizes.entries()) {
    const step = strides[axis] ?? 0;
    const next = new Float64Array(offsets.length * size);
    for (let index = 0; index < offsets.length; index++) {
      for (let place = 0; place < size; place++) next[index * size + place] = (offsets[index] ?? 0) + place * step;
    }
    offsets = next;
  }
  return offsets;
}
