// How ONNX's operators of networks are said in our words. Images and sequences lie channels first there and channels last here, so they
// are turned both ways around; LSTM and GRU have their gates in another order.
// Source: ONNX, "Operator Schemas", https://onnx.ai/onnx/operators/.

import { avgPool2d, conv2d, convTranspose2d, fold, maxPool2d } from "../../src/convolution.ts";
import type { Tensor } from "../../src/index.ts";
import * as ops from "../../src/index.ts";
import type { Node, NodeRow, NodeRows, Outputs } from "./onnx-record.ts";

const unary =
  (f: (x: Tensor) => Tensor): NodeRow =>
  (node) =>
    f(node.x(0));
const axisOf = (node: Node): number => node.number("axis", -1);

// Images --------------------------------------------------------------------------------------------------------------------

/** [batch, channels, …] as [batch, …, channels], and back. */
const channelsLast = (x: Tensor): Tensor =>
  x.rank < 3 ? x : x.permute([0, ...Array.from({ length: x.rank - 2 }, (_, axis) => axis + 2), 1]);
const channelsFirst = (x: Tensor): Tensor =>
  x.permute([0, x.rank - 1, ...Array.from({ length: x.rank - 2 }, (_, axis) => axis + 1)]);

type Two = readonly [number, number];
/** How windows stand over images: lines are images of one row. */
interface Windows {
  readonly size: Two;
  readonly stride: Two;
  readonly dilation: Two;
  readonly padding: readonly [Two, Two];
}

const asTwo = (values: readonly number[] | null, fill: number): Two => {
  const both = values ?? [fill, fill];
  return both.length === 1 ? [fill, both[0] ?? fill] : [both[0] ?? fill, both[1] ?? fill];
};

/** Windows as the attributes state them; `auto_pad` needs the images' sizes. */
function windowsOf(node: Node, images: readonly number[], kernel: readonly number[] | null): Windows {
  const size = asTwo(kernel, 1);
  const [stride, dilation] = [asTwo(node.list("strides"), 1), asTwo(node.list("dilations"), 1)];
  const pads = node.list("pads") ?? [];
  const auto = node.word("auto_pad", "NOTSET");
  const along = (axis: 0 | 1): Two => {
    const half = pads.length / 2;
    const place = axis - 2 + half;
    if (!auto.startsWith("SAME")) return place < 0 ? [0, 0] : [pads[place] ?? 0, pads[place + half] ?? 0];
    const input = images[axis] ?? 1;
    const needed = (Math.ceil(input / stride[axis]) - 1) * stride[axis] + (size[axis] - 1) * dilation[axis] + 1 - input;
    const [less, more] = [Math.floor(Math.max(needed, 0) / 2), Math.ceil(Math.max(needed, 0) / 2)];
    return auto === "SAME_UPPER" ? [less, more] : [more, less];
  };
  return { size, stride, dilation, padding: [along(0), along(1)] };
}

/** An operator of images for lines and images, channels first. */
function overImages(x: Tensor, run: (images: Tensor) => Tensor): Outputs {
  if (x.rank > 4) return "images of three dimensions";
  const images = channelsLast(x);
  return channelsFirst(x.rank === 3 ? run(images.unsqueeze(1)).squeeze(1) : run(images));
}

const sizesOf = (images: Tensor): readonly number[] => images.shape.slice(1, 3);

const maxPool: NodeRow = (node) => {
  const found = overImages(node.x(0), (images) =>
    maxPool2d(images, {
      ...windowsOf(node, sizesOf(images), node.list("kernel_shape")),
      ceilMode: node.number("ceil_mode", 0) === 1,
    }),
  );
  // We do not tell the places of the maxima.
  return typeof found === "string" || node.outputs === 1 ? found : [...[found].flat(), null];
};

const averagePool: NodeRow = (node) =>
  overImages(node.x(0), (images) => {
    const { dilation, ...windows } = windowsOf(node, sizesOf(images), node.list("kernel_shape"));
    if (dilation.every((step) => step === 1))
      return avgPool2d(images, {
        ...windows,
        ceilMode: node.number("ceil_mode", 0) === 1,
        countIncludePad: node.number("count_include_pad", 0) === 1,
      });
    // Windows with gaps are a convolution of each channel.
    const { size, ...places } = windows;
    const channels = images.shape[3] ?? 1;
    const shares = ops.full([...size, 1, channels], 1 / (size[0] * size[1]));
    return conv2d(images, shares, { ...places, dilation, groups: channels });
  });

const convolution: NodeRow = (node) => {
  const kernel = channelsLast(node.x(1)); // [filters, …, channels]
  if (kernel.rank > 4) return "images of three dimensions";
  const whole = kernel.rank === 3 ? kernel.unsqueeze(1) : kernel;
  const bias = node.maybe(2);
  return overImages(node.x(0), (images) => {
    const { size: _, ...places } = windowsOf(node, sizesOf(images), whole.shape.slice(1, 3));
    const y = conv2d(images, whole.permute([1, 2, 3, 0]), { ...places, groups: node.number("group", 1) });
    return bias === null ? y : y.add(bias);
  });
};

const transposed: NodeRow = (node) => {
  const kernel = channelsLast(node.x(1)); // [channels, …, filters]
  if (kernel.rank > 4) return "images of three dimensions";
  const whole = kernel.rank === 3 ? kernel.unsqueeze(1) : kernel;
  return overImages(node.x(0), (images) => {
    const kernelSize = whole.shape.slice(1, 3);
    const { size, stride, dilation, padding } = windowsOf(node, sizesOf(images), kernelSize);
    const extra = asTwo(node.list("output_padding"), 0);
    const wanted = node.list("output_shape");
    const same = node.word("auto_pad", "NOTSET").startsWith("SAME");
    // What the result is to be longer than the images reach is output padding, what it is to be shorter is padding.
    const along = (axis: 0 | 1): readonly [Two, number] => {
      if (wanted === null && !same) return [padding[axis], extra[axis]];
      const input = sizesOf(images)[axis] ?? 1;
      const reach = (input - 1) * stride[axis] + (size[axis] - 1) * dilation[axis] + 1 + extra[axis];
      const total = reach - (wanted?.at(axis - 2) ?? input * stride[axis]);
      if (total < 0) return [[0, 0], extra[axis] - total];
      return [[Math.floor(total / 2), Math.ceil(total / 2)], extra[axis]];
    };
    const [rows, columns] = [along(0), along(1)];
    return convTranspose2d(images, whole.permute([1, 2, 3, 0]), {
      stride,
      dilation,
      padding: [rows[0], columns[0]],
      outputPadding: [rows[1], columns[1]],
      groups: node.number("group", 1),
    });
  });
};

/** [batch, channels · size · size, windows] as images. */
const imagesOf: NodeRow = (node) => {
  const [sizes = [], block = []] = [node.numbers(1) ?? [], node.numbers(2) ?? []];
  if (sizes.length > 2) return "images of three dimensions";
  const { size, stride, dilation, padding } = windowsOf(node, sizes, block);
  const [batch = 0, , windows = 0] = node.x(0).shape;
  const taps = node
    .x(0)
    .reshape([batch, -1, size[0] * size[1], windows])
    .permute([0, 3, 2, 1]);
  const patches = taps.reshape([batch, windows, -1]);
  return channelsFirst(fold(patches, asTwo(sizes, 1), { size, stride, dilation, padding }));
};

const overPixels =
  (f: "mean" | "max"): NodeRow =>
  (node) =>
    node.x(0)[f](
      Array.from({ length: node.x(0).rank - 2 }, (_, axis) => axis + 2),
      { keepDims: true },
    );

// Normalization -------------------------------------------------------------------------------------------------------------

const batchNormalization: NodeRow = (node) => {
  const [x, gamma, beta, mean, variance] = [0, 1, 2, 3, 4].map((index) => node.x(index));
  if (x === undefined || gamma === undefined || beta === undefined || mean === undefined || variance === undefined)
    throw new Error("five inputs");
  const options = { epsilon: node.number("epsilon", 1e-5), axis: 1 };
  if (node.number("training_mode", 0) === 0) return ops.normalizeFeatures(x, { mean, variance }, gamma, beta, options);
  const found = ops.batchNorm(x, gamma, beta, options);
  const kept = node.number("momentum", 0.9);
  const running = (old: Tensor, now: Tensor): Tensor => old.mul(kept).add(now.mul(1 - kept));
  return [found.output, running(mean, found.mean), running(variance, found.variance)];
};

const layerNormalization: NodeRow = (node) => {
  const x = node.x(0);
  const [first, epsilon] = [axisOf(node), node.number("epsilon", 1e-5)];
  const axis = x.shape.map((_, place) => place).slice(first);
  const y = ops.layerNorm(x, node.x(1), node.maybe(2) ?? 0, { axis, epsilon });
  const spread = ops.variance(x, axis, { keepDims: true, correction: 0 });
  return [y, x.mean(axis, { keepDims: true }), spread.add(epsilon).rsqrt()];
};

const groupNormalization =
  (groupsOf: (node: Node) => number): NodeRow =>
  (node) =>
    ops.groupNorm(node.x(0), groupsOf(node), node.x(1), node.x(2), { epsilon: node.number("epsilon", 1e-5), axis: 1 });

// Losses --------------------------------------------------------------------------------------------------------------------

type Loss = (x: Tensor, labels: Tensor, options: ops.NllOptions) => Tensor;

function loss(f: Loss, node: Node): Tensor {
  const [weights, reduction, ignored] = [
    node.maybe(2),
    node.word("reduction", "mean"),
    node.number("ignore_index", NaN),
  ];
  return f(channelsLast(node.x(0)), node.x(1), {
    reduction: reduction === "none" || reduction === "sum" ? reduction : "mean",
    ...(weights && { weights }),
    ...(Number.isNaN(ignored) ? {} : { ignoreIndex: ignored }),
  });
}

// Recurrent networks --------------------------------------------------------------------------------------------------------

/** The parts of a node's input for one direction: gates in the given order, [gates · units, …]. */
function gates(value: Tensor, order: readonly number[]): Tensor {
  const inner: Tensor = value.squeeze(0);
  const units = (inner.shape[0] ?? 0) / order.length;
  return ops.concat(order.map((part) => ops.slice(inner, [part * units, (part + 1) * units])));
}

interface Recurrent {
  /** [batch, time, features]. */
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly recurrentWeight: Tensor;
  readonly bias: Tensor | 0;
  readonly recurrentBias: Tensor | 0;
}

function recurrent(node: Node, order: readonly number[]): Recurrent {
  const count = order.length;
  const bias = node.maybe(3); // [1, 2 · gates · units]: those of the inputs, those of the state
  const both = [...order, ...order.map((part) => part + count)];
  const biases = bias === null ? null : gates(bias, both);
  const half = (biases?.shape[0] ?? 0) / 2;
  return {
    x: node.number("layout", 0) === 1 ? node.x(0) : node.x(0).transpose(0, 1),
    weight: gates(node.x(1), order).transpose(),
    recurrentWeight: gates(node.x(2), order).transpose(),
    bias: biases === null ? 0 : ops.slice(biases, [0, half]),
    recurrentBias: biases === null ? 0 : ops.slice(biases, [half, null]),
  };
}

const sum = (a: Tensor | 0, b: Tensor | 0): Tensor | 0 => (a === 0 ? b : b === 0 ? a : a.add(b));

/** Y and Y_h with the axis of directions, as the layout wants it. */
function sequences(node: Node, output: Tensor, last: Tensor): Outputs {
  const batchFirst = node.number("layout", 0) === 1;
  return batchFirst
    ? [output.unsqueeze(2), last.unsqueeze(1)]
    : [output.transpose(0, 1).unsqueeze(1), last.unsqueeze(0)];
}

const longShortTermMemory: NodeRow = (node) => {
  if (node.maybe(7) !== null) return "peepholes";
  const { x, weight, recurrentWeight, bias, recurrentBias } = recurrent(node, [0, 2, 3, 1]); // i o f c as i f c o
  const found = ops.lstm(x, weight, recurrentWeight, sum(bias, recurrentBias));
  return sequences(node, found.output, found.hidden);
};

/** Our r acts after the product with the state (linear_before_reset = 1); the other kind is made of steps. */
const gatedUnit: NodeRow = (node) => {
  const { x, weight, recurrentWeight, bias, recurrentBias } = recurrent(node, [1, 0, 2]); // z r h as r z h
  if (node.number("linear_before_reset", 0) === 1) {
    const found = ops.gru(x, weight, recurrentWeight, bias, recurrentBias);
    return sequences(node, found.output, found.hidden);
  }
  const units = recurrentWeight.shape[0] ?? 0;
  const part = (value: Tensor | 0, from: number, to: number): Tensor | 0 =>
    value === 0 ? 0 : ops.slice(value, ...value.shape.slice(1).map(() => null), [from * units, to * units]);
  const projected = x.matmul(weight).add(bias).add(recurrentBias);
  const [forGates, forContent] = [part(recurrentWeight, 0, 2), part(recurrentWeight, 2, 3)];
  if (forGates === 0 || forContent === 0) throw new Error("no weights");
  let h: Tensor = ops.zeros([x.shape[0] ?? 0, units]);
  const states = Array.from({ length: x.shape[1] ?? 0 }, (_, time) => {
    const step = ops.slice(projected, null, time);
    const open = ops.sigmoid(ops.slice(step, null, [0, 2 * units]).add(h.matmul(forGates)));
    const [r, z] = [ops.slice(open, null, [0, units]), ops.slice(open, null, [units, null])];
    const content = ops
      .slice(step, null, [2 * units, null])
      .add(r.mul(h).matmul(forContent))
      .tanh();
    h = ops.lerp(content, h, z);
    return h;
  });
  return sequences(node, ops.stack(states, 1), h);
};

const simpleNetwork: NodeRow = (node) => {
  const { x, weight, recurrentWeight, bias, recurrentBias } = recurrent(node, [0]);
  const found = ops.rnn(x, weight, recurrentWeight, sum(bias, recurrentBias));
  return sequences(node, found.output, found.hidden);
};

/** The operators of networks. */
export const networkNodes: NodeRows = {
  Celu: (node) => ops.celu(node.x(0), { alpha: node.number("alpha", 1) }),
  Elu: (node) => ops.elu(node.x(0), { alpha: node.number("alpha", 1) }),
  Gelu: (node) => ops.gelu(node.x(0), { approximate: node.word("approximate", "none") === "tanh" ? "tanh" : "none" }),
  // PyTorch's, and ours, is x/6 + 1/2.
  HardSigmoid: (node) => ops.clip(node.x(0).mul(node.number("alpha", 0.2)).add(node.number("beta", 0.5)), 0, 1),
  HardSwish: unary(ops.hardSwish),
  LeakyRelu: (node) => ops.leakyRelu(node.x(0), { negativeSlope: node.number("alpha", 0.01) }),
  Mish: unary(ops.mish),
  PRelu: (node) => ops.prelu(node.x(0), node.x(1)),
  Relu: unary(ops.relu),
  Selu: (node) => {
    const [alpha, gamma] = [node.number("alpha", Number.NaN), node.number("gamma", Number.NaN)];
    return Number.isNaN(alpha) ? ops.selu(node.x(0)) : ops.elu(node.x(0), { alpha }).mul(gamma);
  },
  Sigmoid: unary(ops.sigmoid),
  Softplus: unary(ops.softplus),
  Softsign: unary(ops.softsign),
  Softmax: (node) => ops.softmax(node.x(0), axisOf(node)),
  LogSoftmax: (node) => ops.logSoftmax(node.x(0), axisOf(node)),
  AveragePool: averagePool,
  MaxPool: maxPool,
  GlobalAveragePool: overPixels("mean"),
  GlobalMaxPool: overPixels("max"),
  Conv: convolution,
  ConvTranspose: transposed,
  Col2Im: imagesOf,
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  GroupNormalization: groupNormalization((node) => node.number("num_groups", 1)),
  InstanceNormalization: groupNormalization((node) => node.x(0).shape[1] ?? 1),
  NegativeLogLikelihoodLoss: (node) => loss(ops.nll, node),
  SoftmaxCrossEntropyLoss: (node) => [loss(ops.crossEntropy, node), ops.logSoftmax(node.x(0), 1)],
  LSTM: longShortTermMemory,
  GRU: gatedUnit,
  RNN: simpleNetwork,
};
