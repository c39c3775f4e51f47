// Movements against nested arrays: the same elements in another arrangement, and gradients that go back where they came from.

import { describe, expect, test } from "vitest";
import {
  concat,
  DTypeError,
  gradcheck,
  OptionError,
  type Range,
  ShapeError,
  stack,
  type Tensor,
  tensor,
  vjp,
  zeros,
} from "../../src/index.ts";
import { flat, identical, scattered } from "./reference.ts";
import { operatorsOf } from "./registry.ts";

const cube = (): Tensor =>
  tensor(
    Array.from({ length: 24 }, (_, index) => index),
    { shape: [2, 3, 4] },
  );
const doubles = (): Tensor => tensor(Float64Array.from(scattered(24)), { shape: [2, 3, 4] });
type Move = (x: Tensor) => Tensor;

/** Each movement of the cube, with its shape and the element of the cube that stands at each place. */
const moves: readonly (readonly [string, Move, readonly number[], (...at: number[]) => number])[] = [
  ["reshape", (x) => x.reshape([4, 6]), [4, 6], (i = 0, j = 0) => 6 * i + j],
  ["reshape with a free size", (x) => x.reshape([-1, 2]), [12, 2], (i = 0, j = 0) => 2 * i + j],
  ["flatten", (x) => x.flatten(), [24], (i = 0) => i],
  ["flatten from an axis on", (x) => x.flatten(1), [2, 12], (i = 0, j = 0) => 12 * i + j],
  ["transpose", (x) => x.transpose(), [2, 4, 3], (i = 0, j = 0, k = 0) => 12 * i + 4 * k + j],
  ["transpose of two axes", (x) => x.transpose(0, -1), [4, 3, 2], (i = 0, j = 0, k = 0) => 12 * k + 4 * j + i],
  ["permute", (x) => x.permute([1, 2, 0]), [3, 4, 2], (i = 0, j = 0, k = 0) => 12 * k + 4 * i + j],
  ["permute with negative axes", (x) => x.permute([-1, 0, 1]), [4, 2, 3], (i = 0, j = 0, k = 0) => 12 * j + 4 * k + i],
  ["broadcastTo", (x) => x.slice([0, 1]).broadcastTo([5, 3, 4]), [5, 3, 4], (_ = 0, j = 0, k = 0) => 4 * j + k],
  [
    "broadcastTo new axes",
    (x) => x.broadcastTo([2, 2, 3, 4]),
    [2, 2, 3, 4],
    (_ = 0, i = 0, j = 0, k = 0) => 12 * i + 4 * j + k,
  ],
  ["unsqueeze", (x) => x.unsqueeze(1), [2, 1, 3, 4], (i = 0, _ = 0, j = 0, k = 0) => 12 * i + 4 * j + k],
  ["unsqueeze at the end", (x) => x.unsqueeze(-1), [2, 3, 4, 1], (i = 0, j = 0, k = 0) => 12 * i + 4 * j + k],
  ["squeeze", (x) => x.reshape([1, 24, 1]).squeeze(), [24], (i = 0) => i],
  ["squeeze of an axis", (x) => x.reshape([1, 24, 1]).squeeze(-1), [1, 24], (_ = 0, i = 0) => i],
  ["slice of a place", (x) => x.slice(1), [3, 4], (j = 0, k = 0) => 12 + 4 * j + k],
  ["slice from the end", (x) => x.slice(null, -1, [-3, -1]), [2, 2], (i = 0, k = 0) => 12 * i + 9 + k],
  [
    "slice with steps",
    (x) => x.slice(null, null, [1, null, 2]),
    [2, 3, 2],
    (i = 0, j = 0, k = 0) => 12 * i + 4 * j + 1 + 2 * k,
  ],
  [
    "slice backwards",
    (x) => x.slice([null, null, -1], null, [2, 0, -1]),
    [2, 3, 2],
    (i = 0, j = 0, k = 0) => 12 * (1 - i) + 4 * j + 2 - k,
  ],
  ["slice beyond the end", (x) => x.slice([0, 99], [-99, 1]), [2, 1, 4], (i = 0, _ = 0, k = 0) => 12 * i + k],
  ["slice of nothing", (x) => x.slice(null, [2, 1]), [2, 0, 4], () => 0],
  [
    "concat with itself",
    (x) => concat([x, x.add(24).cast(x.dtype)], 1),
    [2, 6, 4],
    (i = 0, j = 0, k = 0) => 12 * i + 4 * (j % 3) + k + (j < 3 ? 0 : 24),
  ],
  [
    "concat of views",
    (x) => concat([x.slice(0).transpose(), x.slice(1).transpose()], -1),
    [4, 6],
    (i = 0, j = 0) => 12 * Math.floor(j / 3) + 4 * (j % 3) + i,
  ],
  ["concat with nothing", (x) => concat([x.slice([0, 0]), x]), [2, 3, 4], (i = 0, j = 0, k = 0) => 12 * i + 4 * j + k],
  ["stack", (x) => stack([x.slice(0), x.slice(1)], 1), [3, 2, 4], (i = 0, j = 0, k = 0) => 12 * j + 4 * i + k],
  ["clone", (x) => x.transpose().clone(), [2, 4, 3], (i = 0, j = 0, k = 0) => 12 * i + 4 * k + j],
];

describe.each(moves)("%s", (_, move, shape, elementAt) => {
  test("puts every element in its place", () => {
    const found = move(cube());
    expect(found.shape).toEqual(shape);
    const places = flat(zeros(shape)).map((_unused, index) => {
      const at: number[] = [];
      for (let [axis, rest] = [shape.length - 1, index]; axis >= 0; axis--) {
        at.unshift(rest % (shape[axis] ?? 1));
        rest = Math.floor(rest / (shape[axis] ?? 1));
      }
      return elementAt(...at);
    });
    expect(flat(found)).toEqual(places);
  });

  test("keeps the dtype, and works on what was moved before", () => {
    for (const dtype of ["float64", "int32", "uint8", "bool"] as const)
      expect(move(cube().cast(dtype)).dtype).toBe(dtype);
    const moved = cube().permute([2, 1, 0]).clone().permute([2, 1, 0]); // the cube, lying in memory the other way round
    expect(identical(move(moved), move(cube()))).toBe(true);
  });

  test("sends gradients back, to the second order", () => {
    gradcheck((x) => move(x), [doubles()]);
    gradcheck((x) => move(x.sin()).square(), [doubles()], { order: 2 });
  });
});

test("clones and results of toTypedArray have memory of their own", () => {
  const x = tensor([1, 2]);
  const array = x.toTypedArray();
  array[0] = 9;
  expect(x.toArray()).toEqual([1, 2]);
  const source = new Float32Array([1, 2]);
  const made = tensor(source);
  source[0] = 9;
  expect(made.toArray()).toEqual([1, 2]);
});

describe("cast", () => {
  test.each([
    ["float32", "int32", [1.9, -1.9, 0], [1, -1, 0]],
    ["float64", "float32", [0.1], [Math.fround(0.1)]],
    ["float32", "bool", [0, -0, 0.5, Number.NaN], [0, 0, 1, 1]],
    ["int32", "bool", [0, -3], [0, 1]],
    ["bool", "float64", [1, 0], [1, 0]],
    ["uint8", "int32", [255], [255]],
  ] as const)("%s to %s", (from, to, values, expected) => {
    const found = tensor([...values], { dtype: from }).cast(to);
    expect(found.dtype).toBe(to);
    expect(flat(found)).toEqual([...expected]);
  });

  test("gradients go back in the dtype of the input; none through integers", () => {
    const x = tensor([1, 2]);
    expect(vjp((a) => a.cast("float64").mul(3), x).pullback(zeros([2], { dtype: "float64" }).add(1))[0]?.dtype).toBe(
      "float32",
    );
    expect(flat(vjp((a) => a.cast("int32").mul(1.5), x).pullback(tensor([1, 1]))[0] ?? x)).toEqual([0, 0]);
  });
});

describe("what does not fit is refused", () => {
  const x = cube();
  const range: Range = [0, 1, 0];
  const [one, two]: [Tensor, Tensor] = [tensor([1]), tensor([1, 2])]; // of no known shape: the types would refuse as well
  const [twoFree, free]: [number[], number[]] = [
    [-1, -1],
    [-1, 0],
  ];
  test.each<[() => unknown, string]>([
    [() => x.reshape([5, 5]), "reshape [2,3,4] to [5,5]: 24 values do not fill 25"],
    [() => x.reshape([-1, 5]), "reshape [2,3,4] to [-1,5]: 24 values do not divide by 5"],
    [() => x.reshape(twoFree), "only one size may be -1"],
    [() => zeros([0, 3]).reshape(free), "reshape [0,3] to [-1,0]: beside a size of 0, -1 could be any size"],
    [() => x.reshape([2.4, 10]), "axis 0 of the shape must be a whole number ≥ 0, got 2.4"],
    [() => x.permute([0, 1]), "permute [2,3,4] to [0,1]: 2 axes given for rank 3"],
    [() => x.permute([0, 1, 1]), "permute [2,3,4] to [0,1,1]: each axis must appear once"],
    [() => x.permute([0, 1, 3]), "axis 3 is out of range for rank 3: the valid range is -3 to 2"],
    [() => one.transpose(), "transpose [1]: needs at least two axes"],
    [() => x.broadcastTo([2, 3, 5]), "broadcastTo [2,3,4] to [2,3,5]: axis 2: 4 does not stretch to 5"],
    [() => x.broadcastTo([3, 4]), "broadcastTo [2,3,4] to [3,4]: the target has fewer axes"],
    [() => x.squeeze(0), "squeeze [2,3,4]: axis 0 has size 2, not 1"],
    [() => x.unsqueeze(5), "unsqueeze: axis 5 is out of range for rank 4: the valid range is -4 to 3"],
    [() => x.slice(2), "slice: place 2 on axis 0 is out of range: -2 to 1"],
    [() => x.slice(null, 0.5), "slice: place 0.5 on axis 1 is out of range: -3 to 2"],
    [() => x.slice(0, 0, 0, 0), "slice [2,3,4]: 4 ranges given for rank 3"],
    [() => concat([x, cube().slice(null, [0, 2])]), "concat [2,3,4] and [2,2,4] along axis 0: axis 1: 3 and 2 differ"],
    [() => concat([x, tensor([1])]), "ranks 3 and 1 differ"],
    [() => concat([]), "concat: no tensors given"],
    [() => stack([x, x.slice(0)]), "stack [2,3,4] and [3,4]: ranks 3 and 2 differ"],
    [() => stack([two, one]), "stack [2] and [1]: axis 0: 2 and 1 differ"],
  ])("%s", (run, message) => {
    expect(run).toThrow(ShapeError);
    expect(run).toThrow(message);
  });

  test.each<[() => unknown, string]>([
    [() => x.slice(range), "slice: step must be a whole number other than 0, got 0"],
    [() => x.slice([0.5]), "slice: bounds must be whole numbers, got 0.5 on axis 0"],
  ])("%s", (run, message) => {
    expect(run).toThrow(OptionError);
    expect(run).toThrow(message);
  });

  test("concat of several dtypes", () => {
    expect(() => concat([x, x.cast("int32")])).toThrow(DTypeError);
    expect(() => concat([x, x.cast("int32")])).toThrow("concat: dtypes float32 and int32 differ");
  });
});

test("every movement of the register is examined here", () => {
  const examined = moves.map(([name]) => name).join(" ");
  for (const { name } of operatorsOf("movement")) expect(`${examined} cast`).toContain(name);
});
