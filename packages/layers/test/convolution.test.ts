// The layers of images and sequences: what they add to the operators, the fans of their kernels, their tables, and bad input.

import { Generator, type GradusError, noGrad, OptionError, ones, ShapeError, type Tensor, zeros } from "@gradus/core";
import { conv2d, convTranspose2d } from "@gradus/core/convolution";
import { describe, expect, test } from "vitest";
import {
  AvgPool2D,
  BatchNorm,
  Conv1D,
  Conv2D,
  ConvTranspose2D,
  Dense,
  Flatten,
  GlobalAvgPool2D,
  heNormal,
  MaxPool2D,
  ReLU,
  Sequential,
} from "../src/index.ts";

/** A value that the types refuse, as JavaScript may pass it. */
const wrong = (value: unknown): never => value as never;

const deviation = (x: Tensor): number => Math.sqrt(x.square().mean().item());

test("a convolution starts with zeros as its bias and the variance of its fans", () => {
  const generator = new Generator(0);
  const uniform = new Conv2D(16, 64, 5, { generator });
  // σ² = 2 / (25 · 16 + 25 · 64)
  expect(deviation(uniform.weight)).toBeCloseTo(Math.sqrt(2 / (25 * 80)), 3);
  expect(uniform.bias?.toArray()).toEqual(new Array(64).fill(0));
  const normal = new Conv2D(32, 64, [3, 5], { groups: 2, initializer: heNormal, generator });
  // σ² = 2 / (15 · 16)
  expect(deviation(normal.weight)).toBeCloseTo(Math.sqrt(2 / (15 * 16)), 2);
  const transposed = new ConvTranspose2D(64, 8, 3, { initializer: heNormal, generator });
  // σ² = 2 / (9 · 64): what comes in, not what goes out
  expect(deviation(transposed.weight)).toBeCloseTo(Math.sqrt(2 / (9 * 64)), 2);
});

test("a transposed convolution goes back over the places of a convolution", () => {
  const generator = new Generator(1);
  const up = new ConvTranspose2D(3, 2, 3, { stride: 2, padding: 1, outputPadding: 1, bias: false, generator });
  const kernel: Tensor = up.weight.permute([0, 1, 3, 2]);
  const [x, y]: readonly Tensor[] = [ones([1, 4, 4, 3]), ones([1, 8, 8, 2])];
  if (x === undefined || y === undefined) throw new Error("two images");
  const there: Tensor = conv2d(y, kernel, { stride: 2, padding: 1 });
  const back: Tensor = up.forward(x);
  expect(back.shape).toEqual([1, 8, 8, 2]);
  expect(there.mul(x).sum().item()).toBeCloseTo(back.mul(y).sum().item(), 4);
  const same: Tensor = convTranspose2d(x, kernel, { stride: 2, padding: 1, outputPadding: 1 });
  expect(back.toArray()).toEqual(same.toArray());
});

test("without a bias there is none, and a depthwise kernel has one channel", () => {
  const layer = new Conv2D(6, 6, 3, { groups: 6, bias: false });
  expect(layer.bias).toBeNull();
  expect(layer.weight.shape).toEqual([3, 3, 1, 6]);
  expect(layer.parameters()).toHaveLength(1);
});

test("a causal convolution sees nothing of what comes later", () => {
  const layer = new Conv1D(1, 1, 3, { padding: [2, 0], initializer: ones });
  const impulse: Tensor = zeros([1, 5, 1]).add(0);
  expect(layer.forward(impulse.add(1)).toArray()).toEqual([[[1], [2], [3], [3], [3]]]);
});

test("a normalization is folded into the convolution before it", () => {
  const generator = new Generator(2);
  const [layer, norm] = [new Conv2D(2, 3, 3, { bias: false, generator }), new BatchNorm(3)];
  const model = new Sequential(layer, norm);
  const x = ones([2, 5, 5, 2]);
  model.forward(x.mul(3));
  const before = noGrad(() => model.eval().forward(x).toTypedArray());
  norm.foldInto(layer);
  const after = noGrad(() => layer.forward(x).toTypedArray());
  for (const [index, value] of before.entries()) expect(after[index]).toBeCloseTo(value, 5);
});

test("the table of a convolutional network", () => {
  const model = new Sequential(
    new Conv2D(1, 16, 3, { padding: "same" }),
    new ReLU(),
    new MaxPool2D(2),
    new AvgPool2D(2),
    new GlobalAvgPool2D(),
    new Dense(16, 10),
  );
  const text = model.summary({ inputShape: [28, 28, 1], print: false });
  const rows = text.split("\n").flatMap((line) => {
    const cells = line.split("│").map((cell) => cell.trim());
    return cells.length === 5 ? [cells.slice(1, 4).join(" ")] : [];
  });
  expect(rows).toEqual([
    "conv2d (Conv2D) [?,28,28,16] 160",
    "relu (ReLU) [?,28,28,16] 0",
    "max_pool2d (MaxPool2D) [?,14,14,16] 0",
    "avg_pool2d (AvgPool2D) [?,7,7,16] 0",
    "global_avg_pool2d (GlobalAvgPool2D) [?,16] 0",
    "dense (Dense) [?,10] 170",
  ]);
});

describe("bad input", () => {
  const any: Tensor = ones([2, 5, 5, 3]);
  const rows: readonly (readonly [() => unknown, new (message: string) => GradusError, string])[] = [
    [() => new Conv2D(0, 1, 3), OptionError, "Conv2D(0, 1, 3): channels must be a whole number ≥ 1, got 0"],
    [() => new Conv2D(1, 2, 0), OptionError, "Conv2D(1, 2, 0): size must be a whole number ≥ 1, or [height, width]"],
    [
      () => new Conv2D(1, 2, wrong([3])),
      OptionError,
      "size must be a whole number ≥ 1, or [height, width] of such, got [3]",
    ],
    [
      () => new Conv2D(1, 2, wrong("3")),
      OptionError,
      'size must be a whole number ≥ 1, or [height, width] of such, got "3"',
    ],
    [() => new Conv2D(1, 2, 3, { stride: 0 }), OptionError, "stride must be a whole number ≥ 1"],
    [() => new Conv2D(1, 2, 3, { padding: wrong("full") }), OptionError, 'padding must be "valid", "same"'],
    [() => new Conv2D(1, 2, 3, { padding: -1 }), OptionError, "a whole number ≥ 0"],
    [
      () => new Conv2D(4, 6, 3, { groups: 3 }),
      OptionError,
      "groups must be a divisor of the 4 channels and of the 6 filters, got 3",
    ],
    [() => new Conv2D(1, 2, 3, wrong({ strides: 2 })), OptionError, 'Conv2D(1, 2, 3): unknown option "strides"'],
    [() => new Conv1D(1, 2, 1.5), OptionError, "Conv1D(1, 2, 1.5): size must be a whole number ≥ 1, got 1.5"],
    [() => new Conv1D(1, 2, 3, { padding: wrong([1]) }), OptionError, "padding must be"],
    [
      () => new ConvTranspose2D(1, 2, 3, { outputPadding: -1 }),
      OptionError,
      "outputPadding must be a whole number ≥ 0",
    ],
    [
      () => new ConvTranspose2D(3, 2, 3, { outputPadding: 1 }).forward(any),
      OptionError,
      "less than the stride or the dilation",
    ],
    [() => new MaxPool2D(wrong(null), { stride: 0.5 }), OptionError, "MaxPool2D(2): stride must be"],
    [() => new AvgPool2D(2, wrong({ dilation: 2 })), OptionError, 'AvgPool2D(2): unknown option "dilation"'],
    [
      () => new Conv2D(1, 2, 3).forward(wrong(any)),
      ShapeError,
      "Conv2D(1, 2, 3): the input [2,5,5,3] has 3 channels, not 1",
    ],
    [
      () => new Conv2D(3, 2, 3).forward(wrong(ones([5, 5, 3]))),
      ShapeError,
      "the input [5,5,3] is not [batch,height,width,channels]",
    ],
    [() => new Conv1D(3, 2, 3).forward(wrong(any)), ShapeError, "the input [2,5,5,3] is not [batch,length,channels]"],
    [() => new Conv2D(3, 2, 7).forward(any), ShapeError, "axis 1: a window of 7"],
    [() => new MaxPool2D(2).forward(wrong(ones([4, 4]))), ShapeError, "MaxPool2D(2): the input [4,4] is not"],
    [
      () => new GlobalAvgPool2D().forward(ones([2, 0, 3, 1])),
      ShapeError,
      "GlobalAvgPool2D: axis 1 of the input is empty",
    ],
    [
      () => new Sequential(new Conv2D(3, 2, 3), new Flatten(), new Dense(17, 2)).forward(any),
      ShapeError,
      "Dense(17, 2): the input [2,18] has 18 features, not 17",
    ],
  ];
  test.each(rows)("%#: says what is wrong", (attempt, kind, message) => {
    expect(attempt).toThrow(kind);
    expect(attempt).toThrow(message);
  });
});
