// The movements: the same elements in another arrangement. Most are views of the same memory; each says where gradients go back.

import { type DType, isFloat } from "../dtype.ts";
import { castElements, contiguousView, copyElements } from "../engine/copy.ts";
import { checkOption, describe, OptionError, ShapeError } from "../errors.ts";
import { input } from "../expr/expr.ts";
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
import { allocateView, type View, viewOf } from "../view.ts";
import { type MovementOp, movement, type PrimitiveOp, primitive, sumTo } from "./constructors.ts";

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

/** The same elements in another shape; one size may be −1. @example reshape([1, 2, 3, 4], [2, -1]) // [[1, 2], [3, 4]] */
export function reshape<S extends Shape, const T extends Shape>(
  x: Tensor<S>,
  shape: Readonly<T> & Check<Reshaped<S, T>>,
): Tensor<Result<Reshaped<S, T>>> {
  return typed(reshaping(x, resolveShape(x, shape)));
}

function resolveShape(x: Tensor, target: Shape): Shape {
  const given = `reshape ${formatShape(x.shape)} to ${formatShape(target)}`;
  const free = target.indexOf(-1);
  if (free !== target.lastIndexOf(-1)) throw new ShapeError(`${given}: only one size may be -1`);
  const others = free < 0 ? target : target.filter((_, axis) => axis !== free);
  checkShape(given, others);
  const rest = sizeOf(others);
  if (free >= 0) {
    if (rest === 0 ? x.size !== 0 : x.size % rest !== 0)
      throw new ShapeError(`${given}: ${x.size} values do not divide by ${rest}`);
    return target.map((size, axis) => (axis === free ? (rest === 0 ? 0 : x.size / rest) : size));
  }
  if (rest !== x.size) throw new ShapeError(`${given}: ${x.size} values do not fill ${rest}`);
  return [...target];
}

/** The axes from `start` on made one. @example flatten([[1, 2], [3, 4]]) // [1, 2, 3, 4] */
export function flatten<S extends Shape, const X extends number = 0>(
  x: Tensor<S>,
  start?: X & Check<Flattened<S, X>>,
): Tensor<Result<Flattened<S, X>>> {
  const from = x.rank === 0 ? 0 : normalizeAxis("flatten", start ?? 0, x.rank);
  const rest = x.shape.slice(from);
  return typed(reshaping(x, [...x.shape.slice(0, from), sizeOf(rest)]));
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

/** The axes in another order. @example permute([[1, 2], [3, 4]], [1, 0]) // [[1, 3], [2, 4]] */
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

/** Two axes exchanged: the last two by default. @example transpose([[1, 2], [3, 4]]) // [[1, 3], [2, 4]] */
export function transpose(x: Tensor, a = -2, b = -1): Tensor {
  if (x.rank < 2) throw new ShapeError(`transpose ${formatShape(x.shape)}: needs at least two axes`);
  const [from, to] = [normalizeAxis("transpose", a, x.rank), normalizeAxis("transpose", b, x.rank)];
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

/** The elements repeated along axes of size 1 and new leading axes. @example broadcastTo([1, 2], [2, 2]) // [[1, 2], [1, 2]] */
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

/** Without the axes of size 1: all of them, or the one given. @example squeeze([[1, 2]]) // [1, 2] */
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

/** With a new axis of size 1 in front of `axis`. @example unsqueeze([1, 2], 0) // [[1, 2]] */
export function unsqueeze<S extends Shape, const X extends number>(
  x: Tensor<S>,
  axis: X & Check<Unsqueezed<S, X>>,
): Tensor<Result<Unsqueezed<S, X>>> {
  const place = normalizeAxis("unsqueeze", axis, x.rank + 1);
  return typed(reshaping(x, [...x.shape.slice(0, place), 1, ...x.shape.slice(place)]));
}

// Parts ---------------------------------------------------------------------------------------------------------------------

/** One axis of a part: a place, `[start, end, step]` with each left out or negative as wished, or null for the whole axis. */
export type Range = number | null | readonly [start?: number | null, end?: number | null, step?: number | null];

/** A range resolved against the size of its axis. */
interface Part {
  readonly start: number;
  readonly step: number;
  readonly count: number;
  /** Whether the axis goes. */
  readonly picks: boolean;
}

const partOf = (view: View, parts: readonly Part[]): View => ({
  ...view,
  shape: parts.flatMap(({ count, picks }) => (picks ? [] : [count])),
  strides: parts.flatMap(({ step, picks }, axis) => (picks ? [] : [(view.strides[axis] ?? 0) * step])),
  offset: view.offset + parts.reduce((sum, { start }, axis) => sum + start * (view.strides[axis] ?? 0), 0),
});

const slicing: MovementOp<readonly Part[]> = /* @__PURE__ */ movement({
  name: "slice",
  move: partOf,
  adjoint: (dy, { shape }, parts) => placing([dy], { shape, parts }),
});

/** Zeros of a shape with a tensor laid into a part of them: the adjoint of a slice. */
const placing: PrimitiveOp<{ readonly shape: Shape; readonly parts: readonly Part[] }> = /* @__PURE__ */ primitive({
  name: "place",
  infer: ([x], { shape }) => ({ shape, dtype: x?.dtype ?? "float32" }),
  kernel: ([x], spec, { parts }) => {
    const out = allocateView(spec);
    if (x !== undefined && sizeOf(x.shape) > 0) scatterPart(x, partOf(out, parts));
    return out;
  },
  reads: [],
  gradient: ({ dy }, { parts }) => [slicing(dy, parts)],
});

/** Copies `from` to the places of `to`, which is a view of other memory. */
function scatterPart(from: View, to: View): void {
  const source = copyElements(from);
  const target = to.storage.array;
  const place = to.shape.map(() => 0);
  let at = to.offset;
  for (let index = 0; index < source.length; index++) {
    target[at] = source[index] ?? 0;
    for (let axis = to.shape.length - 1; axis >= 0; axis--) {
      const next = (place[axis] ?? 0) + 1;
      const wraps = next === to.shape[axis];
      place[axis] = wraps ? 0 : next;
      at += (to.strides[axis] ?? 0) * (wraps ? 1 - next : 1);
      if (!wraps) break;
    }
  }
}

/**
 * A part of a tensor, without a copy: for each axis a place, `[start, end, step]`, or null.
 * @example slice([[1, 2, 3], [4, 5, 6]], null, [0, 2]) // [[1, 2], [4, 5]]
 */
export function slice(x: Tensor, ...ranges: readonly Range[]): Tensor {
  if (ranges.length > x.rank)
    throw new ShapeError(`slice ${formatShape(x.shape)}: ${ranges.length} ranges given for rank ${x.rank}`);
  return slicing(
    x,
    x.shape.map((size, axis) => resolveRange(ranges[axis] ?? null, size, axis)),
  );
}

function resolveRange(range: Range, size: number, axis: number): Part {
  if (range === null) return { start: 0, step: 1, count: size, picks: false };
  if (typeof range === "number") {
    if (!Number.isInteger(range) || range < -size || range >= size) {
      throw new ShapeError(`slice: place ${describe(range)} on axis ${axis} is out of range: ${-size} to ${size - 1}`);
    }
    return { start: range < 0 ? range + size : range, step: 1, count: 1, picks: true };
  }
  const step = range[2] ?? 1;
  checkOption(Number.isInteger(step) && step !== 0, "slice", "step", "a whole number other than 0", step);
  for (const bound of [range[0], range[1]]) {
    if (bound !== undefined && bound !== null && !Number.isInteger(bound)) {
      throw new OptionError(`slice: bounds must be whole numbers, got ${describe(bound)} on axis ${axis}`);
    }
  }
  const [lowest, highest] = step > 0 ? [0, size] : [-1, size - 1];
  const within = (bound: number): number => Math.min(Math.max(bound < 0 ? bound + size : bound, lowest), highest);
  const start = range[0] === undefined || range[0] === null ? (step > 0 ? 0 : size - 1) : within(range[0]);
  const end = range[1] === undefined || range[1] === null ? (step > 0 ? size : -1) : within(range[1]);
  return {
    start: Math.min(start, Math.max(size - 1, 0)),
    step,
    count: Math.max(0, Math.ceil((end - start) / step)),
    picks: false,
  };
}

// Copies --------------------------------------------------------------------------------------------------------------------

const copying: PrimitiveOp<null> = /* @__PURE__ */ primitive({
  name: "clone",
  infer: ([x]) => ({ shape: x?.shape ?? [], dtype: x?.dtype ?? "float32" }),
  kernel: ([x], spec) => (x === undefined ? allocateView(spec) : viewOf(copyElements(x), spec.dtype, spec.shape)),
  lowering: { kind: "elementwise", formula: () => input(0) },
  reads: [],
  gradient: ({ dy }) => [dy],
});

/** A copy with memory of its own. @example clone([1, 2]) // [1, 2] */
export function clone<S extends Shape>(x: Tensor<S>): Tensor<S> {
  return typed(copying([x], null));
}

const casting: PrimitiveOp<{ readonly dtype: DType }> = /* @__PURE__ */ primitive({
  name: "cast",
  infer: ([x], { dtype }) => ({ shape: x?.shape ?? [], dtype }),
  kernel: ([x], spec) =>
    x === undefined ? allocateView(spec) : viewOf(castElements(x, spec.dtype), spec.dtype, spec.shape),
  reads: [],
  gradient: ({ dy, specs: [spec] }) => [spec !== undefined && isFloat(spec.dtype) ? cast(dy, spec.dtype) : null],
});

/** The values in another dtype. @example cast([1.7, 0], "int32") // [1, 0] */
export function cast<S extends Shape>(x: Tensor<S>, dtype: DType): Tensor<S> {
  return x.dtype === dtype ? x : typed(casting([x], { dtype }));
}
