// The scalar language: a formula on numbers, written once and read many times. An Expr is a node of its graph; the vocabulary
// below is shared with Tensor, so that the same function can be read as a formula (and become a loop, or its derivative) or be
// run on tensors. Nodes made while one formula is read are shared, so equal subexpressions are one node.

import { describe, OptionError } from "../errors.ts";

/** The functions of the scalar language, with their number of arguments. Everything else is written in terms of these. */
export const arities = {
  neg: 1,
  abs: 1,
  sign: 1,
  exp: 1,
  expm1: 1,
  log: 1,
  log1p: 1,
  log2: 1,
  sqrt: 1,
  sin: 1,
  cos: 1,
  tan: 1,
  asin: 1,
  acos: 1,
  atan: 1,
  sinh: 1,
  cosh: 1,
  tanh: 1,
  erf: 1,
  sigmoid: 1,
  floor: 1,
  ceil: 1,
  round: 1,
  trunc: 1,
  logicalNot: 1,
  isNaN: 1,
  isFinite: 1,
  add: 2,
  sub: 2,
  mul: 2,
  div: 2,
  pow: 2,
  mod: 2,
  maximum: 2,
  minimum: 2,
  atan2: 2,
  eq: 2,
  ne: 2,
  lt: 2,
  le: 2,
  gt: 2,
  ge: 2,
  logicalAnd: 2,
  logicalOr: 2,
  logicalXor: 2,
  where: 3,
} as const;

/** The name of a function of the scalar language. */
export type ScalarFunction = keyof typeof arities;

/** What a formula may say of its values. Tensor and Expr both implement it. */
export interface Vocabulary<T> {
  neg(): T;
  abs(): T;
  sign(): T;
  exp(): T;
  expm1(): T;
  log(): T;
  log1p(): T;
  log2(): T;
  sqrt(): T;
  sin(): T;
  cos(): T;
  tan(): T;
  asin(): T;
  acos(): T;
  atan(): T;
  sinh(): T;
  cosh(): T;
  tanh(): T;
  erf(): T;
  sigmoid(): T;
  floor(): T;
  ceil(): T;
  round(): T;
  trunc(): T;
  logicalNot(): T;
  isNaN(): T;
  isFinite(): T;
  square(): T;
  reciprocal(): T;
  rsqrt(): T;
  add(other: T | number): T;
  sub(other: T | number): T;
  mul(other: T | number): T;
  div(other: T | number): T;
  pow(exponent: T | number): T;
  mod(divisor: T | number): T;
  maximum(other: T | number): T;
  minimum(other: T | number): T;
  atan2(other: T | number): T;
  eq(other: T | number): T;
  ne(other: T | number): T;
  lt(other: T | number): T;
  le(other: T | number): T;
  gt(other: T | number): T;
  ge(other: T | number): T;
  logicalAnd(other: T | number): T;
  logicalOr(other: T | number): T;
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
    // cast: the table's own keys
    for (const fn of Object.keys(arities) as ScalarFunction[]) {
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
