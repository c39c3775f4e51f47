// One exam for all layers. The types hold the table complete: a layer that the package exports and that has no row
// here does not compile.

import { Generator, gradcheck, noGrad, type Shape, type Tensor, uniform, type Variable } from "@gradus/core";
import { describe, expect, test } from "vitest";
import * as package_ from "../src/index.ts";
import { type Layer, meanSquaredError } from "../src/index.ts";

const { BatchNorm, Dense, Dropout, Flatten, ReLU, Sequential, Sigmoid, Softmax, Tanh } = package_;

/** The names under which the package exports layers. */
type LayerName = {
  [K in keyof typeof package_]: (typeof package_)[K] extends new (...args: never) => Layer ? K : never;
}[keyof typeof package_];

/** What the exam asks of a layer. */
interface Row {
  /** A layer in float64, the same for the same generator. */
  readonly make: (generator: Generator) => Layer;
  readonly input: Shape;
  readonly output: Shape;
  readonly parameters: Readonly<Record<string, Shape>>;
  readonly buffers: Readonly<Record<string, Shape>>;
  readonly text: string;
}

const dtype = "float64";
const none = { parameters: {}, buffers: {} };
const same = { input: [4, 3], output: [4, 3] };

const rows: Readonly<Record<LayerName, Row>> = {
  Dense: {
    make: (generator) => new Dense(3, 5, { dtype, generator }),
    input: [4, 3],
    output: [4, 5],
    parameters: { weight: [3, 5], bias: [5] },
    buffers: {},
    text: "Dense(3, 5)",
  },
  BatchNorm: {
    make: () => new BatchNorm(3, { dtype }),
    ...same,
    parameters: { gamma: [3], beta: [3] },
    buffers: { runningMean: [3], runningVariance: [3] },
    text: "BatchNorm(3)",
  },
  Dropout: { make: (generator) => new Dropout(0.4, { generator }), ...same, ...none, text: "Dropout(0.4)" },
  Flatten: { make: () => new Flatten(), input: [4, 2, 3], output: [4, 6], ...none, text: "Flatten" },
  ReLU: { make: () => new ReLU(), ...same, ...none, text: "ReLU" },
  Sigmoid: { make: () => new Sigmoid(), ...same, ...none, text: "Sigmoid" },
  Tanh: { make: () => new Tanh(), ...same, ...none, text: "Tanh" },
  Softmax: { make: () => new Softmax(), ...same, ...none, text: "Softmax" },
  Sequential: {
    make: (generator) => {
      const options = { dtype, generator } as const;
      return new Sequential(
        new Dense(3, 4, options),
        new BatchNorm(4, { dtype }),
        new Tanh(),
        new Dense(4, 2, options),
      );
    },
    input: [5, 3],
    output: [5, 2],
    parameters: {
      "dense.weight": [3, 4],
      "dense.bias": [4],
      "batch_norm.gamma": [4],
      "batch_norm.beta": [4],
      "dense_1.weight": [4, 2],
      "dense_1.bias": [2],
    },
    buffers: { "batch_norm.runningMean": [4], "batch_norm.runningVariance": [4] },
    text: "Sequential(Dense(3, 4), BatchNorm(4), Tanh, Dense(4, 2))",
  },
};

const shapesOf = (variables: ReadonlyMap<string, Variable>): Readonly<Record<string, Shape>> =>
  Object.fromEntries([...variables].map(([name, { shape }]) => [name, shape]));

/** Runs the layer with other tensors in the place of its parameters. */
function withParameters(layer: Layer, values: readonly Tensor[], x: Tensor): Tensor {
  const places = [...layer.namedParameters()].map(([path, variable]) => {
    const [field = "", ...outer] = path.split(".").reverse();
    const owner = outer.length === 0 ? layer : layer.namedLayers().get(outer.reverse().join("."));
    return { owner: owner ?? layer, field, variable };
  });
  for (const [index, { owner, field }] of places.entries()) Reflect.set(owner, field, values[index]);
  try {
    return layer.forward(x);
  } finally {
    for (const { owner, field, variable } of places) Reflect.set(owner, field, variable);
  }
}

describe.each(Object.entries(rows))("%s", (name, { make, input, output, parameters, buffers, text }) => {
  const batch = (seed: number): Tensor => uniform(input, { low: -1, dtype, generator: new Generator(seed) });

  test("construction: parameters, buffers, shapes, name", () => {
    const layer = make(new Generator(0));
    expect(shapesOf(layer.namedParameters())).toEqual(parameters);
    expect(shapesOf(layer.namedBuffers())).toEqual(buffers);
    expect([...layer.stateDict().keys()]).toEqual([...layer.namedVariables().keys()]);
    expect(layer.forward(batch(1)).shape).toEqual(output);
    expect(layer.forward(batch(1)).dtype).toBe(dtype);
    expect(String(layer)).toBe(text);
    expect(new Sequential(layer).namedLayers().has(layer.kind)).toBe(true);
    for (const [path, variable] of layer.namedVariables()) expect(variable.name).toContain(path);
  });

  test("an empty batch gives an empty result", () => {
    const layer = make(new Generator(0)).eval();
    expect(layer.forward(uniform([0, ...input.slice(1)], { dtype })).shape).toEqual([0, ...output.slice(1)]);
  });

  test("training lowers the loss, evaluation is repeatable", () => {
    const features = output.at(-1) ?? 1;
    const generator = new Generator(3);
    const model = new Sequential(make(generator), new Dense(features, 1, { dtype, generator }));
    const [x, target] = [batch(4), uniform([output[0] ?? 1, 1], { dtype, generator })];
    const loss = (): number => noGrad(() => meanSquaredError(model.eval().forward(x), target).item());
    const before = loss();
    for (let step = 0; step < 30; step++) {
      model.train();
      for (const parameter of model.parameters()) parameter.grad = null;
      meanSquaredError(model.forward(x), target).backward();
      for (const parameter of model.parameters()) {
        expect(parameter.grad?.shape).toEqual(parameter.shape);
        if (parameter.grad !== null) parameter.assign(parameter.sub(parameter.grad.mul(0.1)));
      }
    }
    const after = loss();
    expect(after).toBeLessThan(before);
    const state = [...model.stateDict().values()].map(String);
    expect(loss()).toBe(after);
    expect([...model.stateDict().values()].map(String)).toEqual(state);
  });

  test("a state brings another layer to the same values", () => {
    const [one, other] = [make(new Generator(5)), make(new Generator(6))];
    one.forward(batch(7));
    const state = one.stateDict();
    other.loadStateDict(state);
    expect(other.eval().forward(batch(8)).toArray()).toEqual(one.eval().forward(batch(8)).toArray());
    one.train().forward(batch(9));
    expect([...other.stateDict().values()].map(String)).toEqual([...state.values()].map(String));
    other.loadStateDict(Object.fromEntries(state));
  });

  test.each(["train", "eval"] as const)("gradients in %s()", (mode) => {
    const generator = new Generator(10);
    const layer = make(generator)[mode]();
    if (mode === "eval") noGrad(() => layer.train().forward(batch(11)));
    layer[mode]();
    const { state } = generator;
    const inputs = [batch(12), ...layer.parameters()];
    const order = name === "Softmax" || name === "BatchNorm" ? 2 : 1;
    gradcheck(
      (x, ...values) => {
        generator.state = state;
        return x === undefined ? batch(12) : withParameters(layer, values, x);
      },
      inputs,
      { order },
    );
  });

  test("frozen, it learns nothing", () => {
    const layer = make(new Generator(13)).freeze();
    const before = [...layer.stateDict().values()].map(String);
    const result = layer.forward(batch(14));
    expect(result.requiresGrad).toBe(false);
    expect([...layer.stateDict().values()].map(String)).toEqual(before);
    expect(shapesOf(layer.namedParameters())).toEqual(parameters);
    layer.unfreeze();
    expect(layer.parameters().every(({ requiresGrad }) => requiresGrad)).toBe(true);
    expect(layer.buffers().some(({ requiresGrad }) => requiresGrad)).toBe(false);
  });
});
