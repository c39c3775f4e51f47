// Formulas on integers alone, four 32-bit lanes at a time. They mean what they mean in JavaScript, where sums are exact, products
// are those of 32 bits, and a store keeps the lowest 32 bits. Lanes wrap at each step instead, which is the same as long as nobody
// looks at more than the lowest bits on the way: a sum may be added to and stored, but a formula that compares one is unfit.

import { type Expr, type ScalarFunction, signatures, topological } from "../expr/expr.ts";
import type { FunctionBuilder, Local } from "./assembler.ts";
import type { Lanes } from "./simd.ts";

/**
 * How far lanes are the number that they stand for: `exact`; `wrapped`, in the lowest 32 bits; `stored`, in the lowest 32 bits once
 * it is stored, where NaN is 0.
 */
type Standing = "exact" | "wrapped" | "stored";

/** Whether the formulas compute integers from integers alone, and can do so in 32-bit lanes. */
export function isWhole(roots: readonly Expr[], isInteger: (index: number) => boolean): boolean {
  const standings = new Map<Expr, Standing>();
  const order = topological(roots);
  for (const expr of order) {
    const { node } = expr;
    if (node.kind === "input") {
      if (!isInteger(node.index)) return false;
      standings.set(expr, "exact");
    } else if (node.kind === "constant") {
      if (node.value !== (node.value | 0)) return false;
      standings.set(expr, "exact");
    } else {
      const standing = standingOf(
        node.fn,
        node.args.map((arg) => standings.get(arg) ?? "stored"),
      );
      if (standing === null) return false;
      standings.set(expr, standing);
    }
  }
  return order.some(({ node }) => node.kind === "input");
}

/** The standing of `fn(...args)`, or null if lanes cannot hold it. */
function standingOf(fn: ScalarFunction, args: readonly Standing[]): Standing | null {
  const [a = "exact", b = "exact", c = "exact"] = args;
  const exact = args.every((standing) => standing === "exact");
  switch (fn) {
    case "add":
    case "sub":
      return args.includes("stored") ? null : "wrapped";
    case "neg":
      return a === "exact" ? "wrapped" : a;
    case "mul":
      return "exact"; // of the lowest bits of its factors, in JavaScript too
    case "floor":
    case "ceil":
    case "round":
    case "trunc":
      return a;
    case "where":
      return a !== "exact"
        ? null
        : b === "stored" || c === "stored"
          ? "stored"
          : b === "wrapped" || c === "wrapped"
            ? "wrapped"
            : "exact";
    case "abs":
      return exact ? "wrapped" : null; // |−2³¹|
    case "mod":
      return exact ? "stored" : null; // a mod 0
    case "sign":
    case "maximum":
    case "minimum":
      return exact ? "exact" : null;
    default:
      return exact && signatures[fn].kind === "condition" ? "exact" : null;
  }
}

/** Emits formulas that are {@link isWhole} over lanes of integers and conditions; gives the results, one for each formula, or null. */
export function emitIntegers(
  f: FunctionBuilder,
  roots: readonly Expr[],
  inputs: readonly (Lanes | undefined)[],
): Lanes[] | null {
  if (!isWhole(roots, (index) => (inputs[index]?.type ?? "f32") !== "f32")) return null;
  const values = new Map<Expr, Lanes>();
  const lanesOf = (expr: Expr): Lanes => {
    const value = values.get(expr);
    if (value === undefined) throw new Error(`emitIntegers: ${expr} was not emitted`);
    return value;
  };
  for (const expr of topological(roots)) {
    const { node } = expr;
    if (node.kind === "input") {
      const input = inputs[node.index];
      if (input !== undefined) values.set(expr, input);
      continue;
    }
    if (node.kind === "constant") f.i32(node.value).op("i32x4.splat");
    else emitCall(f, node.fn, node.args.map(lanesOf));
    const local = f.local("v128");
    f.set(local);
    const isCondition = node.kind === "call" && signatures[node.fn].kind === "condition";
    values.set(expr, { local, type: isCondition ? "condition" : "i32" });
  }
  return roots.map(lanesOf);
}

/** Pushes lanes as integers; conditions are 1 and 0. */
function pushInteger(f: FunctionBuilder, { local, type }: Lanes): void {
  f.get(local);
  if (type === "condition") f.i32(1).op("i32x4.splat").op("v128.and");
}

/** Pushes lanes as conditions: everything but 0 holds. */
function pushTruth(f: FunctionBuilder, { local, type }: Lanes): void {
  f.get(local);
  if (type !== "condition") f.v128().op("i32x4.ne");
}

const comparisons = {
  eq: "i32x4.eq",
  ne: "i32x4.ne",
  lt: "i32x4.lt_s",
  le: "i32x4.le_s",
  gt: "i32x4.gt_s",
  ge: "i32x4.ge_s",
} as const;

/** Compares integers with integers, or with whole constants, as they are: floats would round them. False if this is no such comparison. */
export function compareIntegers(
  f: FunctionBuilder,
  fn: ScalarFunction,
  args: readonly Expr[],
  lanesOf: (arg: Expr) => Lanes,
): boolean {
  const integers =
    args.every((arg) => lanesOf(arg).type === "i32" || Number.isInteger(arg.value)) &&
    args.some((arg) => arg.value === null);
  if (!integers || !isKey(comparisons, fn)) return false;
  for (const arg of args) arg.value === null ? f.get(lanesOf(arg).local) : f.i32(arg.value).op("i32x4.splat");
  f.op(comparisons[fn]);
  return true;
}

const operators = {
  neg: "i32x4.neg",
  abs: "i32x4.abs",
  add: "i32x4.add",
  sub: "i32x4.sub",
  mul: "i32x4.mul",
  maximum: "i32x4.max_s",
  minimum: "i32x4.min_s",
  ...comparisons,
} as const;

const logic = { logicalNot: "v128.not", logicalAnd: "v128.and", logicalOr: "v128.or", logicalXor: "v128.xor" } as const;

function isKey<T extends object>(table: T, name: string): name is keyof T & string {
  return name in table;
}

function emitCall(f: FunctionBuilder, fn: ScalarFunction, args: readonly Lanes[]): void {
  if (isKey(logic, fn)) {
    for (const arg of args) pushTruth(f, arg);
    f.op(logic[fn]);
    return;
  }
  const [condition, ...branches] = args;
  if (fn === "where" && condition !== undefined) {
    for (const branch of branches) pushInteger(f, branch);
    pushTruth(f, condition);
    f.op("v128.bitselect");
    return;
  }
  for (const arg of args) pushInteger(f, arg);
  if (isKey(operators, fn)) f.op(operators[fn]);
  else if (fn === "sign") f.i32(1).op("i32x4.splat").op("i32x4.min_s").i32(-1).op("i32x4.splat").op("i32x4.max_s");
  else if (fn === "isNaN") f.op("control.drop").v128();
  else if (fn === "isFinite") f.op("control.drop").v128(Int32Array.of(-1, -1, -1, -1));
  else if (fn === "mod") remainder(f);
  // floor, ceil, round and trunc leave whole numbers as they are.
}

/** a − b·⌊a/b⌋ in double precision, where it is exact; 0 for b = 0, as NaN is stored. */
function remainder(f: FunctionBuilder): void {
  const [a, b, x, y] = f.locals("v128", "v128", "v128", "v128");
  f.set(b).set(a);
  const half = (push: (value: Local<"v128">) => void): void => {
    push(a);
    f.op("f64x2.convert_low_i32x4_s").tee(x);
    push(b);
    f.op("f64x2.convert_low_i32x4_s").tee(y);
    f.get(x)
      .get(y)
      .op("f64x2.div")
      .op("f64x2.floor")
      .op("f64x2.mul")
      .op("f64x2.sub")
      .op("i32x4.trunc_sat_f64x2_s_zero");
  };
  half((value) => f.get(value));
  half((value) => f.get(value).get(value).shuffle([2, 3, 2, 3]));
  f.shuffle([0, 1, 4, 5]);
}
