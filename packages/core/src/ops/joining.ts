// Joining: several tensors laid side by side along an axis that exists, or along a new one.

import { allocate } from "../dtype.ts";
import { contiguousView } from "../engine/copy.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { formatShape, normalizeAxis, sizeOf } from "../shape.ts";
import { type Check, type Concatenated, type Result, type ShapesOf, type Stacked, typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { elements, viewOf } from "../view.ts";
import { type PrimitiveOp, primitive } from "./constructors.ts";
import { type Range, slice } from "./movement.ts";

const joining: PrimitiveOp<{ readonly axis: number }> = /* @__PURE__ */ primitive({
  name: "concat",
  infer: (inputs, { axis }) => {
    const [first] = inputs;
    const shape = first?.shape ?? [];
    for (const { shape: other } of inputs.slice(1)) {
      const given = `concat ${formatShape(shape)} and ${formatShape(other)} along axis ${axis}`;
      if (other.length !== shape.length)
        throw new ShapeError(`${given}: ranks ${shape.length} and ${other.length} differ`);
      const differs = shape.findIndex((size, index) => index !== axis && size !== other[index]);
      if (differs >= 0)
        throw new ShapeError(`${given}: axis ${differs}: ${shape[differs]} and ${other[differs]} differ`);
    }
    const length = inputs.reduce((sum, input) => sum + (input.shape[axis] ?? 0), 0);
    return { shape: shape.map((size, index) => (index === axis ? length : size)), dtype: first?.dtype ?? "float32" };
  },
  kernel: (inputs, spec, { axis }) => {
    const out = allocate(spec.dtype, sizeOf(spec.shape));
    const outer = sizeOf(spec.shape.slice(0, axis));
    const inner = sizeOf(spec.shape.slice(axis + 1));
    const row = (spec.shape[axis] ?? 0) * inner;
    let column = 0;
    for (const input of inputs) {
      const width = (input.shape[axis] ?? 0) * inner;
      const values = elements(contiguousView(input));
      for (let index = 0; index < outer; index++)
        out.set(values.subarray(index * width, (index + 1) * width), index * row + column);
      column += width;
    }
    return viewOf(out, spec.dtype, spec.shape);
  },
  reads: [],
  gradient: ({ dy, specs }, { axis }) => {
    let start = 0;
    return specs.map(({ shape }) => {
      const count = shape[axis] ?? 0;
      const part = slice(dy, ...dy.shape.map((_, index): Range => (index === axis ? [start, start + count] : null)));
      start += count;
      return part;
    });
  },
});

/** Tensors of one dtype joined along an axis. @example concat([[1, 2], [3]]) // [1, 2, 3] */
export function concat<const T extends readonly Tensor[], const X extends number = 0>(
  tensors: T & Check<Concatenated<ShapesOf<T>, X>>,
  axis?: X,
): Tensor<Result<Concatenated<ShapesOf<T>, X>>> {
  const list: readonly Tensor[] = tensors;
  const [first] = list;
  if (first === undefined) throw new ShapeError("concat: no tensors given");
  const other = list.find(({ dtype }) => dtype !== first.dtype);
  if (other !== undefined)
    throw new OptionError(`concat: dtypes ${first.dtype} and ${other.dtype} differ: cast one of them`);
  return typed(joining(list, { axis: normalizeAxis("concat", axis ?? 0, first.rank) }));
}

/** Equal shapes laid along a new axis. @example stack([[1, 2], [3, 4]]) // [[1, 2], [3, 4]] */
export function stack<const T extends readonly Tensor[], const X extends number = 0>(
  tensors: T & Check<Stacked<ShapesOf<T>, X>>,
  axis?: X,
): Tensor<Result<Stacked<ShapesOf<T>, X>>> {
  const list: readonly Tensor[] = tensors;
  const [first] = list;
  if (first === undefined) throw new ShapeError("stack: no tensors given");
  const place = normalizeAxis("stack", axis ?? 0, first.rank + 1);
  for (const { shape } of list) {
    const given = `stack ${formatShape(first.shape)} and ${formatShape(shape)}`;
    if (shape.length !== first.rank) throw new ShapeError(`${given}: ranks ${first.rank} and ${shape.length} differ`);
    const differs = first.shape.findIndex((size, index) => size !== shape[index]);
    if (differs >= 0)
      throw new ShapeError(`${given}: axis ${differs}: ${first.shape[differs]} and ${shape[differs]} differ`);
  }
  return typed(
    joining(
      list.map((tensor) => tensor.unsqueeze(place)),
      { axis: place },
    ),
  );
}
