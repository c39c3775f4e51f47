// What every elementwise operator must give: the value of its formula, in every dtype, and PyTorch's values and slopes.

import { describe, expect, test } from "vitest";
import { scalarFunctions } from "../../src/expr/expr.ts";
import { DataError, type DType, ones, Tensor, tensor, vjp } from "../../src/index.ts";
import { oracle, weightsOf } from "../oracle/oracle.ts";
import { closeNumber, firstDifference, flat, scattered } from "./reference.ts";
import { apply, arityOf, type Entry, operatorsOf } from "./registry.ts";

const operators = operatorsOf("elementwise", "activations", "gated-activations");
/** Those that compute nothing, so that bytes and booleans stay what they are. */
const choices = ["where", "maskedFill"];
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const edges = [nan, inf, -inf, 0, -0, 1, -1, 0.5, -0.5, 2, -2.5, 1e-8, 709, -1000, 1e300];

/** One tensor for each input, all of one length, that pair every edge with every other. */
function inputsFor(entry: Entry, values: readonly number[], dtype: DType = "float64"): Tensor[] {
  const size = values.length;
  const length = arityOf(entry) === 1 ? size : size * size;
  const place = [(k: number) => k % size, (k: number) => Math.floor(k / size), (k: number) => (k * 7 + 3) % size];
  return place.slice(0, arityOf(entry)).map((at) => {
    const list = Array.from({ length }, (_, k) => values[at(k)] ?? nan);
    return tensor(list, { dtype });
  });
}

/** A formula's text from the source, as a function that tensors can be put into. */
function compileFormula(text: string): (...inputs: readonly unknown[]) => unknown {
  return new Function(`"use strict"; return (${text});`)();
}

describe.each(operators)("$name", (entry) => {
  test("is its formula, read with tensors", () => {
    const { forward } = entry.formulas;
    if (forward === null && entry.module.endsWith("activations")) return; // a formula that options are put into
    if (scalarFunctions.some((fn) => fn === entry.name)) return; // one function of the language: expr.test.ts examines it
    if (forward === null) throw new Error(`${entry.name} has no formula`);
    const inputs = inputsFor(entry, edges);
    const second = compileFormula(forward)(...inputs);
    if (!(second instanceof Tensor)) throw new Error(`the formula ${forward} gave no tensor`);
    expect(firstDifference(flat(apply(entry, ...inputs)), flat(second), 1e-14, 0)).toBeNull();
  });

  test("has the slope of its gradient formula, read with tensors", () => {
    const { gradient } = entry.formulas;
    if (gradient === null) return; // found symbolically: gradcheck examines it
    const inputs = inputsFor(entry, edges);
    const { value, pullback } = vjp((...xs) => apply(entry, ...xs), ...inputs);
    const dy = weightsOf(value.shape);
    const second = compileFormula(gradient)(dy, inputs, value);
    if (!Array.isArray(second)) throw new Error(`the formula ${gradient} gave no list`);
    for (const [index, found] of pullback(dy).entries()) {
      const wanted: unknown = second[index];
      const values = wanted instanceof Tensor ? flat(wanted) : flat(found).map(() => 0);
      expect(firstDifference(flat(found), values, 1e-13, 0), `input ${index}`).toBeNull();
    }
  });

  test.each([1, 30, 1e4])("is right to float32's last places for inputs up to %d", (scale) => {
    const single = Array.from({ length: arityOf(entry) }, (_, index) => tensor(scattered(300, scale, index + 1)));
    const double = single.map((x) => x.cast("float64"));
    const [found, wanted] = [apply(entry, ...single), apply(entry, ...double)];
    expect(found.dtype).toBe(wanted.dtype === "bool" ? "bool" : "float32");
    expect(firstDifference(flat(found), flat(wanted).map(Math.fround), 2e-6, 1e-7)).toBeNull();
  });

  const whole = arityOf(entry) === 1 ? [-2, -1, 1, 2, 3, 5] : [1, 2, 3, 5];
  const exact = apply(entry, ...inputsFor(entry, whole));
  // Where whole numbers give whole numbers the result stays an integer; where they do not it is a float.
  const arithmetic = exact.dtype === "bool" ? "bool" : flat(exact).every(Number.isInteger) ? "int32" : "float32";
  test.each<[DType, DType]>([
    ["int32", arithmetic],
    ["uint8", choices.includes(entry.name) ? "uint8" : arithmetic],
  ])("of %s is %s", (dtype, expected) => {
    const values = dtype === "uint8" ? whole.map(Math.abs) : whole;
    const found = apply(entry, ...inputsFor(entry, values, dtype));
    expect(found.dtype).toBe(expected);
    expect(firstDifference(flat(found), flat(apply(entry, ...inputsFor(entry, values))), 2e-6)).toBeNull();
  });

  test("of booleans is what it is of 0 and 1", () => {
    if (entry.name === "mod") {
      expect(() => apply(entry, ...inputsFor(entry, [0, 1], "bool"))).toThrow(DataError);
      return;
    }
    const found = apply(entry, ...inputsFor(entry, [0, 1], "bool"));
    const wanted = apply(entry, ...inputsFor(entry, [0, 1], "int32"));
    expect(found.dtype).toBe(choices.includes(entry.name) ? "bool" : wanted.dtype);
    expect(firstDifference(flat(found), flat(wanted), 0)).toBeNull();
  });
});

describe("PyTorch's values and slopes", () => {
  const recordedOperators = operators.filter(({ name }) => name in oracle.unary || name in oracle.binary);

  test("are recorded for the operators that it has", () => expect(recordedOperators.length).toBeGreaterThan(45));

  test.each(recordedOperators)("$name", (entry) => {
    const record = oracle.unary[entry.name] ?? oracle.binary[entry.name];
    const grid = arityOf(entry) === 1 ? [oracle.points] : oracle.grid;
    const inputs = grid.map((values) => tensor(Float64Array.from(values)));
    const { value, pullback } = vjp((...xs) => apply(entry, ...xs), ...inputs);
    expect(firstDifference(flat(value), record?.y ?? [], 1e-13, 1e-300)).toBeNull();
    if (value.dtype === "bool") return;
    for (const [index, slope] of pullback(ones(value.shape, { dtype: "float64" })).entries()) {
      for (const [at, found] of flat(slope).entries()) {
        const point = grid.map((values) => values[at] ?? nan);
        const wanted = record?.dx[index]?.[at] ?? nan;
        if (settled(point, wanted))
          expect(closeNumber(found, wanted, 1e-12, 1e-300), `d${index} at ${point}: ${found}, not ${wanted}`).toBe(
            true,
          );
      }
    }
  });
});

/** Whether a slope at a point is settled: of NaN it is not, nor at infinity for several inputs or where PyTorch itself has NaN. */
function settled(point: readonly number[], slope: number): boolean {
  return point.every(Number.isFinite) || (point.length === 1 && !Number.isNaN(point[0]) && !Number.isNaN(slope));
}
