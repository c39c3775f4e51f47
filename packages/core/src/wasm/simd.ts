// The scalar language in WebAssembly SIMD: formulas on four floats at a time. Each node of a formula becomes one local. What has
// no instructions here (exp, sin …) makes a formula unfit, and its caller has another way.

import { type Expr, type ScalarFunction, topological } from "../expr/expr.ts";
import type { FunctionBuilder, Local } from "./assembler.ts";

type Vector = Local<"v128">;

/** One instruction or a few: the operands are on the stack, in order. */
type Emit = (f: FunctionBuilder) => void;

const one = (f: FunctionBuilder): FunctionBuilder => f.f32(1).op("f32x4.splat");

/** Functions of numbers to numbers. */
const arithmetic: Partial<Record<ScalarFunction, Emit>> = {
  neg: (f) => f.op("f32x4.neg"),
  abs: (f) => f.op("f32x4.abs"),
  sqrt: (f) => f.op("f32x4.sqrt"),
  floor: (f) => f.op("f32x4.floor"),
  ceil: (f) => f.op("f32x4.ceil"),
  trunc: (f) => f.op("f32x4.trunc"),
  round: (f) => f.op("f32x4.nearest"),
  add: (f) => f.op("f32x4.add"),
  sub: (f) => f.op("f32x4.sub"),
  mul: (f) => f.op("f32x4.mul"),
  div: (f) => f.op("f32x4.div"),
  maximum: (f) => f.op("f32x4.max"),
  minimum: (f) => f.op("f32x4.min"),
};

/** Functions of numbers to conditions, which are lanes of all ones or all zeros until somebody wants them as numbers. */
const comparisons: Partial<Record<ScalarFunction, Emit>> = {
  eq: (f) => f.op("f32x4.eq"),
  ne: (f) => f.op("f32x4.ne"),
  lt: (f) => f.op("f32x4.lt"),
  le: (f) => f.op("f32x4.le"),
  gt: (f) => f.op("f32x4.gt"),
  ge: (f) => f.op("f32x4.ge"),
};

/** Functions of conditions to conditions. */
const logic: Partial<Record<ScalarFunction, Emit>> = {
  logicalNot: (f) => f.op("v128.not"),
  logicalAnd: (f) => f.op("v128.and"),
  logicalOr: (f) => f.op("v128.or"),
  logicalXor: (f) => f.op("v128.xor"),
};

/** Whether all of the formulas can be written in SIMD instructions. */
export function canVectorize(roots: readonly Expr[]): boolean {
  return topological(roots).every(({ node }) => {
    if (node.kind !== "call") return true;
    return node.fn === "where" || node.fn === "sign" || [arithmetic, comparisons, logic].some((table) => table[node.fn] !== undefined);
  });
}

/** A node's value in a local: a number in each lane, or a condition. */
interface Value {
  readonly local: Vector;
  readonly condition: boolean;
}

/** Emits the formulas over inputs that are in locals; gives the locals of the results. */
export function emitVector(f: FunctionBuilder, roots: readonly Expr[], inputs: readonly Vector[]): Vector[] {
  const values = new Map<Expr, Value>();
  const keep = (expr: Expr, condition: boolean): void => {
    const local = f.local("v128");
    f.set(local);
    values.set(expr, { local, condition });
  };
  const number = (expr: Expr | undefined): void => {
    const value = expr && values.get(expr);
    if (value === undefined) return;
    f.get(value.local);
    if (value.condition) one(f).op("v128.and");
  };
  const truth = (expr: Expr | undefined): void => {
    const value = expr && values.get(expr);
    if (value === undefined) return;
    f.get(value.local);
    if (!value.condition) f.v128().op("f32x4.ne");
  };
  for (const expr of topological(roots)) {
    const { node } = expr;
    if (node.kind === "input") {
      const local = inputs[node.index];
      if (local !== undefined) values.set(expr, { local, condition: false });
    } else if (node.kind === "constant") {
      f.f32(node.value).op("f32x4.splat");
      keep(expr, false);
    } else emitCall(f, node.fn, node.args, { number, truth, keep: (condition) => keep(expr, condition) });
  }
  return roots.map((root) => {
    const local = f.local("v128");
    number(root);
    f.set(local);
    return local;
  });
}

interface Emission {
  readonly number: (expr: Expr | undefined) => void;
  readonly truth: (expr: Expr | undefined) => void;
  readonly keep: (condition: boolean) => void;
}

function emitCall(f: FunctionBuilder, fn: ScalarFunction, args: readonly Expr[], { number, truth, keep }: Emission): void {
  const [a, b, c] = args;
  if (fn === "where") {
    number(b);
    number(c);
    truth(a);
    f.op("v128.bitselect");
    keep(false);
  } else if (fn === "sign") {
    // (x > 0) − (x < 0), and x itself where that is neither, so that NaN and −0 pass.
    one(f);
    one(f).op("f32x4.neg");
    number(a);
    f.v128().op("f32x4.gt").op("v128.bitselect");
    number(a);
    number(a);
    f.v128().op("f32x4.lt");
    number(a);
    f.v128().op("f32x4.gt").op("v128.or").op("v128.bitselect");
    keep(false);
  } else if (logic[fn] !== undefined) {
    args.forEach(truth);
    logic[fn](f);
    keep(true);
  } else {
    args.forEach(number);
    (comparisons[fn] ?? arithmetic[fn])?.(f);
    keep(comparisons[fn] !== undefined);
  }
}
