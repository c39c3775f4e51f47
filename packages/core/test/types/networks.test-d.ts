// Shapes through normalization and attention.

import { expectTypeOf, test } from "vitest";
import { groupNorm, layerNorm, rmsNorm, scaledDotProductAttention, type Tensor } from "../../src/index.ts";

declare const queries: Tensor<readonly [2, 8, 10, 64]>;
declare const keys: Tensor<readonly [2, 8, 20, 64]>;
declare const values: Tensor<readonly [2, 8, 20, 32]>;
declare const shared: Tensor<readonly [20, 64]>;
declare const batch: Tensor<readonly [number, 10, 64]>;
declare const unknown: Tensor;

test("normalization keeps the shape", () => {
  expectTypeOf(layerNorm(queries)).toEqualTypeOf<Tensor<readonly [2, 8, 10, 64]>>();
  expectTypeOf(rmsNorm(batch)).toEqualTypeOf<Tensor<readonly [number, 10, 64]>>();
  expectTypeOf(groupNorm(unknown, 4)).toEqualTypeOf<Tensor>();
});

test("attention gives a value for each query, and its parts must fit", () => {
  expectTypeOf(scaledDotProductAttention(queries, keys, values)).toEqualTypeOf<Tensor<readonly [2, 8, 10, 32]>>();
  expectTypeOf(scaledDotProductAttention(batch, batch, batch)).toEqualTypeOf<Tensor<readonly [number, 10, 64]>>();
  expectTypeOf(scaledDotProductAttention(queries, shared, shared)).toEqualTypeOf<Tensor<readonly [2, 8, 10, 64]>>();
  expectTypeOf(scaledDotProductAttention(unknown, unknown, unknown)).toEqualTypeOf<Tensor>();
  // @ts-expect-error matmul [2,8,10,64] × [2,8,32,20]: inner dimensions 64 and 32 differ
  scaledDotProductAttention(queries, values, values);
});
