// How random graphs apply operators: to values that are there, as a line of code, and only where no value comes near a place at
// which the result or its gradient jumps, so that rounding cannot decide.

import type { Tensor } from "../../src/index.ts";

/** A value of a graph: the name under which code knows it, and what it is in float64. */
export interface Known {
  readonly name: string;
  readonly value: Tensor;
}

/** Where a random graph's choices come from, and the values that are there. */
export interface Choices {
  /** A whole number from 0 to below `count`; small ones are simple. */
  pick(count: number): number;
  /** A value of floats, of conditions, or of integers; the latest first. */
  floats(): Known;
  /** A value of floats whose shape broadcasts with this one. */
  partner(of: Known): Known;
  conditions(): Known | null;
  integers(): Known | null;
}

/** An application of an operator: code that gives the result, or null where it does not fit. */
export type Application = (choices: Choices) => string | null;

/** How near a value may come to a place where something jumps. */
const NEAR = 1e-3;

const numbers = ({ value }: Known): readonly number[] => Array.from(value.toTypedArray());
/** The greatest absolute value. */
export const largest = (x: Known): number => numbers(x).reduce((most, number) => Math.max(most, Math.abs(number)), 0);
/** Whether no value comes near its jump. */
export const off = (x: Known, jump: (number: number) => number): boolean =>
  numbers(x).every((number) => Math.abs(number - jump(number)) > NEAR);
/** Whether no value comes near 0. */
export const offZero = (x: Known): boolean => off(x, () => 0);

/** Whether no two values that meet are nearly equal. */
export const apart = (a: Known, b: Known): boolean =>
  Array.from(a.value.sub(b.value).toTypedArray()).every((number) => Math.abs(number) > NEAR);

/** Whether no two of the values are nearly equal. */
export function distinct({ value }: Known): boolean {
  const sorted = Array.from(value.toTypedArray()).sort((a, b) => a - b);
  return sorted.every((number, index) => index === 0 || number - (sorted[index - 1] ?? 0) > NEAR);
}

/** An operator of one value of floats. */
export const unary =
  (name: string, fits: (x: Known) => boolean = () => true, before = ""): Application =>
  (choices) => {
    const x = choices.floats();
    return fits(x) ? `${name}(${x.name}${before})` : null;
  };

/** Code from one value of floats. */
export const formula =
  (make: (x: Known, choices: Choices) => string | null): Application =>
  (choices) =>
    make(choices.floats(), choices);
