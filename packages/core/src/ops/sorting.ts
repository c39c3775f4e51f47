// Order along an axis: sorted values, the places they come from, and the greatest few. Gradients flow through the values.

import { contiguousView } from "../engine/copy.ts";
import { sortPlaces } from "../engine/sorting.ts";
import { checkOption, checkOptionNames } from "../errors.ts";
import { normalizeAxis, type Shape, sizeOf } from "../shape.ts";
import { type Check, type Chosen, type Result, typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { elements, viewOf } from "../view.ts";
import { takeAlongAxis } from "./along-axis.ts";
import { type PrimitiveOp, primitive } from "./constructors.ts";

interface Order {
  readonly axis: number;
  readonly descending: boolean;
}

const ordering: PrimitiveOp<Order> = /* @__PURE__ */ primitive({
  name: "argSort",
  infer: ([x]) => ({ shape: x?.shape ?? [], dtype: "int32" }),
  kernel: ([x], spec, { axis, descending }) => {
    const out = new Int32Array(sizeOf(spec.shape));
    if (x !== undefined) sortPlaces(elements(contiguousView(x)), x.shape, axis, descending, out);
    return viewOf(out, "int32", spec.shape);
  },
  reads: [],
  gradient: () => [null],
});

/** Options of {@link sort} and {@link argSort}. */
export interface SortOptions {
  /** The axis to sort along; the last by default. */
  readonly axis?: number;
  /** The greatest first; false by default. */
  readonly descending?: boolean;
}

/** Values in an order, and for each the index along the axis where it stood, `int32`. */
export interface Ordered<S extends Shape> {
  /** The elements in their new order; gradients flow to where they stood. */
  readonly values: Tensor<S>;
  /** Where each stood along the axis, `int32`, of the shape of the values. */
  readonly indices: Tensor<S>;
}

const axisOf = (name: string, x: Tensor, axis: number): number => normalizeAxis(name, axis, Math.max(x.rank, 1));

function orderOf(name: string, x: Tensor, options: SortOptions): Order {
  checkOptionNames(name, options, ["axis", "descending"]);
  return { axis: axisOf(name, x, options.axis ?? -1), descending: options.descending ?? false };
}

/**
 * The elements in order along an axis, the smallest first. Equal ones keep their order, NaN counts as the greatest;
 * the gradient of each value goes to where it stood.
 *
 * @throws ShapeError for an axis that is not there
 * @example sort([3, 1, 2]).values // [1, 2, 3]
 */
export function sort<S extends Shape>(x: Tensor<S>, options: SortOptions = {}): Ordered<S> {
  const order = orderOf("sort", x, options);
  const indices = ordering([x], order);
  return { values: typed(takeAlongAxis(x, indices, order.axis)), indices: typed(indices) };
}

/** The indices that {@link sort} the elements along an axis, `int32`. @example argSort([3, 1, 2]) // [1, 2, 0] */
export function argSort<S extends Shape>(x: Tensor<S>, options: SortOptions = {}): Tensor<S> {
  return typed(ordering([x], orderOf("argSort", x, options)));
}

/** Options of {@link topK}. */
export interface TopKOptions<X extends number = number> {
  /** The axis to choose along; the last by default. */
  readonly axis?: X;
  /** The greatest (the default), or the smallest. */
  readonly largest?: boolean;
}

/**
 * The k greatest elements along an axis, the greatest first (or with `largest: false` the k smallest, the smallest first). Among
 * equal ones the first is chosen, NaN counts as the greatest; the gradient goes to those chosen.
 *
 * @param k how many, from 0 to the size of the axis
 * @throws OptionError for a k that is not
 * @example topK([3, 1, 2], 2).values // [3, 2]
 */
export function topK<S extends Shape, const K extends number, const X extends number = -1>(
  x: Tensor<S> & Check<Chosen<S, K, X>>,
  k: K,
  options: TopKOptions<X> = {},
): Ordered<Result<Chosen<S, K, X>>> {
  checkOptionNames("topK", options, ["axis", "largest"]);
  const axis = axisOf("topK", x, options.axis ?? -1);
  const size = x.shape[axis] ?? 1;
  const least = x.rank === 0 ? 1 : 0;
  checkOption(
    Number.isInteger(k) && k >= least && k <= size,
    "topK",
    "k",
    `a whole number from ${least} to ${size}`,
    k,
  );
  const order = ordering([x], { axis, descending: options.largest ?? true });
  const indices = order.slice(...x.shape.map((_, other) => (other === axis ? ([0, k] as const) : null)));
  return { values: typed(takeAlongAxis(x, indices, axis)), indices: typed(indices.clone()) };
}
