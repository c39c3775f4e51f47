// A layer and an operator of one's own, as the README shows them: their shapes are known to the compiler, and they
// learn.

import {
  elementwise,
  Generator,
  gradcheck,
  type Shape,
  type Tensor,
  tensor,
  typed,
  uniform,
  Variable,
} from "@gradus/core";
import { expect, expectTypeOf, test } from "vitest";
import { Dense, Layer, meanSquaredError, type SameShapeRule, Sequential } from "../src/index.ts";

const swish = elementwise({ name: "swish", forward: (x, beta) => x.mul(x.mul(beta).sigmoid()) });

class Swish extends Layer {
  declare readonly rule: SameShapeRule;
  readonly beta = new Variable(tensor(1));

  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return typed(swish(x, this.beta));
  }
}

test("shapes are inferred through them", () => {
  const model = new Sequential(new Dense(2, 16), new Swish(), new Dense(16, 1));
  const y = model.forward(uniform([64, 2]));
  expectTypeOf(y).toEqualTypeOf<Tensor<readonly [64, 1]>>();
  expectTypeOf(swish(uniform([3, 1]), uniform([4]))).toEqualTypeOf<Tensor<readonly [3, 4]>>();
  expect(y.shape).toEqual([64, 1]);
});

test("the operator's gradients are right, of both inputs and to the second order", () => {
  const [x, beta] = [uniform([3, 2], { low: -2, high: 2 }), tensor([0.5, 1.5])];
  expect(gradcheck((a, b) => swish(a ?? x, b ?? beta), [x, beta], { order: 2 })).toBe(true);
});

test("they learn, parameters included", () => {
  const generator = new Generator(4);
  const activation = new Swish();
  const model = new Sequential(new Dense(2, 16, { generator }), activation, new Dense(16, 1, { generator }));
  const x = uniform([64, 2], { low: -1, generator });
  const target = x.prod(1, { keepDims: true });
  const first = meanSquaredError(model.forward(x), target).item();
  for (let step = 0; step < 300; step++) {
    for (const parameter of model.parameters()) parameter.grad = null;
    meanSquaredError(model.forward(x), target).backward();
    for (const parameter of model.parameters()) {
      if (parameter.grad !== null) parameter.assign(parameter.sub(parameter.grad.mul(0.1)));
    }
  }
  expect(meanSquaredError(model.forward(x), target).item()).toBeLessThan(first / 4);
  expect(activation.beta.item()).not.toBe(1);
  expect([...model.stateDict().keys()]).toContain("swish.beta");
});
