// Shape rules of layers, and chains of them.

import type { Check, Result, Shape, ShapeMismatch, Tensor } from "@gradus/core";
import { expect, expectTypeOf, test } from "vitest";
import type {
  Apply,
  BatchNormOutput,
  BatchNormRule,
  Chain,
  CheckChain,
  DenseOutput,
  DenseRule,
  FlattenRule,
  InputShape,
  Rule,
  SameShapeRule,
} from "../../src/layer-types.ts";

/** Layers as chains see them. */
interface Ruled<R extends Rule> {
  readonly rule: R;
}
type Dense<In extends number, Out extends number> = Ruled<DenseRule<In, Out>>;
type Norm<N extends number> = Ruled<BatchNormRule<N>>;
type Flatten = Ruled<FlattenRule>;
type Same = Ruled<SameShapeRule>;
interface Unruled {
  forward(x: Tensor): Tensor;
}
interface Stated {
  forward(x: Tensor): Tensor<readonly [number, 7]>;
}

test("Dense replaces the last size", () => {
  expectTypeOf<DenseOutput<[64, 784], 784, 10>>().toEqualTypeOf<readonly [64, 10]>();
  expectTypeOf<DenseOutput<[2, 3, 784], 784, 10>>().toEqualTypeOf<readonly [2, 3, 10]>();
  expectTypeOf<DenseOutput<[784], 784, 10>>().toEqualTypeOf<readonly [10]>();
  expectTypeOf<DenseOutput<[64, number], 784, 10>>().toEqualTypeOf<readonly [64, 10]>();
  expectTypeOf<DenseOutput<[64, 784], number, 10>>().toEqualTypeOf<readonly [64, 10]>();
  expectTypeOf<DenseOutput<[64, 784], number, number>>().toEqualTypeOf<readonly [64, number]>();
  expectTypeOf<DenseOutput<Shape, 784, 10>>().toEqualTypeOf<readonly [...number[], 10]>();
  type Features = ShapeMismatch<"Dense(64, 10): the input [?,128] has 128 features, not 64">;
  expectTypeOf<DenseOutput<[number, 128], 64, 10>>().toEqualTypeOf<Features>();
  type Named = ShapeMismatch<"Head(64, ?): the input [128] has 128 features, not 64">;
  expectTypeOf<DenseOutput<[128], 64, number, "Head">>().toEqualTypeOf<Named>();
  type Scalar = ShapeMismatch<"Dense(64, 10): the input [] has no features">;
  expectTypeOf<DenseOutput<[], 64, 10>>().toEqualTypeOf<Scalar>();
});

test("BatchNorm keeps the shape and knows its features", () => {
  expectTypeOf<BatchNormOutput<[64, 128], 128>>().toEqualTypeOf<readonly [64, 128]>();
  expectTypeOf<BatchNormOutput<[64, number], 128>>().toEqualTypeOf<readonly [64, 128]>();
  expectTypeOf<BatchNormOutput<[64, 128], number>>().toEqualTypeOf<readonly [64, 128]>();
  expectTypeOf<BatchNormOutput<Shape, number>>().toEqualTypeOf<readonly [...number[], number]>();
  type Features = ShapeMismatch<"BatchNorm(128): the input [64,256] has 256 features, not 128">;
  expectTypeOf<BatchNormOutput<[64, 256], 128>>().toEqualTypeOf<Features>();
});

test("a rule is applied through its input", () => {
  expectTypeOf<Apply<DenseRule<784, 10>, [64, 784]>>().toEqualTypeOf<readonly [64, 10]>();
  expectTypeOf<Apply<FlattenRule, [64, 28, 28]>>().toEqualTypeOf<readonly [64, 784]>();
  expectTypeOf<Apply<SameShapeRule, [64, 28]>>().toEqualTypeOf<[64, 28]>();
  interface Pairs extends Rule {
    readonly output: readonly [...InputShape<this["input"]>, 2];
  }
  expectTypeOf<Apply<Pairs, readonly [64]>>().toEqualTypeOf<readonly [64, 2]>();
});

test("a chain carries the shape from layer to layer", () => {
  type Model = readonly [Flatten, Dense<784, 128>, Norm<128>, Same, Dense<128, 10>];
  expectTypeOf<Chain<Model, [64, 28, 28]>>().toEqualTypeOf<readonly [64, 10]>();
  expectTypeOf<Chain<Model, [number, 784]>>().toEqualTypeOf<readonly [number, 10]>();
  expectTypeOf<Chain<Model, Shape>>().toEqualTypeOf<readonly [number, 10]>();
  expectTypeOf<Chain<readonly [], [64]>>().toEqualTypeOf<[64]>();
  type Features = ShapeMismatch<"Dense(784, 128): the input [64,756] has 756 features, not 784">;
  expectTypeOf<Chain<Model, [64, 28, 27]>>().toEqualTypeOf<Features>();
});

test("a layer without a rule states its output or leaves it open", () => {
  expectTypeOf<Chain<readonly [Dense<2, 3>, Unruled], [64, 2]>>().toEqualTypeOf<Shape>();
  expectTypeOf<Chain<readonly [Dense<2, 3>, Unruled, Dense<4, 5>], [64, 2]>>().toEqualTypeOf<
    readonly [...number[], 5]
  >();
  expectTypeOf<Chain<readonly [Stated, Dense<7, 10>], [64, 2]>>().toEqualTypeOf<readonly [number, 10]>();
  expectTypeOf<Chain<readonly Unruled[], [64, 2]>>().toEqualTypeOf<Shape>();
  expectTypeOf<Chain<readonly [Ruled<Rule>], [64, 2]>>().toEqualTypeOf<Shape>();
});

test("a chain at fault marks the layer that refuses its input, and only that", () => {
  type Broken = readonly [Dense<784, 128>, Same, Dense<64, 10>, Dense<11, 12>];
  expectTypeOf<CheckChain<Broken, "0">>().toBeUnknown();
  expectTypeOf<CheckChain<Broken, "1">>().toBeUnknown();
  type Features = ShapeMismatch<"Dense(64, 10): the input [?,128] has 128 features, not 64">;
  expectTypeOf<CheckChain<Broken, "2">>().toEqualTypeOf<Features>();
  expectTypeOf<CheckChain<Broken, "3">>().toBeUnknown();
  expectTypeOf<CheckChain<readonly Dense<64, 10>[], number>>().toBeUnknown();
  expectTypeOf<CheckChain<readonly [Dense<784, 128>, Dense<number, 10>], "1">>().toBeUnknown();
});

test("code that is generic over a shape may call a layer", () => {
  type Head<S extends Shape> = DenseOutput<S, 784, 10>;
  type Model<S extends Shape> = Chain<readonly [Flatten, Dense<784, 10>], S>;
  const head = <S extends Shape>(_: Tensor<S> & Check<Head<S>>): Tensor<Result<Head<S>>> => expect.fail();
  const model = <S extends Shape>(_: Tensor<S> & Check<Model<S>>): Tensor<Result<Model<S>>> => expect.fail();
  const generic = <S extends Shape>(x: Tensor<S>) => [head(x), model(x)] as const;
  expectTypeOf(generic<[64, 784]>).returns.toEqualTypeOf<
    readonly [Tensor<readonly [64, 10]>, Tensor<readonly [64, 10]>]
  >();
});
