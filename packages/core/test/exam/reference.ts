// Plain arithmetic that the exam judges by: comparisons with tolerances, broadcasting by its definition, and numbers without pattern.

import type { Tensor } from "../../src/index.ts";

/** A list of numbers, or lists of such to any depth. */
export type Numbers = number | boolean | readonly Numbers[];

/** Whether |a − b| ≤ max(absolute, relative · |b|); NaN equals NaN, and infinities equal themselves. */
export function closeNumber(a: number, b: number, relative: number, absolute: number = relative): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  if (!Number.isFinite(a) || !Number.isFinite(b)) return a === b;
  return Math.abs(a - b) <= Math.max(absolute, relative * Math.abs(b));
}

/** Whether two values are equal, numbers within a tolerance, arrays element by element. */
export function close(a: unknown, b: unknown, relative: number, absolute: number = relative): boolean {
  if (typeof a === "number" && typeof b === "number") return closeNumber(a, b, relative, absolute);
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((value, index) => close(value, b[index], relative, absolute));
  }
  return Object.is(a, b);
}

/** The place and the values of the first difference between two lists, or null. */
export function firstDifference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  relative: number,
  absolute: number = relative,
): string | null {
  if (a.length !== b.length) return `${a.length} values instead of ${b.length}`;
  for (let index = 0; index < a.length; index++) {
    const [found, wanted] = [a[index] ?? Number.NaN, b[index] ?? Number.NaN];
    if (!closeNumber(found, wanted, relative, absolute)) return `${found} instead of ${wanted} at ${index}`;
  }
  return null;
}

/** Whether two tensors are the same: shape, dtype and every bit (all NaN are one). */
export function identical(a: Tensor, b: Tensor): boolean {
  const [left, right] = [a.toTypedArray(), b.toTypedArray()];
  if (a.dtype !== b.dtype || String(a.shape) !== String(b.shape)) return false;
  return left.every((value, index) => Object.is(value, right[index]));
}

/** The elements in row-major order, as doubles. */
export function flat(x: Tensor): number[] {
  return Array.from(x.toTypedArray());
}

/** The size of a shape. */
export const count = (shape: readonly number[]): number => shape.reduce((size, dimension) => size * dimension, 1);

/** For each place of `target` the place that it reads in a tensor of `shape`: index 0 wherever the size there is 1. */
function places(shape: readonly number[], target: readonly number[]): number[] {
  return Array.from({ length: count(target) }, (_, position) => {
    let [rest, at, stride] = [position, 0, 1];
    for (let axis = target.length - 1; axis >= 0; axis--) {
      const place = rest % (target[axis] ?? 1);
      rest = Math.floor(rest / (target[axis] ?? 1));
      const size = shape[axis - target.length + shape.length];
      if (size === undefined) continue;
      at += (size === 1 ? 0 : place) * stride;
      stride *= size;
    }
    return at;
  });
}

/** Values of `shape` repeated to fill `target`. */
export function expand(values: ArrayLike<number>, shape: readonly number[], target: readonly number[]): number[] {
  return places(shape, target).map((place) => values[place] ?? Number.NaN);
}

/** Values of shape `from` summed where `shape` was repeated to fill it. */
export function gatherBack(values: ArrayLike<number>, from: readonly number[], shape: readonly number[]): number[] {
  const sums = new Array<number>(count(shape)).fill(0);
  for (const [index, place] of places(shape, from).entries()) sums[place] = (sums[place] ?? 0) + (values[index] ?? 0);
  return sums;
}

/** The shape that shapes broadcast to, or null where they do not. */
export function joint(...shapes: readonly (readonly number[])[]): number[] | null {
  const rank = Math.max(...shapes.map(({ length }) => length));
  const sizes = Array.from({ length: rank }, (_, axis) => {
    const found = new Set(shapes.map((shape) => shape[axis - rank + shape.length] ?? 1));
    found.delete(1);
    return found.size > 1 ? null : (Array.from(found)[0] ?? 1);
  });
  return sizes.every((size) => size !== null) ? sizes : null;
}

/** Numbers between −scale and scale without a pattern, the same at each call: mulberry32 by T. Ettinger. */
export function scattered(length: number, scale = 1, seed = 1): number[] {
  let state = seed;
  return Array.from({ length }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1) * scale;
  });
}
