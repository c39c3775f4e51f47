// The reductions: how elements combine, and how the gradient of the result spreads over them.

import { arithmetic } from "../dtype.ts";
import { reducedShape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import {
  type BinaryOp,
  elementwise,
  floatDType,
  type ReductionDefinition,
  type ReductionOp,
  reduction,
} from "./constructors.ts";
import { along, surround, take } from "./parts.ts";

/** Σ x; 0 for nothing. @example sum([1, 2, 3]) // 6 */
export const sum: ReductionOp<"sum"> = /* @__PURE__ */ reduction({
  name: "sum",
  init: 0,
  combine: (total, x) => total.add(x),
  result: arithmetic,
  gradient: ({ dy, spec }) => dy.broadcastTo(spec.shape),
});

/** Π x; 1 for nothing. The gradient is exact with zeros among the factors. @example prod([2, 3, 4]) // 24 */
export const prod: ReductionOp<"prod"> = /* @__PURE__ */ reduction({
  name: "prod",
  init: 1,
  combine: (total, x) => total.mul(x),
  result: arithmetic,
  reads: ["x"],
  gradient: ({ dy, x, axes }) => dy.mul(productOfOthers(x(), axes)),
});

/** ∂Π/∂xᵢ = Π xⱼ over j ≠ i: the product of those before times that of those behind, in doubles. No quotient, so zeros are exact. */
function productOfOthers(x: Tensor, axes: readonly number[]): Tensor {
  const order = [...x.shape.keys()].filter((axis) => !axes.includes(axis)).concat(axes);
  const arranged = x.cast("float64").permute(order);
  const line = arranged.reshape([
    ...reducedShape(x.shape, axes, false),
    sizeOf(axes.map((axis) => x.shape[axis] ?? 1)),
  ]);
  const others = productBeside(line, 1).mul(productBeside(line, -1));
  const back = order.map((_, axis) => order.indexOf(axis));
  return others.reshape(arranged.shape).permute(back).cast(x.dtype);
}

/**
 * The product of all elements before each along the last axis, or with a direction of −1 of all behind it: of the nearest one, two,
 * four … (W. D. Hillis, G. L. Steele, "Data parallel algorithms", 1986). Differentiable to any order like the products it is made of.
 */
function productBeside(line: Tensor, direction: 1 | -1): Tensor {
  const { shape } = line;
  const axis = shape.length - 1;
  const size = shape[axis] ?? 1;
  /** Every element `distance` places on; ones come in behind. */
  const moved = (x: Tensor, distance: number): Tensor => {
    const [from, to] = direction > 0 ? [0, distance] : [distance, 0];
    const count = Math.max(0, size - distance);
    return surround([take(x, along(axis, from, count))], { shape, parts: [along(axis, to, count)], value: 1 });
  };
  let product = moved(line, 1);
  for (let distance = 1; distance < size - 1; distance *= 2) product = product.mul(moved(product, distance));
  return product;
}

/** 1 where x is the extreme y, and NaN where that is; a float, so that they are counted in a kernel. */
const winnersOf: BinaryOp = /* @__PURE__ */ elementwise({
  name: "extreme.winners",
  result: floatDType,
  forward: (x, y) => x.eq(y).logicalOr(x.isNaN()).where(1, 0),
});

/** The gradient shared equally by the elements that equal the extreme, and by NaN where NaN is. */
const shareAmongEquals = (dy: Tensor, x: Tensor, y: Tensor, axes: readonly number[]): Tensor => {
  const winners = winnersOf(x, y);
  return winners.where(dy.div(winners.sum(axes, { keepDims: true })), 0);
};

/** The element that a combination chooses among all. */
const extreme = <Name extends string>(
  name: Name,
  init: number,
  combine: ReductionDefinition["combine"],
): ReductionOp<Name> =>
  reduction({
    name,
    init,
    refusesNothing: true,
    combine,
    result: (dtype) => dtype,
    reads: ["x", "y"],
    gradient: ({ dy, x, y, axes }) => shareAmongEquals(dy, x(), y(), axes),
  });

/** The greatest; equal ones share the gradient, NaN wins. @example max([1, 3, 2]) // 3 */
export const max: ReductionOp<"max"> = /* @__PURE__ */ extreme("max", Number.NEGATIVE_INFINITY, (total, x) =>
  total.maximum(x),
);

/** The smallest; equal ones share the gradient, NaN wins. @example min([3, 1, 2]) // 1 */
export const min: ReductionOp<"min"> = /* @__PURE__ */ extreme("min", Number.POSITIVE_INFINITY, (total, x) =>
  total.minimum(x),
);

/** Whether any element is not 0; false for nothing. @example any([0, 0, 2]) // true */
export const any: ReductionOp<"any"> = /* @__PURE__ */ reduction({
  name: "any",
  init: 0,
  combine: (total, x) => total.logicalOr(x),
  result: () => "bool",
});

/** Whether every element is not 0; true for nothing. @example all([1, 0, 2]) // false */
export const all: ReductionOp<"all"> = /* @__PURE__ */ reduction({
  name: "all",
  init: 1,
  combine: (total, x) => total.logicalAnd(x),
  result: () => "bool",
});
