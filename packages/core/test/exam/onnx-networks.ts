// How ONNX's activations, normalizations and losses are said in our words, and its other operators of networks from their own files.
// Source: ONNX, "Operator Schemas", https://onnx.ai/onnx/operators/.

import type { Tensor } from "../../src/index.ts";
import * as ops from "../../src/index.ts";
import { channelsLast, imageNodes } from "./onnx-images.ts";
import type { Node, NodeRow, NodeRows } from "./onnx-record.ts";
import { recurrentNodes } from "./onnx-recurrent.ts";

const unary =
  (f: (x: Tensor) => Tensor): NodeRow =>
  (node) =>
    f(node.x(0));
const axisOf = (node: Node): number => node.number("axis", -1);

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

/** The operators of networks. */
export const networkNodes: NodeRows = {
  ...imageNodes,
  ...recurrentNodes,
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
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  GroupNormalization: groupNormalization((node) => node.number("num_groups", 1)),
  InstanceNormalization: groupNormalization((node) => node.x(0).shape[1] ?? 1),
  NegativeLogLikelihoodLoss: (node) => loss(ops.nll, node),
  SoftmaxCrossEntropyLoss: (node) => [loss(ops.crossEntropy, node), ops.logSoftmax(node.x(0), 1)],
};
