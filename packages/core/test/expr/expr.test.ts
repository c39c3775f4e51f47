// The scalar language: derivatives against difference quotients, algebra that changes no value, and two readings in JavaScript
// that agree to the bit.

import { describe, expect, test } from "vitest";
import { derivative } from "../../src/expr/derivative.ts";
import {
  call,
  constant,
  Expr,
  scalarFunctions as functions,
  input,
  inputsOf,
  reading,
  signatures,
  substitute,
  topological,
} from "../../src/expr/expr.ts";
import { readFormula } from "../../src/expr/formula.ts";
import { callables, evaluators, interpret, toJavaScript } from "../../src/expr/javascript.ts";
import { simplify } from "../../src/expr/simplify.ts";
import { closeNumber, scattered } from "../exam/reference.ts";

const symbols = [0, 1, 2].map((index) => input(index));

/** Runs a formula by its generated source, or null where the text cannot run. */
function generated(root: Expr, integers = false): (...values: number[]) => number {
  const { statements, results } = toJavaScript([root], ["a", "b", "c"], integers);
  const { names, values } = callables();
  const make = new Function(...names, `return (a, b, c) => { ${statements.join(" ")} return ${results[0]}; };`);
  return make(...values);
}

function interpreted(root: Expr, integers = false): (...values: number[]) => number {
  const run = interpret([root], integers);
  const results: number[] = [];
  return (...values) => {
    run(values, results);
    return results[0] ?? Number.NaN;
  };
}

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const edges = [nan, inf, -inf, 0, -0, 1, -1, 0.5, -0.5, 1.5, 2, -3, 1e-9, 800, -800];
const triples = scattered(60, 2.5, 3).map((a, index) => [
  a,
  scattered(60, 2.5, 4)[index] ?? 0,
  scattered(60, 2.5, 5)[index] ?? 0,
]);
const edgeTriples = edges.flatMap((a) =>
  edges.flatMap((b) => [
    [a, b, 0.5],
    [a, b, nan],
  ]),
);

describe.each(functions)("%s", (fn) => {
  const { arity } = signatures[fn];
  const root = call(fn, ...symbols.slice(0, arity));
  const value = interpreted(root);

  test("generated and interpreted agree on every edge", () => {
    const compiled = generated(root);
    for (const point of [...edgeTriples, ...triples]) expect(compiled(...point), `at ${point}`).toBe(value(...point));
  });

  test.each(Array.from({ length: arity }, (_, index) => index))("its derivative by input %d is the slope", (index) => {
    const slope = derivative(root, index);
    const run = slope === null ? () => 0 : generated(slope);
    const step = 1e-6;
    for (const point of triples) {
      const moved = (by: number): number => value(...point.map((x, other) => (other === index ? x + by : x)));
      const [ahead, here, behind] = [moved(step), moved(0), moved(-step)];
      if (![ahead, here, behind].every(Number.isFinite) || Math.abs(ahead - behind) > 0.3) continue; // outside its domain, or a jump
      const quotient = (ahead - behind) / (2 * step);
      const found = run(...point);
      if (!closeNumber(found, quotient, 1e-4, 1e-6)) expect.fail(`at ${point}: ${found}, not ${quotient}`);
    }
  });
});

/** A formula of random functions over three inputs and small constants. */
function randomFormula(seed: number, depth: number): Expr {
  const draws = scattered(400, 1, seed);
  let next = 0;
  const draw = (count: number): number => Math.floor((((draws[next++ % draws.length] ?? 0) + 1) / 2) * count);
  const grow = (level: number): Expr => {
    if (level === 0) return draw(2) === 0 ? (symbols[draw(3)] ?? input(0)) : constant([0, 1, -1, 2, 0.5][draw(5)] ?? 1);
    const fn = functions[draw(functions.length)] ?? "add";
    return call(
      fn,
      ...Array.from({ length: signatures[fn].arity }, () => grow(level - 1 - draw(2) * (level > 1 ? 1 : 0))),
    );
  };
  return grow(depth);
}

describe("random formulas", () => {
  const formulas = Array.from({ length: 300 }, (_, seed) => randomFormula(seed + 1, 4));

  test("keep their values when they are simplified", () => {
    let simpler = 0;
    for (const formula of formulas) {
      const copy = reading(simplify, () => substitute(formula, () => null));
      if (topological([copy]).length < topological([formula]).length) simpler++;
      const [before, after] = [interpreted(formula), interpreted(copy)];
      for (const point of [...triples.slice(0, 10), ...edgeTriples.filter((_, index) => index % 17 === 0)]) {
        const [wanted, found] = [before(...point), after(...point)];
        expect(
          found === wanted || (Number.isNaN(found) && Number.isNaN(wanted)),
          `${formula} at ${point}: ${found}, not ${wanted}`,
        ).toBe(true);
      }
    }
    expect(simpler).toBeGreaterThan(50);
  });

  test("are read alike by both JavaScripts", () => {
    for (const formula of formulas) {
      for (const integers of [false, true]) {
        const [compiled, stepwise] = [generated(formula, integers), interpreted(formula, integers)];
        const points = integers
          ? triples.map((point) => point.map((x) => Math.round(x * 1e5)))
          : [...triples, ...edgeTriples];
        const differing = points.slice(0, 40).filter((point) => !Object.is(compiled(...point), stepwise(...point)));
        if (differing.length > 0) expect.fail(`${formula} at ${differing.join(" and ")}`);
      }
    }
  });
});

describe("a formula that is read", () => {
  test("holds equal parts once", () => {
    const root = readFormula((x) => x.add(1).mul(x.add(1)).add(x.add(1)), 1);
    expect(topological([root]).length).toBe(5); // x, 1, x + 1, (x + 1)², the sum
    expect(toJavaScript([root], ["x"]).statements).toEqual(["const v0 = (x + 1);"]);
  });

  test("names the inputs that it mentions", () => {
    expect(inputsOf([readFormula((_, b, c) => c.sub(b.mul(2)), 3)])).toEqual([1, 2]);
    expect(String(readFormula((x, y) => x.exp().mul(y), 2))).toBe("mul(exp($0), $1)");
  });

  test.each<[string, (x: Expr) => Expr, string]>([
    ["x + 0", (x) => x.add(0), "$0"],
    ["x · 1", (x) => x.mul(1), "$0"],
    ["x · −1", (x) => x.mul(-1), "neg($0)"],
    ["−(−x)", (x) => x.neg().neg(), "$0"],
    ["x²", (x) => x.pow(2), "mul($0, $0)"],
    ["x · 0, which is NaN at infinity", (x) => x.mul(0), "mul($0, 0)"],
    ["2 · 3", (x) => constant(2).mul(3).add(x), "add(6, $0)"],
    ["a choice that is made", (x) => constant(1).where(x, x.exp()), "$0"],
  ])("simplifies %s", (_, formula, expected) => {
    expect(String(reading(simplify, () => formula(input(0))))).toBe(expected);
  });

  test("deep formulas need no deep stack", () => {
    let root: Expr = input(0);
    for (let index = 0; index < 50_000; index++) root = call("add", root, 1);
    expect(topological([root]).length).toBeGreaterThan(50_000);
    expect(interpreted(root)(1)).toBe(50_001);
    expect(derivative(root, 0)).not.toBeNull();
  });
});

test("vocabulary, evaluators and methods are one list", () => {
  expect(Object.keys(evaluators).sort()).toEqual([...functions].sort());
  for (const fn of functions) expect(typeof Reflect.get(Expr.prototype, fn), fn).toBe("function");
});
