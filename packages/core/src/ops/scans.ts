// Scans: the sums and products of all elements up to each. Both are one linear recurrence, which is its own kind of gradient:
// G. E. Blelloch, "Prefix sums and their applications", 1990.

import { allocate, arithmetic, type DType } from "../dtype.ts";
import { runRecurrence, type ScanAttributes } from "../engine/scan.ts";
import { checkOptionNames } from "../errors.ts";
import { normalizeAxis, type Shape, sizeOf } from "../shape.ts";
import { typed } from "../shape-types.ts";
import { Tensor } from "../tensor.ts";
import { type Spec, type View, viewOf } from "../view.ts";
import { type PrimitiveOp, primitive } from "./constructors.ts";
import type { One, Two } from "./op.ts";

/** All but the first or the last along an axis. */
const without = (x: Tensor, axis: number, end: "first" | "last"): Tensor =>
  x.slice(
    ...x.shape.map((_, index) => (index !== axis ? null : end === "first" ? ([1] as const) : ([0, -1] as const))),
  );

const summing: PrimitiveOp<ScanAttributes> = /* @__PURE__ */ primitive({
  name: "cumSum",
  infer: ([{ shape, dtype }]: One<Spec>) => ({ shape, dtype }),
  kernel: ([x]: One<View>, spec, attributes) => {
    const out = allocate(spec.dtype, sizeOf(spec.shape));
    runRecurrence(x, null, out, attributes);
    return viewOf(out, spec.dtype, spec.shape);
  },
  reads: [],
  gradient: ({ dy }, attributes) => [summing([dy], { ...attributes, reverse: !attributes.reverse })],
});

// s₀ = b₀, sᵢ₊₁ = aᵢ·sᵢ + bᵢ₊₁ of the terms b and the links a between neighbours; reversed, sᵢ = bᵢ + aᵢ·sᵢ₊₁.
// With λ the recurrence of ds the other way: db = λ, daᵢ = λᵢ₊₁·sᵢ.
const recurrence: PrimitiveOp<Omit<ScanAttributes, "exclusive">> = /* @__PURE__ */ primitive({
  name: "recurrence",
  infer: ([{ shape, dtype }]: Two<Spec>) => ({ shape, dtype }),
  kernel: ([terms, links]: Two<View>, spec, attributes) => {
    const out = allocate(spec.dtype, sizeOf(spec.shape));
    runRecurrence(terms, links, out, { ...attributes, exclusive: false });
    return viewOf(out, spec.dtype, spec.shape);
  },
  gradient: ({ dy, input, needs }, { axis, reverse }) => {
    const back = recurrence([dy, input(1)], { axis, reverse: !reverse });
    if (needs[1] !== true) return [back, null];
    const totals = recurrence([input(0), input(1)], { axis, reverse });
    const [later, earlier] = reverse ? [totals, back] : [back, totals];
    return [back, without(later, axis, "first").mul(without(earlier, axis, "last"))];
  },
});

/** Options of {@link cumSum} and {@link cumProd}. */
export interface ScanOptions {
  /**
   * Leave each element out of its own total: the first (in reverse the last) becomes 0, or 1 for products. False by
   * default.
   */
  readonly exclusive?: boolean;
  /** Total from the end: each element and all behind it. False by default. */
  readonly reverse?: boolean;
}

function resolve(name: string, x: Tensor, axis: number, options: ScanOptions): ScanAttributes {
  checkOptionNames(name, options, ["exclusive", "reverse"]);
  const { exclusive = false, reverse = false } = options;
  return { axis: normalizeAxis(name, axis, Math.max(x.rank, 1)), exclusive, reverse };
}

/**
 * yₖ = Σ xᵢ over i ≤ k along an axis, of the shape of x; sums are kept in doubles, those of `int32` wrap at 2³¹.
 *
 * @param axis negative ones count from the end; a scalar is one element
 * @throws ShapeError for an axis that is not there
 * @example cumSum([1, 2, 3], 0) // [1, 3, 6]
 */
export function cumSum<S extends Shape>(x: Tensor<S>, axis: number, options: ScanOptions = {}): Tensor<S> {
  const attributes = resolve("cumSum", x, axis, options);
  return typed(summing([x.cast(arithmetic(x.dtype))], attributes));
}

/**
 * yₖ = Π xᵢ over i ≤ k along an axis, of the shape of x. Its gradients are made of sums of products, never of quotients, and
 * exact with zeros among the factors.
 *
 * @param axis negative ones count from the end; a scalar is one element
 * @throws ShapeError for an axis that is not there
 * @example cumProd([2, 3, 4], 0) // [2, 6, 24]
 */
export function cumProd<S extends Shape>(x: Tensor<S>, axis: number, options: ScanOptions = {}): Tensor<S> {
  const { axis: place, exclusive, reverse } = resolve("cumProd", x, axis, options);
  const factors: Tensor = x.cast(arithmetic(x.dtype));
  const size = factors.shape[place] ?? 1;
  if (factors.size === 0) return typed(factors);
  if (factors.rank === 0) return typed(exclusive ? impulse([], 0, 0, factors.dtype) : factors);
  // Π of those before: 1 at the first, then one link after the other.
  const start = impulse(factors.shape, place, reverse ? size - 1 : 0, factors.dtype);
  const links = without(factors, place, reverse ? "first" : "last");
  const before = recurrence([start, links], { axis: place, reverse });
  return typed(exclusive ? before : before.mul(factors));
}

/** Zeros of a shape with ones at one place of an axis. */
function impulse(shape: Shape, axis: number, place: number, dtype: DType): Tensor {
  const line = allocate(dtype, shape[axis] ?? 1);
  line[place] = 1;
  const alone = shape.map((size, index) => (index === axis ? size : 1));
  return new Tensor(viewOf(line, dtype, alone)).broadcastTo(shape);
}
