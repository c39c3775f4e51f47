// The scalar language: a formula on numbers, written once and read many times. An Expr is a node of its graph; the vocabulary
// below is shared with Tensor, so that the same function can be read as a formula (and become a loop, or its derivative) or be
// run on tensors. Nodes made while one formula is read are shared, so equal subexpressions are one node.

import { describe, OptionError } from "../errors.ts";
import type { Words } from "../words.ts";

// The functions of the scalar language, by what they give and their number of arguments. Everything else is written in terms of these.
//   whole       whole numbers for whole numbers
//   fraction    the nearest number to the true one, on every engine
//   elementary  a number whose last bits JavaScript leaves to each engine
//   condition   1 or 0
//   choice      one of its arguments
const FUNCTIONS = [
  ["whole", 1, "neg abs sign floor ceil round trunc"],
  ["whole", 2, "add sub mul mod maximum minimum"],
  ["fraction", 1, "sqrt"],
  ["fraction", 2, "div"],
  ["elementary", 1, "exp expm1 log log1p log2 sin cos tan asin acos atan sinh cosh tanh erf sigmoid"],
  ["elementary", 2, "pow atan2"],
  ["condition", 1, "logicalNot isNaN isFinite"],
  ["condition", 2, "eq ne lt le gt ge logicalAnd logicalOr logicalXor"],
  ["choice", 3, "where"],
] as const;

type Row = (typeof FUNCTIONS)[number];

/** What a function of the scalar language gives. */
export type FunctionKind = Row[0];

/** The names of the functions of a kind and a number of arguments; of all by default. */
export type ScalarFunction<Kind extends FunctionKind = FunctionKind, Arity extends number = number> = Words<
  Extract<Row, readonly [Kind, Arity, string]>[2]
>;

/** What a function gives, and its number of arguments. */
interface Signature {
  readonly kind: FunctionKind;
  readonly arity: number;
}

/** The signature of each function of the language. */
export const signatures = /* @__PURE__ */ Object.fromEntries(
  FUNCTIONS.flatMap(([kind, arity, names]) => names.split(" ").map((name) => [name, { kind, arity }])),
) as Readonly<Record<ScalarFunction, Signature>>; // cast: the names of the rows are its keys

/** The functions of the language. */
export const scalarFunctions = /* @__PURE__ */ Object.keys(signatures) as ScalarFunction[]; // cast: its own keys

/** What a formula may say of its values. Tensor and Expr both implement it. */
export interface Vocabulary<T> {
  /** −x */
  neg(): T;
  /** |x| */
  abs(): T;
  /** −1, 0 or 1: on which side of 0 x lies. */
  sign(): T;
  /** eˣ */
  exp(): T;
  /** eˣ − 1, exact near 0. */
  expm1(): T;
  /** ln x */
  log(): T;
  /** ln(1 + x), exact near 0. */
  log1p(): T;
  /** log₂ x */
  log2(): T;
  /** √x */
  sqrt(): T;
  /** sin x, x in radians. */
  sin(): T;
  /** cos x, x in radians. */
  cos(): T;
  /** tan x, x in radians. */
  tan(): T;
  /** arcsin x, in [−π/2, π/2]; NaN outside [−1, 1]. */
  asin(): T;
  /** arccos x, in [0, π]; NaN outside [−1, 1]. */
  acos(): T;
  /** arctan x, in (−π/2, π/2). */
  atan(): T;
  /** (eˣ − e⁻ˣ) / 2 */
  sinh(): T;
  /** (eˣ + e⁻ˣ) / 2 */
  cosh(): T;
  /** (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ) */
  tanh(): T;
  /** The error function, 2/√π · ∫₀ˣ e^(−t²) dt. */
  erf(): T;
  /** 1 / (1 + e⁻ˣ) */
  sigmoid(): T;
  /** ⌊x⌋, the greatest whole number ≤ x. */
  floor(): T;
  /** ⌈x⌉, the least whole number ≥ x. */
  ceil(): T;
  /** The nearest whole number, halves to the even one. */
  round(): T;
  /** x without its fraction, towards 0. */
  trunc(): T;
  /** 1 where x is 0, else 0. */
  logicalNot(): T;
  /** 1 where x is NaN, else 0. */
  isNaN(): T;
  /** 1 where x is neither NaN nor infinite, else 0. */
  isFinite(): T;
  /** x² */
  square(): T;
  /** 1/x */
  reciprocal(): T;
  /** 1/√x */
  rsqrt(): T;
  /** x + other */
  add(other: T | number): T;
  /** x − other */
  sub(other: T | number): T;
  /** x · other */
  mul(other: T | number): T;
  /** x / other */
  div(other: T | number): T;
  /** x to the power of `exponent`; NaN for x < 0 with a fraction as exponent. */
  pow(exponent: T | number): T;
  /** x − divisor · ⌊x / divisor⌋: the remainder, with the sign of the divisor. */
  mod(divisor: T | number): T;
  /** The greater of the two; NaN if one is. */
  maximum(other: T | number): T;
  /** The smaller of the two; NaN if one is. */
  minimum(other: T | number): T;
  /** The angle of the point (other, x), in [−π, π]. */
  atan2(other: T | number): T;
  /** 1 where x = other, else 0. */
  eq(other: T | number): T;
  /** 1 where x ≠ other, else 0. */
  ne(other: T | number): T;
  /** 1 where x < other, else 0. */
  lt(other: T | number): T;
  /** 1 where x ≤ other, else 0. */
  le(other: T | number): T;
  /** 1 where x > other, else 0. */
  gt(other: T | number): T;
  /** 1 where x ≥ other, else 0. */
  ge(other: T | number): T;
  /** 1 where neither is 0, else 0. */
  logicalAnd(other: T | number): T;
  /** 1 where at least one is not 0, else 0. */
  logicalOr(other: T | number): T;
  /** 1 where exactly one is not 0, else 0. */
  logicalXor(other: T | number): T;
  /** This value as a condition: `a` where it is not 0, `b` elsewhere. */
  where(a: T | number, b: T | number): T;
}

/** What an Expr is: an input by its index, a constant, or a function of other Exprs. */
type ExprNode =
  | { readonly kind: "input"; readonly index: number }
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "call"; readonly fn: ScalarFunction; readonly args: readonly Expr[] };

/** A simpler form of `fn(...args)`, or null if there is none. */
export type Simplifier = (fn: ScalarFunction, args: readonly Expr[]) => Expr | null;

let ids = 0;
let scope: { readonly nodes: Map<string, Expr>; readonly simplify: Simplifier } | null = null;

/** Runs `read` so that equal nodes made within it are one object, and each new one is simplified. */
export function reading<R>(simplify: Simplifier, read: () => R): R {
  const outer = scope;
  scope = { nodes: outer?.nodes ?? new Map(), simplify };
  try {
    return read();
  } finally {
    scope = outer;
  }
}

function intern(key: string, node: ExprNode): Expr {
  const known = scope?.nodes.get(key);
  if (known !== undefined) return known;
  const made = new Expr(node);
  scope?.nodes.set(key, made);
  return made;
}

/** The formula's input number `index`. */
export function input(index: number): Expr {
  return intern(`$${index}`, { kind: "input", index });
}

/** A number. */
export function constant(value: number): Expr {
  return intern(Object.is(value, -0) ? "-0" : String(value), { kind: "constant", value });
}

/** The value, if it is a formula. @throws OptionError for anything else: only programs without types have it here */
export function checkFormula(owner: string, value: unknown): Expr {
  if (value instanceof Expr) return value;
  const advice = "a formula is made of its inputs and numbers; pass tensors as inputs";
  throw new OptionError(`${owner}: got ${describe(value)} in a formula: ${advice}`);
}

/** `fn(...args)`, simplified where that changes no value. */
export function call(fn: ScalarFunction, ...args: readonly (Expr | number)[]): Expr {
  const operands = args.map((arg) => (typeof arg === "number" ? constant(arg) : checkFormula(fn, arg)));
  return (
    scope?.simplify(fn, operands) ??
    intern(`${fn}(${operands.map((arg) => arg.id)})`, { kind: "call", fn, args: operands })
  );
}

/** The methods of {@link Vocabulary}. */
export interface Expr extends Vocabulary<Expr> {}

/** A scalar formula, as a node of its graph. It has a method for each function of the language: `a.add(b)` is `call("add", a, b)`. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: it has every method of the vocabulary, by the table or below
export class Expr {
  static {
    for (const fn of scalarFunctions) {
      Expr.prototype[fn] = function (...others: readonly (Expr | number)[]) {
        return call(fn, this, ...others);
      };
    }
  }

  readonly node: ExprNode;
  readonly id: number = ids++;

  constructor(node: ExprNode) {
    this.node = node;
  }

  /** The number that this is, or null if it is no constant. */
  get value(): number | null {
    return this.node.kind === "constant" ? this.node.value : null;
  }

  square(): Expr {
    return this.mul(this);
  }
  reciprocal(): Expr {
    return constant(1).div(this);
  }
  rsqrt(): Expr {
    return this.sqrt().reciprocal();
  }

  /** `mul(exp($0), 2)`: the formula as text. */
  toString(): string {
    const { node } = this;
    if (node.kind === "input") return `$${node.index}`;
    return node.kind === "constant" ? String(node.value) : `${node.fn}(${node.args.join(", ")})`;
  }
}

/** The nodes that `roots` consist of, each once, arguments before their users. */
export function topological(roots: readonly Expr[]): Expr[] {
  const order: Expr[] = [];
  const seen = new Set<Expr>();
  const stack: { expr: Expr; next: number }[] = [];
  const enter = (expr: Expr): void => {
    if (seen.has(expr)) return;
    seen.add(expr);
    stack.push({ expr, next: 0 });
  };
  for (const root of roots) {
    enter(root);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const { node } = top.expr;
      const argument = node.kind === "call" ? node.args[top.next++] : undefined;
      if (argument !== undefined) enter(argument);
      else order.push((stack.pop() ?? top).expr);
    }
  }
  return order;
}

/** `expr` with nodes replaced: the mapping is asked for every node, from the arguments to their users; null keeps it. */
export function substitute(expr: Expr, replace: (expr: Expr) => Expr | null): Expr {
  const made = new Map<Expr, Expr>();
  for (const node of topological([expr])) {
    const replacement = replace(node);
    if (replacement !== null) made.set(node, replacement);
    else if (node.node.kind === "call")
      made.set(node, call(node.node.fn, ...node.node.args.map((arg) => made.get(arg) ?? arg)));
    else made.set(node, node);
  }
  return made.get(expr) ?? expr;
}

/** The indices of the inputs that `roots` mention, in order. */
export function inputsOf(roots: readonly Expr[]): number[] {
  const indices = topological(roots).flatMap(({ node }) => (node.kind === "input" ? [node.index] : []));
  return indices.sort((a, b) => a - b);
}
