// Heights, widths and lengths under windows, as the type system sees them: the arithmetic of window.ts.

import { expectTypeOf, test } from "vitest";
import {
  adaptiveAvgPool2d,
  avgPool2d,
  type ConvolutionOptions,
  conv1d,
  conv2d,
  convTranspose2d,
  maxPool2d,
} from "../../src/convolution.ts";
import type { Shape, Tensor } from "../../src/index.ts";
import type { FloorDivide, Subtract } from "../../src/shape-types/sizes.ts";

declare const images: Tensor<readonly [64, 28, 30, 3]>;
declare const kernel: Tensor<readonly [5, 3, 3, 16]>;
declare const batch: Tensor<readonly [number, 28, number, 3]>;
declare const any: Tensor;
declare const options: ConvolutionOptions;
declare const n: number;

test("differences and quotients", () => {
  expectTypeOf<Subtract<1000, 1>>().toEqualTypeOf<999>();
  expectTypeOf<Subtract<7, 7>>().toEqualTypeOf<0>();
  expectTypeOf<Subtract<3, 5>>().toEqualTypeOf<never>();
  expectTypeOf<Subtract<number, 5>>().toEqualTypeOf<number>();
  expectTypeOf<FloorDivide<1000, 7>>().toEqualTypeOf<142>();
  expectTypeOf<FloorDivide<6, 7>>().toEqualTypeOf<0>();
  expectTypeOf<FloorDivide<7, 0>>().toEqualTypeOf<number>();
});

test("convolutions", () => {
  expectTypeOf(conv2d(images, kernel)).toEqualTypeOf<Tensor<readonly [64, 24, 28, 16]>>();
  expectTypeOf(conv2d(images, kernel, { padding: "same" })).toEqualTypeOf<Tensor<readonly [64, 28, 30, 16]>>();
  expectTypeOf(conv2d(images, kernel, { padding: "same", stride: 4 })).toEqualTypeOf<Tensor<readonly [64, 7, 8, 16]>>();
  expectTypeOf(conv2d(images, kernel, { stride: [3, 2], padding: [[1, 0], 2], dilation: [2, 1] })).toEqualTypeOf<
    Tensor<readonly [64, 7, 16, 16]>
  >();
  expectTypeOf(conv2d(batch, kernel)).toEqualTypeOf<Tensor<readonly [number, 24, number, 16]>>();
  expectTypeOf(conv2d(any, kernel)).toEqualTypeOf<Tensor<readonly [number, number, number, 16]>>();
  expectTypeOf(conv2d(images, any)).toEqualTypeOf<Tensor<readonly [64, number, number, number]>>();
  expectTypeOf(conv2d(images, kernel, options)).toEqualTypeOf<Tensor<readonly [64, number, number, 16]>>();
  expectTypeOf(conv2d(images, kernel, { padding: n })).toEqualTypeOf<Tensor<readonly [64, number, number, 16]>>();
  expectTypeOf(
    conv1d({} as Tensor<readonly [8, 100, 3]>, {} as Tensor<readonly [5, 3, 4]>, { stride: 3 }),
  ).toEqualTypeOf<Tensor<readonly [8, 32, 4]>>();
});

test("transposed convolutions undo them", () => {
  const grown = {} as Tensor<readonly [64, 7, 7, 16]>;
  const weight = {} as Tensor<readonly [3, 3, 8, 16]>;
  expectTypeOf(convTranspose2d(grown, weight, { stride: 2 })).toEqualTypeOf<Tensor<readonly [64, 15, 15, 8]>>();
  expectTypeOf(convTranspose2d(grown, weight, { stride: 2, padding: "same" })).toEqualTypeOf<
    Tensor<readonly [64, 14, 14, 8]>
  >();
  expectTypeOf(convTranspose2d(grown, weight, { stride: 2, padding: 1, outputPadding: [1, 0] })).toEqualTypeOf<
    Tensor<readonly [64, 14, 13, 8]>
  >();
  expectTypeOf(convTranspose2d(grown, weight, { groups: 2 })).toEqualTypeOf<Tensor<readonly [64, 9, 9, number]>>();
});

test("pooling", () => {
  expectTypeOf(maxPool2d(images)).toEqualTypeOf<Tensor<readonly [64, 14, 15, 3]>>();
  expectTypeOf(maxPool2d(images, { size: 3, stride: 2, padding: 1 })).toEqualTypeOf<Tensor<readonly [64, 14, 15, 3]>>();
  expectTypeOf(maxPool2d(images, { ceilMode: true, size: 3 })).toEqualTypeOf<
    Tensor<readonly [64, number, number, 3]>
  >();
  expectTypeOf(avgPool2d(images, { size: [4, 7] })).toEqualTypeOf<Tensor<readonly [64, 7, 4, 3]>>();
  expectTypeOf(adaptiveAvgPool2d(images, 7)).toEqualTypeOf<Tensor<readonly [64, 7, 7, 3]>>();
  expectTypeOf(adaptiveAvgPool2d(images, [null, 2])).toEqualTypeOf<Tensor<readonly [64, 28, 2, 3]>>();
});

test("generic callers and unknown options", () => {
  const smaller = <S extends Shape>(x: Tensor<S>): Tensor => maxPool2d(conv2d(x, kernel, { padding: 1 }));
  expectTypeOf(smaller(images)).toEqualTypeOf<Tensor>();
  // @ts-expect-error strides
  conv2d(images, kernel, { strides: 2, padding: 1 });
});
