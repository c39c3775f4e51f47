// Operators as random graphs use them: for each a way to apply it to values that are there, as a line of code. An operator whose
// value or gradient jumps is only applied where no value comes near the jump, so that rounding cannot decide.

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
const largest = (x: Known): number => numbers(x).reduce((most, number) => Math.max(most, Math.abs(number)), 0);
const off = (x: Known, jump: (number: number) => number): boolean =>
  numbers(x).every((number) => Math.abs(number - jump(number)) > NEAR);
const offZero = (x: Known): boolean => off(x, () => 0);

/** Whether no two values that meet are nearly equal. */
const apart = (a: Known, b: Known): boolean =>
  Array.from(a.value.sub(b.value).toTypedArray()).every((number) => Math.abs(number) > NEAR);

/** Whether along `axis` no two values are nearly equal. */
function distinct({ value }: Known): boolean {
  const sorted = Array.from(value.toTypedArray()).sort((a, b) => a - b);
  return sorted.every((number, index) => index === 0 || number - (sorted[index - 1] ?? 0) > NEAR);
}

const unary =
  (name: string, fits: (x: Known) => boolean = () => true, before = ""): Application =>
  (choices) => {
    const x = choices.floats();
    return fits(x) ? `${name}(${x.name}${before})` : null;
  };

const binary =
  (
    name: string,
    fits: (a: Known, b: Known) => boolean = () => true,
    before: readonly [string, string] = ["", ""],
  ): Application =>
  (choices) => {
    const a = choices.floats();
    const b = choices.partner(a);
    return fits(a, b) ? `${name}(${a.name}${before[0]}, ${b.name}${before[1]})` : null;
  };

const logical =
  (name: string): Application =>
  (choices) => {
    const a = choices.conditions() ?? choices.floats();
    if (a.value.dtype !== "bool" && !offZero(a)) return null;
    return name === "logicalNot" ? `${name}(${a.name})` : `${name}(${a.name}, ${a.name}.sum().gt(0.5))`;
  };

/** Axes of a shape: none, one, or several, some counted from the end. */
function axesOf({ pick }: Choices, rank: number): string {
  const all = Array.from({ length: rank }, (_, axis) => axis);
  const chosen = all.filter(() => pick(2) === 1);
  if (chosen.length === 0) return "undefined";
  const [first = 0] = chosen;
  return chosen.length === 1 ? String(pick(2) === 1 ? first - rank : first) : `[${chosen}]`;
}

const reduction =
  (name: string, fits: (x: Known) => boolean = () => true, options = ""): Application =>
  (choices) => {
    const x = choices.floats();
    if (!fits(x)) return null;
    const keepDims = choices.pick(2) === 1;
    return `${name}(${x.name}, ${axesOf(choices, x.value.rank)}, { keepDims: ${keepDims}${options} })`;
  };

const extreme =
  (name: string): Application =>
  (choices) => {
    const x = choices.floats();
    if (!distinct(x)) return null;
    const axis = choices.pick(x.value.rank + 1);
    return `${name}(${x.name}, ${axis === x.value.rank ? "undefined" : axis})`;
  };

const alongAxis =
  (name: string): Application =>
  (choices) => {
    const x = choices.floats();
    return x.value.rank === 0 ? null : `${name}(${x.name}, ${choices.pick(x.value.rank)})`;
  };

const formula =
  (make: (x: Known, choices: Choices) => string | null): Application =>
  (choices) =>
    make(choices.floats(), choices);

/** A number of shuffled axes. */
function shuffled({ pick }: Choices, rank: number): number[] {
  const order = Array.from({ length: rank }, (_, axis) => axis);
  for (let left = rank; left > 1; left--) {
    const [moved = 0] = order.splice(rank - 1 - pick(left), 1);
    order.unshift(moved);
  }
  return order;
}

const slices: readonly string[] = ["null", "0", "-1", "[1, null]", "[null, null, 2]", "[null, null, -1]", "[0, -1]"];

