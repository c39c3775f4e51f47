// The scalar language in JavaScript, twice: as source text, from which loops are generated, and as functions, for constants and
// for places where generating code is forbidden. Arithmetic is in double precision; a store rounds once.

import { isElementary, portable } from "./elementary.ts";
import { type Expr, type ScalarFunction, scalarFunctions, signatures, topological } from "./expr.ts";
import { erf, integerPower } from "./special.ts";

type Evaluator = (a: number, b: number, c: number) => number;

const bit = (value: boolean): number => (value ? 1 : 0);

/** The nearest integer, halves to the even one. */
const roundHalfEven = (a: number): number => {
  const nearest = Math.round(a);
  return Math.abs(a % 1) === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest;
};

/** a − b·⌊a/b⌋, with the sign of b. */
const floorMod = (a: number, b: number): number => {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
};

/** 1 / (1 + e⁻ᵃ), from the side on which the exponential is at most 1. */
const sigmoid = (a: number): number => {
  if (a >= 0) return 1 / (1 + Math.exp(-a));
  const e = Math.exp(a);
  return e / (1 + e);
};

/** The functions that Math lacks, or has otherwise. Conditions are 1 and 0. */
const own: Partial<Record<ScalarFunction, Evaluator>> = {
  neg: (a) => -a,
  sign: (a) => bit(a > 0) - bit(a < 0), // 0 for NaN, as in PyTorch
  erf,
  sigmoid,
  round: roundHalfEven,
  logicalNot: (a) => bit(!(a !== 0)),
  isNaN: (a) => bit(Number.isNaN(a)),
  isFinite: (a) => bit(Number.isFinite(a)),
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  // As in C and NumPy, where JavaScript has NaN: 1 to any power, and −1 to an infinite one, is 1.
  pow: (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY) ? 1 : a ** b),
  mod: floorMod,
  maximum: (a, b) => Math.max(a, b),
  minimum: (a, b) => Math.min(a, b),
  eq: (a, b) => bit(a === b),
  ne: (a, b) => bit(a !== b),
  lt: (a, b) => bit(a < b),
  le: (a, b) => bit(a <= b),
  gt: (a, b) => bit(a > b),
  ge: (a, b) => bit(a >= b),
  logicalAnd: (a, b) => bit(a !== 0 && b !== 0),
  logicalOr: (a, b) => bit(a !== 0 || b !== 0),
  logicalXor: (a, b) => bit((a !== 0) !== (b !== 0)),
  where: (a, b, c) => (a !== 0 ? b : c),
} satisfies Partial<Record<ScalarFunction, Evaluator>> & Record<Exclude<ScalarFunction, keyof Math>, Evaluator>;

/** Each function of the language on numbers. */
export const evaluators = /* @__PURE__ */ Object.fromEntries(
  scalarFunctions.map((fn) => [fn, own[fn] ?? Math[fn as ScalarFunction & keyof Math]]), // cast: what is not our own is Math's
) as Record<ScalarFunction, Evaluator>; // cast: one for each

type Signs = Partial<Record<ScalarFunction, string>>;

/** Functions written as operators, because engines compile those best; the rest is called by name. */
const operators: Signs = { add: "+", sub: "-", mul: "*", div: "/" };

/** Conditions, as JavaScript's own booleans. */
const comparisons: Signs = { eq: "===", ne: "!==", lt: "<", le: "<=", gt: ">", ge: ">=" };

/** What generated code may call: names, and the functions to bind them to. */
export interface Callables {
  readonly names: readonly string[];
  readonly values: readonly Evaluator[];
}

/** The functions that the code of {@link toJavaScript} calls by name, as things stand now. */
export function callables(): Callables {
  return {
    names: [...scalarFunctions.map((name) => `$${name}`), "$integerPower"],
    values: [...scalarFunctions.map(evaluator), integerPower],
  };
}

/** A function on numbers: Math's, or the portable one while that is asked for. */
const evaluator = (fn: ScalarFunction): Evaluator =>
  isElementary(fn) ? (portable()?.[fn] ?? evaluators[fn]) : evaluators[fn];

/** The nodes, of these in topological order, whose values are whole if all inputs are: their products and powers are those of integers. */
function wholeNodes(order: readonly Expr[]): ReadonlySet<Expr> {
  const whole = new Set<Expr>();
  for (const expr of order) {
    const { node } = expr;
    const isWhole = (arg: Expr): boolean => whole.has(arg);
    if (node.kind === "input" || (node.kind === "constant" && Number.isInteger(node.value))) whole.add(expr);
    else if (node.kind === "call") {
      const { fn, args } = node;
      const { kind } = signatures[fn];
      const closed = kind === "choice" ? args.slice(1).every(isWhole) : args.every(isWhole);
      if (kind === "condition" || (closed && (kind === "choice" || kind === "whole" || fn === "pow"))) whole.add(expr);
    }
  }
  return whole;
}

/** Formulas as JavaScript: statements that define the shared values, and one expression for each formula. */
export interface Source {
  readonly statements: readonly string[];
  readonly results: readonly string[];
}

/**
 * JavaScript for `roots`. `inputs` holds the text of each input; `integers` asks for 32-bit products and powers, which doubles would round.
 * A node used twice becomes a `const`; one used once is written in place.
 */
export function toJavaScript(roots: readonly Expr[], inputs: readonly string[], integers = false): Source {
  const order = topological(roots);
  const whole = wholeNodes(integers ? order : []);
  const uses = new Map<Expr, number>();
  const use = (expr: Expr): void => void uses.set(expr, (uses.get(expr) ?? 0) + 1);
  for (const { node } of order) if (node.kind === "call") for (const arg of node.args) use(arg);
  for (const root of roots) use(root);

  const statements: string[] = [];
  const text = new Map<Expr, string>();
  const truth = new Map<Expr, string>();
  const read = (expr: Expr | undefined): string => (expr === undefined ? "" : (text.get(expr) ?? ""));
  for (const expr of order) {
    const { node } = expr;
    if (node.kind === "constant") text.set(expr, literal(node.value));
    else if (node.kind === "input") text.set(expr, inputs[node.index] ?? "");
    else {
      const [a, b, c] = node.args;
      const condition = conditionOf(node.fn, read(a), read(b));
      let code: string;
      if (condition !== undefined) code = `(${condition} ? 1 : 0)`;
      else if (node.fn === "where") code = `(${(a && truth.get(a)) ?? `${read(a)} !== 0`} ? ${read(b)} : ${read(c)})`;
      else if (node.fn === "mul" && whole.has(expr)) code = `Math.imul(${read(a)}, ${read(b)})`;
      else if (node.fn === "pow" && whole.has(expr)) code = `$integerPower(${read(a)}, ${read(b)})`;
      else code = application(node.fn, node.args.map(read));
      if ((uses.get(expr) ?? 0) > 1) {
        statements.push(`const v${statements.length} = ${code};`);
        code = `v${statements.length - 1}`;
      } else if (condition !== undefined) truth.set(expr, condition);
      text.set(expr, code);
    }
  }
  return { statements, results: roots.map(read) };
}

function application(fn: ScalarFunction, args: readonly string[]): string {
  const operator = operators[fn];
  if (operator !== undefined) return `(${args.join(` ${operator} `)})`;
  return fn === "neg" ? `(-${args})` : `$${fn}(${args})`;
}

/** A condition as a boolean; undefined for functions that are none, and for those that are called. */
function conditionOf(fn: ScalarFunction, a: string, b: string): string | undefined {
  if (fn === "isNaN") return `${a} !== ${a}`;
  return comparisons[fn] && `${a} ${comparisons[fn]} ${b}`;
}

function literal(value: number): string {
  return value < 0 || Object.is(value, -0) ? `(${Object.is(value, -0) ? "-0" : value})` : String(value);
}

/** `roots` as one function of the inputs' values, without generated code: each node in turn on a list of values. */
export function interpret(
  roots: readonly Expr[],
  integers = false,
): (inputs: ArrayLike<number>, results: number[]) => void {
  const order = topological(roots);
  const whole = wholeNodes(integers ? order : []);
  const place = new Map(order.map((expr, index) => [expr, index]));
  const values = new Float64Array(order.length);
  const at = (expr: Expr | undefined): number => (expr === undefined ? 0 : (place.get(expr) ?? 0));
  const steps = order.map((expr, index): ((inputs: ArrayLike<number>) => void) => {
    const { node } = expr;
    if (node.kind === "constant")
      return () => {
        values[index] = node.value;
      };
    if (node.kind === "input")
      return (inputs) => {
        values[index] = inputs[node.index] ?? Number.NaN;
      };
    const [a, b, c] = [at(node.args[0]), at(node.args[1]), at(node.args[2])];
    const exact = node.fn === "mul" ? Math.imul : node.fn === "pow" ? integerPower : null;
    const run = exact !== null && whole.has(expr) ? exact : evaluator(node.fn);
    return () => {
      values[index] = run(values[a] ?? 0, values[b] ?? 0, values[c] ?? 0);
    };
  });
  const outputs = roots.map(at);
  return (inputs, results) => {
    for (const step of steps) step(inputs);
    for (let index = 0; index < outputs.length; index++) results[index] = values[outputs[index] ?? 0] ?? 0;
  };
}
