// Layers within compiled steps do what they do outside of them.

import { Generator, noGrad, randint, type Tensor, uniform, type Variable } from "@gradus/core";
import { compile } from "@gradus/core/compile";
import { expect, test } from "vitest";
import {
  BatchNorm,
  crossEntropy,
  Dense,
  Dropout,
  Flatten,
  ReLU,
  Sequential,
  Sigmoid,
  Softmax,
  Tanh,
} from "../src/index.ts";

function make(momentum: number | null): Sequential {
  const generator = new Generator(1);
  return new Sequential(
    new Flatten(),
    new Dense(12, 8, { generator }),
    new BatchNorm(8, { momentum }),
    new ReLU(),
    new Dropout(0.3, { generator }),
    new Dense(8, 6, { generator }),
    new Tanh(),
    new Dense(6, 5, { generator }),
    new Sigmoid(),
    new Dense(5, 3, { generator }),
  );
}

const state = (model: Sequential): number[] =>
  [...model.namedVariables().values()].flatMap((variable: Variable) => [...variable.toTypedArray()]);

/** One step of gradient descent. */
function stepOf(model: Sequential): (x: Tensor, y: Tensor) => Tensor {
  const parameters = model.parameters();
  return (x, y) => {
    const loss = crossEntropy(model.forward(x), y);
    for (const parameter of parameters) parameter.grad = null;
    loss.backward();
    for (const parameter of parameters) {
      if (parameter.grad !== null) parameter.assign(parameter.sub(parameter.grad.mul(0.1)));
    }
    return loss;
  };
}

test.each([0.9, null])("training with momentum %s: losses, parameters, statistics, masks", (momentum) => {
  const [eager, compiled] = [make(momentum), make(momentum)];
  const [one, other] = [stepOf(eager), compile(stepOf(compiled))];
  const generator = new Generator(2);
  for (let step = 0; step < 10; step++) {
    const x = uniform([16, 3, 4], { generator });
    const y = randint([16], { high: 3, generator });
    expect(other(x, y).item()).toBeCloseTo(one(x, y).item(), 5);
  }
  const expected = state(eager);
  for (const [index, value] of state(compiled).entries()) expect(value).toBeCloseTo(expected[index] ?? Number.NaN, 4);
});

test("modes are looked at in each call", () => {
  const model = make(0.9);
  const x = uniform([16, 3, 4], { generator: new Generator(3) });
  const predict = compile((input: Tensor) => noGrad(() => model.forward(input)));
  const statistics = (): unknown => model.buffers().map((variable) => variable.toArray());
  predict(x);
  const before = statistics();
  model.eval();
  const evaluated = predict(x).toArray();
  expect(predict(x).toArray()).toEqual(evaluated);
  expect(statistics()).toEqual(before);
  model.train().freeze();
  predict(x);
  expect(statistics()).toEqual(before);
  model.unfreeze();
  predict(x);
  expect(statistics()).not.toEqual(before);
});

test("a Softmax before crossEntropy is refused there too", () => {
  const model = new Sequential(new Dense(4, 3), new Softmax());
  const step = compile((x: Tensor, y: Tensor) =>
    noGrad(() => crossEntropy(model.forward(x as Tensor<readonly [2, 4]>), y)),
  );
  expect(() => step(uniform([2, 4]), randint([2], { high: 3 }))).toThrow("the result of a softmax");
});
