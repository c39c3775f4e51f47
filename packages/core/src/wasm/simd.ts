// The scalar language in WebAssembly SIMD: formulas on four values at a time. Each node of a formula becomes one local, whose lanes
// are floats, 32-bit integers, or conditions (all ones or all zeros). What has no instructions here makes a formula unfit, and its
// caller has another way.

import { type Expr, type ScalarFunction, signatures, topological } from "../expr/expr.ts";
import type { FunctionBuilder, Local } from "./assembler.ts";
import type { CorePlain } from "./opcodes.ts";
import type { PlainInstruction, ProgramInstruction } from "./opcodes-programs.ts";

/** Four lanes in a local. */
export type Vector = Local<"v128">;

/** What the lanes of a vector are. */
export type LaneType = "f32" | "i32" | "condition";

/** A vector and what its lanes are. */
export interface Lanes {
  readonly local: Vector;
  readonly type: LaneType;
}

/** One instruction by its name, or a few: the operands are on the stack, in order. */
type Emit<More extends ProgramInstruction> =
  | CorePlain
  | (More & PlainInstruction)
  | ((f: FunctionBuilder<More>) => void);

/** How functions are written. */
type Instructions<More extends ProgramInstruction> = Partial<Record<ScalarFunction, Emit<More>>>;

/** Lanes of numbers of one kind, and what is done with them. */
interface NumberLanes<More extends ProgramInstruction> {
  readonly type: LaneType;
  /** Puts a constant on the stack, in every lane. */
  readonly constant: (f: FunctionBuilder<More>, value: number) => void;
  /** Puts lanes on the stack as numbers of this kind; conditions are 1 and 0. */
  readonly push: (f: FunctionBuilder<More>, lanes: Lanes) => void;
  readonly instructions: Instructions<More>;
}

const floats: NumberLanes<never> = {
  type: "f32",
  constant: (f, value) => f.f32(value).op("f32x4.splat"),
  push: pushFloats,
  instructions: {
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
    eq: "f32x4.eq",
    ne: "f32x4.ne",
    lt: "f32x4.lt",
    le: "f32x4.le",
    gt: "f32x4.gt",
    ge: "f32x4.ge",
    isNaN: (f) => {
      const x = f.local("v128");
      f.tee(x).get(x).op("f32x4.ne");
    },
    isFinite: (f) => f.op("f32x4.abs").f32(Number.POSITIVE_INFINITY).op("f32x4.splat").op("f32x4.lt"),
    // 1, −1, or 0 for 0 and NaN
    sign: (f) => {
      const x = f.local("v128");
      f.tee(x).v128().op("f32x4.gt").f32(1).op("f32x4.splat").op("v128.and");
      f.get(x).v128().op("f32x4.lt").f32(-1).op("f32x4.splat").op("v128.and").op("v128.or");
    },
  },
};

/** Functions of conditions to conditions. */
const logic: Partial<Record<ScalarFunction, CorePlain>> = {
  logicalNot: "v128.not",
  logicalAnd: "v128.and",
  logicalOr: "v128.or",
  logicalXor: "v128.xor",
};

/** Lanes of integers, which only the compiler has; where they cannot be computed with as such, they are read as floats. */
interface IntegerLanes<More extends ProgramInstruction> extends NumberLanes<More> {
  /** Whether formulas on such inputs are of integers alone. */
  readonly fits: (roots: readonly Expr[], inputs: readonly (Lanes | undefined)[]) => boolean;
  /** Leaves a comparison of integers on the stack, if it is one. */
  readonly compare: (
    f: FunctionBuilder<More>,
    fn: ScalarFunction,
    args: readonly Expr[],
    lanesOf: (arg: Expr) => Lanes,
  ) => boolean;
}

/** What only the compiler brings along: functions of many instructions, and lanes of integers. */
export type SimdFunctions<More extends ProgramInstruction = ProgramInstruction> = Instructions<More> & {
  readonly integers?: IntegerLanes<More>;
};

/** Whether there are SIMD instructions for all of the formulas, on floats. */
export function hasInstructions(roots: readonly Expr[], functions: SimdFunctions = {}): boolean {
  return topological(roots).every(
    ({ node }) =>
      node.kind !== "call" ||
      node.fn === "where" ||
      signatures[node.fn].kind === "condition" ||
      (floats.instructions[node.fn] ?? functions[node.fn]) !== undefined,
  );
}

/** Emits the formulas over inputs that are in locals; gives the results, one for each formula. */
export function emitVector<More extends ProgramInstruction>(
  f: FunctionBuilder<More>,
  roots: readonly Expr[],
  inputs: readonly (Lanes | undefined)[],
  functions: SimdFunctions<More> = {},
): Lanes[] {
  const { integers } = functions;
  const emitter = new VectorEmitter(f, inputs, integers?.fits(roots, inputs) ? integers : floats, functions);
  for (const expr of topological(roots)) emitter.emit(expr);
  return roots.map((root) => emitter.value(root));
}

/** Puts lanes on the stack as floats; conditions are 1 and 0. */
export function pushFloats(f: FunctionBuilder<never>, { local, type }: Lanes): void {
  f.get(local);
  if (type === "i32") f.op("f32x4.convert_i32x4_s");
  else if (type === "condition") f.f32(1).op("f32x4.splat").op("v128.and");
}

/** Puts lanes on the stack as conditions: everything but 0 holds. */
export function pushConditions(f: FunctionBuilder<never>, { local, type }: Lanes): void {
  f.get(local);
  if (type === "f32") f.v128().op("f32x4.ne");
  else if (type === "i32") f.v128().op("i32x4.ne");
}

class VectorEmitter<More extends ProgramInstruction> {
  readonly #f: FunctionBuilder<More>;
  readonly #inputs: readonly (Lanes | undefined)[];
  readonly #lanes: NumberLanes<More>;
  readonly #functions: SimdFunctions<More>;
  readonly #values = new Map<Expr, Lanes>();

  constructor(
    f: FunctionBuilder<More>,
    inputs: readonly (Lanes | undefined)[],
    lanes: NumberLanes<More>,
    functions: SimdFunctions<More>,
  ) {
    this.#f = f;
    this.#inputs = inputs;
    this.#lanes = lanes;
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
    } else {
      if (node.kind === "constant") this.#lanes.constant(this.#f, node.value);
      else this.#call(node.fn, node.args);
      const local = this.#f.local("v128");
      this.#f.set(local);
      const isCondition = node.kind === "call" && signatures[node.fn].kind === "condition";
      this.#values.set(expr, { local, type: isCondition ? "condition" : this.#lanes.type });
    }
  }

  #numbers(args: readonly Expr[]): void {
    for (const arg of args) this.#lanes.push(this.#f, this.value(arg));
  }

  #truths(args: readonly Expr[]): void {
    for (const arg of args) pushConditions(this.#f, this.value(arg));
  }

  /** Leaves `fn(...args)` on the stack. */
  #call(fn: ScalarFunction, args: readonly Expr[]): void {
    const f = this.#f;
    const { integers } = this.#functions;
    if (fn === "where") this.#where(args);
    else if (logic[fn] !== undefined) {
      this.#truths(args);
      f.op(logic[fn]);
    } else if (!this.#bound(fn, args) && !integers?.compare(f, fn, args, (arg) => this.value(arg))) {
      this.#numbers(args);
      const emit = this.#lanes.instructions[fn] ?? this.#functions[fn];
      if (typeof emit === "function") emit(f);
      else if (emit !== undefined) f.op(emit);
    }
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
  #bound(fn: ScalarFunction, args: readonly Expr[]): boolean {
    if (this.#lanes !== floats || (fn !== "maximum" && fn !== "minimum")) return false;
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
}
