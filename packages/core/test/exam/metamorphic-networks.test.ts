// Relations of operators of networks: permuted batches, shifts and scales that normalization takes away, linear and moved images.

import {
  adaptiveAvgPool2d,
  avgPool2d,
  conv1d,
  conv2d,
  convTranspose2d,
  maxPool2d,
  unfold,
} from "../../src/convolution.ts";
import type { Tensor } from "../../src/index.ts";
import * as ops from "../../src/index.ts";
import { type Random, type Relation, testRelations } from "./relations.ts";

/** Samples in another order give results in that order. */
const permuted =
  (
    shape: (random: Random) => readonly number[],
    f: (x: Tensor, random: Tensor) => Tensor,
    other: readonly number[] = [],
  ): Relation =>
  (random) => {
    const x = random.tensor(shape(random));
    const order = random.order(x.shape[0] ?? 0);
    const weights = random.tensor(other);
    return [[f(ops.gather(x, order), weights), ops.gather(f(x, weights), order)]];
  };

const rows = ({ int }: Random): number[] => [int(1, 5), int(1, 9)];
const images = ({ int }: Random): number[] => [int(1, 4), int(3, 6), int(3, 6), 4];
const sequences = ({ int }: Random): number[] => [int(1, 4), int(2, 5), 3];

testRelations("a permuted batch", {
  softmax: permuted(rows, (x) => ops.softmax(x)),
  logSoftmax: permuted(rows, (x) => ops.logSoftmax(x)),
  logSumExp: permuted(rows, (x) => ops.logSumExp(x, -1)),
  layerNorm: permuted(rows, (x) => ops.layerNorm(x)),
  rmsNorm: permuted(rows, (x) => ops.rmsNorm(x)),
  cumSum: permuted(rows, (x) => ops.cumSum(x, 1)),
  sort: permuted(rows, (x) => ops.sort(x).values),
  "crossEntropy of each row": permuted(rows, (x) => ops.crossEntropy(x, ops.argMin(x, -1), { reduction: "none" })),
  "a loss is the same": (random) => {
    const x = random.tensor(rows(random));
    const order = random.order(x.shape[0] ?? 0);
    const target = ops.sigmoid(x.mul(3));
    const moved = ops.gather(x, order);
    const movedTarget = ops.gather(target, order);
    return [
      [ops.crossEntropy(moved, ops.argMax(movedTarget, -1)), ops.crossEntropy(x, ops.argMax(target, -1))],
      [ops.meanSquaredError(moved, movedTarget), ops.meanSquaredError(x, target)],
      [ops.binaryCrossEntropy(moved, movedTarget), ops.binaryCrossEntropy(x, target)],
    ];
  },
  "batchNorm, whose statistics stay": (random) => {
    const x = random.tensor([random.int(2, 6), random.int(1, 4)]);
    const order = random.order(x.shape[0] ?? 0);
    const [found, plain] = [ops.batchNorm(ops.gather(x, order), 1, 0), ops.batchNorm(x, 1, 0)];
    return [
      [found.output, ops.gather(plain.output, order)],
      [found.mean, plain.mean],
      [found.variance, plain.variance],
    ];
  },
  groupNorm: permuted(images, (x) => ops.groupNorm(x, 2)),
  conv2d: permuted(images, (x, k) => conv2d(x, k, { padding: "same" }), [2, 3, 4, 3]),
  convTranspose2d: permuted(images, (x, k) => convTranspose2d(x, k, { stride: 2 }), [2, 2, 3, 4]),
  maxPool2d: permuted(images, (x) => maxPool2d(x, { stride: 1 })),
  avgPool2d: permuted(images, (x) => avgPool2d(x)),
  adaptiveAvgPool2d: permuted(images, (x) => adaptiveAvgPool2d(x, 2)),
  unfold: permuted(images, (x) => unfold(x, { size: 2 })),
  conv1d: permuted(sequences, (x, k) => conv1d(x, k), [2, 3, 2]),
  lstm: permuted(sequences, (x, w) => ops.lstm(x, w, w.slice([0, 2])).output, [3, 8]),
  gru: permuted(sequences, (x, w) => ops.gru(x, w, w.slice([0, 2])).output, [3, 6]),
  rnn: permuted(sequences, (x, w) => ops.rnn(x, w, w.slice([0, 2])).hidden, [3, 2]),
  scaledDotProductAttention: permuted(sequences, (x) =>
    ops.scaledDotProductAttention(x, x.tanh(), x.mul(2), { causal: true }),
  ),
});

testRelations("attention", {
  "keys and values in another order change nothing": (random) => {
    const [q, k] = [random.tensor([2, 3, 4]), random.tensor([2, 5, 4])];
    const order = random.order(5);
    const moved = ops.gather(k, order, 1);
    return [[ops.scaledDotProductAttention(q, moved, moved.square()), ops.scaledDotProductAttention(q, k, k.square())]];
  },
  "queries in another order give results in that order": (random) => {
    const [q, k] = [random.tensor([4, 3]), random.tensor([5, 3])];
    const order = random.order(4);
    return [
      [
        ops.scaledDotProductAttention(ops.gather(q, order), k, k),
        ops.gather(ops.scaledDotProductAttention(q, k, k), order),
      ],
    ];
  },
  "a causal result does not see what comes later": (random) => {
    const x = random.tensor([2, 5, 3]);
    const early = x.slice(null, [0, 3]);
    const attend = (y: Tensor): Tensor => ops.scaledDotProductAttention(y, y, y, { causal: true });
    return [[attend(early), attend(x).slice(null, [0, 3])]];
  },
});

/** The same result for x and for another x. */
const invariant =
  (f: (x: Tensor) => Tensor, change: (x: Tensor, random: Random) => Tensor): Relation =>
  (random) => {
    const x = random.tensor([random.int(2, 4), 4, 4]);
    return [[f(change(x, random)), f(x)]];
  };
const shifted = (x: Tensor, { tensor }: Random): Tensor => x.add(tensor([x.shape[0] ?? 1, 1, 1], 20));
const scaled = (x: Tensor, { int }: Random): Tensor => x.mul(int(1, 40) / 8);
const both = (x: Tensor, random: Random): Tensor => shifted(scaled(x, random), random);
const exact = { epsilon: 0 };

testRelations("what shifts and scales do not change", {
  softmax: invariant((x) => ops.softmax(x), shifted),
  logSoftmax: invariant((x) => ops.logSoftmax(x), shifted),
  crossEntropy: invariant(
    (x) => ops.crossEntropy(x, ops.tensor(new Int32Array([1, 0, 3, 2])).broadcastTo(x.shape.slice(0, 2))),
    shifted,
  ),
  variance: invariant((x) => ops.variance(x, [1, 2]), shifted),
  argSort: invariant((x) => ops.argSort(x).cast("float32"), both),
  layerNorm: invariant((x) => ops.layerNorm(x, 1, 0, { ...exact, axis: [1, 2] }), both),
  groupNorm: invariant((x) => ops.groupNorm(x, 1, 1, 0, exact), both),
  batchNorm: invariant(
    (x) => ops.batchNorm(x, 1, 0, exact).output,
    (x, { int, tensor }) => x.mul(int(1, 9)).add(tensor([4])),
  ),
  rmsNorm: invariant((x) => ops.rmsNorm(x, 1, exact), scaled),
  "cosineSimilarity of scaled vectors": (random) => {
    const [a, b] = [random.tensor([3, 5]), random.tensor([3, 5])];
    return [[ops.cosineSimilarity(a.mul(3), b.mul(0.5)), ops.cosineSimilarity(a, b)]];
  },
  "std follows a scale, norm too, logSumExp a shift": (random) => {
    const x = random.tensor([3, 6]);
    return [
      [ops.std(x.mul(-3).add(7), 1), ops.std(x, 1).mul(3)],
      [ops.norm(x.mul(-3), 1), ops.norm(x, 1).mul(3)],
      [ops.logSumExp(x.add(100), 1), ops.logSumExp(x, 1).add(100)],
      [ops.max(x.mul(-2), 1), ops.min(x, 1).mul(-2)],
    ];
  },
});

const circular = (x: Tensor): Tensor =>
  ops.pad(
    x,
    [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ],
    { mode: "circular" },
  );

testRelations("images", {
  "conv2d is linear in the images and in the kernel": (random) => {
    const options = { stride: random.int(1, 2), padding: random.int(0, 1), dilation: random.int(1, 2) };
    const [x, y] = [random.tensor([2, 6, 5, 2]), random.tensor([2, 6, 5, 2])];
    const [k, l] = [random.tensor([2, 2, 2, 3]), random.tensor([2, 2, 2, 3])];
    return [
      [
        conv2d(x.mul(2).sub(y), k, options),
        conv2d(x, k, options)
          .mul(2)
          .sub(conv2d(y, k, options)),
      ],
      [
        conv2d(x, k.mul(2).sub(l), options),
        conv2d(x, k, options)
          .mul(2)
          .sub(conv2d(x, l, options)),
      ],
    ];
  },
  "convTranspose2d is linear": (random) => {
    const [x, y, k] = [random.tensor([2, 3, 4, 2]), random.tensor([2, 3, 4, 2]), random.tensor([3, 2, 3, 2])];
    const options = { stride: random.int(1, 3) };
    const f = (z: Tensor): Tensor => convTranspose2d(z, k, options);
    return [[f(x.mul(2).sub(y)), f(x).mul(2).sub(f(y))]];
  },
  "a moved image gives a moved result": (random) => {
    const [x, k] = [random.tensor([1, 5, 6, 2]), random.tensor([3, 3, 2, 2])];
    const move = (z: Tensor): Tensor => ops.roll(z, [2, -1], [1, 2]);
    return [
      [conv2d(circular(move(x)), k), move(conv2d(circular(x), k))],
      [maxPool2d(circular(move(x)), { size: 3, stride: 1 }), move(maxPool2d(circular(x), { size: 3, stride: 1 }))],
      [avgPool2d(circular(move(x)), { size: 3, stride: 1 }), move(avgPool2d(circular(x), { size: 3, stride: 1 }))],
    ];
  },
  "a mirrored image with a mirrored kernel gives a mirrored result": (random) => {
    const [x, k] = [random.tensor([2, 5, 6, 2]), random.tensor([2, 3, 2, 3])];
    return [[conv2d(x.flip([1, 2]), k.flip([0, 1])), conv2d(x, k).flip([1, 2])]];
  },
  "a kernel of one pixel is a matrix product": (random) => {
    const [x, k] = [random.tensor([2, 3, 4, 5]), random.tensor([5, 3])];
    return [[conv2d(x, k.reshape([1, 1, 5, 3])), x.matmul(k)]];
  },
  "groups are convolutions of their own": (random) => {
    const [x, k] = [random.tensor([2, 4, 4, 4]), random.tensor([2, 2, 2, 6])];
    const part = (channels: readonly [number, number], filters: readonly [number, number]): Tensor =>
      conv2d(x.slice(null, null, null, channels), k.slice(null, null, null, filters));
    return [[conv2d(x, k, { groups: 2 }), ops.concat([part([0, 2], [0, 3]), part([2, 4], [3, 6])], -1)]];
  },
  "maxPool2d is minus the pooled minimum, and above the mean": (random) => {
    const x = random.tensor([2, 5, 5, 3]);
    const [most, mean] = [maxPool2d(x, { size: 2 }), avgPool2d(x, { size: 2 })];
    return [
      [ops.relu(mean.sub(most)), mean.mul(0)],
      [maxPool2d(x.mul(3), { size: 2 }), most.mul(3)],
    ];
  },
});
