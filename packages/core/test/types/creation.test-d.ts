// Shapes through the functions that make tensors and join them.

import { expectTypeOf, test } from "vitest";
import { eye, ones, tensor, zeros } from "../../src/ops/creation.ts";
import { concat, stack } from "../../src/ops/joining.ts";
import type { Tensor } from "../../src/tensor.ts";

test("values give their shape", () => {
  expectTypeOf(tensor(3)).toEqualTypeOf<Tensor<readonly []>>();
  expectTypeOf(tensor([1, 2, 3])).toEqualTypeOf<Tensor<readonly [3]>>();
  const pairs = tensor([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  expectTypeOf(pairs).toEqualTypeOf<Tensor<readonly [3, 2]>>();
  const rows: number[][] = [[1, 2]];
  expectTypeOf(tensor(rows)).toEqualTypeOf<Tensor<readonly [number, number]>>();
  expectTypeOf(tensor(new Float32Array(6))).toEqualTypeOf<Tensor<readonly [number]>>();
  expectTypeOf(tensor(new Float32Array(6), { shape: [2, 3] })).toEqualTypeOf<Tensor<readonly [2, 3]>>();
});

test("a shape that is asked for is given", () => {
  expectTypeOf(zeros([64, 784])).toEqualTypeOf<Tensor<readonly [64, 784]>>();
  expectTypeOf(ones([])).toEqualTypeOf<Tensor<readonly []>>();
  expectTypeOf(eye(3)).toEqualTypeOf<Tensor<readonly [3, 3]>>();
  const size: number = Math.random();
  expectTypeOf(zeros([size, 784])).toEqualTypeOf<Tensor<readonly [number, 784]>>();
  const shape: number[] = [2, 3];
  expectTypeOf(zeros(shape).add(1)).toEqualTypeOf<Tensor>();
});

test("joined along an axis, or along a new one", () => {
  expectTypeOf(concat([zeros([2, 3]), ones([4, 3])])).toEqualTypeOf<Tensor<readonly [6, 3]>>();
  expectTypeOf(concat([zeros([2, 3]), ones([2, 5])], 1)).toEqualTypeOf<Tensor<readonly [2, 8]>>();
  expectTypeOf(stack([zeros([2, 3]), ones([2, 3])], -1)).toEqualTypeOf<Tensor<readonly [2, 3, 2]>>();
  const parts: Tensor<[4, 3]>[] = [];
  expectTypeOf(concat(parts)).toEqualTypeOf<Tensor>();
});
