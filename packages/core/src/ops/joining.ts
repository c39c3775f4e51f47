// Joining: several tensors laid side by side along an axis that exists, or along a new one; and a tensor whose two parts change places.

import { checkOption, DTypeError, describe, ShapeError } from "../errors.ts";
import { formatShape, normalizeAxis, type Shape } from "../shape.ts";
import { type Check, type Concatenated, type Result, type ShapesOf, type Stacked, typed } from "../shape-types.ts";
import { Tensor } from "../tensor.ts";
import { along, join, take } from "./parts.ts";

/** The shape of tensors joined along an axis; throws where they do not fit. */
function joinedShape(tensors: readonly Tensor[], first: Tensor, axis: number): Shape {
  for (const { shape: other } of tensors) {
    const given = `concat ${formatShape(first.shape)} and ${formatShape(other)} along axis ${axis}`;
    if (other.length !== first.rank) throw new ShapeError(`${given}: ranks ${first.rank} and ${other.length} differ`);
    const differs = first.shape.findIndex((size, index) => index !== axis && size !== other[index]);
    if (differs >= 0)
      throw new ShapeError(`${given}: axis ${differs}: ${first.shape[differs]} and ${other[differs]} differ`);
  }
  const length = tensors.reduce((sum, { shape }) => sum + (shape[axis] ?? 0), 0);
  return first.shape.map((size, index) => (index === axis ? length : size));
}

/** Tensors of one dtype and fitting shapes, one after the other along an axis. */
function joined(tensors: readonly Tensor[], shape: Shape, axis: number): Tensor {
  let start = 0;
  const parts = tensors.map((tensor) => {
    const count = tensor.shape[axis] ?? 0;
    start += count;
    return along(axis, start - count, count);
  });
  return join(tensors, { shape, parts, value: 0 });
}

/** Throws unless there are tensors, all of one dtype; gives the first. */
function checkList(name: string, tensors: readonly Tensor[]): Tensor {
  const known: boolean = Array.isArray(tensors) && tensors.every((tensor) => tensor instanceof Tensor);
  if (!known) throw new DTypeError(`${name}: expected a list of tensors, got ${describe(tensors)}`);
  const [first] = tensors;
  if (first === undefined) throw new ShapeError(`${name}: no tensors given`);
  const other = tensors.find(({ dtype }) => dtype !== first.dtype);
  if (other !== undefined)
    throw new DTypeError(`${name}: dtypes ${first.dtype} and ${other.dtype} differ: cast one of them`);
  return first;
}

/**
 * Tensors of one dtype joined along an axis that they have, 0 by default: its sizes add up, all others are equal.
 *
 * @throws ShapeError for no tensors, for ranks or sizes that differ, and for an axis that is not there
 * @throws DTypeError for dtypes that differ, and for what is no tensor
 * @example concat([[1, 2], [3]]) // [1, 2, 3]
 */
export function concat<const T extends readonly Tensor[], const X extends number = 0>(
  tensors: T & Check<Concatenated<ShapesOf<T>, X>>,
  axis?: X,
): Tensor<Result<Concatenated<ShapesOf<T>, X>>> {
  const list: readonly Tensor[] = tensors;
  const first = checkList("concat", list);
  const place = normalizeAxis("concat", axis ?? 0, first.rank);
  return typed(joined(list, joinedShape(list, first, place), place));
}

/**
 * Tensors of one dtype and shape laid along a new axis, 0 by default: [...shape] of k tensors becomes [k, ...shape].
 *
 * @throws ShapeError for no tensors, for shapes that differ, and for an axis that is not there
 * @throws DTypeError for dtypes that differ, and for what is no tensor
 * @example stack([[1, 2], [3, 4]]) // [[1, 2], [3, 4]]
 */
export function stack<const T extends readonly Tensor[], const X extends number = 0>(
  tensors: T & Check<Stacked<ShapesOf<T>, X>>,
  axis?: X,
): Tensor<Result<Stacked<ShapesOf<T>, X>>> {
  const list: readonly Tensor[] = tensors;
  const first = checkList("stack", list);
  const place = normalizeAxis("stack", axis ?? 0, first.rank + 1);
  for (const { shape } of list) {
    const given = `stack ${formatShape(first.shape)} and ${formatShape(shape)}`;
    if (shape.length !== first.rank) throw new ShapeError(`${given}: ranks ${first.rank} and ${shape.length} differ`);
    const differs = first.shape.findIndex((size, index) => size !== shape[index]);
    if (differs >= 0)
      throw new ShapeError(`${given}: axis ${differs}: ${first.shape[differs]} and ${shape[differs]} differ`);
  }
  const shape = [...first.shape.slice(0, place), list.length, ...first.shape.slice(place)];
  const layers = list.map((tensor) => tensor.unsqueeze(place));
  return typed(joined(layers, shape, place));
}

/**
 * The elements moved on by `shifts` places along axes; what leaves at one end enters at the other. Without axes the tensor is rolled
 * as if it were flat. NumPy's `roll`.
 *
 * @param shifts a whole number for each axis; negative ones move back
 * @throws OptionError unless there is one shift for each axis
 * @example roll([1, 2, 3, 4], 1) // [4, 1, 2, 3]
 */
export function roll<S extends Shape>(
  x: Tensor<S>,
  shifts: number | readonly number[],
  axes?: number | readonly number[],
): Tensor<S> {
  const by = typeof shifts === "number" ? [shifts] : shifts;
  checkOption(by.every(Number.isSafeInteger), "roll", "shifts", "whole numbers", shifts);
  if (axes === undefined) {
    checkOption(by.length === 1, "roll", "shifts", "one number, as there are no axes", shifts);
    return typed(rolled(x.reshape([x.size]), by[0] ?? 0, 0).reshape(x.shape));
  }
  const over = (typeof axes === "number" ? [axes] : axes).map((axis) => normalizeAxis("roll", axis, x.rank));
  checkOption(by.length === over.length, "roll", "shifts", `one for each of ${over.length} axes`, shifts);
  return typed(over.reduce((moved: Tensor, axis, index) => rolled(moved, by[index] ?? 0, axis), x));
}

function rolled(x: Tensor, shift: number, axis: number): Tensor {
  const size = x.shape[axis] ?? 0;
  const moved = size === 0 ? 0 : ((shift % size) + size) % size;
  if (moved === 0) return x;
  const parts = [take(x, along(axis, size - moved, moved)), take(x, along(axis, 0, size - moved))];
  return joined(parts, x.shape, axis);
}
