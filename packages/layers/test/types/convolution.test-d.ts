// Shapes through the layers of images and sequences.

import type { Tensor } from "@gradus/core";
import { expectTypeOf, test } from "vitest";
import {
  AvgPool2D,
  Conv1D,
  Conv2D,
  ConvTranspose2D,
  Dense,
  Flatten,
  GlobalAvgPool2D,
  type Layer,
  MaxPool2D,
  ReLU,
  Sequential,
} from "../../src/index.ts";

declare const gray: Tensor<readonly [64, 28, 28, 1]>;
declare const batch: Tensor<readonly [number, 28, 28, 1]>;
declare const unknown: Tensor;
declare const size: number;

test("channels and the batch are followed", () => {
  const layer = new Conv2D(1, 16, 3, { padding: "same" });
  expectTypeOf(layer.forward(gray)).toEqualTypeOf<Tensor<readonly [64, number, number, 16]>>();
  expectTypeOf(layer.forward(batch)).toEqualTypeOf<Tensor<readonly [number, number, number, 16]>>();
  expectTypeOf(layer.forward(unknown)).toEqualTypeOf<Tensor<readonly [number, number, number, 16]>>();
  expectTypeOf(new MaxPool2D().forward(gray)).toEqualTypeOf<Tensor<readonly [64, number, number, 1]>>();
  expectTypeOf(new AvgPool2D([2, 3]).forward(unknown)).toEqualTypeOf<
    Tensor<readonly [number, number, number, number]>
  >();
  expectTypeOf(new GlobalAvgPool2D().forward(gray)).toEqualTypeOf<Tensor<readonly [64, 1]>>();
  expectTypeOf(new ConvTranspose2D(1, 8, 3).forward(gray)).toEqualTypeOf<Tensor<readonly [64, number, number, 8]>>();
  expectTypeOf(new Conv2D(size, 4, 3).forward(gray)).toEqualTypeOf<Tensor<readonly [64, number, number, 4]>>();
});

test("chains", () => {
  const model = new Sequential(
    new Conv2D(1, 16, 3),
    new ReLU(),
    new MaxPool2D(2),
    new Conv2D(16, 32, [3, 5]),
    new GlobalAvgPool2D(),
    new Dense(32, 10),
  );
  expectTypeOf(model.forward(gray)).toEqualTypeOf<Tensor<readonly [64, 10]>>();
  const flat = new Sequential(new Conv2D(1, 16, 3), new Flatten(), new Dense(10816, 10));
  expectTypeOf(flat.forward(batch)).toEqualTypeOf<Tensor<readonly [number, 10]>>();
  const sequences = new Sequential(new Conv1D(8, 16, 3), new ReLU(), new Conv1D(16, 2, 1));
  expectTypeOf(sequences.forward(unknown)).toEqualTypeOf<Tensor<readonly [number, number, 2]>>();
  const layers: Layer[] = [new Conv2D(1, 16, 3), new MaxPool2D(2)];
  expectTypeOf(new Sequential(...layers).forward(gray)).toEqualTypeOf<Tensor>();
});
