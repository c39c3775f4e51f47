// How ONNX's recurrent networks are said in our words: sequences have time first there, and gates another order.

import type { Tensor } from "../../src/index.ts";
import * as ops from "../../src/index.ts";
import type { Node, NodeRow, NodeRows, Outputs } from "./onnx-record.ts";

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

/** The recurrent networks. */
export const recurrentNodes: NodeRows = {
  LSTM: longShortTermMemory,
  GRU: gatedUnit,
  RNN: simpleNetwork,
};
