// Shapes through the methods of Tensor: what a program's types come to.

import { expectTypeOf, test } from "vitest";
import type { Broadcast, Result, Shape } from "../../src/shape-types.ts";
import type { Tensor, Variable } from "../../src/tensor.ts";

declare const images: Tensor<[64, 784]>;
declare const weights: Tensor<[784, 10]>;
declare const bias: Tensor<[10]>;
declare const batch: Tensor<[number, 784]>;
declare const unknown: Tensor;

test("a layer by hand", () => {
  const logits = images.matmul(weights).add(bias);
  expectTypeOf(logits).toEqualTypeOf<Tensor<readonly [64, 10]>>();
  const probabilities = logits.sub(logits.max(1, { keepDims: true })).exp();
  expectTypeOf(probabilities).toEqualTypeOf<Tensor<readonly [64, 10]>>();
  expectTypeOf(probabilities.div(probabilities.sum(-1, { keepDims: true }))).toEqualTypeOf<Tensor<readonly [64, 10]>>();
  expectTypeOf(logits.logSoftmax().mean().neg()).toEqualTypeOf<Tensor<readonly []>>();
});

test("an unknown batch stays unknown, all else known", () => {
  expectTypeOf(batch.matmul(weights).add(bias).relu()).toEqualTypeOf<Tensor<readonly [number, 10]>>();
  expectTypeOf(batch.reshape([-1, 28, 28])).toEqualTypeOf<Tensor<readonly [number, 28, 28]>>();
  expectTypeOf(batch.add(images)).toEqualTypeOf<Tensor<readonly [64, 784]>>();
});

test("numbers broadcast to every shape", () => {
  expectTypeOf(images.mul(2)).toEqualTypeOf<Tensor<readonly [64, 784]>>();
  expectTypeOf(images.gt(0)).toEqualTypeOf<Tensor<readonly [64, 784]>>();
  expectTypeOf(unknown.div(2)).toEqualTypeOf<Tensor>();
});

test("reductions", () => {
  expectTypeOf(images.sum()).toEqualTypeOf<Tensor<readonly []>>();
  expectTypeOf(images.sum(0)).toEqualTypeOf<Tensor<readonly [784]>>();
  expectTypeOf(images.mean([0, 1])).toEqualTypeOf<Tensor<readonly []>>();
  expectTypeOf(images.max([0], { keepDims: true })).toEqualTypeOf<Tensor<readonly [1, 784]>>();
  expectTypeOf(images.variance(undefined, { keepDims: true })).toEqualTypeOf<Tensor<readonly [1, 1]>>();
  expectTypeOf(images.argMax(-1)).toEqualTypeOf<Tensor<readonly [64]>>();
});

test("movement", () => {
  expectTypeOf(images.transpose()).toEqualTypeOf<Tensor<readonly [784, 64]>>();
  expectTypeOf(images.transpose(0, -1)).toEqualTypeOf<Tensor<readonly [784, 64]>>();
  expectTypeOf(images.permute([1, 0])).toEqualTypeOf<Tensor<readonly [784, 64]>>();
  expectTypeOf(images.reshape([64, 28, -1])).toEqualTypeOf<Tensor<readonly [64, 28, 28]>>();
  expectTypeOf(images.reshape([64, 28, 28]).flatten(1)).toEqualTypeOf<Tensor<readonly [64, 784]>>();
  expectTypeOf(images.flatten()).toEqualTypeOf<Tensor<readonly [50176]>>();
  expectTypeOf(bias.broadcastTo([64, 10])).toEqualTypeOf<Tensor<readonly [64, 10]>>();
  expectTypeOf(bias.unsqueeze(0)).toEqualTypeOf<Tensor<readonly [1, 10]>>();
  expectTypeOf(bias.unsqueeze(-1).squeeze()).toEqualTypeOf<Tensor<readonly [10]>>();
});

test("a Tensor without arguments is any tensor", () => {
  expectTypeOf(images).toExtend<Tensor>();
  expectTypeOf(images).toExtend<Tensor<readonly [number, 784]>>();
  expectTypeOf<Tensor<[64, 784]>>().toExtend<Tensor<readonly [64, 784]>>();
  expectTypeOf<Tensor<readonly [64, 784]>>().toExtend<Tensor<[64, 784]>>();
  expectTypeOf<Variable<readonly [64, 784]>>().toExtend<Tensor<readonly [64, 784]>>();
  expectTypeOf<Variable<readonly [64, 784]>>().toExtend<Variable>();
  expectTypeOf<Tensor>().not.toExtend<Tensor<readonly [64, 784]>>();
  expectTypeOf<Tensor<[number, 784]>>().not.toExtend<Tensor<readonly [64, 784]>>();
});

test("what is unknown is accepted, and unknown afterwards", () => {
  expectTypeOf(unknown.matmul(weights)).toEqualTypeOf<Tensor>();
  expectTypeOf(images.add(unknown)).toEqualTypeOf<Tensor>();
  expectTypeOf(unknown.sum(3)).toEqualTypeOf<Tensor>();
  expectTypeOf(unknown.sum()).toEqualTypeOf<Tensor<readonly []>>();
  expectTypeOf(unknown.transpose()).toEqualTypeOf<Tensor>();
  expectTypeOf(unknown.reshape([-1, 784])).toEqualTypeOf<Tensor<readonly [number, 784]>>();
  const axis: number = Math.random();
  expectTypeOf(images.sum(axis)).toEqualTypeOf<Tensor<readonly [number]>>();
  const shape: number[] = [2, 3];
  expectTypeOf(images.reshape(shape)).toEqualTypeOf<Tensor>();
});

test("code that is generic over a shape is checked where it is called", () => {
  const swish = <S extends Shape>(x: Tensor<S>): Tensor<Result<Broadcast<S, S, "mul">>> => x.mul(x.sigmoid());
  expectTypeOf(swish(images)).toEqualTypeOf<Tensor<readonly [64, 784]>>();
  const standardize = <S extends Shape>(x: Tensor<S>) => x.sub(x.mean(0)).div(x.std(0).add(1e-7));
  expectTypeOf(standardize(images)).toEqualTypeOf<Tensor<readonly [64, 784]>>();
  const project = <S extends Shape>(x: Tensor<S>) => x.matmul(weights).add(bias);
  expectTypeOf(project(batch)).toEqualTypeOf<Tensor<readonly [number, 10]>>();
});
