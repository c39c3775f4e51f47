// Metamorphic relations: what must hold between results of an operator, whatever the numbers are. A relation gives pairs of results
// that must be equal; it is asked for random tensors, eagerly in float64 and, once, as a compiled program in float32.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import { type Tensor, tensor } from "../../src/index.ts";
import { firstDifference, flat, scattered } from "./reference.ts";

/** Where a relation's tensors and choices come from. */
export interface Random {
  /** A tensor of a shape, numbers between −scale and scale. */
  tensor(shape: readonly number[], scale?: number): Tensor;
  /** A whole number from low to high. */
  int(low: number, high: number): number;
  /** The whole numbers below `count` in some order. */
  order(count: number): Tensor;
}

/** Pairs that must be equal. */
export type Relation = (random: Random) => readonly (readonly [Tensor, Tensor])[];

/** The source that choices describe; `made` sees each tensor, and may give another for it. */
function randomFrom(choices: readonly number[], made: (x: Tensor) => Tensor): Random {
  let at = 0;
  const next = (): number => choices[at++ % choices.length] ?? 0;
  const int = (low: number, high: number): number => low + (next() % (high - low + 1));
  return {
    int,
    tensor: (shape, scale = 2) => {
      const size = shape.reduce((product, axis) => product * axis, 1);
      return made(tensor(Float64Array.from(scattered(size, scale, next())), { shape }));
    },
    order: (count) => {
      const ranks = scattered(count, 1, next());
      const order = ranks.map((_, index) => index).sort((a, b) => (ranks[a] ?? 0) - (ranks[b] ?? 0));
      return tensor(Int32Array.from(order));
    },
  };
}

const long = process.env["GRADUS_LONG"] === "1";
const choices = fc.array(fc.nat(999_999), { minLength: 24, maxLength: 24 });

function check(pairs: readonly (readonly [Tensor, Tensor])[], relative: number): void {
  expect(pairs.length).toBeGreaterThan(0);
  for (const [left, right] of pairs) {
    expect(left.shape).toEqual(right.shape);
    const wanted = flat(right);
    const scale = Math.max(1, ...wanted.map(Math.abs));
    expect(firstDifference(flat(left), wanted, relative, relative * scale)).toBeNull();
  }
}

/** A test for each relation. */
export function testRelations(title: string, relations: Readonly<Record<string, Relation>>): void {
  describe(title, () => {
    test.each(Object.entries(relations))("%s", (_, relation) => {
      fc.assert(
        fc.property(choices, (made) => check(relation(randomFrom(made, (x) => x)), 1e-9)),
        long ? { numRuns: 1000 } : { numRuns: 40, seed: 5 },
      );
      // Compiled, with the tensors as arguments: of constants a program would not compute anything.
      const [made = []] = fc.sample(choices, { numRuns: 1, seed: 4 });
      const given: Tensor[] = [];
      relation(randomFrom(made, (x) => given[given.push(x.cast("float32")) - 1] ?? x));
      const run = compile((...args: readonly Tensor[]) => {
        const next = args.values();
        return relation(randomFrom(made, (x) => next.next().value ?? x)).flat();
      });
      const found = run(...given);
      check(
        found.flatMap((left, index) => (index % 2 === 0 ? [[left, found[index + 1] ?? left] as const] : [])),
        3e-5,
      );
    });
  });
}
