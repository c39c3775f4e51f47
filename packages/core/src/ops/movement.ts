// The movements: the same elements in another arrangement. Most are views of the same memory; each says where gradients go back.

import { contiguousView } from "../engine/copy.ts";
import { ShapeError } from "../errors.ts";
import {
  broadcastStrides,
  checkShape,
  contiguousStrides,
  formatShape,
  normalizeAxis,
  type Shape,
  sizeOf,
} from "../shape.ts";
import {
  type BroadcastedTo,
  type Check,
  type Flattened,
  type Permuted,
  type Reshaped,
  type Result,
  type Squeezed,
  typed,
  type Unsqueezed,
} from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import type { View } from "../view.ts";
import { type MovementOp, movement, sumTo } from "./constructors.ts";

const restride = (view: View, shape: Shape, strides: readonly number[], offset = view.offset): View => ({
  ...view,
  shape,
  strides,
  offset,
});

const reshaping: MovementOp<Shape> = /* @__PURE__ */ movement({
  name: "reshape",
  move: (view, shape) => {
    const source = contiguousView(view);
    return restride(source, shape, contiguousStrides(shape));
  },
  adjoint: (dy, { shape }) => reshaping(dy, shape),
});

/**
 * The same elements in row-major order in another shape; one size may be −1, which is what is left. A view where the
 * memory allows.
 *
 * @throws ShapeError if they do not fill the shape, naming both
 * @example reshape([1, 2, 3, 4], [2, -1]) // [[1, 2], [3, 4]]
 */
export function reshape<S extends Shape, const T extends Shape>(
  x: Tensor<S>,
  shape: Readonly<T> & Check<Reshaped<S, T>>,
): Tensor<Result<Reshaped<S, T>>> {
  return typed(reshaping(x, resolveShape(x, shape)));
}

function resolveShape(x: Tensor, target: Shape): Shape {
  const given = { toString: () => `reshape ${formatShape(x.shape)} to ${formatShape(target)}` }; // a text only where it is read
  if (!Array.isArray(target)) throw new ShapeError(`${given}: the shape must be a list of sizes, as in [2, -1]`);
  const free = target.indexOf(-1);
  if (free !== target.lastIndexOf(-1)) throw new ShapeError(`${given}: only one size may be -1`);
  const others = free < 0 ? target : target.filter((_, axis) => axis !== free);
  checkShape(given, others);
  const rest = sizeOf(others);
  if (free >= 0) {
    if (rest === 0) throw new ShapeError(`${given}: beside a size of 0, -1 could be any size`);
    if (x.size % rest !== 0) throw new ShapeError(`${given}: ${x.size} values do not divide by ${rest}`);
    return target.map((size, axis) => (axis === free ? x.size / rest : size));
  }
  if (rest !== x.size) throw new ShapeError(`${given}: ${x.size} values do not fill ${rest}`);
  return [...target];
}

/**
 * The axes from `start` to the last made one: all of them by default.
 *
 * @throws ShapeError for an axis that is not there
 * @example flatten([[1, 2], [3, 4]]) // [1, 2, 3, 4]
 */
export function flatten<S extends Shape, const X extends number = 0>(
  x: Tensor<S>,
  start?: X & Check<Flattened<S, X>>,
): Tensor<Result<Flattened<S, X>>>;
/** The axes from `start` to `end`, that included, made one. @throws ShapeError if `end` comes before `start` */
export function flatten(x: Tensor, start: number, end: number): Tensor;
export function flatten(x: Tensor, start = 0, end = -1): Tensor {
  if (x.rank === 0) return reshaping(x, [1]);
  const [from, to] = [normalizeAxis("flatten", start, x.rank), normalizeAxis("flatten", end, x.rank)];
  if (from > to)
    throw new ShapeError(`flatten ${formatShape(x.shape)}: axis ${start} does not come before axis ${end}`);
  return reshaping(x, [...x.shape.slice(0, from), sizeOf(x.shape.slice(from, to + 1)), ...x.shape.slice(to + 1)]);
}

const permuting: MovementOp<readonly number[]> = /* @__PURE__ */ movement({
  name: "permute",
  move: (view, axes) =>
    restride(
      view,
      axes.map((axis) => view.shape[axis] ?? 1),
      axes.map((axis) => view.strides[axis] ?? 0),
    ),
  adjoint: (dy, _, axes) =>
    permuting(
      dy,
      axes.map((__, axis) => axes.indexOf(axis)),
    ),
});

/**
 * The axes in another order, without a copy: axis i of the result is axis `axes[i]` of x.
 *
 * @throws ShapeError unless each axis appears once
 * @example permute([[1, 2], [3, 4]], [1, 0]) // [[1, 3], [2, 4]]
 */
export function permute<S extends Shape, const P extends readonly number[]>(
  x: Tensor<S>,
  axes: Readonly<P> & Check<Permuted<S, P>>,
): Tensor<Result<Permuted<S, P>>> {
  const given = `permute ${formatShape(x.shape)} to ${formatShape(axes)}`;
  if (axes.length !== x.rank) throw new ShapeError(`${given}: ${axes.length} axes given for rank ${x.rank}`);
  const order = axes.map((axis: number) => normalizeAxis("permute", axis, x.rank));
  if (new Set(order).size !== order.length) throw new ShapeError(`${given}: each axis must appear once`);
  return typed(permuting(x, order));
}

/**
 * Two axes exchanged, without a copy: the last two by default.
 *
 * @throws ShapeError for an axis that is not there
 * @example transpose([[1, 2], [3, 4]]) // [[1, 3], [2, 4]]
 */
export function transpose(x: Tensor, a?: number, b = -1): Tensor {
  if (a === undefined && x.rank < 2) throw new ShapeError(`transpose ${formatShape(x.shape)}: needs at least two axes`);
  const [from, to] = [normalizeAxis("transpose", a ?? -2, x.rank), normalizeAxis("transpose", b, x.rank)];
  return permuting(
    x,
    x.shape.map((_, axis) => (axis === from ? to : axis === to ? from : axis)),
  );
}

const broadcasting: MovementOp<Shape> = /* @__PURE__ */ movement({
  name: "broadcastTo",
  move: (view, shape) => restride(view, shape, broadcastStrides(view.shape, view.strides, shape)),
  adjoint: (dy, { shape }) => sumTo(dy, shape),
});

/**
 * The elements repeated along axes of size 1 and new leading axes, without a copy; their gradients are summed.
 *
 * @throws ShapeError for a size other than 1 that is not the target's, and for fewer axes
 * @example broadcastTo([1, 2], [2, 2]) // [[1, 2], [1, 2]]
 */
export function broadcastTo<S extends Shape, const T extends Shape>(
  x: Tensor<S>,
  shape: Readonly<T> & Check<BroadcastedTo<S, T>>,
): Tensor<Result<BroadcastedTo<S, T>>> {
  const given = `broadcastTo ${formatShape(x.shape)} to ${formatShape(shape)}`;
  checkShape(given, shape);
  const lead = shape.length - x.rank;
  if (lead < 0) throw new ShapeError(`${given}: the target has fewer axes`);
  for (const [axis, size] of x.shape.entries()) {
    const target = shape[axis + lead];
    if (size !== 1 && size !== target)
      throw new ShapeError(`${given}: axis ${axis + lead}: ${size} does not stretch to ${target}`);
  }
  return typed(broadcasting(x, [...shape]));
}

/**
 * Without the axes of size 1: all of them, or the one given.
 *
 * @throws ShapeError if the one given has another size, or is not there
 * @example squeeze([[1, 2]]) // [1, 2]
 */
export function squeeze<S extends Shape, const X extends number | undefined = undefined>(
  x: Tensor<S>,
  axis?: X & Check<Squeezed<S, X>>,
): Tensor<Result<Squeezed<S, X>>> {
  if (axis === undefined)
    return typed(
      reshaping(
        x,
        x.shape.filter((size) => size !== 1),
      ),
    );
  const place = normalizeAxis("squeeze", axis, x.rank);
  if (x.shape[place] !== 1)
    throw new ShapeError(`squeeze ${formatShape(x.shape)}: axis ${axis} has size ${x.shape[place]}, not 1`);
  return typed(
    reshaping(
      x,
      x.shape.filter((_, index) => index !== place),
    ),
  );
}

/**
 * With a new axis of size 1 in front of `axis`; −1 puts it behind the last.
 *
 * @throws ShapeError for an axis that is not there
 * @example unsqueeze([1, 2], 0) // [[1, 2]]
 */
export function unsqueeze<S extends Shape, const X extends number>(
  x: Tensor<S>,
  axis: X & Check<Unsqueezed<S, X>>,
): Tensor<Result<Unsqueezed<S, X>>> {
  const place = normalizeAxis("unsqueeze", axis, x.rank + 1);
  return typed(reshaping(x, [...x.shape.slice(0, place), 1, ...x.shape.slice(place)]));
}
