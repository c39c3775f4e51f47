// Elementwise operators on every arrangement of their inputs: broadcast, empty, transposed, sliced, reversed, repeated; and the path
// without generated code, which must give the same bits.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { setCodeGeneration } from "../../src/engine/codegen.ts";
import { type DType, ShapeError, type Tensor, tensor, vjp } from "../../src/index.ts";
import { count, expand, firstDifference, flat, gatherBack, identical, joint, scattered } from "./reference.ts";
import { apply, arityOf, operatorsOf } from "./registry.ts";

const operators = operatorsOf("elementwise", "activations", "gated-activations");
const shapes = [[], [1], [3], [2, 1], [2, 3], [0, 3]];

/** Every choice of `arity` of the shapes; for three inputs the first is always the whole. */
function combinations(arity: number): number[][][] {
  if (arity === 1) return shapes.map((shape) => [shape]);
  const pairs = shapes.flatMap((a) => shapes.map((b) => [a, b]));
  return arity === 2 ? pairs : pairs.map(([a = [], b = []]) => [a, [2, 3], b]);
}

const filled = (shape: readonly number[], seed: number): Tensor =>
  tensor(Float64Array.from(scattered(count(shape), 2, seed)), { shape });

describe.each(operators)("$name broadcasts", (entry) => {
  test.each(combinations(arityOf(entry)).map((shapesOf) => ({ shapes: shapesOf, title: JSON.stringify(shapesOf) })))(
    "$title",
    ({ shapes: given }) => {
      const inputs = given.map((shape, index) => filled(shape, index + 1));
      const target = joint(...given);
      // A learned slope must not stretch what it belongs to.
      const stretched = entry.name === "prelu" && String(target) !== String(given[0]);
      if (target === null || stretched) {
        expect(() => apply(entry, ...inputs)).toThrow(ShapeError);
        return;
      }
      // The truth: every input written out in full, so that nothing is left to broadcast.
      const whole = inputs.map((x) => tensor(Float64Array.from(expand(flat(x), x.shape, target)), { shape: target }));
      const found = vjp((...xs) => apply(entry, ...xs), ...inputs);
      const wanted = vjp((...xs) => apply(entry, ...xs), ...whole);
      expect(found.value.shape).toEqual(target);
      expect(identical(found.value, wanted.value)).toBe(true);
      if (found.value.dtype === "bool") return;
      const dy = filled(target, 9);
      for (const [index, gradient] of found.pullback(dy).entries()) {
        const full = flat(wanted.pullback(dy)[index] ?? gradient);
        expect(gradient.shape).toEqual(given[index]);
        expect(firstDifference(flat(gradient), gatherBack(full, target, given[index] ?? []), 1e-12)).toBeNull();
      }
    },
  );
});

/** Arrangements of 24 numbers that are not simply in order. */
const views: readonly (readonly [string, (x: Tensor) => Tensor])[] = [
  ["transposed", (x) => x.reshape([4, 6]).transpose()],
  ["permuted", (x) => x.reshape([2, 3, 4]).permute([2, 0, 1])],
  ["sliced", (x) => x.reshape([4, 6]).slice([1, 4], [0, 6, 2])],
  ["reversed", (x) => x.slice([null, null, -1])],
  ["reversed in two axes", (x) => x.reshape([4, 6]).slice([null, null, -1], [null, null, -2])],
  ["one column", (x) => x.reshape([4, 6]).slice(null, 2)],
  ["repeated", (x) => x.slice([0, 4]).unsqueeze(1).broadcastTo([4, 5])],
  ["repeated backwards", (x) => x.slice([3, null, -1]).broadcastTo([2, 4])],
  ["one element", (x) => x.reshape([4, 6]).slice(2, 3)],
  ["empty", (x) => x.reshape([4, 6]).slice([2, 2])],
];

describe.each(operators)("$name reads", (entry) => {
  const bases = Array.from({ length: arityOf(entry) }, (_, index) => tensor(scattered(24, 2, index + 5)));

  test.each(views)("what is %s", (_, view) => {
    const inputs = bases.map(view);
    const copies = inputs.map((x) => tensor(x.toTypedArray(), { shape: x.shape }));
    const wanted = apply(entry, ...copies);
    for (const first of [0, 1, 2].slice(0, inputs.length)) {
      const mixed = inputs.map((x, index) => (index >= first ? x : (copies[index] ?? x))); // views beside plain arrays
      expect(identical(apply(entry, ...mixed), wanted)).toBe(true);
    }
  });
});

describe.each(operators)("$name without generated code", (entry) => {
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
  const values = [nan, inf, -inf, -0, 0, 1, -1, 2.5, -3, 1e-8, 90, -1000, ...scattered(12, 4)];
  const arranged: readonly ((x: Tensor, index: number) => Tensor)[] = [
    (x) => x,
    (x) => x.reshape([4, 6]).transpose(),
    (x, index) => (index === 0 ? x : x.slice([3, 4])),
    (x, index) => (index === 0 ? x.reshape([4, 6]) : x.slice([18, null]).slice([null, null, -1])),
  ];
  let expected: Tensor[] = [];
  const dtypes: readonly DType[] = ["float32", "float64", "int32", "uint8", "bool"];
  const run = (): Tensor[] =>
    dtypes.flatMap((dtype) => {
      const bases = Array.from({ length: arityOf(entry) }, (_, index) =>
        tensor([...values.slice(index * 5), ...values.slice(0, index * 5)]).cast(dtype),
      ).map((x, index) => (entry.name === "mod" && index === 1 ? x.eq(0).where(1, x) : x)); // no integer is a remainder by 0
      return arranged.map((view) => apply(entry, ...bases.map(view)));
    });

  beforeEach(() => {
    expected = run();
    setCodeGeneration(false);
  });
  afterEach(() => setCodeGeneration(null));

  test("gives the same bits", () => {
    for (const [index, found] of run().entries()) {
      expect(
        identical(found, expected[index] ?? found),
        `arrangement ${index % 4} of ${dtypes[Math.floor(index / 4)]}`,
      ).toBe(true);
    }
  });
});
