// Reading, adding and searching at indices, compiled: the same numbers as eagerly, for rows long and short, whatever axis; indices
// out of range are refused before anything is changed; and kernels leave the same bits for any number of threads.

import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import {
  addAlongAxis,
  argMax,
  argMin,
  DataError,
  embedding,
  Generator,
  gather,
  grad,
  normal,
  oneHot,
  randint,
  scatterAdd,
  type Tensor,
  takeAlongAxis,
  tensor,
  Variable,
} from "../../src/index.ts";

const generator = new Generator(7);
const values = (...shape: number[]): Tensor => normal(shape, { generator });
const indices = (size: number, ...shape: number[]): Tensor => randint(shape, { low: -size, high: size, generator });
const places = (size: number, ...shape: number[]): Tensor => randint(shape, { high: size, generator });

/** Compares a compiled function with itself run eagerly; nothing but the check of indices may run eagerly in the program. */
function agrees<A extends readonly Tensor[]>(f: (...args: A) => Tensor, ...args: A): void {
  const program = compile(f);
  const [found, wanted] = [program(...args).toTypedArray(), f(...args).toTypedArray()];
  const scale = Math.max(1e-30, ...Array.from(wanted, Math.abs).filter(Number.isFinite));
  expect(found.length).toBe(wanted.length);
  for (const [at, value] of wanted.entries())
    if (!Object.is(value, found[at])) expect(Math.abs(value - (found[at] ?? Number.NaN)) / scale).toBeLessThan(1e-6);
  const eager = program.programs[0]?.explain().match(/\w+ has no kernel here/g) ?? [];
  expect(eager.filter((line) => !line.startsWith("indices"))).toEqual([]);
}

describe("compiled as eagerly", () => {
  test.each([
    [[11], [7], 0],
    [[9, 3], [4, 2], 0],
    [[9, 64], [130], 0],
    [[6, 100], [33], 0],
    [[3, 5, 7], [9], 1],
    [[4, 6], [5], 1],
  ])("gather and scatterAdd on %j with indices %j, axis %i", (shape, count, axis) => {
    const size = shape[axis] ?? 1;
    const chosen = indices(size, ...count);
    agrees((x, at) => gather(x, at, axis), values(...shape), chosen);
    const updates = values(...shape.slice(0, axis), ...count, ...shape.slice(axis + 1));
    agrees((u, at) => scatterAdd(u, at, shape, axis), updates, chosen);
  });

  test("scatterAdd of ten thousand updates to one place keeps its digits", () => {
    const step = compile((u: Tensor, at: Tensor) => scatterAdd(u, at, [3]));
    const sum = step(tensor(new Float32Array(10_000).fill(0.1)), tensor(new Int32Array(10_000).fill(1)));
    expect(sum.toArray()).toEqual([0, Math.fround(10_000 * Math.fround(0.1)), 0]);
  });

  test.each([
    [[4, 5], [4, 3], 1],
    [[4, 5], [6, 5], 0],
    [[2, 3, 4], [2, 7, 4], 1],
    [[5], [9], 0],
  ])("takeAlongAxis and addAlongAxis on %j with indices %j, axis %i", (shape, count, axis) => {
    const chosen = indices(shape[axis] ?? 1, ...count);
    agrees((x, at) => takeAlongAxis(x, at, axis), values(...shape), chosen);
    agrees((x, at, u) => addAlongAxis(x, at, u, axis), values(...shape), chosen, values(...count));
  });

  test.each([
    [[7], 0],
    [[5, 10], 1],
    [[5, 16], -1],
    [[6, 3], 1],
    [[9, 13], 0],
    [[3, 8, 5], 1],
    [[2, 1, 6], 1],
  ])("argMax and argMin on %j, axis %i, ties and NaN included", (shape, axis) => {
    const size = shape.reduce((product, axisSize) => product * axisSize, 1);
    const special = [0, -0, 1, 1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1];
    for (const picks of [places(8, size), places(4, size), places(1, size).add(6)]) {
      const x = tensor(Float32Array.from(picks.toTypedArray(), (pick) => special[pick] ?? 0)).reshape(shape);
      for (const selectLast of [false, true]) {
        agrees((y) => argMax(y, axis, { selectLast }), x);
        agrees((y) => argMin(y, axis, { selectLast }), x);
      }
    }
  });

  test("oneHot along any axis, with other values and dtypes", () => {
    const labels = places(5, 4, 3);
    agrees((at) => oneHot(at, 5), labels);
    agrees((at) => oneHot(at, 5, { axis: 0, values: [-1, 2.5] }), labels);
    agrees((at) => oneHot(at, 5, { axis: 1, dtype: "int32" }), labels);
  });
});

test("an index out of range is refused before anything is changed, and the next call works", () => {
  const weight = new Variable(normal([6, 8], { generator }));
  const before = weight.toArray();
  const step = compile((at: Tensor) => {
    const gradient = grad((table: Tensor<readonly [6, 8]>) => embedding(table, at).square().sum())(weight);
    weight.assign(weight.sub(gradient.mul(0.1)));
  });
  expect(() => step(tensor([1, 6], { dtype: "int32" }))).toThrow(DataError);
  expect(weight.toArray()).toEqual(before);
  step(tensor([1, 5], { dtype: "int32" }));
  expect(weight.toArray()).not.toEqual(before);
});
