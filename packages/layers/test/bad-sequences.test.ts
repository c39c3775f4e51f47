// Normalizations, recurrent layers, attention and their kin refuse what is wrong at once, with a typed error that names it.

import {
  DataError,
  DTypeError,
  GradusError,
  OptionError,
  ones,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "@gradus/core";
import { expect, test } from "vitest";
import {
  Dense,
  Embedding,
  GRU,
  GroupNorm,
  Lambda,
  LayerNorm,
  LSTM,
  MultiHeadAttention,
  PositionalEncoding,
  Reshape,
  Residual,
  RMSNorm,
  Sequential,
  SimpleRNN,
} from "../src/index.ts";

/** A value that the types refuse, as JavaScript may pass it. */
const wrong = (value: unknown): never => value as never;
/** A tensor whose shape the types do not know. */
const x = (...shape: number[]): Tensor => ones(shape);
const whole = (...values: number[]): Tensor => tensor(values, { dtype: "int32" });

const rows: readonly (readonly [attempt: () => unknown, kind: new (message: string) => Error, message: string])[] = [
  [() => new LayerNorm(0), OptionError, "LayerNorm(0): features must be a whole number ≥ 1, got 0"],
  [() => new LayerNorm([4, 1.5]), OptionError, "LayerNorm([4,1.5]): features must be a whole number ≥ 1, got 1.5"],
  [() => new LayerNorm([]), OptionError, "LayerNorm([]): features must be a size, or a list of at least one"],
  [() => new LayerNorm(wrong("3")), OptionError, "features must be a size, or a list of at least one"],
  [() => new LayerNorm(3, { epsilon: 0 }), OptionError, "LayerNorm(3): epsilon must be a finite number > 0, got 0"],
  [() => new LayerNorm(3, wrong({ axis: 1 })), OptionError, 'LayerNorm(3): unknown option "axis"'],
  [() => new LayerNorm(4).forward(wrong(x(2, 3))), ShapeError, "LayerNorm(4): the input [2,3] has 3 features, not 4"],
  [() => new LayerNorm([2, 3]).forward(x(3, 2)), ShapeError, "LayerNorm([2,3]): the input [3,2] does not end in [2,3]"],
  [() => new LayerNorm(3).forward(zeros([2, 3], { dtype: "int32" })), DTypeError, "LayerNorm(3): the input is int32"],
  [() => new RMSNorm(4).forward(wrong(x())), ShapeError, "RMSNorm(4): the input [] has no features"],
  [() => new GroupNorm(4, 6), OptionError, "GroupNorm(4, 6): groups must be a divisor of the 6 channels, got 4"],
  [() => new GroupNorm(2, 6).forward(x(8, 4)), ShapeError, "GroupNorm(2, 6): the input [8,4] has 4 features, not 6"],
  [() => new GroupNorm(2, 6).forward(x(6)), ShapeError, "the input [6] has no batch's axis before its channels"],

  [() => new Embedding(0, 3), OptionError, "Embedding(0, 3): vocabulary must be a whole number ≥ 1, got 0"],
  [
    () => new Embedding(4, 3, { paddingIndex: 4 }),
    OptionError,
    "Embedding(4, 3): paddingIndex must be from 0 to 3, or null, got 4",
  ],
  [() => new Embedding(4, 3).forward(x(2)), DTypeError, "Embedding(4, 3): the indices are float32, not int32 or uint8"],
  [() => new Embedding(4, 3).forward(wrong([1])), DTypeError, "Embedding(4, 3): the input is [1], not a tensor"],
  [() => new Embedding(4, 3).forward(whole(0, 4)), DataError, "embedding: index 4 at place 1 is out of range: 0 to 3"],
  [() => new Embedding(4, 3).forward(whole(-1)), DataError, "embedding: index -1 at place 0 is out of range"],

  [() => new LSTM(3, 0), OptionError, "LSTM(3, 0): units must be a whole number ≥ 1, got 0"],
  [() => new GRU(3, 4, wrong({ returnState: true })), OptionError, 'GRU(3, 4): unknown option "returnState"'],
  [() => new GRU(3, 4, wrong({ activation: "relu" })), OptionError, 'GRU(3, 4): unknown option "activation"'],
  [
    () => new SimpleRNN(3, 4, wrong({ activation: "sigmoid" })),
    OptionError,
    'SimpleRNN(3, 4): activation must be "tanh" or "relu", got "sigmoid"',
  ],
  [() => new LSTM(3, 4).forward(wrong(x(2, 5, 2))), ShapeError, "LSTM(3, 4): the input [2,5,2] has 2 features, not 3"],
  [() => new LSTM(3, 4).forward(wrong(x(3))), ShapeError, "LSTM(3, 4): the input [3] has no axis of time"],
  [() => new LSTM(3, 4).forward(x(2, 0, 3)), ShapeError, "LSTM(3, 4): the input [2,0,3] has no steps"],
  [
    () => new GRU(3, 4).forward(x(2, 5, 3), x(2, 3)),
    ShapeError,
    "GRU(3, 4): the input [2,5,3] wants a state [2,4], got [2,3]",
  ],
  [
    () => new GRU(3, 4).forward(x(2, 5, 3), x(2, 4), x(2, 4)),
    ShapeError,
    "GRU(3, 4): 2 parts of a state are given, there is 1",
  ],
  [
    () => new LSTM(3, 4, { recurrentInitializer: () => zeros([4, 4]) }),
    OptionError,
    "LSTM(3, 4): recurrentInitializer gave [4,4], a tensor of shape [4,16] was expected",
  ],

  [
    () => new MultiHeadAttention(6, 4),
    OptionError,
    "MultiHeadAttention(6, 4): heads must be a divisor of the 6 features, got 4",
  ],
  [() => new MultiHeadAttention(6, 2, { dropout: 2 }), OptionError, "dropout must be from 0 to 1, got 2"],
  [
    () => new MultiHeadAttention(6, 2).forward(wrong(x(2, 4, 5))),
    ShapeError,
    "MultiHeadAttention(6, 2): queries: the input [2,4,5] has 5 features, not 6",
  ],
  [
    () => new MultiHeadAttention(6, 2).forward(x(2, 4, 6), x(2, 3, 5)),
    ShapeError,
    "MultiHeadAttention(6, 2): keys: the input [2,3,5] has 5 features, not 6",
  ],
  [
    () => new MultiHeadAttention(6, 2).forward(x(2, 4, 6), x(3, 3, 6)),
    ShapeError,
    "MultiHeadAttention(6, 2): the leading axes of queries [2,4,6] and keys [3,3,6] differ",
  ],
  [
    () => new MultiHeadAttention(6, 2).forward(x(4, 6), x(3, 6), x(2, 6)),
    ShapeError,
    "MultiHeadAttention(6, 2): there are 3 keys, and 2 values",
  ],
  [
    () => new MultiHeadAttention(6, 2).forward(x(4, 6), x(3, 6), x(3, 6), x(4, 4)),
    ShapeError,
    "the mask [4,4] does not broadcast to [2,4,3], [..., queries, keys]",
  ],
  [
    () => new PositionalEncoding(3, 2).forward(x(1, 4, 2)),
    ShapeError,
    "PositionalEncoding(3, 2): the input [1,4,2] has 4 places, more than 3",
  ],
  [() => new PositionalEncoding(3, 2).forward(x(2)), ShapeError, "the input [2] has no axis of places"],

  [
    () => new Reshape([2, -1, -1]),
    OptionError,
    "Reshape: shape must be a list of whole numbers ≥ 0, one of which may be -1",
  ],
  [() => new Reshape(wrong(3)), OptionError, "Reshape: shape must be a list"],
  [
    () => new Reshape([2, 2]).forward(wrong(x(3, 5))),
    ShapeError,
    "Reshape([2,2]): a sample [5] has 5 values, which do not fill [2,2]",
  ],
  [
    () => new Reshape([2, -1]).forward(wrong(x(3, 5))),
    ShapeError,
    "a sample [5] has 5 values, which do not fill [2,-1]",
  ],
  [
    () => new Residual(new Dense<number, number>(3, 4)).forward(x(2, 3)),
    ShapeError,
    "Residual: the layers make [2,4] of [2,3]: they must keep the shape",
  ],
  [() => new Residual(wrong("dense")), OptionError, 'Residual: argument 0 is "dense", not a layer'],
  [() => new Lambda(wrong(3)), OptionError, "Lambda: apply must be a function of a tensor, got 3"],
  [
    () =>
      new Lambda(
        wrong(() => 3),
        "three",
      ).forward(x(1)),
    GradusError,
    "Lambda(three): the function gave 3, not a tensor",
  ],
  [
    () => new Sequential(new Residual(new LayerNorm<number>(3))).forward(x(2, 4)),
    ShapeError,
    "LayerNorm(3): the input [2,4] has 4 features, not 3 (in layer residual/layer_norm)",
  ],
];

test.each(rows)("%s", (attempt, kind, message) => {
  expect(attempt).toThrow(kind);
  expect(attempt).toThrow(message);
});
