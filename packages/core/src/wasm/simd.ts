// The scalar language in WebAssembly SIMD: formulas on four values at a time. Each node of a formula becomes one local, whose lanes
// are floats, 32-bit integers, or conditions (all ones or all zeros). What has no instructions here makes a formula unfit, and its
// caller has another way.

import type { DType } from "../dtype.ts";
import { type Expr, type ScalarFunction, topological } from "../expr/expr.ts";
import type { FunctionBuilder, Local } from "./assembler.ts";
import type { PlainInstruction } from "./opcodes.ts";

/** Four lanes in a local. */
export type Vector = Local<"v128">;

/** What the lanes of a vector are. */
export type LaneType = "f32" | "i32" | "condition";

/** A vector and what its lanes are. */
export interface Lanes {
  readonly local: Vector;
  readonly type: LaneType;
}

/** One instruction or a few: the operands are on the stack, in order. */
type Emit = (f: FunctionBuilder) => void;

/** Functions that are one instruction. */
type Instructions = Partial<Record<ScalarFunction, PlainInstruction>>;

/** Functions of floats to floats. */
const arithmetic: Instructions = {
  neg: "f32x4.neg",
  abs: "f32x4.abs",
  sqrt: "f32x4.sqrt",
  floor: "f32x4.floor",
  ceil: "f32x4.ceil",
  trunc: "f32x4.trunc",
  round: "f32x4.nearest",
  add: "f32x4.add",
  sub: "f32x4.sub",
  mul: "f32x4.mul",
  div: "f32x4.div",
  maximum: "f32x4.max",
  minimum: "f32x4.min",
};

/** Comparisons of floats; their results are conditions. */
const comparisons: Instructions = {
  eq: "f32x4.eq",
  ne: "f32x4.ne",
  lt: "f32x4.lt",
  le: "f32x4.le",
  gt: "f32x4.gt",
  ge: "f32x4.ge",
};

/** Functions of integers that are meant as floats; their relative error is no greater for an integer that was rounded to one. */
const leavesIntegers = [
  "div",
  "sqrt",
  "exp",
  "expm1",
  "log",
  "log1p",
  "log2",
  "sigmoid",
  "tanh",
  "erf",
  "sinh",
  "cosh",
  "asin",
  "acos",
  "atan",
  "atan2",
] as const;

/** Comparisons of integers. */
const integerComparisons: Instructions = {
  eq: "i32x4.eq",
  ne: "i32x4.ne",
  lt: "i32x4.lt_s",
  le: "i32x4.le_s",
  gt: "i32x4.gt_s",
  ge: "i32x4.ge_s",
};

/** Functions of conditions to conditions. */
const logic: Instructions = {
  logicalNot: "v128.not",
  logicalAnd: "v128.and",
  logicalOr: "v128.or",
  logicalXor: "v128.xor",
};

/** What the lanes of a stored dtype become when they are loaded. */
export function laneType(dtype: DType): LaneType {
  return dtype === "float32" ? "f32" : "i32";
}

/** How formulas on integers alone are written. */
interface IntegerFormulas {
  readonly fits: (roots: readonly Expr[]) => boolean;
  readonly emit: (f: FunctionBuilder, roots: readonly Expr[], inputs: readonly (Lanes | undefined)[]) => Lanes[];
}

/**
 * What only the compiler brings along: functions that are written as many instructions, whose arguments are on the stack, and
 * formulas on integers.
 */
export type SimdFunctions = Partial<Record<ScalarFunction, Emit>> & { readonly integers?: IntegerFormulas };

/** Whether all of the formulas can be written in SIMD instructions, for inputs of these dtypes. */
export function canVectorize(roots: readonly Expr[], dtypes: readonly DType[], functions: SimdFunctions = {}): boolean {
  if (
    readIntegers(roots, (index) => laneType(dtypes[index] ?? "float32") !== "f32") &&
    functions.integers?.fits(roots) === true
  )
    return true;
  return topological(roots).every(({ node }) => {
    if (node.kind === "input") return dtypes[node.index] !== "float64";
    if (node.kind === "constant") return true;
    if (["where", "isNaN", "isFinite", "sign"].includes(node.fn)) return true;
    // Arithmetic on integers wraps; as floats it would not.
    const integers = node.args.some(
      (arg) => arg.node.kind === "input" && laneType(dtypes[arg.node.index] ?? "float32") === "i32",
    );
    if (logic[node.fn] !== undefined) return true;
    if (comparisons[node.fn] !== undefined) return true;
    return (
      (arithmetic[node.fn] !== undefined || functions[node.fn] !== undefined) &&
      (!integers || leavesIntegers.some((name) => name === node.fn) || mixesWithFloats(node.args, dtypes))
    );
  });
}

/** Whether the formulas read integers alone. */
export function readIntegers(roots: readonly Expr[], isInteger: (index: number) => boolean): boolean {
  return topological(roots).every(({ node }) => node.kind !== "input" || isInteger(node.index));
}

/** Whether an integer input meets a float here, so that it is meant as one. */
function mixesWithFloats(args: readonly Expr[], dtypes: readonly DType[]): boolean {
  return args.some(({ node }) => node.kind === "call" || (node.kind === "input" && dtypes[node.index] === "float32"));
}

/** Emits the formulas over inputs that are in locals; gives the results, one for each formula. */
export function emitVector(
  f: FunctionBuilder,
  roots: readonly Expr[],
  inputs: readonly (Lanes | undefined)[],
  functions: SimdFunctions = {},
): Lanes[] {
  const { integers } = functions;
  if (integers?.fits(roots) && readIntegers(roots, (index) => (inputs[index]?.type ?? "f32") !== "f32"))
    return integers.emit(f, roots, inputs);
  const emitter = new VectorEmitter(f, inputs, functions);
  for (const expr of topological(roots)) emitter.emit(expr);
  return roots.map((root) => emitter.value(root));
}

/** Puts lanes on the stack as floats; conditions are 1 and 0. */
export function pushFloats(f: FunctionBuilder, { local, type }: Lanes): void {
  f.get(local);
  if (type === "i32") f.op("f32x4.convert_i32x4_s");
  else if (type === "condition") f.f32(1).op("f32x4.splat").op("v128.and");
}

/** Puts lanes on the stack as conditions: everything but 0 holds. */
export function pushConditions(f: FunctionBuilder, { local, type }: Lanes): void {
  f.get(local);
  if (type === "f32") f.v128().op("f32x4.ne");
  else if (type === "i32") f.v128().op("i32x4.ne");
}

class VectorEmitter {
  readonly #f: FunctionBuilder;
  readonly #inputs: readonly (Lanes | undefined)[];
  readonly #functions: SimdFunctions;
  readonly #values = new Map<Expr, Lanes>();

  constructor(f: FunctionBuilder, inputs: readonly (Lanes | undefined)[], functions: SimdFunctions) {
    this.#f = f;
    this.#inputs = inputs;
    this.#functions = functions;
  }

  value(expr: Expr): Lanes {
    const value = this.#values.get(expr);
    if (value === undefined) throw new Error(`emitVector: ${expr} was not emitted`);
    return value;
  }

  emit(expr: Expr): void {
    const { node } = expr;
    if (node.kind === "input") {
      const input = this.#inputs[node.index];
      if (input !== undefined) this.#values.set(expr, input);
    } else if (node.kind === "constant") {
      this.#f.f32(node.value).op("f32x4.splat");
      this.#keep(expr, "f32");
    } else this.#keep(expr, this.#call(node.fn, node.args));
  }

  #keep(expr: Expr, type: LaneType): void {
    const local = this.#f.local("v128");
    this.#f.set(local);
    this.#values.set(expr, { local, type });
  }

  #numbers(args: readonly Expr[]): void {
    for (const arg of args) pushFloats(this.#f, this.value(arg));
  }

  #truths(args: readonly Expr[]): void {
    for (const arg of args) pushConditions(this.#f, this.value(arg));
  }

  /** Leaves `fn(...args)` on the stack, and says what its lanes are. */
  #call(fn: ScalarFunction, args: readonly Expr[]): LaneType {
    const f = this.#f;
    const integers =
      args.every((arg) => this.value(arg).type === "i32" || Number.isInteger(arg.value)) &&
      args.some((arg) => arg.value === null);
    if (fn === "where") {
      this.#where(args);
      return "f32";
    }
    if (logic[fn] !== undefined) {
      this.#truths(args);
      f.op(logic[fn]);
      return "condition";
    }
    if (integers && integerComparisons[fn] !== undefined) {
      for (const arg of args) arg.value === null ? f.get(this.value(arg).local) : f.i32(arg.value).op("i32x4.splat");
      f.op(integerComparisons[fn]);
      return "condition";
    }
    if ((fn === "maximum" || fn === "minimum") && this.#bound(fn, args)) return "f32";
    this.#numbers(args);
    if (fn === "isNaN") {
      this.#numbers(args);
      f.op("f32x4.ne");
      return "condition";
    }
    if (fn === "isFinite") {
      f.op("f32x4.abs").f32(Number.POSITIVE_INFINITY).op("f32x4.splat").op("f32x4.lt");
      return "condition";
    }
    if (fn === "sign") {
      this.#sign();
      return "f32";
    }
    const known = comparisons[fn] ?? arithmetic[fn];
    if (known !== undefined) f.op(known);
    else this.#functions[fn]?.(f);
    return comparisons[fn] === undefined ? "f32" : "condition";
  }

  /** A choice; against zero, all bits of the other value or none. */
  #where(args: readonly Expr[]): void {
    const [yes, no] = [args.slice(1, 2), args.slice(2)];
    const [zeroOr, orZero] = [Object.is(yes[0]?.value, 0), Object.is(no[0]?.value, 0)];
    if (orZero || !zeroOr) this.#numbers(yes);
    if (!orZero) this.#numbers(no);
    this.#truths(args.slice(0, 1));
    this.#f.op(orZero ? "v128.and" : zeroOr ? "v128.andnot" : "v128.bitselect");
  }

  /**
   * The larger or smaller of a value and a constant, in one or two machine instructions; `f32x4.max` takes eight, as either side may be NaN.
   * `pmax(x, bound)` is `x < bound ? bound : x`: NaN stays, and so does the sign of a zero, which only a bound of zero could get wrong.
   */
  #bound(fn: "maximum" | "minimum", args: readonly Expr[]): boolean {
    const at = args.findIndex(({ value }) => value !== null);
    const bound = args[at]?.value ?? Number.NaN;
    if (Number.isNaN(bound) || (fn === "minimum" && Object.is(bound, -0))) return false;
    const f = this.#f;
    this.#numbers(args.filter((_, index) => index !== at));
    if (fn === "maximum" && Object.is(bound, 0)) {
      const value = f.local("v128");
      f.tee(value).get(value).v128().op("f32x4.le").op("v128.andnot");
    } else {
      f.f32(bound)
        .op("f32x4.splat")
        .op(fn === "maximum" ? "f32x4.pmax" : "f32x4.pmin");
    }
    return true;
  }

  /** 1, −1, or 0 for 0 and NaN. */
  #sign(): void {
    const f = this.#f;
    const x = f.local("v128");
    f.tee(x).v128().op("f32x4.gt").f32(1).op("f32x4.splat").op("v128.and");
    f.get(x).v128().op("f32x4.lt").f32(-1).op("f32x4.splat").op("v128.and").op("v128.or");
  }
}
