// Single elements along an axis: indices of the tensor's rank name, for each of their places, an element of the line through it.
// NumPy's take_along_axis and put_along_axis, PyTorch's gather and scatter.

import { allocate, arithmetic, arrayFrom } from "../dtype.ts";
import { contiguousView, copyElements } from "../engine/copy.ts";
import { checkIndexType, eachAlong, type IndexRule, indexCheck, sumsAt } from "../engine/indices.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import { formatShape, normalizeAxis, type Shape, sameShape, sizeOf } from "../shape.ts";
import { type TakenAlong, typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { elements, type Spec, type View, viewOf } from "../view.ts";
import { takeAlongKernel } from "../wasm/gathering.ts";
import { addAlongKernel } from "../wasm/scattering.ts";
import { type PrimitiveOp, primitive } from "./constructors.ts";
import { zeros } from "./creation.ts";
import type { One, Three, Two } from "./op.ts";

interface Target {
  readonly axis: number;
  readonly shape: Shape;
}

const placesOf: PrimitiveOp<IndexRule> = /* @__PURE__ */ primitive(indexCheck);

const taking: PrimitiveOp<Omit<Target, "shape">> = /* @__PURE__ */ primitive({
  name: "takeAlongAxis",
  infer: ([x, indices]: Two<Spec>) => ({ shape: indices.shape, dtype: x.dtype }),
  kernel: ([x, indices]: Two<View>, spec, { axis }) => {
    const out = allocate(spec.dtype, sizeOf(spec.shape));
    const places = elements(contiguousView(indices));
    const source = elements(contiguousView(x));
    eachAlong(x.shape, spec.shape, places, axis, (at, place) => {
      out[at] = source[place] ?? 0;
    });
    return viewOf(out, spec.dtype, spec.shape);
  },
  lowering: { kind: "native", kernel: ({ axis }) => takeAlongKernel(axis) },
  reads: [1],
  gradient: ({ dy, input, specs: [spec] }, { axis }) => [
    adding([dy, input(1)], { axis, shape: spec?.shape ?? [] }),
    null,
  ],
});

/** Zeros with the updates added. */
const adding: PrimitiveOp<Target> = /* @__PURE__ */ primitive({
  name: "addAlongAxis",
  infer: ([updates]: Two<Spec>, { shape }) => ({ shape, dtype: arithmetic(updates.dtype) }),
  kernel: ([updates, indices]: Two<View>, spec, { axis, shape }) => {
    const size = shape[axis] ?? 1;
    const places = elements(contiguousView(indices));
    const out = sumsAt(places, size, spec.dtype, sizeOf(shape));
    const source = elements(contiguousView(updates));
    eachAlong(shape, updates.shape, places, axis, (at, place) => {
      out[place] = (out[place] ?? 0) + (source[at] ?? 0);
    });
    return viewOf(
      spec.dtype === "float32" && out instanceof Float64Array ? arrayFrom("float32", out) : out,
      spec.dtype,
      shape,
    );
  },
  lowering: { kind: "native", kernel: ({ axis }) => addAlongKernel(axis) },
  reads: [1],
  gradient: ({ dy, input }, { axis }) => [taking([dy, input(1)], { axis }), null],
});

// y is x with the updates written over it. dx = dy with zeros written over it; an update gets the dy of its place, if it was
// the last one written there.
const putting: PrimitiveOp<Omit<Target, "shape">> = /* @__PURE__ */ primitive({
  name: "putAlongAxis",
  infer: ([{ shape, dtype }]: Three<Spec>) => ({ shape, dtype }),
  kernel: ([x, updates, indices]: Three<View>, spec, { axis }) => {
    const places = elements(contiguousView(indices));
    const out = copyElements(x);
    const source = elements(contiguousView(updates));
    eachAlong(spec.shape, updates.shape, places, axis, (at, place) => {
      out[place] = source[at] ?? 0;
    });
    return viewOf(out, spec.dtype, spec.shape);
  },
  reads: [2],
  gradient: ({ dy, input, specs: [x] }, { axis }) => {
    const indices = input(2);
    const stays = surviving([indices], { axis, shape: x?.shape ?? [] });
    const none = zeros(indices.shape, { dtype: dy.dtype });
    return [putting([dy, none, indices], { axis }), stays.where(taking([dy, indices], { axis }), 0), null];
  },
});

/** Which indices are the last to name their place. */
const surviving: PrimitiveOp<Target> = /* @__PURE__ */ primitive({
  name: "survivingUpdates",
  infer: ([{ shape }]: One<Spec>) => ({ shape, dtype: "bool" }),
  kernel: ([indices]: One<View>, spec, { axis, shape }) => {
    const out = allocate("bool", sizeOf(spec.shape));
    const places = elements(contiguousView(indices));
    const writers = new Int32Array(sizeOf(shape)).fill(-1);
    eachAlong(shape, spec.shape, places, axis, (at, place) => {
      writers[place] = at;
    });
    for (const writer of writers) if (writer >= 0) out[writer] = 1;
    return viewOf(out, "bool", spec.shape);
  },
  reads: [],
  gradient: () => [null],
});

/**
 * For each place of `indices` the element of `x` at that index along `axis`, in the indices' shape; the other axes broadcast.
 * Without an axis `x` is read as one line, by indices of rank 1 or as a line too. Negative indices count from the end.
 *
 * @throws ShapeError where the ranks or the other axes do not fit
 * @throws DataError for an index out of range, with its value and place
 * @example takeAlongAxis([[1, 2], [3, 4]], [[1], [0]], 1) // [[2], [3]]
 */
export function takeAlongAxis<S extends Shape, I extends Shape, const X extends number | undefined = undefined>(
  x: Tensor<S>,
  indices: Tensor<I>,
  axis?: X,
): Tensor<TakenAlong<S, I, X>> {
  checkIndexType("takeAlongAxis", indices.dtype);
  const [source, given]: readonly Tensor[] = axis === undefined ? [x.flatten(), indices.flatten()] : [x, indices];
  if (source === undefined || given === undefined) return typed(x);
  // A scalar is one element along any axis.
  const values = source.rank === 0 ? source.reshape(given.shape.map(() => 1)) : source;
  const place = normalizeAxis("takeAlongAxis", axis ?? 0, Math.max(values.rank, 1));
  const shape = sharedShape(values.shape, given.shape, place);
  const spread = values.broadcastTo(shape.map((size, other) => (other === place ? (values.shape[other] ?? 1) : size)));
  const rule = { operation: "takeAlongAxis", size: values.shape[place] ?? 1, negative: true };
  return typed(taking([spread, placesOf([given], rule).broadcastTo(shape)], { axis: place }));
}

/** The indices' shape once the axes beside theirs have broadcast. */
function sharedShape(shape: Shape, indices: Shape, axis: number): Shape {
  const given = `takeAlongAxis ${formatShape(shape)} at ${formatShape(indices)}`;
  if (shape.length !== indices.length) throw new ShapeError(`${given}: the ranks differ`);
  return indices.map((count, other) => {
    const size = shape[other] ?? 1;
    if (other === axis || size === count || size === 1) return count;
    if (count === 1) return size;
    throw new ShapeError(`${given}: axis ${other}: ${size} and ${count} differ`);
  });
}

/**
 * `x` with each of `updates` added at its index along `axis`: places that are named twice get both. Updates and indices have one
 * shape, which off the axis may be smaller than that of x. PyTorch's scatter_add; the adjoint of {@link takeAlongAxis}.
 *
 * @throws ShapeError where the shapes do not fit
 * @throws DataError for an index out of range, with its value and place
 * @example addAlongAxis([[1, 1], [1, 1]], [[1, 1], [0, 0]], [[5, 6], [7, 8]], 1) // [[1, 12], [16, 1]]
 */
export function addAlongAxis<S extends Shape>(x: Tensor<S>, indices: Tensor, updates: Tensor, axis: number): Tensor<S> {
  const [place, places] = checkUpdates("addAlongAxis", x, indices, updates, axis);
  const target: Tensor = x;
  return typed(target.add(adding([updates, places], { axis: place, shape: x.shape })));
}

/**
 * `x` with each of `updates` in the place of the element at its index along `axis`; of several for one place the last stays.
 * Updates and indices have one shape, which off the axis may be smaller than that of x. PyTorch's scatter.
 *
 * @throws ShapeError where the shapes do not fit
 * @throws DTypeError if x and the updates differ in dtype
 * @throws DataError for an index out of range, with its value and place
 * @example putAlongAxis([[1, 1], [1, 1]], [[1], [0]], [[5], [7]], 1) // [[1, 5], [7, 1]]
 */
export function putAlongAxis<S extends Shape>(x: Tensor<S>, indices: Tensor, updates: Tensor, axis: number): Tensor<S> {
  const [place, places] = checkUpdates("putAlongAxis", x, indices, updates, axis);
  if (x.dtype !== updates.dtype) {
    throw new DTypeError(`putAlongAxis: x is ${x.dtype}, the updates are ${updates.dtype}: cast one of them`);
  }
  return typed(putting([x, updates, places], { axis: place }));
}

/** The axis, and the indices as places on it, once everything fits. */
function checkUpdates(
  operation: string,
  x: Tensor,
  indices: Tensor,
  updates: Tensor,
  axis: number,
): readonly [axis: number, places: Tensor] {
  checkIndexType(operation, indices.dtype);
  const place = normalizeAxis(operation, axis, Math.max(x.rank, 1));
  const given = `${operation} ${formatShape(updates.shape)} at ${formatShape(indices.shape)} of ${formatShape(x.shape)}`;
  if (!sameShape(indices.shape, updates.shape)) throw new ShapeError(`${given}: updates and indices must be one shape`);
  if (indices.rank !== x.rank) throw new ShapeError(`${given}: the ranks differ`);
  const beyond = indices.shape.findIndex((count, other) => other !== place && count > (x.shape[other] ?? 1));
  if (beyond >= 0) {
    throw new ShapeError(`${given}: axis ${beyond}: ${indices.shape[beyond]} do not fit into ${x.shape[beyond]}`);
  }
  return [place, placesOf([indices], { operation, size: x.shape[place] ?? 1, negative: true })];
}
