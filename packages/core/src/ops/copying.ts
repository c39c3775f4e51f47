// Copies: the same values with memory of their own, or in another dtype.

import { type DType, isFloat } from "../dtype.ts";
import { castElements, copyElements } from "../engine/copy.ts";
import { input } from "../expr/expr.ts";
import type { Shape } from "../shape.ts";
import { typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { type Spec, type View, viewOf } from "../view.ts";
import { type PrimitiveOp, primitive } from "./constructors.ts";
import type { One } from "./op.ts";

const copying: PrimitiveOp<null> = /* @__PURE__ */ primitive({
  name: "clone",
  infer: ([{ shape, dtype }]: One<Spec>) => ({ shape, dtype }),
  kernel: ([x]: One<View>, spec) => viewOf(copyElements(x), spec.dtype, spec.shape),
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
  infer: ([{ shape }]: One<Spec>, { dtype }) => ({ shape, dtype }),
  kernel: ([x]: One<View>, spec) => viewOf(castElements(x, spec.dtype), spec.dtype, spec.shape),
  reads: [],
  gradient: ({ dy, specs: [spec] }) => [spec !== undefined && isFloat(spec.dtype) ? cast(dy, spec.dtype) : null],
});

/** The values in another dtype. @example cast([1.7, 0], "int32") // [1, 0] */
export function cast<S extends Shape>(x: Tensor<S>, dtype: DType): Tensor<S> {
  return x.dtype === dtype ? x : typed(casting([x], { dtype }));
}
