// Shapes that the editor knows: what a dataset was given reaches the batches of its loader.

import type { Tensor } from "@gradus/core";
import { expectTypeOf, test } from "vitest";
import {
  augment,
  type Batch,
  Column,
  DataLoader,
  type Dataset,
  findMnist,
  fromArrays,
  IterableDataset,
  mnist,
} from "../src/index.ts";

test("a column's shape is that of its batches", () => {
  const pixels = new Column(new Uint8Array(1568), { shape: [28, 28] });
  expectTypeOf(pixels.batch([0])).toEqualTypeOf<Tensor<readonly [number, 28, 28]>>();
  const labels = new Column(new Uint8Array(2), { shape: [], dtype: "int32" });
  expectTypeOf(labels.batch([0])).toEqualTypeOf<Tensor<readonly [number]>>();
});

test("mnist's shape goes through parts and loaders", async () => {
  const { train } = await mnist({ folder: findMnist(import.meta.url), shape: [784] });
  const [training] = train.slice(0, 100).split(0.2);
  expectTypeOf(training).toEqualTypeOf<Dataset<readonly [number, 784], readonly [number]>>();
  for (const { inputs, targets } of new DataLoader(training, { batchSize: 64 })) {
    expectTypeOf(inputs).toEqualTypeOf<Tensor<readonly [number, 784]>>();
    expectTypeOf(targets).toEqualTypeOf<Tensor<readonly [number]>>();
  }
  const { test: held } = await mnist({ folder: "/mnist/" });
  expectTypeOf(held.batch([0]).inputs).toEqualTypeOf<Tensor<readonly [number, number, number]>>();
});

test("what is not known is any tensor, and every dataset is a Dataset", () => {
  const dataset = fromArrays({ inputs: [[1, 2]], targets: [0] });
  expectTypeOf(dataset.batch([0]).inputs).toExtend<Tensor>();
  expectTypeOf(dataset).toExtend<Dataset>();
  expectTypeOf(fromArrays({ inputs: new Uint8Array(784), targets: [0], shape: [784] })).toExtend<Dataset>();
  expectTypeOf<Batch["inputs"]>().toEqualTypeOf<Tensor>();
});

test("stages of datasets and streams keep what they do not change", async () => {
  const { train } = await mnist({ folder: "/mnist/", shape: [28, 28] });
  type Images = Dataset<readonly [number, 28, 28], readonly [number]>;
  const chosen = train
    .filter(({ targets }) => targets.item() < 5)
    .skip(1)
    .repeat(2)
    .shuffle({ seed: 0 })
    .cache();
  expectTypeOf(chosen).toEqualTypeOf<Images>();
  expectTypeOf(train.concat(chosen).split(0.2, { stratified: true })[1]).toEqualTypeOf<Images>();
  const flat = chosen.map(({ inputs, targets }) => ({ inputs: inputs.reshape([-1, 784]), targets }));
  expectTypeOf(flat.batch([0]).inputs).toExtend<Tensor<readonly [number, 784]>>();
  const batches = IterableDataset.from(new DataLoader(train))
    .map(augment({ shift: 2 }), { seed: 1 })
    .prefetch(2);
  expectTypeOf(batches).toEqualTypeOf<IterableDataset<Batch<readonly [number, 28, 28], readonly [number]>>>();
  expectTypeOf(IterableDataset.from([1, 2]).map((x) => String(x))).toEqualTypeOf<IterableDataset<string>>();
  // @ts-expect-error a number is no sample
  IterableDataset.from([1, 2]).batch(2);
});
