// Shapes through the layers themselves, and how they degrade.

import type { Shape, Tensor, Variable } from "@gradus/core";
import { expectTypeOf, test } from "vitest";
import { BatchNorm, Dense, Dropout, Flatten, Layer, ReLU, Sequential, Softmax } from "../../src/index.ts";

declare const images: Tensor<readonly [64, 28, 28]>;
declare const batch: Tensor<readonly [number, 784]>;
declare const unknown: Tensor;
declare const size: number;

class Own extends Layer {
  override forward(x: Tensor): Tensor {
    return x;
  }
}

class Head extends Dense<128, 10> {}

test("a chain carries shapes", () => {
  const model = new Sequential(
    new Flatten(),
    new Dense(784, 128, { bias: false }),
    new BatchNorm(128),
    new ReLU(),
    new Dropout(0.3),
    new Dense(128, 10),
  );
  expectTypeOf(model.forward(images)).toEqualTypeOf<Tensor<readonly [64, 10]>>();
  expectTypeOf(model.at(1)).toEqualTypeOf<Dense<784, 128>>();
  expectTypeOf(model.at(1).weight).toEqualTypeOf<Variable<readonly [784, 128]>>();
  const nested = new Sequential(model, new Softmax());
  expectTypeOf(nested.forward(images)).toEqualTypeOf<Tensor<readonly [64, 10]>>();
  expectTypeOf(nested).toExtend<Layer>();
});

test("unknown sizes are learnt or stay unknown", () => {
  expectTypeOf(new Dense(784, 10).forward(batch)).toEqualTypeOf<Tensor<readonly [number, 10]>>();
  expectTypeOf(new Dense(784, 10).forward(unknown)).toEqualTypeOf<Tensor<readonly [...number[], 10]>>();
  expectTypeOf(new Dense(size, 10).forward(batch)).toEqualTypeOf<Tensor<readonly [number, 10]>>();
  expectTypeOf(new BatchNorm(28).forward(images)).toEqualTypeOf<Tensor<readonly [64, 28, 28]>>();
  expectTypeOf(new BatchNorm(3, { axis: 1 }).forward(images)).toEqualTypeOf<Tensor<readonly [64, 28, 28]>>();
  expectTypeOf(new Head(128, 10)).toExtend<Layer>();
});

test("layers of one's own and lists of layers degrade", () => {
  expectTypeOf(new Sequential(new Dense(784, 10), new Own()).forward(batch)).toEqualTypeOf<Tensor<Shape>>();
  const layers: Layer[] = [new Dense(784, 10), new ReLU()];
  expectTypeOf(new Sequential(...layers).forward(batch)).toEqualTypeOf<Tensor<Shape>>();
  const model: Sequential = new Sequential(...layers);
  expectTypeOf(model.forward(unknown)).toEqualTypeOf<Tensor<Shape>>();
  expectTypeOf<Layer["forward"]>().returns.toEqualTypeOf<Tensor<Shape>>();
});

test("a known chain is a Layer and a Sequential", () => {
  const known = new Sequential(new Dense(784, 10));
  const layer: Layer = known;
  expectTypeOf(layer.forward(unknown)).toEqualTypeOf<Tensor>();
  expectTypeOf(known).toExtend<Sequential>();
});
