// One exam for all layers. The types hold the table complete: a layer that the package exports and that has no row
// here does not compile.

import {
  Generator,
  gather,
  gradcheck,
  noGrad,
  randint,
  type Shape,
  type Tensor,
  tensor,
  uniform,
  type Variable,
  zeros,
} from "@gradus/core";
import { compile } from "@gradus/core/compile";
import { describe, expect, test } from "vitest";
import * as package_ from "../src/index.ts";
import { type Layer, meanSquaredError } from "../src/index.ts";

const { BatchNorm, Dense, Dropout, Flatten, ReLU, Sequential, Sigmoid, Softmax, Tanh } = package_;
const { Embedding, GroupNorm, GRU, Lambda, LayerNorm, LSTM, MultiHeadAttention, PositionalEncoding } = package_;
const { Reshape, Residual, RMSNorm, SimpleRNN } = package_;
const { CELU, ELU, GELU, HardSigmoid, HardSwish, HardTanh, LeakyReLU, LogSigmoid, LogSoftmax, Mish, PReLU } = package_;
const { ReLU6, SELU, SiLU, Softplus, Softsign } = package_;
const { AvgPool2D, Conv1D, Conv2D, ConvTranspose2D, GlobalAvgPool2D, MaxPool2D } = package_;

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
  /** Indices from 0 to so many, instead of floats. */
  readonly indices?: number;
  /** Whether its formulas are its own to the second derivative; others pass on to operators that are examined in core. */
  readonly second?: true;
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
    second: true,
  },
  Dropout: { make: (generator) => new Dropout(0.4, { generator }), ...same, ...none, text: "Dropout(0.4)" },
  Flatten: { make: () => new Flatten(), input: [4, 2, 3], output: [4, 6], ...none, text: "Flatten" },
  ReLU: { make: () => new ReLU(), ...same, ...none, text: "ReLU" },
  Sigmoid: { make: () => new Sigmoid(), ...same, ...none, text: "Sigmoid" },
  Tanh: { make: () => new Tanh(), ...same, ...none, text: "Tanh" },
  Softmax: { make: () => new Softmax(), ...same, ...none, text: "Softmax" },
  ReLU6: { make: () => new ReLU6(), ...same, ...none, text: "ReLU6" },
  SELU: { make: () => new SELU(), ...same, ...none, text: "SELU" },
  SiLU: { make: () => new SiLU(), ...same, ...none, text: "SiLU" },
  Mish: { make: () => new Mish(), ...same, ...none, text: "Mish" },
  Softplus: { make: () => new Softplus(), ...same, ...none, text: "Softplus" },
  Softsign: { make: () => new Softsign(), ...same, ...none, text: "Softsign" },
  LogSigmoid: { make: () => new LogSigmoid(), ...same, ...none, text: "LogSigmoid" },
  HardSigmoid: { make: () => new HardSigmoid(), ...same, ...none, text: "HardSigmoid" },
  HardSwish: { make: () => new HardSwish(), ...same, ...none, text: "HardSwish" },
  LogSoftmax: { make: () => new LogSoftmax(), ...same, ...none, text: "LogSoftmax" },
  GELU: { make: () => new GELU(), ...same, ...none, text: "GELU" },
  LeakyReLU: { make: () => new LeakyReLU(), ...same, ...none, text: "LeakyReLU({ negativeSlope: 0.01 })" },
  ELU: { make: () => new ELU({ alpha: 0.5 }), ...same, ...none, text: "ELU({ alpha: 0.5 })" },
  CELU: { make: () => new CELU({ alpha: 0.5 }), ...same, ...none, text: "CELU({ alpha: 0.5 })" },
  HardTanh: {
    make: () => new HardTanh({ min: -0.5, max: 2 }),
    ...same,
    ...none,
    text: "HardTanh({ min: -0.5, max: 2 })",
  },
  PReLU: {
    make: () => new PReLU(3, { dtype }),
    ...same,
    parameters: { weight: [3] },
    buffers: {},
    text: "PReLU(3)",
  },
  Conv1D: {
    make: (generator) => new Conv1D(2, 4, 3, { stride: 2, padding: [2, 0], groups: 2, dtype, generator }),
    input: [3, 5, 2],
    output: [3, 3, 4],
    parameters: { weight: [3, 1, 4], bias: [4] },
    buffers: {},
    text: "Conv1D(2, 4, 3)",
  },
  Conv2D: {
    make: (generator) => new Conv2D(2, 3, [2, 3], { padding: "same", dilation: [2, 1], dtype, generator }),
    input: [2, 4, 3, 2],
    output: [2, 4, 3, 3],
    parameters: { weight: [2, 3, 2, 3], bias: [3] },
    buffers: {},
    text: "Conv2D(2, 3, [2,3])",
  },
  ConvTranspose2D: {
    make: (generator) => new ConvTranspose2D(4, 2, 2, { stride: 3, outputPadding: 1, groups: 2, dtype, generator }),
    input: [2, 2, 2, 4],
    output: [2, 6, 6, 2],
    parameters: { weight: [2, 2, 4, 1], bias: [2] },
    buffers: {},
    text: "ConvTranspose2D(4, 2, 2)",
  },
  MaxPool2D: {
    make: () => new MaxPool2D(2, { ceilMode: true }),
    input: [2, 3, 4, 2],
    output: [2, 2, 2, 2],
    ...none,
    text: "MaxPool2D(2)",
  },
  AvgPool2D: {
    make: () => new AvgPool2D([2, 1], { stride: 1, padding: [1, 0], countIncludePad: true }),
    input: [2, 3, 2, 2],
    output: [2, 4, 2, 2],
    ...none,
    text: "AvgPool2D([2,1])",
  },
  GlobalAvgPool2D: {
    make: () => new GlobalAvgPool2D(),
    input: [4, 3, 2, 2],
    output: [4, 2],
    ...none,
    text: "GlobalAvgPool2D",
  },
  LayerNorm: {
    make: () => new LayerNorm([2, 3], { dtype }),
    input: [4, 2, 3],
    output: [4, 2, 3],
    parameters: { gamma: [2, 3], beta: [2, 3] },
    buffers: {},
    text: "LayerNorm([2,3])",
    second: true,
  },
  GroupNorm: {
    make: () => new GroupNorm(2, 4, { dtype }),
    input: [3, 2, 4],
    output: [3, 2, 4],
    parameters: { gamma: [4], beta: [4] },
    buffers: {},
    text: "GroupNorm(2, 4)",
    second: true,
  },
  RMSNorm: {
    make: () => new RMSNorm(3, { dtype }),
    ...same,
    parameters: { gamma: [3] },
    buffers: {},
    text: "RMSNorm(3)",
    second: true,
  },
  Embedding: {
    make: (generator) => new Embedding(6, 3, { dtype, generator, paddingIndex: 1 }),
    input: [4, 2],
    output: [4, 2, 3],
    indices: 6,
    parameters: { weight: [6, 3] },
    buffers: {},
    text: "Embedding(6, 3)",
  },
  SimpleRNN: {
    make: (generator) => new SimpleRNN(3, 2, { dtype, generator }),
    input: [4, 3, 3],
    output: [4, 2],
    parameters: { weight: [3, 2], recurrentWeight: [2, 2], bias: [2] },
    buffers: {},
    text: "SimpleRNN(3, 2)",
    second: true,
  },
  LSTM: {
    make: (generator) => new LSTM(3, 2, { dtype, generator, returnSequences: true }),
    input: [4, 3, 3],
    output: [4, 3, 2],
    parameters: { weight: [3, 8], recurrentWeight: [2, 8], bias: [8] },
    buffers: {},
    text: "LSTM(3, 2)",
  },
  GRU: {
    make: (generator) => new GRU(3, 2, { dtype, generator, returnSequences: true }),
    input: [2, 2, 3, 3],
    output: [2, 2, 3, 2],
    parameters: { weight: [3, 6], recurrentWeight: [2, 6], bias: [6], recurrentBias: [6] },
    buffers: {},
    text: "GRU(3, 2)",
  },
  MultiHeadAttention: {
    make: (generator) => new MultiHeadAttention(4, 2, { dtype, generator, causal: true, dropout: 0.2 }),
    input: [2, 3, 4],
    output: [2, 3, 4],
    parameters: Object.fromEntries(
      ["query", "key", "value", "output"].flatMap((part) => [
        [`${part}.weight`, [4, 4]],
        [`${part}.bias`, [4]],
      ]),
    ),
    buffers: {},
    text: "MultiHeadAttention(4, 2)",
  },
  PositionalEncoding: {
    make: (generator) => new PositionalEncoding(5, 2, { dtype, generator, learned: true }),
    input: [4, 3, 2],
    output: [4, 3, 2],
    parameters: { encoding: [5, 2] },
    buffers: {},
    text: "PositionalEncoding(5, 2)",
  },
  Residual: {
    make: (generator) => new Residual(new BatchNorm(3, { dtype }), new Dense(3, 3, { dtype, generator }), new Tanh()),
    ...same,
    parameters: {
      "batch_norm.gamma": [3],
      "batch_norm.beta": [3],
      "dense.weight": [3, 3],
      "dense.bias": [3],
    },
    buffers: { "batch_norm.runningMean": [3], "batch_norm.runningVariance": [3] },
    text: "Residual(BatchNorm(3), Dense(3, 3), Tanh)",
  },
  Reshape: { make: () => new Reshape([3, -1]), input: [4, 6], output: [4, 3, 2], ...none, text: "Reshape([3,-1])" },
  Lambda: { make: () => new Lambda((x) => x.sin(), "wave"), ...same, ...none, text: "Lambda(wave)" },
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

describe.each(Object.entries(rows))(
  "%s",
  (name, { make, input, output, parameters, buffers, text, indices, second }) => {
    const batch = (seed: number): Tensor => {
      const generator = new Generator(seed);
      return indices === undefined
        ? uniform(input, { low: -1, dtype, generator })
        : randint(input, { high: indices, generator });
    };

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
      const nothing = zeros([0, ...input.slice(1)], { dtype: layer.inputDType ?? dtype });
      expect(layer.forward(nothing).shape).toEqual([0, ...output.slice(1)]);
    });

    test("training lowers the loss, evaluation is repeatable", () => {
      const features = output.at(-1) ?? 1;
      const generator = new Generator(3);
      const model = new Sequential(make(generator), new Dense(features, 1, { dtype, generator }));
      const [x, target] = [batch(4), uniform([...output.slice(0, -1), 1], { dtype, generator })];
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

    test("a compiled step of training is an eager one", () => {
      const training = (): { model: Layer; step: (x: Tensor, target: Tensor) => Tensor } => {
        const generator = new Generator(20);
        const model = new Sequential(make(generator), new Dense(output.at(-1) ?? 1, 1, { dtype, generator }));
        const step = (x: Tensor, target: Tensor): Tensor => {
          for (const parameter of model.parameters()) parameter.grad = null;
          const loss = meanSquaredError(model.forward(x), target);
          loss.backward();
          for (const parameter of model.parameters())
            if (parameter.grad !== null) parameter.assign(parameter.sub(parameter.grad.mul(0.1)));
          return loss;
        };
        return { model, step };
      };
      const [eager, compiled] = [training(), training()];
      const program = compile(compiled.step);
      const target = uniform([...output.slice(0, -1), 1], { dtype, generator: new Generator(21) });
      for (let seed = 22; seed < 25; seed++) {
        expect(program(batch(seed), target).item()).toBeCloseTo(eager.step(batch(seed), target).item(), 10);
      }
      const [wanted, found] = [eager, compiled].map(({ model }) =>
        [...model.stateDict().values()].flatMap((value) => [...value.toTypedArray()]),
      );
      for (const [index, value] of wanted?.entries() ?? []) expect(found?.[index]).toBeCloseTo(value, 9);
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
      const run = (values: readonly Tensor[], x: Tensor): Tensor => {
        generator.state = state;
        return withParameters(layer, values, x);
      };
      const order = name === "Softmax" || second === true ? 2 : 1;
      if (indices !== undefined) gradcheck((...values) => run(values, batch(12)), layer.parameters(), { order });
      else gradcheck((x = batch(12), ...values) => run(values, x), [batch(12), ...layer.parameters()], { order });
    });

    test("the order of a batch does not count in evaluation", () => {
      const layer = make(new Generator(15));
      layer.forward(batch(16));
      layer.eval();
      const [x, order] = [
        batch(17),
        tensor(
          Array.from({ length: input[0] ?? 0 }, (_, row) => -1 - row),
          { dtype: "int32" },
        ),
      ];
      const [turned, expected] = [layer.forward(gather(x, order)), gather(layer.forward(x), order)];
      const wanted = expected.toTypedArray();
      for (const [index, value] of turned.toTypedArray().entries())
        expect(value).toBeCloseTo(wanted[index] ?? Number.NaN, 12);
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
  },
);
