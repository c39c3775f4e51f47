// Activation layers: each gives what the function of its name gives, checks its options, and learns if it has something to learn.

import * as core from "@gradus/core";
import { DTypeError, OptionError, ones, ShapeError, type Tensor, tensor, zeros } from "@gradus/core";
import { describe, expect, expectTypeOf, test } from "vitest";
import {
  CELU,
  ELU,
  GELU,
  HardSigmoid,
  HardSwish,
  HardTanh,
  initializers,
  type Layer,
  LeakyReLU,
  LogSigmoid,
  LogSoftmax,
  Mish,
  PReLU,
  ReLU,
  ReLU6,
  SELU,
  Sequential,
  Sigmoid,
  SiLU,
  Softmax,
  Softplus,
  Softsign,
  Tanh,
} from "../src/index.ts";

/** A value that the types refuse, as JavaScript may pass it. */
const wrong = (value: unknown): never => value as never;

const x = tensor([
  [-4, -0.5, 0, 2],
  [7, -2.5, 1, -0.1],
]);

test.each<[Layer, (x: Tensor) => Tensor]>([
  [new ReLU(), core.relu],
  [new ReLU6(), core.relu6],
  [new LeakyReLU(), core.leakyRelu],
  [new LeakyReLU({ negativeSlope: 0.3 }), (a) => core.leakyRelu(a, { negativeSlope: 0.3 })],
  [new PReLU(), (a) => core.prelu(a, 0.25)],
  [new ELU(), core.elu],
  [new ELU({ alpha: 2 }), (a) => core.elu(a, { alpha: 2 })],
  [new SELU(), core.selu],
  [new CELU(), core.celu],
  [new CELU({ alpha: 2 }), (a) => core.celu(a, { alpha: 2 })],
  [new GELU(), core.gelu],
  [new GELU({ approximate: "tanh" }), (a) => core.gelu(a, { approximate: "tanh" })],
  [new SiLU(), core.silu],
  [new Mish(), core.mish],
  [new Softplus(), core.softplus],
  [new Softsign(), core.softsign],
  [new HardSigmoid(), core.hardSigmoid],
  [new HardSwish(), core.hardSwish],
  [new HardTanh(), core.hardTanh],
  [new HardTanh({ min: -3, max: 0 }), (a) => core.hardTanh(a, { min: -3, max: 0 })],
  [new Sigmoid(), core.sigmoid],
  [new LogSigmoid(), core.logSigmoid],
  [new Tanh(), core.tanh],
  [new Softmax(), core.softmax],
  [new LogSoftmax(), core.logSoftmax],
  [new LogSoftmax({ axis: 0 }), (a) => core.logSoftmax(a, 0)],
])("%s is the function of its name", (layer, f) => {
  expect(layer.forward(x).toArray()).toEqual(f(x).toArray());
  expect(() => layer.forward(x.cast("int32"))).toThrow(DTypeError);
});

test("an axis of classes other than the last is told", () => {
  const layers = [new Softmax(), new Softmax({ axis: 0 }), new LogSoftmax(), new LogSoftmax({ axis: 1 })];
  expect(layers.map(String)).toEqual(["Softmax", "Softmax({ axis: 0 })", "LogSoftmax", "LogSoftmax({ axis: 1 })"]);
});

test("shapes pass through in the types", () => {
  const model = new Sequential(new GELU(), new PReLU(), new LeakyReLU(), new LogSoftmax(), new HardTanh());
  expectTypeOf(model.forward(zeros([64, 10])).shape).toEqualTypeOf<readonly [64, 10]>();
});

describe("PReLU", () => {
  test("learns a slope for each channel", () => {
    const layer = new PReLU(4, { initializer: initializers.constant(0.5) });
    layer.forward(x).sum().backward();
    expect(layer.weight.toArray()).toEqual([0.5, 0.5, 0.5, 0.5]);
    expect(layer.weight.grad?.toArray()).toEqual([-4, -3, 0, expect.closeTo(-0.1)]);
  });

  test("or one for all", () => {
    const layer = new PReLU();
    layer.forward(x).sum().backward();
    expect(layer.weight.grad?.toArray()).toEqual([expect.closeTo(-7.1)]);
  });
});

test.each<[() => unknown, new (message: string) => Error, string]>([
  [
    () => new LeakyReLU({ negativeSlope: Number.NaN }),
    OptionError,
    "LeakyReLU: negativeSlope must be a finite number, got NaN",
  ],
  [
    () => new LeakyReLU(wrong({ slope: 1 })),
    OptionError,
    'LeakyReLU: unknown option "slope": the options are negativeSlope',
  ],
  [() => new LeakyReLU(wrong(0.1)), OptionError, "LeakyReLU: options must be an object, got 0.1"],
  [() => new ELU({ alpha: wrong("1") }), OptionError, 'ELU: alpha must be a finite number, got "1"'],
  [() => new CELU({ alpha: 0 }), OptionError, "CELU: alpha must be a finite number other than 0, got 0"],
  [() => new GELU({ approximate: wrong("erf") }), OptionError, 'GELU: approximate must be "none" or "tanh", got "erf"'],
  [() => new HardTanh({ min: 1 }), OptionError, "HardTanh: max must be above min, which is 1, got 1"],
  [() => new LogSoftmax({ axis: 0.5 }), OptionError, "LogSoftmax: axis must be a whole number, got 0.5"],
  [() => new PReLU(0), OptionError, "PReLU(0): channels must be a whole number ≥ 1, got 0"],
  [() => new PReLU(wrong({ channels: 3 })), OptionError, "channels must be a whole number ≥ 1, got Object"],
  [() => new PReLU(2, wrong({ init: 1 })), OptionError, 'PReLU(2): unknown option "init"'],
  [() => new PReLU(3).forward(ones([2, 4])), ShapeError, "PReLU(3): the input [2,4] has 4 channels, not 3"],
  [() => new PReLU(3).forward(ones([])), ShapeError, "PReLU(3): the input [] has no channels, not 3"],
])("refused: %s", (attempt, kind, message) => {
  expect(attempt).toThrow(kind);
  expect(attempt).toThrow(message);
});
