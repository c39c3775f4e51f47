// Algebra on formulas, kept to what changes no value: constants fold, and neutral elements disappear. x · 0 stays, because it is
// NaN where x is infinite; a derivative that is zero everywhere never becomes an Expr in the first place (derivative.ts). What engines
// compute each in their own way is left to run time: only then is it known whether the portable functions are asked for.

import { isElementary } from "./elementary.ts";
import { constant, type Expr, type ScalarFunction } from "./expr.ts";
import { evaluators } from "./javascript.ts";

/** A simpler form of `fn(...args)`, or null if there is none. */
export function simplify(fn: ScalarFunction, args: readonly Expr[]): Expr | null {
  const values = args.map((arg) => arg.value);
  const [x, y] = args;
  const [a, b] = values;
  if (x === undefined) return null;
  if (values.every((value) => value !== null) && !isElementary(fn))
    return constant(evaluators[fn](a ?? 0, b ?? 0, values[2] ?? 0));
  if (fn === "neg" && x.node.kind === "call" && x.node.fn === "neg") return x.node.args[0] ?? null;
  if (y === undefined) return null;
  switch (fn) {
    case "add":
      return b === 0 ? x : a === 0 ? y : null;
    case "sub":
      return b === 0 ? x : a === 0 ? y.neg() : null;
    case "mul":
      return b === 1 ? x : a === 1 ? y : b === -1 ? x.neg() : a === -1 ? y.neg() : null;
    case "div":
      return b === 1 ? x : null;
    case "pow":
      return b === 1 ? x : b === 2 ? x.square() : null;
    case "where":
      return a === null || a === undefined ? null : a !== 0 ? y : (args[2] ?? null);
    default:
      return null;
  }
}
