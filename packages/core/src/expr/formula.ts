// A formula that has been read: its expression, and for each input the expression of its gradient.

import { derivative } from "./derivative.ts";
import { constant, type Expr, input, reading, substitute, type Vocabulary } from "./expr.ts";
import { simplify } from "./simplify.ts";

/**
 * A scalar function in the shared vocabulary: the same text serves numbers' formulas and tensors.
 *
 * @example
 * const silu: ScalarFormula = (x) => x.mul(x.sigmoid());
 */
export type ScalarFormula = <T extends Vocabulary<T>>(...inputs: T[]) => T;

/** The gradient of each input, given dy, the inputs and y; null where there is none. For formulas that know a better one. */
export type GradientFormula = <T extends Vocabulary<T>>(dy: T, inputs: T[], y: T) => readonly (T | null)[];

/** A gradient as a formula: its inputs are dy and then those of the forward values that it mentions. */
export interface GradientExpr {
  /** Over the symbols dy = `arity`, inputs 0 … arity − 1, y = `arity` + 1. */
  readonly expr: Expr;
  /** Whether it is just dy. */
  readonly identity: boolean;
}

/** What a formula, or a function of several, gives for inputs 0 … arity − 1. */
export function readFormula<R>(formula: (...inputs: Expr[]) => R, arity: number): R {
  return reading(simplify, () => formula(...Array.from({ length: arity }, (_, index) => input(index))));
}

/**
 * The gradients dy · ∂y/∂xᵢ of a formula. Where the derivative contains the formula itself it reads y instead, so that backward
 * saves one value and computes nothing twice.
 */
export function gradientsOf(forward: Expr, arity: number, own?: GradientFormula): readonly (GradientExpr | null)[] {
  return reading(simplify, () => {
    const dy = input(arity);
    const y = input(arity + 1);
    const inputs = Array.from({ length: arity }, (_, index) => input(index));
    const exprs =
      own?.(dy, inputs, y) ??
      inputs.map((_, index) => {
        const slope = derivative(forward, index);
        if (slope === null) return null;
        const read = substitute(slope, (expr) => (expr === forward && forward.node.kind === "call" ? y : null));
        return timesGradient(dy, read);
      });
    return inputs.map((_, index) => {
      const expr = exprs[index] ?? null;
      return expr === null ? null : { expr, identity: expr === dy };
    });
  });
}

/** dy · slope; a choice is taken outside, so that what was not chosen gets exactly 0 even for an infinite dy. */
function timesGradient(dy: Expr, slope: Expr): Expr {
  const { node } = slope;
  if (node.kind === "call" && node.fn === "where") {
    const [condition, a, b] = node.args;
    if (condition !== undefined && a !== undefined && b !== undefined) {
      const branch = (value: Expr): Expr => (value.value === 0 ? constant(0) : timesGradient(dy, value));
      return condition.where(branch(a), branch(b));
    }
  }
  return node.kind === "call" && node.fn === "div" && node.args[0]?.value !== null && node.args[1] !== undefined
    ? dy.mul(node.args[0] ?? 1).div(node.args[1])
    : dy.mul(slope);
}
