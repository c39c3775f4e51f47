// Groups of parameters: each by its own numbers, as separate optimizers would, eager and compiled; and what is refused.

import { CheckpointError, OptionError, type Tensor, tensor, Variable } from "@gradus/core";
import { compile } from "@gradus/core/compile";
import { describe, expect, test } from "vitest";
import { Adam, AdamW, Muon, SGD } from "../src/index.ts";

const matrix = (): Variable => new Variable(tensor([[1, -2], [0.5, 3]]), { name: "weight" }); // biome-ignore format: a matrix
const vector = (): Variable => new Variable(tensor([1, 2]), { name: "bias" });

/** Ten steps down Σ w². */
function descend(parameters: readonly Variable[], step: () => void, compiled: boolean): unknown[] {
  const once = (): void => {
    for (const parameter of parameters) {
      parameter.grad = null;
      parameter.square().sum().backward();
    }
    step();
  };
  const take = compiled ? compile(once) : once;
  for (let count = 0; count < 10; count++) take();
  return parameters.map((parameter) => parameter.toArray());
}

describe.each([false, true])("compiled: %o", (compiled) => {
  test("each group goes by its own numbers, the rest by the optimizer's", () => {
    const [w, b, w2, b2] = [matrix(), vector(), matrix(), vector()];
    const optimizer = new AdamW(
      [
        { parameters: [w], weightDecay: 0.5, beta1: 0.5, amsgrad: true },
        { parameters: new Set([b]), learningRate: 0.01 },
      ],
      { learningRate: 0.1, weightDecay: 0 },
    );
    expect(optimizer.parameters).toEqual([w, b]);
    expect(optimizer.groups.map(({ hyperparameters }) => hyperparameters)).toEqual([
      { learningRate: 0.1, beta1: 0.5, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.5, amsgrad: true },
      { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, amsgrad: false },
    ]);
    const alone = [
      new AdamW([w2], { learningRate: 0.1, weightDecay: 0.5, beta1: 0.5, amsgrad: true }),
      new AdamW([b2], { learningRate: 0.01, weightDecay: 0 }),
    ];
    const together = descend([w, b], () => optimizer.step(), compiled);
    expect(together).toEqual(descend([w2, b2], () => void alone.map((each) => each.step()), compiled));
  });

  test("a group's numbers may change between steps", () => {
    const [w, b] = [matrix(), vector()];
    const optimizer = new SGD([{ parameters: [w] }, { parameters: [b] }], { learningRate: 0.1 });
    const [first, second] = optimizer.groups;
    if (first === undefined || second === undefined) throw new Error("there are two groups");
    const once = (): void => {
      for (const parameter of [w, b]) parameter.grad = parameter.mul(0).detach();
      optimizer.step();
    };
    const take = compiled ? compile(once) : once;
    take();
    expect(b.toArray()).toEqual([1, 2]);
    second.hyperparameters = { ...second.hyperparameters, weightDecay: 0.5, learningRate: 1 };
    take();
    expect(b.toArray()).toEqual([0.5, 1]);
    expect(w.toArray()).toEqual(matrix().toArray());
    second.learningRate = 2;
    take();
    expect(b.toArray()).toEqual([0, 0]);
    expect(() => {
      first.learningRate = Number.NaN;
    }).toThrow(new OptionError("SGD: learningRate must be a finite number ≥ 0, got NaN"));
  });

  test("Muon takes matrices, and gives the rest to AdamW", () => {
    const [w, b, b2] = [matrix(), vector(), vector()];
    const optimizer = new Muon([{ parameters: [w] }, { parameters: [b], adamW: true, weightDecay: 0.1 }]);
    expect(optimizer.groups.map(({ learningRate }) => learningRate)).toEqual([0.02, 3e-4]);
    const alone = new AdamW([b2], { learningRate: 3e-4, beta2: 0.95, epsilon: 1e-10, weightDecay: 0.1 });
    const [, found] = descend([w, b], () => optimizer.step(), compiled);
    expect(found).toEqual(descend([b2], () => alone.step(), compiled)[0]);
    expect(Object.keys(optimizer.stateDict().tensors)).toEqual(["0.momentum", "1.firstMoment", "1.secondMoment"]);
  });
});

test("Muon refuses what is no matrix, by its name", () => {
  expect(() => new Muon([matrix(), vector()])).toThrow(
    new OptionError(
      "Muon: parameter bias has shape [2] and is no matrix: put it into a group with adamW: true, or into an optimizer of its own",
    ),
  );
});

test("Muon's steps are orthogonal matrices, roughly, and larger where there are more outputs than inputs", () => {
  for (const [rows, scale] of [
    [2, 2],
    [8, 1],
  ] as const) {
    const values = Array.from({ length: 16 }, (_, index) => Math.sin(3 * index + 1));
    const w = new Variable(tensor(values, { dtype: "float64" }).reshape([rows, 16 / rows]));
    const before: Tensor = w.clone().detach();
    w.grad = w.mul(1e-3).detach();
    new Muon([w], { learningRate: 1 }).step();
    const step: Tensor = w.sub(before).detach();
    const gram: Tensor = rows < 4 ? step.matmul(step.transpose()) : step.transpose().matmul(step);
    const lengths = gram.toArray() as number[][]; // cast: a matrix
    expect(Math.sqrt(lengths[0]?.[0] ?? 0) / scale).toBeGreaterThan(0.6);
    expect(Math.sqrt(lengths[1]?.[1] ?? 0) / scale).toBeLessThan(1.3);
    expect(Math.abs(lengths[0]?.[1] ?? 1) / scale ** 2).toBeLessThan(0.35);
  }
});

test("the optimizer's rate is the first group's; assigned, it changes all in proportion", () => {
  const optimizer = new Adam([{ parameters: [matrix()] }, { parameters: [vector()], learningRate: 0.01 }], {
    learningRate: 0.1,
  });
  optimizer.learningRate = 0.2;
  expect(optimizer.groups.map(({ learningRate }) => learningRate)).toEqual([0.2, 0.02]);
  expect(() => {
    optimizer.learningRate = -1;
  }).toThrow(OptionError);
  expect(optimizer.groups.map(({ learningRate }) => learningRate)).toEqual([0.2, 0.02]);
  optimizer.learningRate = 0;
  expect(optimizer.groups.map(({ learningRate }) => learningRate)).toEqual([0, 0]);
});

test.each<[RegExp, (shared: Variable) => unknown]>([
  [/^SGD: group 1 has no parameters$/, (w) => new SGD([{ parameters: [w] }, { parameters: [] }])],
  [/^SGD: parameter weight is given twice$/, (w) => new SGD([{ parameters: [w] }, { parameters: [w] }])],
  [/^SGD: momentum must be from 0 to below 1, got 2$/, (w) => new SGD([{ parameters: [w], momentum: 2 }])],
  [/^SGD: nesterov must be used with a momentum/, (w) => new SGD([{ parameters: [w], nesterov: true }])],
])("refuses: %s", (message, make) => {
  expect(() => make(matrix())).toThrow(OptionError);
  expect(() => make(matrix())).toThrow(message);
});

test("a state is saved and loaded with its groups, and refused with every difference", () => {
  const make = (decay: number): SGD =>
    new SGD([
      { parameters: [matrix()], weightDecay: decay },
      { parameters: [vector()], momentum: 0.9 },
    ]);
  const [optimizer, other] = [make(0.5), make(0)];
  descend(optimizer.parameters, () => optimizer.step(), false);
  const state = optimizer.stateDict();
  expect(Object.keys(state.tensors)).toEqual(["1.velocity"]);
  other.loadStateDict(state);
  expect(other.stateDict().groups).toEqual(state.groups);
  expect(other.groups[0]?.hyperparameters.weightDecay).toBe(0.5);
  const flat = new SGD([matrix(), vector()]);
  expect(() => flat.loadStateDict(state)).toThrow(CheckpointError);
  expect(() => flat.loadStateDict(state)).toThrow(/1\.velocity is unknown; it has 2 groups of parameters, there are 1/);
  const [first, second] = state.groups;
  const wrong = {
    ...state,
    groups: [
      { parameters: 2, hyperparameters: first?.hyperparameters ?? {} },
      { parameters: 1, hyperparameters: { ...second?.hyperparameters, momentum: 7 } },
    ],
  };
  expect(() => other.loadStateDict(wrong)).toThrow(
    /group 0: it has 2 parameters, there are 1; group 1: SGD: momentum must be from 0 to below 1, got 7/,
  );
});
