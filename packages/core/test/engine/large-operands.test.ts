// What is large enough for WebAssembly, in every way in which operands lie: a difference of floats is rounded once, so that it has to
// be exactly that of numbers, rounded.

import { expect, test } from "vitest";
import { type Shape, type Tensor, tensor } from "../../src/index.ts";
import { identical, scattered } from "../exam/reference.ts";

const sizeOf = (shape: Shape): number => shape.reduce((size, dimension) => size * dimension, 1);
const random = (shape: Shape, seed: number): Tensor =>
  tensor(Float32Array.from(scattered(sizeOf(shape), 4, seed)), { shape });

test.each<readonly Shape[]>([
  [
    [64, 128],
    [64, 128],
  ],
  [[64, 128], [128]],
  [
    [64, 128],
    [1, 128],
  ],
  [
    [64, 128],
    [64, 1],
  ],
  [
    [64, 1],
    [64, 128],
  ],
  [[5000], [1]],
  [[5000], []],
  [
    [63, 65],
    [63, 1],
  ],
  [[63, 65], [65]],
  [
    [8, 16, 64],
    [16, 64],
  ],
  [
    [8, 16, 64],
    [8, 1, 1],
  ],
  [
    [8, 16, 64],
    [8, 16, 1],
  ],
  [
    [8, 16, 64],
    [1, 16, 1],
  ],
  [
    [8, 16, 64],
    [8, 1, 64],
  ],
  [
    [64, 1, 128],
    [64, 1, 1],
  ],
  [
    [1, 64, 128],
    [64, 128],
  ],
  [
    [64, 128],
    [1, 1, 128],
  ],
  [
    [64, 1],
    [1, 128],
  ],
])("differences of %j and %j", (...shapes) => {
  const [x, y] = shapes.map((shape, index) => random(shape, index + 1));
  if (x === undefined || y === undefined) return;
  const [wide, narrow] = [x.cast("float64"), y.cast("float64")];
  expect(identical(x.sub(y), wide.sub(narrow).cast("float32"))).toBe(true);
  expect(identical(y.sub(x), narrow.sub(wide).cast("float32"))).toBe(true);
});

test("operands that disagree on what a row is, and those that are not contiguous", () => {
  const x = random([8, 16, 64], 1);
  const affine = (x: Tensor, a: Tensor, b: Tensor): Tensor => x.mul(a.gt(0).where(1, -1)).sub(b);
  for (const [a, b] of [
    [random([64], 2), random([16, 64], 3)],
    [random([8, 1, 1], 2), random([64], 3)],
    [random([8, 16, 1], 2), random([64], 3)],
    [random([64, 16], 2).transpose(), random([8, 16, 64], 3).flip(2)],
  ] as const) {
    const wide = affine(x.cast("float64"), a.cast("float64"), b.cast("float64"));
    expect(identical(affine(x, a, b), wide.cast("float32"))).toBe(true);
  }
});

test.each<readonly [shape: Shape, axes: readonly number[]]>([
  [[64, 128], [0]],
  [[1, 64, 128], [1]],
  [
    [64, 128, 1],
    [0, 2],
  ],
  [
    [8, 16, 64],
    [0, 1],
  ],
  [[8, 16, 64], [1]],
  [[8, 16, 64], [0]],
  [[1, 8192], [0]],
  [[64, 128], [1]],
  [
    [64, 128],
    [0, 1],
  ],
])("greatest elements of %j over %j", (shape, axes) => {
  const x = random(shape, 1);
  expect(identical(x.max(axes), x.cast("float64").max(axes).cast("float32"))).toBe(true);
});
