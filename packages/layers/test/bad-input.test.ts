// Whatever is wrong is refused at once, with a typed error of one line that names it.

import { DTypeError, Generator, GradusError, OptionError, ones, ShapeError, type Tensor, zeros } from "@gradus/core";
import { expect, test } from "vitest";
import {
  BatchNorm,
  crossEntropy,
  Dense,
  Dropout,
  Flatten,
  heNormal,
  initializers,
  Layer,
  meanSquaredError,
  ReLU,
  Sequential,
  Softmax,
} from "../src/index.ts";

/** A value that the types refuse, as JavaScript may pass it. */
const wrong = (value: unknown): never => value as never;

/** A layer that returns nothing. */
class Forgetful extends Layer {
  override forward(): Tensor {
    return wrong(undefined);
  }
}

const x = (...shape: number[]): Tensor => ones(shape);

const rows: readonly (readonly [attempt: () => unknown, kind: new (message: string) => Error, message: string])[] = [
  [() => new Dense(0, 5), OptionError, "Dense(0, 5): inputs must be a whole number ≥ 1, got 0"],
  [() => new Dense(5, -1), OptionError, "Dense(5, -1): outputs must be a whole number ≥ 1, got -1"],
  [() => new Dense(2.5, 1), OptionError, "Dense(2.5, 1): inputs must be a whole number ≥ 1, got 2.5"],
  [() => new Dense(wrong("4"), 1), OptionError, 'inputs must be a whole number ≥ 1, got "4"'],
  [() => new Dense(2, wrong(undefined)), OptionError, "outputs must be a whole number ≥ 1, got undefined"],
  [
    () => new Dense(2, 3, wrong({ activation: "relu" })),
    OptionError,
    'Dense(2, 3): unknown option "activation": the options are bias, initializer, biasInitializer, generator, dtype',
  ],
  [() => new Dense(2, 3, wrong({ bias: 0 })), OptionError, "Dense(2, 3): bias must be true or false, got 0"],
  [() => new Dense(2, 3, wrong("relu")), OptionError, 'Dense(2, 3): options must be an object, got "relu"'],
  [
    () => new Dense(2, 3, wrong({ initializer: "he" })),
    OptionError,
    'initializer must be an initializer, a function such as initializers.heNormal, got "he"',
  ],
  [
    () => new Dense(2, 3, { initializer: wrong(() => heNormal) }),
    OptionError,
    "Dense(2, 3): initializer gave function",
  ],
  [
    () => new Dense(2, 3, { initializer: () => zeros([3, 2]) }),
    OptionError,
    "Dense(2, 3): initializer gave [3,2], a tensor of shape [2,3] was expected",
  ],
  [
    () => new Dense(2, 3, wrong({ generator: 7 })),
    OptionError,
    "generator must be a Generator, as new Generator(0), got 7",
  ],
  [() => new Dense(2, 3, wrong({ dtype: "int32" })), OptionError, 'dtype must be "float32" or "float64", got "int32"'],
  [
    () => new Dense(64, 10).forward(wrong(x(32, 128))),
    ShapeError,
    "Dense(64, 10): the input [32,128] has 128 features, not 64",
  ],
  [() => new Dense(64, 10).forward(wrong(x())), ShapeError, "Dense(64, 10): the input [] has no features"],
  [
    () => new Dense(2, 3).forward(zeros([1, 2], { dtype: "uint8" })),
    DTypeError,
    'Dense(2, 3): the input is uint8, not a float: cast it first, as x.cast("float32")',
  ],
  [() => new Dense(2, 3).forward(wrong([[1, 2]])), DTypeError, "Dense(2, 3): the input is [[1,2]], not a tensor"],

  [() => new BatchNorm(0), OptionError, "BatchNorm(0): features must be a whole number ≥ 1, got 0"],
  [
    () => new BatchNorm(3, { momentum: 1.5 }),
    OptionError,
    "BatchNorm(3): momentum must be from 0 to 1, or null, got 1.5",
  ],
  [() => new BatchNorm(3, { epsilon: 0 }), OptionError, "BatchNorm(3): epsilon must be a finite number > 0, got 0"],
  [() => new BatchNorm(3, { axis: 0.5 }), OptionError, "BatchNorm(3): axis must be a whole number, got 0.5"],
  [() => new BatchNorm(3, wrong({ eps: 1 })), OptionError, 'BatchNorm(3): unknown option "eps"'],
  [
    () => new BatchNorm(128).forward(wrong(x(32, 64))),
    ShapeError,
    "BatchNorm(128): the input [32,64] has 64 features, not 128",
  ],
  [
    () => new BatchNorm(3, { axis: 1 }).forward(x(2, 4, 3)),
    ShapeError,
    "BatchNorm(3): the input [2,4,3] has 4 features on axis 1, not 3",
  ],
  [() => new BatchNorm(3, { axis: 2 }).forward(x(2, 3)), ShapeError, "BatchNorm(3): the input [2,3] has no axis 2"],
  [() => new BatchNorm(3, { axis: -3 }).forward(x(2, 3)), ShapeError, "BatchNorm(3): the input [2,3] has no axis -3"],
  [
    () => new BatchNorm(3).forward(x(1, 3)),
    ShapeError,
    "BatchNorm(3): the training batch [1,3] has one value per feature, which has no variance: use larger batches, or eval()",
  ],
  [() => new BatchNorm(3).forward(x(3)), ShapeError, "the training batch [3] has one value per feature"],
  [() => new BatchNorm(3).forward(x(0, 3)), ShapeError, "the training batch [0,3] has no value per feature"],
  [
    () => new BatchNorm(3).forward(zeros([2, 3], { dtype: "int32" })),
    DTypeError,
    "BatchNorm(3): the input is int32, not a float",
  ],

  [() => new Dropout(-0.1), OptionError, "Dropout: rate must be from 0 to 1, got -0.1"],
  [() => new Dropout(1.1), OptionError, "Dropout: rate must be from 0 to 1, got 1.1"],
  [() => new Dropout(Number.NaN), OptionError, "Dropout: rate must be from 0 to 1, got NaN"],
  [
    () => new Dropout(0.5, wrong({ seed: 1 })),
    OptionError,
    'Dropout: unknown option "seed": the options are generator',
  ],
  [
    () => new Dropout(0.5).eval().forward(zeros([2], { dtype: "int32" })),
    DTypeError,
    "Dropout(0.5): the input is int32, not a float",
  ],

  [
    () => new Flatten().forward(wrong(x(5))),
    ShapeError,
    "Flatten: the input [5] has no axes after the batch's: [batch, …] was expected",
  ],
  [() => new ReLU().forward(zeros([2], { dtype: "bool" })), DTypeError, "ReLU: the input is bool, not a float"],
  [() => new Softmax({ axis: 0.5 }), OptionError, "Softmax: axis must be a whole number, got 0.5"],
  [
    () => new Softmax({ axis: 2 }).forward(x(2, 2)),
    ShapeError,
    "softmax: axis 2 is out of range for rank 2: the valid range is -2 to 1",
  ],

  [
    () => new Sequential(wrong(Dense)),
    OptionError,
    "Sequential: argument 0 is function Dense, not a layer: write new Dense(…)",
  ],
  [
    () => new Sequential(wrong(new ReLU()), wrong([new ReLU()])),
    OptionError,
    "Sequential: argument 1 is [ReLU], not a layer: pass the layers one by one, as new Sequential(...layers)",
  ],
  [
    () => new Sequential(wrong("relu")),
    OptionError,
    'Sequential: argument 0 is "relu", not a layer: extend Layer for one of your own',
  ],
  [
    () => new Sequential(new Forgetful()).forward(x(2)),
    GradusError,
    "Forgetful: forward gave undefined, not a tensor (in layer forgetful)",
  ],

  [
    () => initializers.normal({ standardDeviation: -1 }),
    OptionError,
    "normal: standardDeviation must be a finite number ≥ 0, got -1",
  ],
  [
    () => initializers.uniform(wrong({ min: 0 })),
    OptionError,
    'uniform: unknown option "min": the options are low, high',
  ],
  [
    () => initializers.uniform({ low: 1 })([2]),
    OptionError,
    "uniform: low and high must be finite, low ≤ high, got [1,0.05]",
  ],
  [() => heNormal({ gain: 0 }), OptionError, "heNormal: gain must be a finite number > 0, got 0"],

  [
    () => meanSquaredError(x(2, 1), x(2)),
    ShapeError,
    "meanSquaredError: the prediction is [2,1], the target [2]: they must be equal",
  ],
  [
    () => crossEntropy(x(2, 3), zeros([3], { dtype: "int32" })),
    ShapeError,
    "want labels of shape [2] (one class a row), got [3]",
  ],
  [
    () => new Dense(1, 1).summary(wrong({ shape: [1] })),
    OptionError,
    'summary: unknown option "shape": the options are inputShape, print',
  ],
];

test.each(rows.map(([attempt, kind, message]) => ({ attempt, kind, message })))(
  "$message",
  ({ attempt, kind, message }) => {
    expect(attempt).toThrow(kind);
    expect(attempt).toThrow(message);
  },
);

test("a refused batch leaves the running statistics as they were", () => {
  const layer = new BatchNorm(2);
  expect(() => layer.forward(x(1, 2))).toThrow(ShapeError);
  expect(layer.runningVariance.toArray()).toEqual([1, 1]);
});

test("an undefined option is one left out", () => {
  expect(String(new Dense(2, 3, wrong({ bias: undefined, generator: new Generator(1) })))).toBe("Dense(2, 3)");
});
