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

/** Rounds numbers, by the random choices of a seed. */
export class Rounder {
  readonly #sumsToNearest: boolean;
  #state: number;

  /** An even seed rounds totals to the nearest, as float32 does: of equal numbers each addition may then lose the same again. */
  constructor(seed: number) {
    this.#sumsToNearest = seed % 2 === 0;
    this.#state = seed;
  }

  /** One of the two float32 numbers beside a number; itself if it is one. */
  round(value: number): number {
    const near = Math.fround(value);
    if (near === value || !Number.isFinite(near)) return near;
    const far = neighbor(near, value > near);
    return this.#uniform() * Math.abs(far - near) < Math.abs(value - near) ? far : near;
  }

  /** What a sum has come to. */
  total(value: number): number {
    return this.#sumsToNearest ? Math.fround(value) : this.round(value);
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

  /** The numbers below `count` in some order: float32 may lose much in one order of adding up and nothing in another. */
  order(count: number): number[] {
    const order = Array.from({ length: count }, (_, index) => index);
    for (let left = count; left > 1; left--) {
      const other = Math.floor(this.#uniform() * left);
      const [last = 0, chosen = 0] = [order[left - 1], order[other]];
      order[left - 1] = chosen;
      order[other] = last;
    }
    return order;
  }

  /** From 0 to below 1. Source: T. Ettinger, mulberry32. */
  #uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
