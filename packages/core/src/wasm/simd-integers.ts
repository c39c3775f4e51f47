// Formulas on integers alone, four 32-bit lanes at a time. They mean what they mean in JavaScript, where sums are exact, products
// are those of 32 bits, and a store keeps the lowest 32 bits. Lanes wrap at each step instead, which is the same as long as nobody
// looks at more than the lowest bits on the way: a sum may be added to and stored, but a formula that compares one is unfit.

import { type Expr, type ScalarFunction, signatures, topological } from "../expr/expr.ts";
import type { FunctionBuilder, Local } from "./assembler.ts";
import type { Lanes, SimdFunctions } from "./simd.ts";

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

/** Puts lanes on the stack as integers; conditions are 1 and 0. */
function pushIntegers(f: FunctionBuilder, { local, type }: Lanes): void {
  f.get(local);
  if (type === "condition") f.i32(1).op("i32x4.splat").op("v128.and");
}

const asItIs = (): void => {};

/** Lanes of integers and conditions. */
export const integers: NonNullable<SimdFunctions["integers"]> = {
  type: "i32",
  constant: (f, value) => f.i32(value).op("i32x4.splat"),
  push: pushIntegers,
  instructions: {
    neg: "i32x4.neg",
    abs: "i32x4.abs",
    add: "i32x4.add",
    sub: "i32x4.sub",
    mul: "i32x4.mul",
    maximum: "i32x4.max_s",
    minimum: "i32x4.min_s",
    eq: "i32x4.eq",
    ne: "i32x4.ne",
    lt: "i32x4.lt_s",
    le: "i32x4.le_s",
    gt: "i32x4.gt_s",
    ge: "i32x4.ge_s",
    sign: (f) => f.i32(1).op("i32x4.splat").op("i32x4.min_s").i32(-1).op("i32x4.splat").op("i32x4.max_s"),
    isNaN: (f) => f.op("control.drop").v128(),
    isFinite: (f) => f.op("control.drop").v128(Int32Array.of(-1, -1, -1, -1)),
    mod: remainder,
    floor: asItIs,
    ceil: asItIs,
    round: asItIs,
    trunc: asItIs,
  },
  fits: (roots, inputs) => isWhole(roots, (index) => (inputs[index]?.type ?? "f32") !== "f32"),
  // With integers or whole constants, as they are: floats would round them.
  compare: (f, fn, args, lanesOf) => {
    const instruction = integers.instructions[fn];
    const isComparison = typeof instruction === "string" && signatures[fn].kind === "condition";
    const isWholeNumber = (arg: Expr): boolean => lanesOf(arg).type === "i32" || Number.isInteger(arg.value);
    if (!isComparison || !args.every(isWholeNumber) || args.every((arg) => arg.value !== null)) return false;
    for (const arg of args) arg.value === null ? f.get(lanesOf(arg).local) : integers.constant(f, arg.value);
    f.op(instruction);
    return true;
  },
};

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
