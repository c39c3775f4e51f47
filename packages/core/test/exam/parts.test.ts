// Parts, padding, tiling, Einstein's summation: dtypes, views, odd values, errors; what PyTorch's numbers do not show.

import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import {
  concat,
  type DType,
  diagonal,
  dot,
  einsum,
  flip,
  OptionError,
  outer,
  type PadOptions,
  pad,
  roll,
  ShapeError,
  split,
  type Tensor,
  tensor,
  tile,
  tril,
  triu,
  vjp,
  zeros,
} from "../../src/index.ts";
import { flat, identical } from "./reference.ts";

const cube = (): Tensor =>
  tensor(
    Array.from({ length: 24 }, (_, index) => index),
    { shape: [2, 3, 4] },
  );

const moves: readonly (readonly [string, (x: Tensor) => Tensor])[] = [
  ["flip", (x) => flip(x, [0, 2])],
  ["roll", (x) => roll(x, [1, -2], [0, 2])],
  ["tile", (x) => tile(x, [2, 1])],
  ["tril", (x) => tril(x, 1)],
  ["triu", (x) => triu(x, 1)],
  ["diagonal", (x) => diagonal(x, { offset: 1, axis1: 1, axis2: 2 })],
  [
    "pad",
    (x) =>
      pad<number[], [number, number][]>(x, [
        [1, 0],
        [0, 0],
        [2, -1],
      ]),
  ],
  [
    "pad by reflection",
    (x) =>
      pad<number[], [number, number][]>(
        x,
        [
          [0, 1],
          [2, 0],
          [0, 3],
        ],
        { mode: "reflect" },
      ),
  ],
  [
    "pad by repetition",
    (x) =>
      pad<number[], [number, number][]>(
        x,
        [
          [0, 2],
          [2, 0],
          [0, 0],
        ],
        { mode: "replicate" },
      ),
  ],
  [
    "pad in a circle",
    (x) =>
      pad<number[], [number, number][]>(
        x,
        [
          [0, 2],
          [2, 0],
          [1, 4],
        ],
        { mode: "circular" },
      ),
  ],
  ["split", (x) => split(x, 3, 2)[1] ?? x],
];

describe.each(moves)("%s", (_, move) => {
  test.each<DType>(["float64", "int32", "uint8", "bool"])("keeps %s, and its values", (dtype) => {
    const found = move(cube().cast(dtype));
    expect(found.dtype).toBe(dtype);
    expect(flat(found)).toEqual(flat(move(cube()).cast(dtype)));
    const compiled = compile(move)(cube().cast(dtype));
    expect([compiled.dtype, flat(compiled)]).toEqual([dtype, flat(found)]);
  });

  test("works on what was moved before, reversed and stretched views included", () => {
    for (const arrange of [
      (x: Tensor) => x.permute([2, 1, 0]).clone().permute([2, 1, 0]),
      (x: Tensor) => x.flip().clone().flip(),
      (x: Tensor) => x.slice(0).broadcastTo([2, 3, 4]),
    ]) {
      const moved = arrange(cube());
      expect(identical(move(moved), move(moved.clone()))).toBe(true);
      expect(identical(compile((x: Tensor) => move(arrange(x)))(cube()), move(moved))).toBe(true);
    }
  });

  test("carries NaN and infinities where they belong, and no further", () => {
    const odd = cube().mul(Number.POSITIVE_INFINITY); // NaN at 0, else ∞
    const marks = (x: Tensor): number[] => flat(x).map((value) => (Number.isNaN(value) ? -1 : value));
    const finite = move(cube().add(1));
    const expected = flat(finite).map((value) => (value === 0 ? 0 : value === 1 ? -1 : Number.POSITIVE_INFINITY));
    expect(marks(move(odd))).toEqual(expected);
  });
});

test("triangles give exactly 0 to gradients of what they cut off", () => {
  const { pullback } = vjp((x) => tril(x), cube().slice(0));
  expect(pullback(zeros([3, 4]).add(Number.NaN)).map(flat)).toEqual([
    [Number.NaN, 0, 0, 0, Number.NaN, Number.NaN, 0, 0, Number.NaN, Number.NaN, Number.NaN, 0],
  ]);
});

test("flip of everything, and pieces put together again", () => {
  expect(flat(flip(cube()))).toEqual(flat(cube()).reverse());
  expect(identical(concat([...split(cube(), [1, 0, 3], 2)], 2), cube())).toBe(true);
  expect(split(zeros([0, 2]), 3).map(({ shape }) => shape)).toEqual([[0, 2]]);
  expect(split(cube(), 2, -1).map(({ shape }) => shape)).toEqual([
    [2, 3, 2],
    [2, 3, 2],
  ]);
});

describe("Einstein's summation", () => {
  test("takes integers and booleans, and brings dtypes together", () => {
    const a = tensor([[1, 2]], { dtype: "int32" });
    expect(einsum("ij,kj->ik", a, a).dtype).toBe("int32");
    expect(einsum("ij,kj->ik", a, tensor([[0.5, 1]])).toArray()).toEqual([[2.5]]);
    expect(einsum("i,i->", tensor([true, true]), tensor([true, false])).item()).toBe(1);
  });

  test("contracts two operands without their whole product", () => {
    const wide = zeros([700, 700]).add(1);
    const started = performance.now();
    expect(einsum("ij,kj->", wide, wide).item()).toBe(700 ** 3);
    expect(einsum("ij,jk->ik", wide, wide).slice(3, 5).item()).toBe(700);
    expect(performance.now() - started).toBeLessThan(3000); // the product would have 343 million elements
  });
});

describe("what does not fit is refused", () => {
  const x = cube();
  const sizes = (...list: number[]): number[] => list;
  const any = (equation: string): string => equation; // of no known letters: the types would refuse as well
  const widths = (...pairs: [number, number][]): [number, number][] => pairs;
  const modes = (mode: string): PadOptions => JSON.parse(JSON.stringify({ mode }));
  test.each<[() => unknown, string]>([
    [() => split(x, sizes(1, 2), 2), "split [2,3,4]: sizes [1,2] add up to 3, axis 2 has 4"],
    [() => split(x, 1, [3][0] ?? 0), "split: axis 3 is out of range for rank 3: the valid range is -3 to 2"],
    [() => pad(x, widths([1, 1])), "pad [2,3,4]: 1 pairs of widths given for rank 3"],
    [() => pad(x, widths([-1, -2], [0, 0], [0, 0])), "axis 0: 1 and 2 cannot be taken from 2"],
    [
      () => pad(x, widths([0, 2], [0, 0], [0, 0]), { mode: "reflect" }),
      "pad [2,3,4]: axis 0: reflect padding of 2 is too wide for 2: at most 1",
    ],
    [
      () => pad(x, widths([3, 0], [0, 0], [0, 0]), { mode: "circular" }),
      "circular padding of 3 is too wide for 2: at most 2",
    ],
    [
      () => pad(zeros([0]), widths([1, 0]), { mode: "replicate" }),
      "replicate padding of 1 is too wide for 0: at most 0",
    ],
    [() => tril(x.slice(0, 0)), "tril [4]: needs at least two axes"],
    [() => diagonal(x.slice(0, 0)), "diagonal [4]: needs at least two axes"],
    [() => diagonal(x, { axis1: [-1][0] ?? 0, axis2: 2 }), "diagonal [2,3,4]: axis1 and axis2 are both axis 2"],
    [() => roll(x, 1, 3), "roll: axis 3 is out of range for rank 3"],
    [() => outer(x, x), "outer [2,3,4] and [2,3,4]: both must be vectors"],
    [() => dot(x.slice(0, 0), x.slice(0, null, 0)), "dot [4] · [3]: sizes 4 and 3 differ"],
    [() => dot(x, x), "dot [2,3,4] · [2,3,4]: both must be vectors: use matmul"],
    [() => einsum(any("ij"), x), "einsum ij: operand 0 is [2,3,4], its labels ij name 2 axes"],
    [() => einsum(any("abcd...->a"), x), "its labels abcd... name 4 axes"],
    [() => einsum(any("abc,abd->cd"), x, x.slice(null, [0, 2])), "label b is 3 in one place and 2 in another"],
    [() => einsum(any("aab->b"), x), "label a is 2 in one place and 3 in another"],
    [() => einsum(any("...,..."), x, x.slice(null, [0, 2])), "an axis of) is 3 in one place and 2 in another"],
  ])("%s", (run, message) => {
    expect(run).toThrow(ShapeError);
    expect(run).toThrow(message);
  });

  test.each<[() => unknown, string]>([
    [() => split(x, 0), "split: sizes must be a whole number above 0, or a list, got 0"],
    [() => split(x, [1.5, 0.5]), "split: sizes must be whole numbers ≥ 0, got [1.5,0.5]"],
    [
      () => pad(x.cast("bool"), widths([0, 1], [0, 0], [0, 0]), { value: 7 }),
      "pad: value must be a number that bool can hold, got 7",
    ],
    [() => pad(x.cast("int32"), widths([0, 1], [0, 0], [0, 0]), { value: 0.5 }), "that int32 can hold, got 0.5"],
    [() => tile(x, [2, -1]), "tile: repeats must be a list of whole numbers ≥ 0, got [2,-1]"],
    [() => tile(x, JSON.parse("2")), "tile: repeats must be a list of whole numbers ≥ 0, got 2"],
    [() => roll(x, [1, 2]), "roll: shifts must be one number, as there are no axes, got [1,2]"],
    [() => roll(x, [1, 2], 0), "roll: shifts must be one for each of 1 axes, got [1,2]"],
    [() => roll(x, 0.5, 0), "roll: shifts must be whole numbers, got 0.5"],
    [() => tril(x, 0.5), "tril: diagonal must be a whole number, got 0.5"],
    [() => diagonal(x, { offset: Number.NaN }), "diagonal: offset must be a whole number, got NaN"],
    [() => pad(x, widths([0, 0.5], [0, 0], [0, 0])), "pad: widths must be pairs of whole numbers"],
    [
      () => pad(x, widths([0, 0], [0, 0], [0, 0]), modes("edge")),
      'pad: mode must be constant, reflect, replicate, circular, got "edge"',
    ],
    [
      () => pad(x, widths([0, 0], [0, 0], [0, 0]), { mode: "reflect", value: 1 }),
      "pad: value 1 has no meaning in mode reflect",
    ],
    [() => einsum(any("abc,abc"), x), "einsum abc,abc: 2 operands are named, 1 given"],
    [() => einsum(any("abc->d"), x), "no operand has label d of the result"],
    [() => einsum(any("abc->aa"), x), "label a appears twice in the result"],
    [() => einsum(any("abc->a->b"), x), "there is more than one ->"],
    [() => einsum(any("a.bc->a"), x), '"a.bc" cannot be read: labels are letters, with at most one ...'],
    [
      () => x.slice(JSON.parse('"all"')),
      'slice: the range of axis 0 must be a place, [start, end, step] or null, got "all"',
    ],
  ])("%s", (run, message) => {
    expect(run).toThrow(OptionError);
    expect(run).toThrow(message);
  });
});
