// Indices into an axis: checked before anything is computed, and walked element by element.

import { allocate, type DType, isFloat, type TypedArray } from "../dtype.ts";
import { DataError, DTypeError } from "../errors.ts";
import type { PrimitiveDefinition } from "../ops/constructors.ts";
import { contiguousStrides, type Shape, sizeOf } from "../shape.ts";
import { elements, viewOf } from "../view.ts";
import { contiguousView } from "./copy.ts";

/** Refuses indices that are no whole numbers by type. */
export function checkIndexType(operation: string, dtype: DType): void {
  if (isFloat(dtype) || dtype === "bool") {
    throw new DTypeError(
      `${operation}: indices must be int32 or uint8, got ${dtype}: cast them with indices.cast("int32")`,
    );
  }
}

/** What indices must be. */
export interface IndexRule {
  /** For messages. */
  readonly operation: string;
  /** The size of the axis. */
  readonly size: number;
  /** Whether negative ones count from the end. */
  readonly negative: boolean;
}

/**
 * An operator from indices to places from 0 to size − 1. The check is one of its own, which reads nothing but indices: compiled
 * programs make it before they change anything.
 */
export const indexCheck: PrimitiveDefinition<IndexRule> = {
  name: "indices",
  infer: ([indices]) => ({ shape: indices?.shape ?? [], dtype: "int32" }),
  kernel: ([indices], spec, rule) => {
    const out = new Int32Array(sizeOf(spec.shape));
    if (indices !== undefined) writePlaces(elements(contiguousView(indices)), rule, out);
    return viewOf(out, "int32", spec.shape);
  },
  reads: [],
  gradient: () => [null],
};

/** @throws DataError with the index out of range, its place and the valid range */
function writePlaces(values: TypedArray, { operation, size, negative }: IndexRule, out: Int32Array): void {
  const lowest = negative ? -size : 0;
  for (let index = 0; index < out.length; index++) {
    const value = values[index] ?? 0;
    if (!(value >= lowest && value < size)) {
      throw new DataError(
        `${operation}: index ${value} at place ${index} is out of range: ${size === 0 ? "the axis is empty" : `${lowest} to ${size - 1}`}`,
      );
    }
    out[index] = value < 0 ? value + size : value;
  }
}

/**
 * Visits each element of `indices` in order: its number, and the place in a tensor of `shape` that it names along `axis`. Off the
 * axis the indices may cover less than the tensor: its leading part.
 */
export function eachAlong(
  shape: Shape,
  indices: Shape,
  places: ArrayLike<number>,
  axis: number,
  see: (at: number, place: number) => void,
): void {
  const strides = contiguousStrides(shape);
  const jump = strides[axis] ?? 1;
  const last = indices.length - 1;
  const width = indices[last] ?? 1;
  const step = last === axis ? 0 : (strides[last] ?? 0);
  const place = new Array<number>(Math.max(last, 0)).fill(0);
  const count = sizeOf(indices);
  for (let at = 0, base = 0; at < count; ) {
    for (let column = 0; column < width; column++, at++) see(at, base + column * step + (places[at] ?? 0) * jump);
    for (let other = last - 1; other >= 0; other--) {
      const next = (place[other] ?? 0) + 1;
      const wraps = next === indices[other];
      place[other] = wraps ? 0 : next;
      if (other !== axis) base += (strides[other] ?? 0) * (wraps ? 1 - next : 1);
      if (!wraps) break;
    }
  }
}

/** Additions to one float that are as good as a sum in doubles, rounded once, to 10⁻⁵. */
const MOST_IN_FLOATS = 256;

/** Zeros to which updates are added at `places` of an axis: of doubles where one place is named too often for floats. */
export function sumsAt(places: ArrayLike<number>, size: number, dtype: DType, length: number): TypedArray {
  if (dtype !== "float32" || places.length <= MOST_IN_FLOATS) return allocate(dtype, length);
  const uses = new Int32Array(size);
  let most = 0;
  for (let index = 0; index < places.length; index++) {
    const place = places[index] ?? 0;
    const use = (uses[place] ?? 0) + 1;
    uses[place] = use;
    if (use > most) most = use;
  }
  return allocate(most > MOST_IN_FLOATS ? "float64" : dtype, length);
}
