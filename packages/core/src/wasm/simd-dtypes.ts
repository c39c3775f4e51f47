// Formulas on inputs of several dtypes, four at a time: which of them can be written in SIMD instructions.

import type { DType } from "../dtype.ts";
import { type Expr, type ScalarFunction, signatures, topological } from "../expr/expr.ts";
import { hasInstructions, type LaneType, type SimdFunctions } from "./simd.ts";
import { isWhole } from "./simd-integers.ts";

/** What the lanes of a stored dtype become when they are loaded. */
export function laneType(dtype: DType): LaneType {
  return dtype === "float32" ? "f32" : "i32";
}

/** Whether all of the formulas can be written in SIMD instructions, for inputs of these dtypes. */
export function canVectorize(roots: readonly Expr[], dtypes: readonly DType[], functions: SimdFunctions): boolean {
  const isInteger = (index: number): boolean => laneType(dtypes[index] ?? "float32") === "i32";
  if (isWhole(roots, isInteger)) return true;
  return (
    hasInstructions(roots, functions) &&
    topological(roots).every(({ node }) => {
      if (node.kind === "input") return dtypes[node.index] !== "float64";
      // Arithmetic on integers wraps; as floats it would not.
      return (
        node.kind === "constant" ||
        readsIntegersAsFloats(node.fn) ||
        !node.args.some((arg) => arg.node.kind === "input" && isInteger(arg.node.index)) ||
        mixesWithFloats(node.args, dtypes)
      );
    })
  );
}

/**
 * Conditions and choices, which change no number, and functions of integers that are meant as floats: their relative error is no greater
 * for an integer that was rounded to one. A period would make it absolute, and a power of integers is one.
 */
function readsIntegersAsFloats(fn: ScalarFunction): boolean {
  return fn === "sign" || (signatures[fn].kind !== "whole" && !["sin", "cos", "tan", "pow"].includes(fn));
}

/** Whether an integer input meets a float here, so that it is meant as one. */
function mixesWithFloats(args: readonly Expr[], dtypes: readonly DType[]): boolean {
  return args.some(({ node }) => node.kind === "call" || (node.kind === "input" && dtypes[node.index] === "float32"));
}
