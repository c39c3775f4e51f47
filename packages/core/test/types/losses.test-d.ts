// Shapes of losses: a scalar, or one loss for each row or element.

import { expectTypeOf, test } from "vitest";
import {
  binaryCrossEntropy,
  categoricalCrossEntropy,
  cosineDistance,
  cosineSimilarity,
  crossEntropy,
  huber,
  klDivergence,
  type LossReduction,
  meanSquaredError,
  nll,
  type Shape,
  type Tensor,
  tripletMargin,
} from "../../src/index.ts";

declare const x: Tensor<readonly [32, 10]>;
declare const batch: Tensor<readonly [number, 10]>;
declare const labels: Tensor<readonly [32]>;
declare const any: Tensor;
declare const reduction: LossReduction;

test("means and sums are scalars", () => {
  expectTypeOf(meanSquaredError(x, x)).toEqualTypeOf<Tensor<readonly []>>();
  expectTypeOf(meanSquaredError(any, any)).toEqualTypeOf<Tensor<readonly []>>();
  expectTypeOf(huber(x, x, { delta: 2 })).toEqualTypeOf<Tensor<readonly []>>();
  expectTypeOf(klDivergence(x, x, { reduction: "batchMean" })).toEqualTypeOf<Tensor<readonly []>>();
  expectTypeOf(crossEntropy(x, labels, { labelSmoothing: 0.1 })).toEqualTypeOf<Tensor<readonly []>>();
  expectTypeOf(crossEntropy(any, labels)).toEqualTypeOf<Tensor<readonly []>>();
  expectTypeOf(nll(x, any, { reduction: "sum" })).toEqualTypeOf<Tensor<readonly []>>();
});

test("without a reduction: the elements', or the rows'", () => {
  const none = { reduction: "none" } as const;
  expectTypeOf(meanSquaredError(x, x, none)).toEqualTypeOf<Tensor<readonly [32, 10]>>();
  expectTypeOf(meanSquaredError(batch, x, { reduction: "none" })).toEqualTypeOf<Tensor<readonly [32, 10]>>();
  expectTypeOf(binaryCrossEntropy(any, x, none)).toEqualTypeOf<Tensor<readonly [32, 10]>>();
  expectTypeOf(crossEntropy(x, labels, none)).toEqualTypeOf<Tensor<readonly [32]>>();
  expectTypeOf(crossEntropy(x, x, none)).toEqualTypeOf<Tensor<readonly [32]>>();
  expectTypeOf(crossEntropy(batch, labels, none)).toEqualTypeOf<Tensor<readonly [32]>>();
  expectTypeOf(nll(x, labels, none)).toEqualTypeOf<Tensor<readonly [32]>>();
  expectTypeOf(categoricalCrossEntropy(x, x, none)).toEqualTypeOf<Tensor<readonly [32]>>();
  expectTypeOf(cosineDistance(x, x, none)).toEqualTypeOf<Tensor<readonly [32]>>();
  expectTypeOf(cosineDistance(x, x, { reduction: "none", axis: 0 })).toEqualTypeOf<Tensor<readonly [10]>>();
  expectTypeOf(tripletMargin(x, x, batch, none)).toEqualTypeOf<Tensor<readonly [32]>>();
  expectTypeOf(crossEntropy(any, any, none)).toEqualTypeOf<Tensor>();
});

test("a reduction that only run time knows", () => {
  expectTypeOf(meanSquaredError(x, x, { reduction })).toEqualTypeOf<Tensor>();
});

test("cosines broadcast", () => {
  expectTypeOf(cosineSimilarity(x, x)).toEqualTypeOf<Tensor<readonly [32]>>();
  expectTypeOf(cosineSimilarity(x, {} as Tensor<readonly [10]>, { axis: 0 })).toEqualTypeOf<Tensor<readonly [10]>>();
});

test("losses are functions of any tensors", () => {
  const choose = (kind: boolean) => (kind ? meanSquaredError : huber);
  expectTypeOf(choose(true)).toExtend<(prediction: Tensor, target: Tensor) => Tensor>();
  const own = <S extends Shape>(a: Tensor<S>, b: Tensor<S>): Tensor => meanSquaredError(a, b).add(huber(a, b));
  expectTypeOf(own(x, x)).toEqualTypeOf<Tensor>();
});
