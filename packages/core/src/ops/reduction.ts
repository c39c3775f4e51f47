// The reductions: how elements combine, and how the gradient of the result spreads over them.

import { arithmetic } from "../dtype.ts";
import { boolDType, type ReductionOp, reduction } from "./constructors.ts";

/** Σ x; 0 for nothing. @example sum([1, 2, 3]) // 6 */
export const sum: ReductionOp<"sum"> = /* @__PURE__ */ reduction({
  name: "sum",
  init: 0,
  combine: (total, x) => total.add(x),
  result: arithmetic,
  reads: { input: false, output: false },
  gradient: ({ dy, spec }) => dy.broadcastTo(spec.shape),
});

/** Π x; 1 for nothing. The gradient is exact with zeros among the factors. @example prod([2, 3, 4]) // 24 */
export const prod: ReductionOp<"prod"> = /* @__PURE__ */ reduction({
  name: "prod",
  init: 1,
  combine: (total, x) => total.mul(x),
  result: arithmetic,
  reads: { input: true, output: false },
  // ∂Π/∂xᵢ is the product of the others. With the zeros replaced by 1: Π' / x'ᵢ where no zero is among the others, else 0.
  gradient: ({ dy, x, axes }) => {
    const zero = x().eq(0);
    const zeros = zero.sum(axes, { keepDims: true });
    const filled = zero.where(1, x());
    const others = filled.prod(axes, { keepDims: true }).div(filled);
    return zeros.sub(zero).eq(0).where(dy.mul(others), 0);
  },
});

/** The greatest; equal ones share the gradient, NaN wins. @example max([1, 3, 2]) // 3 */
export const max: ReductionOp<"max"> = /* @__PURE__ */ reduction({
  name: "max",
  init: null,
  combine: (total, x) => total.maximum(x),
  result: (dtype) => dtype,
  reads: { input: true, output: true },
  gradient: ({ dy, x, y, axes }) => {
    const winners = x().eq(y());
    return winners.where(dy.div(winners.sum(axes, { keepDims: true })), 0);
  },
});

/** The smallest; equal ones share the gradient, NaN wins. @example min([3, 1, 2]) // 1 */
export const min: ReductionOp<"min"> = /* @__PURE__ */ reduction({
  name: "min",
  init: null,
  combine: (total, x) => total.minimum(x),
  result: (dtype) => dtype,
  reads: { input: true, output: true },
  gradient: ({ dy, x, y, axes }) => {
    const winners = x().eq(y());
    return winners.where(dy.div(winners.sum(axes, { keepDims: true })), 0);
  },
});

/** Whether any element is not 0; false for nothing. @example any([0, 0, 2]) // true */
export const any: ReductionOp<"any"> = /* @__PURE__ */ reduction({
  name: "any",
  init: 0,
  combine: (total, x) => total.logicalOr(x),
  result: () => boolDType([]),
  reads: { input: false, output: false },
  gradient: null,
});

/** Whether every element is not 0; true for nothing. @example all([1, 0, 2]) // false */
export const all: ReductionOp<"all"> = /* @__PURE__ */ reduction({
  name: "all",
  init: 1,
  combine: (total, x) => total.logicalAnd(x),
  result: () => boolDType([]),
  reads: { input: false, output: false },
  gradient: null,
});
