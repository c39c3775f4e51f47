// The policy for pooling, losses, normalization, dropout and spreads, row by row: eagerly and compiled.

import { describe, expect, test } from "vitest";
import { avgPool2d, maxPool2d } from "../../src/convolution.ts";
import * as core from "../../src/index.ts";
import { DataError, OptionError, type Tensor, tensor, zeros } from "../../src/index.ts";
import { engines, outcomeOf, resultOf } from "./engines.ts";
import { firstDifference, flat, type Numbers } from "./reference.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const labels = (values: Numbers): Tensor => tensor(values, { dtype: "int32" });
const image = (x: Tensor): Tensor => x.unsqueeze(0).unsqueeze(-1);

type Function = (...xs: Tensor[]) => Tensor;
/** A function at some inputs, its value, and the gradients of its sum. */
type Row = readonly [name: string, f: Function, inputs: readonly Numbers[], value: number[], slopes: number[][]];

/** The rows hold in every engine. */
function holds(rows: readonly Row[]): void {
  test.each(rows.map((row): [string, Row] => [row[0], row]))("%s", (_, [, f, inputs, value, slopes]) => {
    for (const engine of engines) {
      const found = outcomeOf(engine, f, ...inputs);
      const of = (index: number): string => `${engine.name}, ${index < 0 ? "value" : `gradient ${index}`}`;
      for (const [index, wanted] of [value, ...slopes].entries()) {
        const numbers = index === 0 ? found.value : (found.slopes[index - 1] ?? []);
        expect(firstDifference(numbers, wanted, engine.tolerance), `${of(index - 1)}: ${numbers}`).toBeNull();
      }
    }
  });
}

describe("pooling", () => {
  const size = 2;
  holds([
    [
      "the first maximum takes all",
      (x) => maxPool2d(image(x), { size }),
      [
        [
          [1, 3],
          [3, 3],
        ],
      ],
      [3],
      [[0, 1, 0, 0]],
    ],
    [
      "padding never wins, and pads no gradient",
      (x) => maxPool2d(image(x), { size, stride: 2, padding: 1 }),
      [
        [
          [-1, -2],
          [-3, -4],
        ],
      ],
      [-1, -2, -3, -4],
      [[1, 1, 1, 1]],
    ],
    [
      "NaN wins",
      (x) => maxPool2d(image(x), { size }),
      [
        [
          [1, nan],
          [inf, 3],
        ],
      ],
      [nan],
      [[0, 1, 0, 0]],
    ],
    [
      "means leave the padding out",
      (x) => avgPool2d(image(x), { size, stride: 2, padding: 1 }),
      [
        [
          [1, 2],
          [3, 4],
        ],
      ],
      [1, 2, 3, 4],
      [[1, 1, 1, 1]],
    ],
  ]);
});

describe("logits of any size", () => {
  const ln = Math.log;
  holds([
    [
      "crossEntropy",
      (x) => core.crossEntropy(x, labels([0, 0])),
      [
        [
          [-1e4, 1e4],
          [1e4, -1e4],
        ],
      ],
      [1e4],
      [[-0.5, 0.5, 0, 0]],
    ],
    ["crossEntropy with −∞", (x) => core.crossEntropy(x, labels([1])), [[[-inf, 0, 0]]], [ln(2)], [[0, -0.5, 0.5]]],
    [
      "binaryCrossEntropy",
      (x) => core.binaryCrossEntropy(x, tensor([0, 1, 1], { dtype: x.dtype }), { reduction: "sum" }),
      [[1e4, -1e4, 1e4]],
      [2e4],
      [[1, -1, 0]],
    ],
    ["logSumExp", (x) => x.logSumExp(), [[-1e4, 1e4, 1e4]], [1e4 + ln(2)], [[0, 0.5, 0.5]]],
    ["logSumExp of nothing but −∞", (x) => x.logSumExp(), [[-inf, -inf]], [-inf], [[0, 0]]],
    ["softmax", (x) => x.softmax(), [[-1e4, 1e4, -inf]], [0, 1, 0], [[0, 0, 0]]],
    ["gelu", (x) => core.gelu(x), [[-1000, 1000]], [0, 1000], [[0, 1]]],
    ["gelu by tanh", (x) => core.gelu(x, { approximate: "tanh" }), [[-1000, 1000]], [0, 1000], [[0, 1]]],
  ]);
});

describe("crossEntropy", () => {
  const logits = [
    [0, 0],
    [0, 0],
    [0, 0],
  ];
  const half = Math.log(2);
  const weights = (x: Tensor): Tensor => tensor([1, 3], { dtype: x.dtype });
  holds([
    [
      "class weights divide by those used",
      (x) => core.crossEntropy(x, labels([0, 1, 1]), { weights: weights(x) }),
      [logits],
      [half],
      [[-1 / 14, 1 / 14, 3 / 14, -3 / 14, 3 / 14, -3 / 14]],
    ],
    [
      "ignored rows count nowhere",
      (x) => core.crossEntropy(x, labels([0, -100, 1]), { ignoreIndex: -100 }),
      [
        [
          [0, 0],
          [1e4, -7],
          [0, 0],
        ],
      ],
      [half],
      [[-0.25, 0.25, 0, 0, 0.25, -0.25]],
    ],
    [
      "all rows ignored",
      (x) => core.crossEntropy(x, labels([7, 7, 7]), { ignoreIndex: 7 }),
      [logits],
      [nan],
      [[0, 0, 0, 0, 0, 0]],
    ],
    [
      "label smoothing is ε/K",
      (x) => core.crossEntropy(x, labels([0]), { labelSmoothing: 0.2 }),
      [[[0, 0, 0, 0]]],
      [Math.log(4)],
      [[0.25 - 0.85, 0.25 - 0.05, 0.25 - 0.05, 0.25 - 0.05]],
    ],
  ]);

  test.each([
    [-1, 0],
    [3, 1],
  ])("label %d is an error with value and row, before anything changes", (label, row) => {
    for (const engine of engines) {
      const weight = new core.Variable(zeros([2, 3]), { name: "weight" });
      const step = (y: Tensor): Tensor => {
        const loss = core.crossEntropy(weight.mul(1), y);
        weight.assign(weight.add(1));
        return loss;
      };
      const wrong = labels(row === 0 ? [label, 1] : [0, label]);
      expect(() => engine.call(step, wrong)).toThrow(DataError);
      expect(() => engine.call(step, wrong)).toThrow(new RegExp(`label ${label} in row ${row}`));
      expect(engine.name === "compiled" ? flat(weight) : []).toEqual(
        engine.name === "compiled" ? [0, 0, 0, 0, 0, 0] : [],
      );
    }
  });
});

describe("normalization", () => {
  const around = [40000, 40001, 40002, 40003];
  test.each<[string, Function]>([
    ["layerNorm", (x) => core.layerNorm(x)],
    ["groupNorm", (x) => core.groupNorm(x.unsqueeze(0), 1)],
    ["batchNorm", (x) => core.batchNorm(x.unsqueeze(1), 1, 0, { epsilon: 1e-5 }).output],
    ["the formula", (x) => x.sub(x.mean()).div(x.variance(undefined, { correction: 0 }).add(1e-5).sqrt())],
  ])("%s over 40000…40003 is right to 2e-3", (_, f) => {
    const root = Math.sqrt(1.25 + 1e-5);
    const wanted = [-1.5, -0.5, 0.5, 1.5].map((value) => value / root);
    for (const engine of engines) {
      const found = flat(resultOf(engine, f, around));
      expect(firstDifference(found, wanted, 2e-3), `${engine.name}: ${found}`).toBeNull();
    }
  });

  test("batchNorm divides by the biased deviation, and tells the biased variance", () => {
    for (const engine of engines) {
      const run = (x: Tensor): Tensor[] => {
        const { output, mean, variance } = core.batchNorm(x, 1, 0, { epsilon: 0 });
        return [output, mean, variance];
      };
      const found = engine.call(run, tensor([[1], [5]], { dtype: engine.dtype })).map(flat);
      expect(firstDifference(found.flat(), [-1, 1, 3, 4], engine.tolerance), engine.name).toBeNull();
    }
  });

  holds([
    ["norm of zeros", (x) => x.norm(), [[0, 0]], [0], [[0, 0]]],
    [
      "norms of rows, one of them zeros",
      (x) => x.norm(1),
      [
        [
          [0, 0],
          [3, 4],
        ],
      ],
      [0, 5],
      [[0, 0, 0.6, 0.8]],
    ],
    ["std of a constant", (x) => x.std(), [[2, 2, 2]], [0], [[0, 0, 0]]],
  ]);
});

describe("dropout", () => {
  holds([
    ["of rate 0 is the identity", (x) => core.dropout(x, 0), [[1, -2]], [1, -2], [[1, 1]]],
    ["of rate 1 is zeros with zero gradient", (x) => core.dropout(x, 1), [[1, inf]], [0, 0], [[0, 0]]],
  ]);
  test.each([-0.1, 1.01, nan, inf])("of rate %d is an error", (rate) => {
    for (const { call } of engines)
      expect(() => call((x: Tensor) => core.dropout(x, rate), zeros([2]))).toThrow(OptionError);
  });
});

describe("large sums", () => {
  test("a million tenths of float32, forward and back", () => {
    const tenth = Math.fround(0.1);
    const x = tensor(new Float32Array(1_000_000).fill(tenth));
    for (const { name, call } of engines.slice(1)) {
      const [total, mean] = call((a: Tensor) => [a.sum(), a.mean()], x).map((value) => value.item());
      expect(Math.abs((total ?? 0) - 1e6 * tenth), name).toBeLessThan(1);
      expect(Math.abs((mean ?? 0) - tenth), name).toBeLessThan(1e-6);
    }
  });
});
