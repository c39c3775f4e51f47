// Networks that learn as they should: nothing is found, whatever their architecture, optimizer, data type or size of batch.

import {
  Dense,
  Flatten,
  GELU,
  GRU,
  heNormal,
  initializers,
  type Layer,
  LayerNorm,
  LSTM,
  MultiHeadAttention,
  ReLU,
  Residual,
  Sequential,
  Sigmoid,
  SimpleRNN,
  Tanh,
  xavierNormal,
} from "@gradus/layers";
import { expect, test } from "vitest";
import { type Course, convolutional, deep, lecture, perceptron, seeded, seedsFor, train } from "./networks.ts";

const [relu, tanh, sigmoid] = [() => new ReLU(), () => new Tanh(), () => new Sigmoid()];
const small = [64, 64, 32, 10];

const normalized = (): Layer =>
  new Sequential(
    new Dense(64, 64),
    new LayerNorm(64),
    new ReLU(),
    new Dense(64, 64),
    new LayerNorm(64),
    new GELU(),
    new Dense(64, 10),
  );
const block = (): Residual =>
  new Residual(new LayerNorm(32), new Dense(32, 32, { initializer: heNormal }), new ReLU(), new Dense(32, 32));
const residual = (): Layer => {
  const layers: Layer[] = [new Dense(64, 32), ...Array.from({ length: 8 }, block), new Dense(32, 10)];
  return new Sequential(...layers);
};
const transformer = (): Layer =>
  new Sequential(
    new Dense(8, 32),
    new Residual(new LayerNorm(32), new MultiHeadAttention(32, 4)),
    new Residual(new LayerNorm(32), new Dense(32, 64), new GELU(), new Dense(64, 32)),
    new Flatten(),
    new Dense(256, 10),
  );
const double = (): Layer =>
  new Sequential(new Dense(64, 32, { dtype: "float64" }), new ReLU(), new Dense(32, 10, { dtype: "float64" }));
const sequence: Course = { shape: [8, 8] };

type Row = readonly [name: string, make: () => Layer, course?: Course];

const healthy: readonly Row[] = [
  ["relu, He", () => perceptron(small, relu, heNormal)],
  ["relu, He, eight layers", () => perceptron(deep(8), relu, heNormal)],
  ["relu, He, twenty layers", () => perceptron(deep(20), relu, heNormal)],
  ["relu, He, six narrow layers", () => perceptron(deep(6, 24), relu, heNormal)],
  ["relu, He, batches of 8", () => perceptron(small, relu, heNormal), { batch: 8 }],
  ["relu, He, inputs to 255", () => perceptron(small, relu, heNormal), { prepare: (x) => x.mul(255) }],
  ["relu, He, until it is learnt", () => perceptron(small, relu, heNormal), { steps: 401, learningRate: 3e-3 }],
  ["relu, Xavier", () => perceptron(small, relu, xavierNormal)],
  ["tanh, Xavier", () => perceptron(small, tanh, xavierNormal)],
  ["tanh, Xavier, eight layers", () => perceptron(deep(8), tanh, xavierNormal)],
  ["tanh, Xavier, until it is learnt", () => perceptron(small, tanh, xavierNormal), { steps: 401, learningRate: 3e-3 }],
  ["two sigmoids", () => perceptron(small, sigmoid, xavierNormal)],
  [
    "two sigmoids, until it is learnt",
    () => perceptron(small, sigmoid, xavierNormal),
    { steps: 401, learningRate: 3e-3 },
  ],
  ["SGD, 0.1", () => perceptron(small, relu, heNormal), { optimizer: "sgd", learningRate: 0.1 }],
  ["SGD, 0.01", () => perceptron(small, tanh, xavierNormal), { optimizer: "sgd", learningRate: 0.01 }],
  ["convolutions", convolutional, { shape: [8, 8, 1] }],
  ["the lecture's", lecture],
  ["the lecture's, eager", lecture, { compiled: false }],
  ["the lecture's, beyond what BatchNorm remembers", lecture, { steps: 601 }],
  ["LayerNorm", normalized],
  ["residual", residual],
  ["a transformer", transformer, sequence],
  ["LSTM", () => new Sequential(new LSTM(8, 32), new Dense(32, 10)), sequence],
  ["GRU", () => new Sequential(new GRU(8, 32), new Dense(32, 10)), sequence],
  ["SimpleRNN", () => new Sequential(new SimpleRNN(8, 32), new Dense(32, 10)), sequence],
  ["float64", double, { prepare: (x) => x.cast("float64") }],
  ["a single layer", () => new Dense(64, 10)],
  ["a single layer that starts at 0", () => new Dense(64, 10, { initializer: initializers.constant(0) })],
];

const rows = healthy.flatMap(([name, make, course], place) =>
  seedsFor(place).map((seed) => ({ name, make, course, seed })),
);

test.each(rows)("$name (seed $seed)", ({ make, course, seed }) => {
  const { diagnostics, losses } = train(seeded(seed, make), { ...course, seed });
  expect(diagnostics.findings).toEqual([]);
  expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
  expect(String(diagnostics)).toMatch(/Nothing found\.$/);
  expect(diagnostics.report().notes).toEqual([]);
});
