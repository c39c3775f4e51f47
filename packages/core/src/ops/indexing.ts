// Whole slices at places that a tensor of indices names: reading, adding, tables of embeddings, and indices as rows of zeros and
// a one. Every index is checked before anything is computed.

import { allocate, arithmetic, arrayFrom, type DType, holds } from "../dtype.ts";
import { contiguousView } from "../engine/copy.ts";
import { checkIndexType, type IndexRule, indexCheck, sumsAt } from "../engine/indices.ts";
import { checkOption, checkOptionNames, ShapeError } from "../errors.ts";
import { around, checkShape, formatShape, normalizeAxis, type Shape, sizeOf } from "../shape.ts";
import { type Check, type Embedded, type Gathered, type Result, typed, type Unsqueezed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { elements, type Spec, type View, viewOf } from "../view.ts";
import { gatherKernel } from "../wasm/gathering.ts";
import { oneHotKernel } from "../wasm/one-hot.ts";
import { scatterAddKernel } from "../wasm/scattering.ts";
import { type PrimitiveOp, primitive } from "./constructors.ts";
import type { One, Two } from "./op.ts";

const placesOf: PrimitiveOp<IndexRule> = /* @__PURE__ */ primitive(indexCheck);

interface Slices {
  readonly axis: number;
}

const gathering: PrimitiveOp<Slices> = /* @__PURE__ */ primitive({
  name: "gather",
  infer: ([{ shape, dtype }, indices]: Two<Spec>, { axis }) => ({
    shape: [...shape.slice(0, axis), ...indices.shape, ...shape.slice(axis + 1)],
    dtype,
  }),
  kernel: ([x, indices]: Two<View>, spec, { axis }) => {
    const out = allocate(spec.dtype, sizeOf(spec.shape));
    const { outer, size, inner } = around(x.shape, axis);
    const places = elements(contiguousView(indices));
    const source = elements(contiguousView(x));
    for (let row = 0, at = 0; row < outer; row++) {
      for (let index = 0; index < places.length; index++, at += inner) {
        const from = (row * size + (places[index] ?? 0)) * inner;
        if (inner === 1) out[at] = source[from] ?? 0;
        else out.set(source.subarray(from, from + inner), at);
      }
    }
    return viewOf(out, spec.dtype, spec.shape);
  },
  lowering: { kind: "native", kernel: ({ axis }) => gatherKernel(axis) },
  reads: [1],
  gradient: ({ dy, input, specs: [spec] }, { axis }) => [
    scattering([dy, input(1)], { axis, shape: spec?.shape ?? [] }),
    null,
  ],
});

/** Zeros with the updates added. */
const scattering: PrimitiveOp<Slices & { readonly shape: Shape }> = /* @__PURE__ */ primitive({
  name: "scatterAdd",
  infer: ([updates]: Two<Spec>, { shape }) => ({ shape, dtype: arithmetic(updates.dtype) }),
  kernel: ([updates, indices]: Two<View>, spec, { axis }) => {
    const { outer, size, inner } = around(spec.shape, axis);
    const places = elements(contiguousView(indices));
    const out = sumsAt(places, size, spec.dtype, sizeOf(spec.shape));
    const source = elements(contiguousView(updates));
    for (let row = 0, at = 0; row < outer; row++) {
      for (let index = 0; index < places.length; index++) {
        const to = (row * size + (places[index] ?? 0)) * inner;
        for (let column = 0; column < inner; column++, at++)
          out[to + column] = (out[to + column] ?? 0) + (source[at] ?? 0);
      }
    }
    return viewOf(
      spec.dtype === "float32" && out instanceof Float64Array ? arrayFrom("float32", out) : out,
      spec.dtype,
      spec.shape,
    );
  },
  lowering: { kind: "native", kernel: ({ axis }) => scatterAddKernel(axis) },
  reads: [1],
  gradient: ({ dy, input }, { axis }) => [gathering([dy, input(1)], { axis }), null],
});

/**
 * The slices of `x` at `indices` along an axis, which is replaced by the axes of the indices. Negative indices count from the end.
 *
 * @throws DataError for an index out of range, with its value and place
 * @example gather([10, 20, 30], [2, 0, -1]) // [30, 10, 30]
 */
export function gather<S extends Shape, I extends Shape, const X extends number = 0>(
  x: Tensor<S> & Check<Gathered<S, I, X>>,
  indices: Tensor<I>,
  axis?: X,
): Tensor<Result<Gathered<S, I, X>>> {
  checkIndexType("gather", indices.dtype);
  const place = normalizeAxis("gather", axis ?? 0, x.rank);
  const places = placesOf([indices], { operation: "gather", size: x.shape[place] ?? 0, negative: true });
  return typed(gathering([x, places], { axis: place }));
}

/**
 * Zeros of `shape` to which each slice of `updates` is added at its index along an axis: the adjoint of {@link gather}. Negative
 * indices count from the end.
 *
 * @throws ShapeError if the updates' shape is not `shape` with the axis replaced by the axes of the indices
 * @throws DataError for an index out of range, with its value and place
 * @example scatterAdd([1, 2, 3], [0, 2, 0], [3]) // [4, 0, 2]
 */
export function scatterAdd<const S extends Shape>(updates: Tensor, indices: Tensor, shape: S, axis = 0): Tensor<S> {
  checkIndexType("scatterAdd", indices.dtype);
  checkShape("scatterAdd", shape);
  const place = normalizeAxis("scatterAdd", axis, shape.length);
  const expected = [...shape.slice(0, place), ...indices.shape, ...shape.slice(place + 1)];
  if (formatShape(expected) !== formatShape(updates.shape)) {
    throw new ShapeError(
      `scatterAdd: the updates are ${formatShape(updates.shape)}, the indices and the target want ${formatShape(expected)}`,
    );
  }
  const places = placesOf([indices], { operation: "scatterAdd", size: shape[place] ?? 0, negative: true });
  return typed(scattering([updates, places], { axis: place, shape }));
}

/** Options of {@link embedding}. */
export interface EmbeddingOptions {
  /** An index that stands for nothing: its row gets no gradient. None by default. */
  readonly paddingIndex?: number;
}

/**
 * The rows of a table at `indices`: weight [entries, features] and indices [...] give [..., features]. The gradient of a row is
 * the sum of those of its uses.
 *
 * @throws DataError for an index that is negative or beyond the table, with its value and place
 * @throws OptionError for a `paddingIndex` that is no row of the table
 * @example embedding([[1, 2], [3, 4], [5, 6]], [2, 0]) // [[5, 6], [1, 2]]
 */
export function embedding<W extends Shape, I extends Shape>(
  weight: Tensor<W> & Check<Embedded<W, I>>,
  indices: Tensor<I>,
  options: EmbeddingOptions = {},
): Tensor<Result<Embedded<W, I>>> {
  checkIndexType("embedding", indices.dtype);
  checkOptionNames("embedding", options, ["paddingIndex"]);
  const table: Tensor = weight;
  if (table.rank !== 2) {
    throw new ShapeError(`embedding: the weight must be [entries, features], got ${formatShape(table.shape)}`);
  }
  const [entries = 0] = table.shape;
  const places = placesOf([indices], { operation: "embedding", size: entries, negative: false });
  const rows = gathering([table, places], { axis: 0 });
  const { paddingIndex } = options;
  if (paddingIndex === undefined) return typed(rows);
  const isRow = Number.isInteger(paddingIndex) && paddingIndex >= 0 && paddingIndex < entries;
  checkOption(isRow, "embedding", "paddingIndex", `a whole number from 0 to ${entries - 1}`, paddingIndex);
  return typed(places.eq(paddingIndex).unsqueeze(-1).where(rows.detach(), rows));
}

interface Classes {
  readonly classes: number;
  readonly axis: number;
  readonly values: readonly [off: number, on: number];
  readonly dtype: DType;
}

const hotting: PrimitiveOp<Classes> = /* @__PURE__ */ primitive({
  name: "oneHot",
  infer: ([{ shape }]: One<Spec>, { classes, axis, dtype }) => ({
    shape: [...shape.slice(0, axis), classes, ...shape.slice(axis)],
    dtype,
  }),
  kernel: ([labels]: One<View>, spec, { classes, axis, values: [off, on] }) => {
    const out = allocate(spec.dtype, sizeOf(spec.shape)).fill(off);
    const { inner } = around(spec.shape, axis);
    const places = elements(contiguousView(labels));
    for (let at = 0; at < places.length; at++) {
      const row = Math.floor(at / inner);
      out[(row * classes + (places[at] ?? 0)) * inner + (at - row * inner)] = on;
    }
    return viewOf(out, spec.dtype, spec.shape);
  },
  lowering: { kind: "native", kernel: ({ axis, values }) => oneHotKernel({ axis, values }) },
  reads: [],
  gradient: () => [null],
});

/** Options of {@link oneHot}. */
export interface OneHotOptions<X extends number = number> {
  /** Where the new axis of the classes stands in the result; last by default. */
  readonly axis?: X;
  /** What stands everywhere else, and at the index; [0, 1] by default. */
  readonly values?: readonly [off: number, on: number];
  /** `float32` by default. */
  readonly dtype?: DType;
}

/**
 * Each index as a row of zeros with a 1 at its place, along a new axis.
 *
 * @throws DataError for an index that is no class, with its value and place
 * @example oneHot([2, 0], 3) // [[0, 0, 1], [1, 0, 0]]
 */
export function oneHot<I extends Shape, const N extends number, const X extends number = -1>(
  indices: Tensor<I> & Check<Unsqueezed<I, X, "oneHot", N>>,
  classes: N,
  options: OneHotOptions<X> = {},
): Tensor<Result<Unsqueezed<I, X, "oneHot", N>>> {
  checkIndexType("oneHot", indices.dtype);
  checkOptionNames("oneHot", options, ["axis", "values", "dtype"]);
  checkOption(Number.isInteger(classes) && classes >= 0, "oneHot", "classes", "a whole number ≥ 0", classes);
  const { values = [0, 1], dtype = "float32" } = options;
  const isPair = Array.isArray(values) && values.length === 2 && values.every((value) => holds(dtype, value));
  checkOption(isPair, "oneHot", "values", `[off, on], two numbers that ${dtype} can hold`, values);
  const axis = normalizeAxis("oneHot", options.axis ?? -1, indices.rank + 1);
  const places = placesOf([indices], { operation: "oneHot", size: classes, negative: false });
  return typed(hotting([places], { classes, axis, values, dtype }));
}
