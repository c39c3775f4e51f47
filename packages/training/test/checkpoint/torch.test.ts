// Weights from PyTorch: the same network, with its weights, gives what PyTorch recorded; and back they are its very bits.

import { readFileSync } from "node:fs";
import { CheckpointError, type Tensor, tensor, zeros } from "@gradus/core";
import {
  BatchNorm,
  Conv1D,
  Conv2D,
  ConvTranspose2D,
  Dense,
  Dropout,
  Embedding,
  Flatten,
  GroupNorm,
  Layer,
  LayerNorm,
  MaxPool2D,
  PReLU,
  ReLU,
  Sequential,
} from "@gradus/layers";
import { expect, test } from "vitest";
import { fromTorch, readSafetensors, toTorch, writeSafetensors } from "../../src/checkpoint.ts";

/** What record-torch.py wrote: weights, an input and its output. */
function recorded(name: string): { weights: Map<string, Tensor>; input: Tensor; output: Tensor } {
  const path = new URL(`torch-${name}.safetensors`, import.meta.url);
  const weights = new Map(readSafetensors(readFileSync(path)).tensors);
  const [input = zeros([0]), output = zeros([0])] = [weights.get("input"), weights.get("output")];
  weights.delete("input");
  weights.delete("output");
  return { weights, input, output };
}

const statistics = { epsilon: 1e-5 };
const images = (): Layer =>
  new Sequential(
    new Conv2D(2, 4, 3, { padding: "same" }),
    new BatchNorm(4, statistics),
    new ReLU(),
    new MaxPool2D(2),
    new Conv2D(4, 6, [1, 2], { groups: 2, bias: false }),
    new Flatten(),
    new BatchNorm(54, statistics),
    new Dropout(0.5),
    new Dense(54, 5),
    new ReLU(),
    new Dense(5, 2),
  );

class Named extends Layer {
  readonly words = new Embedding(7, 6);
  readonly norm = new LayerNorm(6, { epsilon: 1e-5 });
  readonly hidden = new Dense(6, 5);
  readonly bend = new PReLU(5);
  readonly head = new Dense(5, 3, { bias: false });

  override forward(x: Tensor): Tensor {
    const hidden: Tensor = this.hidden.forward(this.norm.forward(this.words.forward(x)));
    return this.head.forward(this.bend.forward(hidden));
  }
}

const networks: readonly (readonly [name: string, make: () => Layer])[] = [
  ["images", images],
  [
    "transposed",
    () => new Sequential(new ConvTranspose2D(3, 4, [3, 2], { stride: 2 }), new GroupNorm(2, 4, { epsilon: 1e-5 })),
  ],
  ["sequence", () => new Sequential(new Conv1D(3, 4, 3), new ReLU())],
  ["named", () => new Named()],
];

/** The greatest difference of two tensors of one shape. */
function difference(a: Tensor, b: Tensor): number {
  expect(a.shape).toEqual(b.shape);
  const other = b.toTypedArray();
  return Math.max(0, ...Array.from(a.toTypedArray(), (value, index) => Math.abs(value - (other[index] ?? 0))));
}

test.each(networks)("%s: with PyTorch's weights our layers give PyTorch's output", (name, make) => {
  const { weights, input, output } = recorded(name);
  const model = make();
  fromTorch(model, weights);
  expect(difference(model.eval().forward(input), output)).toBeLessThan(5e-6);
});

test.each(networks)("%s: what came from PyTorch goes back bit for bit, under its names", (name, make) => {
  const { weights } = recorded(name);
  const model = make();
  fromTorch(model, weights);
  const { tensors: back } = readSafetensors(writeSafetensors({ tensors: toTorch(model) }));
  const expected = [...weights].filter(([key]) => !key.endsWith("num_batches_tracked"));
  expect([...back.keys()].sort()).toEqual(expected.map(([key]) => key).sort());
  for (const [key, value] of expected) expect(difference(back.get(key) ?? zeros([0]), value), key).toBe(0);
});

test("running counts are taken where momentum is null", () => {
  const { weights } = recorded("images");
  const parts = [...weights].filter(([key]) => key.startsWith("1."));
  const layer = new BatchNorm(4, { momentum: null });
  const counted = parts.map(([key, value]): [string, Tensor] => [key.slice(2), value]);
  fromTorch(
    layer,
    new Map(counted.map(([key, value]) => [key, value.dtype === "int32" ? value.cast("float32") : value])),
  );
  expect(layer.batches?.item()).toBe(17);
});

test("layers of other names are brought together by map, in both directions", () => {
  const weights = {
    "fc1.weight": tensor([1, 2, 3, 4, 5, 6], { shape: [2, 3] }),
    "fc1.bias": tensor([7, 8]),
    "out.weight": tensor([9, 10], { shape: [1, 2] }),
    "out.bias": tensor([11]),
  };
  const model = new Sequential(new Dense(3, 2), new ReLU(), new Dense(2, 1));
  const map = { fc1: "dense", out: "dense_1" };
  fromTorch(model, weights, { map });
  expect(model.at(0).weight.toArray()).toEqual([
    [1, 4],
    [2, 5],
    [3, 6],
  ]);
  const back = toTorch(model, { map });
  for (const [key, value] of Object.entries(weights)) expect(back.get(key)?.toArray(), key).toEqual(value.toArray());
  expect([...toTorch(model).keys()]).toEqual(["0.weight", "0.bias", "2.weight", "2.bias"]);
});

test("what does not fit is refused with all of it in one message, and nothing is loaded", () => {
  const { weights } = recorded("images");
  const refusals: readonly (readonly [change: (given: Map<string, Tensor>) => unknown, message: RegExp])[] = [
    [(given) => given.delete("0.bias"), /^fromTorch: nothing was loaded: 0\.bias is missing \(our conv2d\.bias\)/],
    [(given) => given.set("8.extra", tensor(1)), /8\.extra has no place in the model/],
    [(given) => given.set("8.weight", tensor([1])), /8\.weight is \[1\], expected 2 axes \(our dense\.weight\)/],
    [
      (given) => given.set("10.weight", zeros([3, 5])),
      /dense_1\.weight is \[5,2\] float32 in the model, \[5,3\] float32/,
    ],
    [(given) => given.set("0.weight", zeros([4, 2, 3, 3], { dtype: "float64" })), /float64 in the state/],
  ];
  for (const [change, message] of refusals) {
    const given = new Map(weights);
    change(given);
    const model = images();
    const before = model.stateDict();
    expect(() => fromTorch(model, given)).toThrow(CheckpointError);
    expect(() => fromTorch(model, given)).toThrow(message);
    for (const [name, value] of model.stateDict()) expect(difference(value, before.get(name) ?? zeros([0]))).toBe(0);
  }
  const map = (entries: Record<string, string>) => () => fromTorch(images(), weights, { map: entries });
  expect(map({ nowhere: "dense" })).toThrow("map names nowhere, but there is no tensor of it");
  expect(map({ "8": "nowhere" })).toThrow("map names nowhere, but the model has no such layer");
  expect(map({ "8": "dense", "10": "dense" })).toThrow("map gives dense two layers");
});
