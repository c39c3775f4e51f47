// Reading and adding at places that a tensor of indices names. Every index is checked before anything is computed.

import { allocate, isFloat } from "../dtype.ts";
import { contiguousView } from "../engine/copy.ts";
import { checkOption, DataError, DTypeError, ShapeError } from "../errors.ts";
import { checkShape, formatShape, normalizeAxis, type Shape, sizeOf } from "../shape.ts";
import { typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { elements, type Spec, type View, viewOf } from "../view.ts";
import { type PrimitiveOp, primitive } from "./constructors.ts";

/** Indices as an array, each a place from 0 to size − 1. @throws DataError with the value, its place and the valid range */
function checkedIndices(operation: string, view: View | undefined, size: number): ArrayLike<number> {
  if (view === undefined) return [];
  const values = elements(contiguousView(view));
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? 0;
    if (!(value >= 0 && value < size)) {
      throw new DataError(
        `${operation}: index ${value} at place ${index} is out of range: ${size === 0 ? "the axis is empty" : `0 to ${size - 1}`}`,
      );
    }
  }
  return values;
}

function checkIndexType(operation: string, indices: Tensor): void {
  if (isFloat(indices.dtype) || indices.dtype === "bool") {
    throw new DTypeError(
      `${operation}: indices must be int32 or uint8, got ${indices.dtype}: cast them with indices.cast("int32")`,
    );
  }
}

// Whole slices --------------------------------------------------------------------------------------------------------------

/** x as [outer, size, inner] around the axis. */
const around = (shape: Shape, axis: number): { outer: number; size: number; inner: number } => ({
  outer: sizeOf(shape.slice(0, axis)),
  size: shape[axis] ?? 0,
  inner: sizeOf(shape.slice(axis + 1)),
});

const gathering: PrimitiveOp<{ readonly axis: number }> = /* @__PURE__ */ primitive({
  name: "gather",
  infer: ([x, indices], { axis }) => {
    const shape = x?.shape ?? [];
    return {
      shape: [...shape.slice(0, axis), ...(indices?.shape ?? []), ...shape.slice(axis + 1)],
      dtype: x?.dtype ?? "float32",
    };
  },
  kernel: ([x, indices], spec, { axis }) => {
    const out = allocate(spec.dtype, sizeOf(spec.shape));
    const { outer, size, inner } = around(x?.shape ?? [], axis);
    const places = checkedIndices("gather", indices, size);
    const source = x === undefined ? out : elements(contiguousView(x));
    for (let row = 0, at = 0; row < outer; row++) {
      for (let index = 0; index < places.length; index++, at += inner) {
        const from = (row * size + (places[index] ?? 0)) * inner;
        if (inner === 1) out[at] = source[from] ?? 0;
        else out.set(source.subarray(from, from + inner), at);
      }
    }
    return viewOf(out, spec.dtype, spec.shape);
  },
  reads: [1],
  gradient: ({ dy, input, specs: [spec] }, { axis }) => [
    scattering([dy, input(1)], { axis, shape: spec?.shape ?? [] }),
    null,
  ],
});

/** The slices of `x` at `indices` along an axis, which is replaced by the axes of the indices. @example gather([10, 20, 30], [2, 0]) // [30, 10] */
export function gather(x: Tensor, indices: Tensor, axis = 0): Tensor {
  checkIndexType("gather", indices);
  return gathering([x, indices], { axis: normalizeAxis("gather", axis, x.rank) });
}

const scattering: PrimitiveOp<{ readonly axis: number; readonly shape: Shape }> = /* @__PURE__ */ primitive({
  name: "scatterAdd",
  infer: ([updates], { shape }) => ({ shape, dtype: updates?.dtype ?? "float32" }),
  kernel: ([updates, indices], spec, { axis }) => {
    const out = allocate(spec.dtype, sizeOf(spec.shape));
    const { outer, size, inner } = around(spec.shape, axis);
    const places = checkedIndices("scatterAdd", indices, size);
    const source = updates === undefined ? out : elements(contiguousView(updates));
    for (let row = 0, at = 0; row < outer; row++) {
      for (let index = 0; index < places.length; index++) {
        const to = (row * size + (places[index] ?? 0)) * inner;
        for (let column = 0; column < inner; column++, at++)
          out[to + column] = (out[to + column] ?? 0) + (source[at] ?? 0);
      }
    }
    return viewOf(out, spec.dtype, spec.shape);
  },
  reads: [1],
  gradient: ({ dy, input }, { axis }) => [gathering([dy, input(1)], { axis }), null],
});

/**
 * Zeros of `shape` to which each slice of `updates` is added at its index along an axis: the adjoint of {@link gather}.
 * @example scatterAdd([1, 2, 3], [0, 2, 0], [3]) // [4, 0, 2]
 */
export function scatterAdd<S extends Shape>(updates: Tensor, indices: Tensor, shape: S, axis = 0): Tensor<S> {
  checkIndexType("scatterAdd", indices);
  checkShape("scatterAdd", shape);
  const place = normalizeAxis("scatterAdd", axis, shape.length);
  const expected = [...shape.slice(0, place), ...indices.shape, ...shape.slice(place + 1)];
  if (formatShape(expected) !== formatShape(updates.shape)) {
    throw new ShapeError(
      `scatterAdd: the updates are ${formatShape(updates.shape)}, the indices and the target want ${formatShape(expected)}`,
    );
  }
  return typed(scattering([updates, indices], { axis: place, shape }));
}

// Single elements -----------------------------------------------------------------------------------------------------------

/** Visits each element of `indices`: its place, and the place in a tensor of `shape` that it names along `axis`. */
function eachAlong(
  shape: Shape,
  indices: Spec,
  places: ArrayLike<number>,
  axis: number,
  see: (at: number, place: number) => void,
): void {
  const target = around(shape, axis);
  const { outer, size, inner } = around(indices.shape, axis);
  for (let row = 0, at = 0; row < outer; row++) {
    for (let index = 0; index < size; index++) {
      for (let column = 0; column < inner; column++, at++)
        see(at, (row * target.size + (places[at] ?? 0)) * inner + column);
    }
  }
}

const taking: PrimitiveOp<{ readonly axis: number }> = /* @__PURE__ */ primitive({
  name: "takeAlongAxis",
  infer: ([x, indices]) => ({ shape: indices?.shape ?? [], dtype: x?.dtype ?? "float32" }),
  kernel: ([x, indices], spec, { axis }) => {
    const out = allocate(spec.dtype, sizeOf(spec.shape));
    const places = checkedIndices("takeAlongAxis", indices, x?.shape[axis] ?? 0);
    const source = x === undefined ? out : elements(contiguousView(x));
    eachAlong(x?.shape ?? [], spec, places, axis, (at, place) => {
      out[at] = source[place] ?? 0;
    });
    return viewOf(out, spec.dtype, spec.shape);
  },
  reads: [1],
  gradient: ({ dy, input, specs: [spec] }, { axis }) => [
    putting([dy, input(1)], { axis, shape: spec?.shape ?? [] }),
    null,
  ],
});

const putting: PrimitiveOp<{ readonly axis: number; readonly shape: Shape }> = /* @__PURE__ */ primitive({
  name: "addAlongAxis",
  infer: ([updates], { shape }) => ({ shape, dtype: updates?.dtype ?? "float32" }),
  kernel: ([updates, indices], spec, { axis, shape }) => {
    const out = allocate(spec.dtype, sizeOf(spec.shape));
    const places = checkedIndices("addAlongAxis", indices, shape[axis] ?? 0);
    const source = updates === undefined ? out : elements(contiguousView(updates));
    if (indices !== undefined) {
      eachAlong(shape, indices, places, axis, (at, place) => {
        out[place] = (out[place] ?? 0) + (source[at] ?? 0);
      });
    }
    return viewOf(out, spec.dtype, spec.shape);
  },
  reads: [1],
  gradient: ({ dy, input }, { axis }) => [taking([dy, input(1)], { axis }), null],
});

/**
 * For each place of `indices` the element of `x` at that index along `axis`; the other axes of both are equal.
 * @example takeAlongAxis([[1, 2], [3, 4]], [[1], [0]], 1) // [[2], [3]]
 */
export function takeAlongAxis<I extends Shape>(x: Tensor, indices: Tensor<I>, axis: number): Tensor<I> {
  checkIndexType("takeAlongAxis", indices);
  const place = normalizeAxis("takeAlongAxis", axis, x.rank);
  const differs =
    x.rank === indices.rank ? x.shape.findIndex((size, other) => other !== place && size !== indices.shape[other]) : 0;
  if (x.rank !== indices.rank || differs >= 0) {
    throw new ShapeError(
      `takeAlongAxis ${formatShape(x.shape)} at ${formatShape(indices.shape)}: ` +
        (x.rank === indices.rank
          ? `axis ${differs}: ${x.shape[differs]} and ${indices.shape[differs]} differ`
          : "the ranks differ"),
    );
  }
  return typed(taking([x, indices], { axis: place }));
}

const hotting: PrimitiveOp<{ readonly classes: number }> = /* @__PURE__ */ primitive({
  name: "oneHot",
  infer: ([labels], { classes }) => ({ shape: [...(labels?.shape ?? []), classes], dtype: "float32" }),
  kernel: ([labels], spec, { classes }) => {
    const out = allocate(spec.dtype, sizeOf(spec.shape));
    const places = checkedIndices("oneHot", labels, classes);
    for (let row = 0; row < places.length; row++) out[row * classes + (places[row] ?? 0)] = 1;
    return viewOf(out, spec.dtype, spec.shape);
  },
  reads: [],
  gradient: () => [null],
});

/** Each index as a row of zeros with a 1 at its place, `float32`. @example oneHot([2, 0], 3) // [[0, 0, 1], [1, 0, 0]] */
export function oneHot(indices: Tensor, classes: number): Tensor {
  checkIndexType("oneHot", indices);
  checkOption(Number.isInteger(classes) && classes >= 0, "oneHot", "classes", "a whole number ≥ 0", classes);
  return hotting([indices], { classes });
}
