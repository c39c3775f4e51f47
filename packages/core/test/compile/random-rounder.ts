// Arithmetic in float32 as it might have rounded: results, computed in float64, become one of the two float32 numbers beside them, at
// random, the nearer the likelier, so that on average nothing is lost.
// Sources: D. S. Parker, "Monte Carlo arithmetic", 1997; M. Croci et al., "Stochastic rounding: implementation, error analysis and
// applications", Royal Society Open Science 9 (2022).

import { isElementary } from "../../src/expr/elementary.ts";
import { type Expr, topological } from "../../src/expr/expr.ts";
import { evaluators } from "../../src/expr/javascript.ts";

const single = new Float32Array(1);
const bits = new Int32Array(single.buffer);

/** Whether float32 holds a number. */
export const isHeld = (value: number): boolean => Math.fround(value) === value || Number.isNaN(value);

/** The next float32 number above or below one. */
function neighbor(value: number, isAbove: boolean): number {
  if (value === 0) return isAbove ? 2 ** -149 : -(2 ** -149);
  single[0] = value;
  bits[0] = (bits[0] ?? 0) + (isAbove === value > 0 ? 1 : -1);
  return single[0];
}

/** Calculates by the random choices of a seed. */
export class Rounder {
  readonly #sumsToNearest: boolean;
  readonly #sumsAscend: boolean;
  #state: number;

  /**
   * Seeds differ in how they add up. Some round totals to the nearest, as float32 does: of equal numbers each addition may then lose the
   * same again. Some begin with the smallest, that is the most negative number: before a sum cancels it is as large as in any order.
   */
  constructor(seed: number) {
    this.#sumsToNearest = seed % 2 === 0;
    this.#sumsAscend = seed % 4 < 2;
    this.#state = seed;
  }

  /** One of the two float32 numbers beside a number; itself if it is one. */
  round(value: number): number {
    const near = Math.fround(value);
    if (near === value || !Number.isFinite(near)) return near;
    const far = neighbor(near, value > near);
    return this.#uniform() * Math.abs(far - near) < Math.abs(value - near) ? far : near;
  }

  /** A number moved up or down by at most the distance to the next one in float32. */
  moved(value: number): number {
    const near = Math.fround(value);
    if (near === 0 || !Number.isFinite(near)) return value;
    return value + (neighbor(near, near > 0) - near) * (2 * this.#uniform() - 1);
  }

  /**
   * The values of a formula for lists of operands. Each function in it rounds its result; elementary ones, such as exp, which no library
   * rounds correctly, are known to the next number only.
   */
  evaluate(
    root: Expr,
    operands: readonly Float64Array[],
    round = (value: number): number => this.round(value),
  ): Float64Array {
    const known = new Map<Expr, Float64Array>();
    const empty = new Float64Array(operands[0]?.length ?? 1);
    for (const expr of topological([root])) {
      const { node } = expr;
      if (node.kind === "input") known.set(expr, operands[node.index] ?? empty);
      else if (node.kind === "constant")
        known.set(
          expr,
          empty.map(() => round(node.value)),
        );
      else {
        const [a = empty, b = empty, c = empty] = node.args.map((argument) => known.get(argument));
        const compute = evaluators[node.fn];
        const exact = a.map((value, place) => compute(value, b[place] ?? 0, c[place] ?? 0));
        const blur = (value: number): number => (isHeld(value) ? value : this.moved(value));
        known.set(expr, exact.map(isElementary(node.fn) ? (value) => round(blur(value)) : round));
      }
    }
    return known.get(root) ?? empty;
  }

  /** Rows of `size` values folded into one, all places side by side, with every total on the way rounded. */
  fold(combine: Expr, init: number, values: Float64Array, size: number): Float64Array {
    const count = size === 0 ? 0 : values.length / size;
    const rows = this.#sumsAscend ? ascending(values, count, size) : values;
    const order = Array.from({ length: count }, (_, row) => row);
    const round = (value: number): number => (this.#sumsToNearest ? Math.fround(value) : this.round(value));
    let totals: Float64Array = new Float64Array(size).fill(init);
    for (const row of this.#sumsAscend ? order : this.#shuffled(order))
      totals = this.evaluate(combine, [totals, rows.subarray(row * size, (row + 1) * size)], round);
    return totals;
  }

  #shuffled(list: readonly number[]): readonly number[] {
    const places = list.map((value) => ({ value, place: this.#uniform() }));
    return places.sort((a, b) => a.place - b.place).map(({ value }) => value);
  }

  /** From 0 to below 1. Source: T. Ettinger, mulberry32. */
  #uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

/** The values of each place in the order of their size, the least in the first row. */
function ascending(values: Float64Array, count: number, size: number): Float64Array {
  const sorted = new Float64Array(values.length);
  for (let place = 0; place < size; place++) {
    const column = Float64Array.from({ length: count }, (_, row) => values[row * size + place] ?? 0).sort();
    for (const [row, value] of column.entries()) sorted[row * size + place] = value;
  }
  return sorted;
}
