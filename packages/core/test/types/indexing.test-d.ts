// Shapes of scans, orders and indexing, as the type system sees them.

import { expectTypeOf, test } from "vitest";
import type { Tensor } from "../../src/index.ts";
import {
  addAlongAxis,
  cumSum,
  embedding,
  gather,
  norm,
  oneHot,
  putAlongAxis,
  type Shape,
  sort,
  type TakenAlong,
  takeAlongAxis,
  topK,
} from "../../src/index.ts";

declare const x: Tensor<readonly [2, 3]>;
declare const any: Tensor;

test("what keeps its shape", () => {
  expectTypeOf(cumSum(x, 0)).toEqualTypeOf<Tensor<readonly [2, 3]>>();
  expectTypeOf(sort(x).values).toEqualTypeOf<Tensor<readonly [2, 3]>>();
  expectTypeOf(sort(x).indices).toEqualTypeOf<Tensor<readonly [2, 3]>>();
  expectTypeOf(addAlongAxis(x, any, any, 1)).toEqualTypeOf<Tensor<readonly [2, 3]>>();
  expectTypeOf(putAlongAxis(x, any, any, 1)).toEqualTypeOf<Tensor<readonly [2, 3]>>();
});

test("elements along an axis: the indices' shape, the other axes broadcast", () => {
  expectTypeOf<TakenAlong<[2, 3], [2, 5], 1>>().toEqualTypeOf<readonly [2, 5]>();
  expectTypeOf<TakenAlong<[2, 3], [1, 5], -1>>().toEqualTypeOf<readonly [2, 5]>();
  expectTypeOf<TakenAlong<[1, 3], [4, 5], 1>>().toEqualTypeOf<readonly [4, 5]>();
  expectTypeOf<TakenAlong<[2, 3], [7, 3], 0>>().toEqualTypeOf<readonly [7, 3]>();
  expectTypeOf<TakenAlong<[2, 3], [4, 5], undefined>>().toEqualTypeOf<readonly [number]>();
  expectTypeOf<TakenAlong<[2, 3], [2, 5], number>>().toEqualTypeOf<Shape>();
  expectTypeOf<TakenAlong<Shape, [2, 5], 1>>().toEqualTypeOf<Shape>();
  expectTypeOf(takeAlongAxis(x, any, 1)).toEqualTypeOf<Tensor>();
});

test("rows of a table", () => {
  const weight = {} as Tensor<readonly [1000, 64]>;
  const words = {} as Tensor<readonly [number, 20]>;
  expectTypeOf(embedding(weight, words)).toEqualTypeOf<Tensor<readonly [number, 20, 64]>>();
  // @ts-expect-error a table has two axes
  embedding({} as Tensor<readonly [1000]>, words);
});

test("norms of any p", () => {
  expectTypeOf(norm(x, 1, { p: 1, keepDims: true })).toEqualTypeOf<Tensor<readonly [2, 1]>>();
  expectTypeOf(x.norm(0, { p: Number.POSITIVE_INFINITY })).toEqualTypeOf<Tensor<readonly [3]>>();
});

test("slices in the place of an axis, one-hot rows, the greatest few", () => {
  const labels = {} as Tensor<readonly [32]>;
  const places = {} as Tensor<readonly [4, 5]>;
  expectTypeOf(gather(x, places)).toEqualTypeOf<Tensor<readonly [4, 5, 3]>>();
  expectTypeOf(gather(x, places, -1)).toEqualTypeOf<Tensor<readonly [2, 4, 5]>>();
  expectTypeOf(gather(x, any)).toEqualTypeOf<Tensor>();
  expectTypeOf(oneHot(labels, 10)).toEqualTypeOf<Tensor<readonly [32, 10]>>();
  expectTypeOf(oneHot(labels, 10, { axis: 0, dtype: "int32" })).toEqualTypeOf<Tensor<readonly [10, 32]>>();
  expectTypeOf(oneHot(any, 10)).toEqualTypeOf<Tensor>();
  expectTypeOf(topK(x, 1).indices).toEqualTypeOf<Tensor<readonly [2, 1]>>();
  expectTypeOf(topK(x, 1, { axis: 0 }).values).toEqualTypeOf<Tensor<readonly [1, 3]>>();
  expectTypeOf(topK(any, 1).values).toEqualTypeOf<Tensor>();
  expectTypeOf(embedding(any, labels)).toEqualTypeOf<Tensor<readonly [32, number]>>();
});
