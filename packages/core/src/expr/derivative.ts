// Derivatives of formulas, found symbolically: one row for each function of the scalar language, and the chain rule.
// A derivative is again a formula, so it can be differentiated again.

import { call, constant, type Expr, type ScalarFunction, topological } from "./expr.ts";

/** ∂y/∂a, ∂y/∂b … of y = f(a, b, …), in the textbook's form. */
type Partials = (y: Expr, a: Expr, b: Expr) => readonly Expr[];

/** Functions whose derivative is zero wherever there is one. */
type Step = ScalarFunction<"condition"> | "sign" | "floor" | "ceil" | "round" | "trunc";

/** 2/√π, the slope of erf at 0. */
const ERF_SLOPE = 2 / Math.sqrt(Math.PI);
/** 0 for the one that loses, ½ each where both are equal. */
const share = (loses: Expr, ties: Expr): Expr => ties.where(0.5, loses.where(0, 1));
/** 1 − a² without cancellation near ±1. */
const oneLessSquare = (a: Expr): Expr => constant(1).sub(a).mul(a.add(1));

const partials: Partial<Record<ScalarFunction, Partials>> = {
  neg: () => [constant(-1)],
  abs: (_, a) => [a.sign()],
  exp: (y) => [y],
  expm1: (y) => [y.add(1)],
  log: (_, a) => [a.reciprocal()],
  log1p: (_, a) => [a.add(1).reciprocal()],
  log2: (_, a) => [constant(Math.LOG2E).div(a)],
  sqrt: (y) => [constant(0.5).div(y)],
  sin: (_, a) => [a.cos()],
  cos: (_, a) => [a.sin().neg()],
  tan: (y) => [y.square().add(1)],
  asin: (_, a) => [oneLessSquare(a).rsqrt()],
  acos: (_, a) => [oneLessSquare(a).rsqrt().neg()],
  atan: (_, a) => [a.square().add(1).reciprocal()],
  sinh: (_, a) => [a.cosh()],
  cosh: (_, a) => [a.sinh()],
  tanh: (y) => [constant(1).sub(y.square())],
  erf: (_, a) => [a.square().neg().exp().mul(ERF_SLOPE)],
  sigmoid: (y) => [y.mul(constant(1).sub(y))],
  add: () => [constant(1), constant(1)],
  sub: () => [constant(1), constant(-1)],
  mul: (_, a, b) => [b, a],
  div: (y, _, b) => [b.reciprocal(), y.div(b).neg()],
  // aᵇ: b·aᵇ⁻¹ and aᵇ·ln a, with the limits at a = 0.
  pow: (y, a, b) => [b.eq(0).where(0, b.mul(a.pow(b.sub(1)))), a.eq(0).logicalAnd(b.ge(0)).where(0, y.mul(a.log()))],
  // y = a − b·⌊a/b⌋; the quotient itself may have been rounded up to a whole number
  mod: (y, a, b) => [constant(1), y.isFinite().where(a.sub(y).div(b).round(), a.div(b).floor()).neg()],
  maximum: (_, a, b) => [share(a.lt(b), a.eq(b)), share(b.lt(a), a.eq(b))],
  minimum: (_, a, b) => [share(a.gt(b), a.eq(b)), share(b.gt(a), a.eq(b))],
  // atan2(a, b) = the angle of the point (b, a): b/r² and −a/r², in units of the greater of the two, whose squares neither vanish
  // nor overflow.
  atan2: (_, a, b) => {
    const greater = a.abs().maximum(b.abs());
    const unit = greater.isFinite().where(greater, 1);
    const [height, width] = [a.div(unit), b.div(unit)];
    const radius = height.square().add(width.square()).mul(unit);
    return [width.div(radius), height.div(radius).neg()];
  },
} satisfies Record<Exclude<ScalarFunction, Step | "where">, Partials>; // a choice is no product: see below

const product = (derivative: Expr, partial: Expr): Expr => partial.mul(derivative);

/**
 * d root / d input number `index`, or null if it is zero everywhere.
 *
 * The chain rule forward: d f(a, b) = ∂f/∂a · da + ∂f/∂b · db. For a choice, d where(c, a, b) = where(c, da, db), so that the
 * branch not taken adds exactly 0, whatever its value.
 */
export function derivative(root: Expr, index: number): Expr | null {
  const known = new Map<Expr, Expr | null>();
  for (const expr of topological([root])) {
    const { node } = expr;
    if (node.kind === "constant") known.set(expr, null);
    else if (node.kind === "input") known.set(expr, node.index === index ? constant(1) : null);
    else
      known.set(
        expr,
        ofCall(expr, node.fn, node.args, (arg) => known.get(arg) ?? null),
      );
  }
  return known.get(root) ?? null;
}

function ofCall(y: Expr, fn: ScalarFunction, args: readonly Expr[], inner: (arg: Expr) => Expr | null): Expr | null {
  const inners = args.map(inner);
  if (inners.every((d) => d === null)) return null;
  const [a, b = y] = args;
  if (a === undefined) return null;
  if (fn === "where") return call("where", a, inners[1] ?? 0, inners[2] ?? 0);
  if (fn === "mul" && args[0] === args[1]) return product(inners[0] ?? constant(0), a.mul(2)); // d a² = 2a da
  let total: Expr | null = null;
  for (const [position, partial] of (partials[fn]?.(y, a, b) ?? []).entries()) {
    const chain = inners[position] ?? null;
    if (chain === null) continue;
    const term = product(chain, partial);
    total = total === null ? term : total.add(term);
  }
  return total;
}
