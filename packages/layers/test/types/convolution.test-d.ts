// Shapes through the layers of images and sequences.

import type { Tensor } from "@gradus/core";
import { expectTypeOf, test } from "vitest";
import {
  AvgPool2D,
  Conv1D,
  Conv2D,
  type Conv2DOptions,
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
declare const sequence: Tensor<readonly [64, 100, 8]>;
declare const size: number;
declare const options: Conv2DOptions;

test("channels, the batch, heights and widths are followed", () => {
  const layer = new Conv2D(1, 16, 3, { padding: "same" });
  expectTypeOf(layer.forward(gray)).toEqualTypeOf<Tensor<readonly [64, 28, 28, 16]>>();
  expectTypeOf(layer.forward(batch)).toEqualTypeOf<Tensor<readonly [number, 28, 28, 16]>>();
  expectTypeOf(layer.forward(unknown)).toEqualTypeOf<Tensor<readonly [number, number, number, 16]>>();
  expectTypeOf(new Conv2D(1, 16, 5).forward(gray)).toEqualTypeOf<Tensor<readonly [64, 24, 24, 16]>>();
  expectTypeOf(new Conv2D(1, 8, 3, { stride: 2, bias: false }).forward(gray)).toEqualTypeOf<
    Tensor<readonly [64, 13, 13, 8]>
  >();
  expectTypeOf(
    new Conv2D(1, 8, [3, 5], { stride: [2, 1], padding: [1, 2], dilation: [3, 1] }).forward(gray),
  ).toEqualTypeOf<Tensor<readonly [64, 12, 28, 8]>>();
  expectTypeOf(
    new Conv2D(1, 8, 3, {
      padding: [
        [0, 1],
        [2, 3],
      ],
    }).forward(gray),
  ).toEqualTypeOf<Tensor<readonly [64, 27, 31, 8]>>();
  expectTypeOf(new Conv2D(1, 8, 3, { stride: 3, padding: "same" }).forward(gray)).toEqualTypeOf<
    Tensor<readonly [64, 10, 10, 8]>
  >();
  expectTypeOf(new Conv1D(8, 16, 3, { padding: [2, 0] }).forward(sequence)).toEqualTypeOf<
    Tensor<readonly [64, 100, 16]>
  >();
  expectTypeOf(new ConvTranspose2D(1, 8, 3).forward(gray)).toEqualTypeOf<Tensor<readonly [64, 30, 30, 8]>>();
  expectTypeOf(new ConvTranspose2D(1, 8, 3, { stride: 2, padding: "same" }).forward(gray)).toEqualTypeOf<
    Tensor<readonly [64, 56, 56, 8]>
  >();
  expectTypeOf(new ConvTranspose2D(1, 8, 3, { stride: 2, padding: 1, outputPadding: 1 }).forward(gray)).toEqualTypeOf<
    Tensor<readonly [64, 56, 56, 8]>
  >();
});

test("pooling", () => {
  expectTypeOf(new MaxPool2D().forward(gray)).toEqualTypeOf<Tensor<readonly [64, 14, 14, 1]>>();
  expectTypeOf(new MaxPool2D(3, { stride: 2 }).forward(gray)).toEqualTypeOf<Tensor<readonly [64, 13, 13, 1]>>();
  expectTypeOf(new AvgPool2D([2, 3]).forward(gray)).toEqualTypeOf<Tensor<readonly [64, 14, 9, 1]>>();
  expectTypeOf(new AvgPool2D([2, 3]).forward(unknown)).toEqualTypeOf<
    Tensor<readonly [number, number, number, number]>
  >();
  expectTypeOf(new GlobalAvgPool2D().forward(gray)).toEqualTypeOf<Tensor<readonly [64, 1]>>();
});

test("what is not literal leaves its axis unknown", () => {
  expectTypeOf(new Conv2D(size, 4, 3).forward(gray)).toEqualTypeOf<Tensor<readonly [64, 26, 26, 4]>>();
  expectTypeOf(new Conv2D(1, 4, size).forward(gray)).toEqualTypeOf<Tensor<readonly [64, number, number, 4]>>();
  expectTypeOf(new Conv2D(1, 4, [size, 3]).forward(gray)).toEqualTypeOf<Tensor<readonly [64, number, 26, 4]>>();
  expectTypeOf(new Conv2D(1, 4, 3, { stride: size }).forward(gray)).toEqualTypeOf<
    Tensor<readonly [64, number, number, 4]>
  >();
  expectTypeOf(new Conv2D(1, 4, 3, options).forward(gray)).toEqualTypeOf<Tensor<readonly [64, number, number, 4]>>();
  expectTypeOf(new MaxPool2D(2, { ceilMode: true }).forward(gray)).toEqualTypeOf<
    Tensor<readonly [64, number, number, 1]>
  >();
  // An annotation without options stands for layers with any.
  const annotated: Conv2D<1, 16, 3> = new Conv2D(1, 16, 3, { stride: 2 });
  expectTypeOf(annotated.forward(gray)).toEqualTypeOf<Tensor<readonly [64, number, number, 16]>>();
  const any: Conv2D = new Conv2D(1, 16, 3, { stride: 2 });
  expectTypeOf(any.forward(gray)).toEqualTypeOf<Tensor<readonly [64, number, number, number]>>();
  const pool: MaxPool2D = new MaxPool2D(3);
  expectTypeOf(pool.forward(gray)).toEqualTypeOf<Tensor<readonly [64, number, number, 1]>>();
});

test("options with unknown names are refused", () => {
  // @ts-expect-error strides
  new Conv2D(1, 16, 3, { strides: 2, bias: false });
  // @ts-expect-error strides
  new MaxPool2D(2, { strides: 2, padding: 1 });
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
  // The compiler has worked out 13 · 13 · 16.
  const wrong = new Sequential(new Conv2D(1, 16, 3), new MaxPool2D(2), new Flatten(), new Dense(2700, 10));
  // @ts-expect-error Dense(2700, 10): the input [64,2704] has 2704 features, not 2700
  wrong.forward(gray);
  const layers: Layer[] = [new Conv2D(1, 16, 3), new MaxPool2D(2)];
  expectTypeOf(new Sequential(...layers).forward(gray)).toEqualTypeOf<Tensor>();
});
