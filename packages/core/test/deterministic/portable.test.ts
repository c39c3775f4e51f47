// The portable functions against true values (portable.txt, recorded by portable.py with mpmath in 1,300 bits), and against the values
// at zeros, infinities and NaN that the language fixes.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type ElementaryFunction, isElementary } from "../../src/expr/elementary.ts";
import { scalarFunctions } from "../../src/expr/expr.ts";
import { evaluators } from "../../src/expr/javascript.ts";
import { portableFunctions } from "../../src/expr/portable.ts";

interface Sample {
  readonly args: readonly number[];
  /** The nearest double to the truth, and the rest in units of its last place. */
  readonly nearest: number;
  readonly rest: number;
}

const view = new DataView(new ArrayBuffer(8));
const doubleOf = (hexadecimal: string): number => {
  view.setBigUint64(0, BigInt(`0x${hexadecimal}`));
  return view.getFloat64(0);
};
/** The gap between a double and the next, away from 0. */
const unitOf = (x: number): number => {
  view.setFloat64(0, Math.abs(x));
  view.setBigUint64(0, view.getBigUint64(0) + 1n);
  return view.getFloat64(0) - Math.abs(x);
};

const elementaryFunctions = scalarFunctions.filter(isElementary);
const samples = new Map<ElementaryFunction, Sample[]>(elementaryFunctions.map((name) => [name, []]));
for (const line of readFileSync(new URL("portable.txt", import.meta.url), "utf8")
  .trim()
  .split("\n")) {
  const [name = "", args = "", nearest = "", rest = ""] = line.split(" ");
  const fn = elementaryFunctions.find((each) => each === name);
  if (fn === undefined) throw new Error(`portable.txt: ${name} is no elementary function`);
  samples.get(fn)?.push({ args: args.split(",").map(Number), nearest: doubleOf(nearest), rest: Number(rest) / 1000 });
}

describe.each(elementaryFunctions)("%s", (name) => {
  const run = portableFunctions[name];

  test("is within two units in the last place of the truth", () => {
    const recorded = samples.get(name) ?? [];
    expect(recorded.length).toBeGreaterThan(20);
    for (const { args, nearest, rest } of recorded) {
      const [a = 0, b = 0] = args;
      const error = Math.abs((run(a, b) - nearest) / unitOf(nearest) - rest);
      expect(error, `${name}(${args})`).toBeLessThan(2);
    }
  });

  const { NaN: nan, POSITIVE_INFINITY: inf, MAX_VALUE: most, MIN_VALUE: least } = Number;
  const edges = [nan, inf, -inf, 0, -0, 1, -1, least, -least];
  const binary = name === "pow" || name === "atan2";

  test("has the values that the language fixes at the edges", () => {
    const more = binary
      ? [2, -2, 3, -3, 0.5, -0.5, most, -most]
      : name === "exp" || name === "cosh" || name === "sinh"
        ? [most, -most]
        : [];
    for (const a of [...edges, ...more]) {
      for (const b of binary ? [...edges, ...more] : [0]) {
        const expected = evaluators[name](a, b, 0);
        const got = run(a, b);
        // Where the value is no special one, engines may differ from it in the last bits.
        const special = !Number.isFinite(expected) || expected === 0 || Math.abs(expected) === 1;
        if (special) expect(got, `${name}(${a}, ${b})`).toBe(expected);
        else expect(Math.abs(got - expected), `${name}(${a}, ${b})`).toBeLessThanOrEqual(2 * unitOf(expected));
      }
    }
  });
});

test("whole powers of small numbers are exact", () => {
  for (const base of [2, 3, 5, -7, 10, 0.5]) {
    let exact = 1;
    for (let exponent = 0; exponent < 15; exponent++, exact *= base)
      expect(portableFunctions.pow(base, exponent)).toBe(exact);
  }
});

test("odd functions are odd, even ones even", () => {
  for (const x of [1e-3, 0.7, 2, 9.5, 100.25, 1e10]) {
    for (const name of ["sin", "tan", "atan", "sinh", "tanh", "erf"] as const) {
      expect(portableFunctions[name](-x, 0)).toBe(-portableFunctions[name](x, 0));
    }
    for (const name of ["cos", "cosh"] as const)
      expect(portableFunctions[name](-x, 0)).toBe(portableFunctions[name](x, 0));
  }
});
