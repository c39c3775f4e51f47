// Recurrent layers and attention beside PyTorch's modules in float64, and what they promise beyond the exam.

import { readFileSync } from "node:fs";
import { concat, Generator, noGrad, ones, slice, type Tensor, tensor, uniform, Variable, zeros } from "@gradus/core";
import { compile } from "@gradus/core/compile";
import { describe, expect, test } from "vitest";
import {
  BatchNorm,
  Dense,
  Dropout,
  Embedding,
  GRU,
  type Layer,
  LSTM,
  MultiHeadAttention,
  PositionalEncoding,
  Residual,
  Sequential,
  SimpleRNN,
  Tanh,
} from "../src/index.ts";
import { expectClose, type Numbers, read } from "./oracle/pytorch.ts";

interface RecurrentRecord {
  readonly name: "RNN" | "LSTM" | "GRU";
  readonly options: { readonly activation?: "relu" };
  readonly x: Numbers;
  readonly state: readonly Numbers[];
  readonly parameters: Readonly<Record<string, Numbers>>;
  readonly y: Numbers;
  readonly dy: Numbers;
  readonly dx: Numbers;
  readonly dstate: readonly Numbers[];
  readonly gradients: Readonly<Record<string, Numbers>>;
}

interface AttentionRecord {
  readonly label: string;
  readonly causal: boolean;
  readonly inputs: readonly Numbers[];
  readonly parameters: Readonly<Record<string, Numbers>>;
  readonly mask: Numbers | null;
  readonly y: Numbers;
  readonly dy: Numbers;
  readonly dinputs: readonly Numbers[];
  readonly gradients: Readonly<Record<string, Numbers>>;
}

const lines = readFileSync(new URL("oracle/sequences.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n");
const recorded: { readonly recurrent: readonly RecurrentRecord[]; readonly attention: readonly AttentionRecord[] } =
  Object.assign({}, ...lines.map((line): unknown => JSON.parse(line)));

const dtype = "float64";
const load = (layer: Layer, parameters: Readonly<Record<string, Numbers>>): void => {
  layer.loadStateDict(Object.fromEntries(Object.entries(parameters).map(([name, values]) => [name, read(values)])));
};
const expectGradients = (layer: Layer, gradients: Readonly<Record<string, Numbers>>): void => {
  const parameters = layer.namedParameters();
  expect([...parameters.keys()].sort()).toEqual(Object.keys(gradients).sort());
  for (const [name, values] of Object.entries(gradients)) expectClose(parameters.get(name)?.grad, values);
};

test.each(recorded.recurrent)("$name $options is PyTorch's", (record) => {
  const makers = {
    RNN: () => new SimpleRNN(3, 4, { dtype, returnSequences: true, ...record.options }),
    LSTM: () => new LSTM(3, 4, { dtype, returnSequences: true }),
    GRU: () => new GRU(3, 4, { dtype, returnSequences: true }),
  };
  const layer: Layer = makers[record.name]();
  load(layer, record.parameters);
  const x = new Variable(read(record.x));
  const state = record.state.map((part) => new Variable(read(part)));
  const y = layer.forward(x, ...state);
  expectClose(y, record.y);
  y.backward(read(record.dy));
  expectClose(x.grad, record.dx);
  for (const [index, part] of state.entries()) expectClose(part.grad, record.dstate[index]);
  expectGradients(layer, record.gradients);
});

test.each(recorded.attention)("MultiHeadAttention, $label, is PyTorch's", (record) => {
  const [query, key = query, value = key] = record.inputs.map((values) => new Variable(read(values)));
  if (query === undefined || key === undefined || value === undefined) throw new Error("no inputs");
  const keyFeatures = key.shape.at(-1) ?? 1;
  const options = { dtype, causal: record.causal, keyFeatures, valueFeatures: value.shape.at(-1) ?? 1 } as const;
  const layer: Layer = new MultiHeadAttention(6, 2, options);
  load(layer, record.parameters);
  const mask = record.mask === null ? [] : [read(record.mask).cast("bool")];
  const y = mask.length > 0 || query !== key ? layer.forward(query, key, value, ...mask) : layer.forward(query);
  expectClose(y, record.y);
  y.backward(read(record.dy));
  for (const [index, input] of [query, key, value].slice(0, record.inputs.length).entries()) {
    expectClose(input.grad, record.dinputs[index]);
  }
  expectGradients(layer, record.gradients);
});

describe("recurrent layers", () => {
  const x = uniform([2, 5, 3], { generator: new Generator(1) });

  test("give the last state, or all; unroll gives both, and goes on where it stopped", () => {
    const layer = new LSTM(3, 4, { generator: new Generator(2) });
    const sequences = new LSTM(3, 4, { generator: new Generator(2), returnSequences: true });
    const { output, hidden, cell } = layer.unroll(x);
    expect(layer.forward(x).toArray()).toEqual(hidden.toArray());
    expect(sequences.forward(x).toArray()).toEqual(output.toArray());
    const start = layer.unroll(slice(x, null, [0, 3]));
    const rest = layer.unroll(slice(x, null, [3]), start);
    const difference = concat([start.output, rest.output], 1).sub(output).abs().max().item();
    expect(difference).toBeLessThan(1e-6);
    expect(rest.cell.sub(cell).abs().max().item()).toBeLessThan(1e-6);
    const gru = new GRU(3, 4);
    expect(gru.unroll(x, { hidden: ones([2, 4]) }).hidden.toArray()).toEqual(gru.forward(x, ones([2, 4])).toArray());
    expect(new SimpleRNN(3, 4).unroll(x).output.shape).toEqual([2, 5, 4]);
  });

  test("start with open forget gates, and without biases if told so", () => {
    expect(new LSTM(1, 2).bias?.toArray()).toEqual([0, 0, 1, 1, 0, 0, 0, 0]);
    expect(new LSTM(1, 2, { unitForgetBias: false }).bias?.toArray()).toEqual(new Array(8).fill(0));
    for (const layer of [
      new LSTM(3, 4, { bias: false }),
      new GRU(3, 4, { bias: false }),
      new SimpleRNN(3, 4, { bias: false }),
    ]) {
      expect([...layer.namedParameters().keys()]).toEqual(["weight", "recurrentWeight"]);
      expect(layer.forward(x).shape).toEqual([2, 4]);
    }
  });

  test("learn what came first in a sequence, compiled", () => {
    const generator = new Generator(3);
    const inputs = uniform([32, 6, 1], { low: -1, generator });
    const target = slice(inputs, null, 0).sign();
    const model = new Sequential(new GRU(1, 8, { generator }), new Dense(8, 1, { generator }), new Tanh());
    const step = compile((a: Tensor, b: Tensor) => {
      const loss = model.forward(a).sub(b).square().mean();
      for (const parameter of model.parameters()) parameter.grad = null;
      loss.backward();
      for (const parameter of model.parameters())
        if (parameter.grad !== null) parameter.assign(parameter.sub(parameter.grad.mul(0.5)));
      return loss;
    });
    const first = step(inputs, target).item();
    for (let count = 0; count < 150; count++) step(inputs, target);
    expect(step(inputs, target).item()).toBeLessThan(first / 4);
    expect(step.programs).toHaveLength(1);
  });
});

describe("MultiHeadAttention", () => {
  test("drops weights in training only, from its own generator", () => {
    const x = uniform([2, 4, 6], { generator: new Generator(4) });
    const make = (): MultiHeadAttention<6, 2> =>
      new MultiHeadAttention(6, 2, { dropout: 0.5, generator: new Generator(5) });
    const [one, other] = [make(), make()];
    expect(one.forward(x).toArray()).toEqual(other.forward(x).toArray());
    expect(one.forward(x).toArray()).not.toEqual(one.forward(x).toArray());
    one.eval();
    expect(one.forward(x).toArray()).toEqual(one.forward(x).toArray());
  });

  test("permuting the places permutes the result, and a causal one does not look ahead", () => {
    const x = uniform([1, 3, 4], { dtype, generator: new Generator(6) });
    const turned = concat([slice(x, null, [2]), slice(x, null, [0, 2])], 1);
    const layer = new MultiHeadAttention(4, 2, { dtype });
    const back = layer.forward(turned);
    const again = concat([slice(back, null, [1]), slice(back, null, [0, 1])], 1);
    expect(again.sub(layer.forward(x)).abs().max().item()).toBeLessThan(1e-12);
    const causal = new MultiHeadAttention(4, 2, { dtype, causal: true });
    const changed = x.add(tensor([0, 0, 1], { dtype }).reshape([3, 1]));
    const [before, after] = [causal.forward(x), causal.forward(changed)].map((y) => slice(y, null, [0, 2]).toArray());
    expect(after).toEqual(before);
  });
});

describe("Embedding", () => {
  const indices = tensor(
    [
      [0, 2],
      [1, 2],
    ],
    { dtype: "int32" },
  );

  test("looks rows up, and sums the gradients of those looked up twice", () => {
    const layer = new Embedding(4, 3, { generator: new Generator(7) });
    expect(layer.forward(indices).toArray()).toEqual([
      [slice(layer.weight, 0).toArray(), slice(layer.weight, 2).toArray()],
      [slice(layer.weight, 1).toArray(), slice(layer.weight, 2).toArray()],
    ]);
    layer.forward(indices).sum().backward();
    expect(layer.weight.grad?.sum(1).toArray()).toEqual([3, 3, 6, 0]);
  });

  test("gives zeros for padding, which learns nothing", () => {
    const layer = new Embedding(4, 3, { paddingIndex: 2 });
    const y = layer.forward(indices);
    expect(slice(y, null, 1).abs().max().item()).toBe(0);
    y.sum().backward();
    expect(layer.weight.grad?.sum(1).toArray()).toEqual([3, 3, 0, 0]);
  });

  test("begins a model, whose summary knows the shapes", () => {
    const model = new Sequential(new Embedding(10, 8), new PositionalEncoding(20, 8), new GRU(8, 4), new Dense(4, 2));
    const text = model.summary({ inputShape: [7], print: false });
    expect(text).toMatch(/embedding \(Embedding\) +│ \[\?,7,8\] +│ +80 │/);
    expect(text).toMatch(/gru \(GRU\) +│ \[\?,4\] +│ +168 │/);
    expect(model.forward(tensor([[1, 2, 3]], { dtype: "int32" })).shape).toEqual([1, 2]);
  });
});

test("a positional encoding is the paper's, and tells places apart", () => {
  const table = new PositionalEncoding(3, 4, { dtype }).forward(zeros([3, 4], { dtype }));
  const expected = [0, 1, 2].flatMap((t) => [Math.sin(t), Math.cos(t), Math.sin(t / 100), Math.cos(t / 100)]);
  expectClose(table, [expected.slice(0, 4), expected.slice(4, 8), expected.slice(8)]);
  expect(new PositionalEncoding(9, 4, { learned: true }).parameters()).toHaveLength(1);
});

test("a Residual around nothing doubles, and its layers follow its mode", () => {
  expect(new Residual().forward(ones([2])).toArray()).toEqual([2, 2]);
  const block = new Residual(new Dropout(0.5), new BatchNorm(3)).eval();
  expect([...block.namedLayers().values()].map(({ training }) => training)).toEqual([false, false]);
  const x = uniform([4, 3]);
  expect(noGrad(() => block.forward(x)).toArray()).toEqual(noGrad(() => block.forward(x)).toArray());
});
