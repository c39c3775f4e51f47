// Shapes of parts, padding, tiling, products, and of derivatives.

import { expectTypeOf, test } from "vitest";
import {
  arange,
  checkpoint,
  diagonal,
  dot,
  einsum,
  eye,
  flip,
  grad,
  hessian,
  hessianVectorProduct,
  jacobian,
  linspace,
  outer,
  pad,
  permutation,
  roll,
  split,
  type Tensor,
  tile,
  tril,
  valueAndGrad,
} from "../../src/index.ts";

declare const small: Tensor<readonly [2, 3]>;
declare const batch: Tensor<readonly [number, 3]>;
declare const any: Tensor;

test("parts", () => {
  expectTypeOf(flip(small, 1)).toEqualTypeOf<Tensor<readonly [2, 3]>>();
  expectTypeOf(small.flip()).toEqualTypeOf<Tensor<readonly [2, 3]>>();
  expectTypeOf(roll(small, 1)).toEqualTypeOf<Tensor<readonly [2, 3]>>();
  expectTypeOf(tril(small, 1)).toEqualTypeOf<Tensor<readonly [2, 3]>>();
  expectTypeOf(small.split([1, 2], 1)).toEqualTypeOf<[Tensor<readonly [2, 1]>, Tensor<readonly [2, 2]>]>();
  expectTypeOf(split(small, 1)).toEqualTypeOf<Tensor<readonly [1, 3]>[]>();
  expectTypeOf(split(small, 2, -1)).toEqualTypeOf<Tensor<readonly [2, number]>[]>();
  expectTypeOf(split(batch, 2)).toEqualTypeOf<Tensor<readonly [number, 3]>[]>();
  expectTypeOf(any.split([1, 2])).toEqualTypeOf<[Tensor, Tensor]>();
  expectTypeOf(any.split(2)).toEqualTypeOf<Tensor[]>();
});

test("padding and tiling", () => {
  expectTypeOf(
    pad(small, [
      [1, 2],
      [0, 1],
    ]),
  ).toEqualTypeOf<Tensor<readonly [5, 4]>>();
  expectTypeOf(
    pad(batch, [
      [1, 2],
      [0, -1],
    ]),
  ).toEqualTypeOf<Tensor<readonly [number, number]>>();
  expectTypeOf(pad(any, [[1, 2]])).toEqualTypeOf<Tensor>();
  expectTypeOf(small.tile([2])).toEqualTypeOf<Tensor<readonly [2, 6]>>();
  expectTypeOf(tile(small, [4, 2, 3])).toEqualTypeOf<Tensor<readonly [4, 4, 9]>>();
  expectTypeOf(tile(batch, [2, 2])).toEqualTypeOf<Tensor<readonly [number, 6]>>();
  expectTypeOf(tile(any, [2])).toEqualTypeOf<Tensor>();
});

test("diagonals", () => {
  expectTypeOf(eye(3).diagonal()).toEqualTypeOf<Tensor<readonly [3]>>();
  expectTypeOf(diagonal(small)).toEqualTypeOf<Tensor<readonly [number]>>();
  expectTypeOf(tile(eye(3), [5, 1, 1]).diagonal({ axis1: -1, axis2: 1 })).toEqualTypeOf<Tensor<readonly [5, 3]>>();
  expectTypeOf(any.diagonal({ offset: 1 })).toEqualTypeOf<Tensor>();
});

test("products", () => {
  expectTypeOf(outer(arange(2), arange(3))).toEqualTypeOf<Tensor<readonly [2, 3]>>();
  expectTypeOf(outer(any, arange(3))).toEqualTypeOf<Tensor<readonly [number, number]>>();
  expectTypeOf(dot(arange(3), linspace(0, 1, 3))).toEqualTypeOf<Tensor<readonly []>>();
  expectTypeOf(einsum("ij,kj->ik", small, small)).toEqualTypeOf<Tensor<readonly [2, 2]>>();
  expectTypeOf(einsum("ij,kj->jik", small, batch)).toEqualTypeOf<Tensor<readonly [3, 2, number]>>();
  expectTypeOf(einsum("ij->", small)).toEqualTypeOf<Tensor<readonly []>>();
  expectTypeOf(einsum("i...->...", small)).toEqualTypeOf<Tensor>();
  expectTypeOf(einsum("ij,jk", small, any)).toEqualTypeOf<Tensor>();
});

test("creation", () => {
  expectTypeOf(arange(4)).toEqualTypeOf<Tensor<readonly [4]>>();
  expectTypeOf(arange(4, { dtype: "int32" })).toEqualTypeOf<Tensor<readonly [4]>>();
  expectTypeOf(arange(4, { start: 1 })).toEqualTypeOf<Tensor<readonly [number]>>();
  expectTypeOf(arange(2.5)).toEqualTypeOf<Tensor<readonly [number]>>();
  expectTypeOf(linspace(0, 1, 5)).toEqualTypeOf<Tensor<readonly [5]>>();
  expectTypeOf(eye(2, { columns: 3 })).toEqualTypeOf<Tensor<readonly [2, 3]>>();
  expectTypeOf(permutation(5)).toEqualTypeOf<Tensor<readonly [5]>>();
});

test("derivatives have the shape of what they are taken by", () => {
  expectTypeOf(grad((x) => x.sum())(small)).toEqualTypeOf<Tensor<readonly [2, 3]>>();
  expectTypeOf(hessian((x) => x.sum(), small)).toEqualTypeOf<Tensor<readonly [2, 3, 2, 3]>>();
  expectTypeOf(hessian((x) => x.sum(), any)).toEqualTypeOf<Tensor>();
  expectTypeOf(jacobian((x) => x.sum(0), small)).toEqualTypeOf<Tensor<readonly [3, 2, 3]>>();
  expectTypeOf(hessianVectorProduct((x) => x.sum(), small, small)).toEqualTypeOf<Tensor<readonly [2, 3]>>();
});

test("gradients have the structure of the inputs", () => {
  const loss = (
    model: { readonly w: Tensor<readonly [3]>; readonly layers: readonly Tensor[] },
    x: Tensor,
    rate: number,
  ): Tensor => x.mul(model.w).mul(rate).sum();
  const run = valueAndGrad(loss);
  type Found = ReturnType<typeof run>["gradients"];
  expectTypeOf<Found[0]["w"]>().toEqualTypeOf<Tensor<readonly [3]>>();
  expectTypeOf<Found[0]["layers"]>().toEqualTypeOf<Tensor[]>();
  expectTypeOf<Found[1]>().toEqualTypeOf<Tensor>();
  expectTypeOf<Found[2]>().toEqualTypeOf<null>();
  expectTypeOf(grad(loss)).returns.toEqualTypeOf<Found[0]>();
});

test("a checkpoint has the type of its function", () => {
  const f = (x: Tensor<readonly [2, 3]>, scale: number): Tensor<readonly [3]> => x.mul(scale).sum(0);
  expectTypeOf(checkpoint(f)).toEqualTypeOf<typeof f>();
});
