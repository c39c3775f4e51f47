// Shapes through normalizations, recurrent layers, attention and their kin.

import type { Shape, ShapeMismatch, Tensor } from "@gradus/core";
import { expectTypeOf, test } from "vitest";
import {
  Dense,
  Embedding,
  GRU,
  GroupNorm,
  Lambda,
  LayerNorm,
  LSTM,
  MultiHeadAttention,
  PositionalEncoding,
  Reshape,
  Residual,
  RMSNorm,
  Sequential,
  SimpleRNN,
} from "../../src/index.ts";
import type { RecurrentOutput, ReshapeOutput, ResidualOutput } from "../../src/layer-types.ts";

declare const words: Tensor<readonly [32, 20]>;
declare const sequences: Tensor<readonly [32, 20, 8]>;
declare const batch: Tensor<readonly [number, number, 8]>;
declare const images: Tensor<readonly [64, 28, 28]>;
declare const unknown: Tensor;

test("normalizations keep the shape and know their features", () => {
  expectTypeOf(new LayerNorm(8).forward(sequences)).toEqualTypeOf<Tensor<readonly [32, 20, 8]>>();
  expectTypeOf(new LayerNorm([20, 8]).forward(sequences)).toEqualTypeOf<Tensor<readonly [32, 20, 8]>>();
  expectTypeOf(new RMSNorm(8).forward(batch)).toEqualTypeOf<Tensor<readonly [number, number, 8]>>();
  expectTypeOf(new GroupNorm(2, 8).forward(sequences)).toEqualTypeOf<Tensor<readonly [32, 20, 8]>>();
  expectTypeOf(new GroupNorm(2, 20, { axis: 1 }).forward(sequences)).toEqualTypeOf<Tensor<readonly [32, 20, 8]>>();
  expectTypeOf(new LayerNorm(8).forward(unknown)).toEqualTypeOf<Tensor<readonly [...number[], 8]>>();
});

test("recurrent layers give the last step, or all", () => {
  expectTypeOf(new LSTM(8, 16).forward(sequences)).toEqualTypeOf<Tensor<readonly [32, 16]>>();
  expectTypeOf(new GRU(8, 16, { returnSequences: true }).forward(sequences)).toEqualTypeOf<
    Tensor<readonly [32, 20, 16]>
  >();
  expectTypeOf(new SimpleRNN(8, 16).forward(batch)).toEqualTypeOf<Tensor<readonly [number, 16]>>();
  expectTypeOf<RecurrentOutput<readonly [20, 8], 8, 16, false, "GRU">>().toEqualTypeOf<readonly [16]>();
  type Features = ShapeMismatch<"GRU(9, 16): the input [32,20,8] has 8 features, not 9">;
  expectTypeOf<RecurrentOutput<readonly [32, 20, 8], 9, 16, true, "GRU">>().toEqualTypeOf<Features>();
  type Time = ShapeMismatch<"GRU(8, 16): the input [8] has no axis of time">;
  expectTypeOf<RecurrentOutput<readonly [8], 8, 16, true, "GRU">>().toEqualTypeOf<Time>();
});

test("a model of words carries shapes", () => {
  const model = new Sequential(
    new Embedding(1000, 8),
    new PositionalEncoding(20, 8),
    new Residual(new LayerNorm(8), new MultiHeadAttention(8, 2)),
    new LSTM(8, 16),
    new Dense(16, 2),
  );
  expectTypeOf(model.forward(words)).toEqualTypeOf<Tensor<readonly [32, 2]>>();
  expectTypeOf(model.at(0)).toEqualTypeOf<Embedding<1000, 8>>();
});

test("Reshape fills what is left, Residual keeps, Lambda says what it states", () => {
  expectTypeOf(new Reshape([784]).forward(images)).toEqualTypeOf<Tensor<readonly [64, 784]>>();
  expectTypeOf(new Reshape([-1, 7]).forward(images)).toEqualTypeOf<Tensor<readonly [64, 112, 7]>>();
  expectTypeOf<ReshapeOutput<Shape, readonly [28, 28]>>().toEqualTypeOf<readonly [number, 28, 28]>();
  type Fill = ShapeMismatch<"reshape [28,28] to [783]: 784 values do not fill 783">;
  expectTypeOf<ReshapeOutput<readonly [64, 28, 28], readonly [783]>>().toEqualTypeOf<Fill>();
  type Layers = readonly [Dense<3, 4>];
  type Changed = ShapeMismatch<"Residual: the layers make [2,4] of [2,3]: they must keep the shape">;
  expectTypeOf<ResidualOutput<Layers, readonly [2, 3]>>().toEqualTypeOf<Changed>();
  expectTypeOf(new Residual(new Dense(8, 8)).forward(batch)).toEqualTypeOf<Tensor<readonly [number, number, 8]>>();
  expectTypeOf(new Lambda((x) => x.exp()).forward(images)).toEqualTypeOf<Tensor<Shape>>();
  const stated = new Lambda((_: Tensor): Tensor<readonly [64, 3]> => unknown as Tensor<readonly [64, 3]>);
  expectTypeOf(new Sequential(stated, new Dense(3, 5)).forward(images)).toEqualTypeOf<Tensor<readonly [64, 5]>>();
});
