// The order of lines of every length, short and long ones being sorted in different ways: against a stable sort by its definition.

import { expect, test } from "vitest";
import { argSort, type DType, tensor } from "../../src/index.ts";
import { flat, scattered } from "../exam/reference.ts";

/** A comparison with NaN as the greatest. */
const compare = (a: number, b: number): number =>
  Number.isNaN(a) || Number.isNaN(b) ? Number(Number.isNaN(a)) - Number(Number.isNaN(b)) : a - b;

test.each<[DType, boolean]>([
  ["float32", false],
  ["float32", true],
  ["float64", false],
  ["float64", true],
  ["int32", false],
  ["uint8", true],
])("lines of %s, descending %s", (dtype, descending) => {
  const isFloat = dtype === "float32" || dtype === "float64";
  const odd = isFloat ? [Number.NaN, -0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] : [0, 7, 255];
  for (const size of [0, 1, 2, 5, 47, 48, 49, 130]) {
    // Few different values, so that there are equals.
    const drawn = scattered(3 * size, 4, size + 1).map((value) =>
      isFloat ? Math.round(value * 4) / 4 : Math.round(value + 4),
    );
    const values = drawn.map((value, index) => (index % 3 === 1 ? (odd[index % odd.length] ?? value) : value));
    const expected = [0, 1, 2].flatMap((row) => {
      const line = values.slice(row * size, (row + 1) * size);
      return [...line.keys()].sort((a, b) => (descending ? -1 : 1) * compare(line[a] ?? 0, line[b] ?? 0) || a - b);
    });
    const x = tensor(Float64Array.from(values), { shape: [3, size] }).cast(dtype);
    expect(flat(argSort(x, { descending })), `size ${size}`).toEqual(expected);
  }
});
