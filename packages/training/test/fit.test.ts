// Training: that it learns, in which order, over which rows, and what it reports.

import { Generator, manualSeed, permutation, type Tensor } from "@gradus/core";
import { DataLoader } from "@gradus/data";
import { meanSquaredError } from "@gradus/layers";
import { SGD } from "@gradus/optimizers";
import { describe, expect, test } from "vitest";
import { type Metric, Trainer } from "../src/index.ts";
import { Line, line, network, quadrants, still } from "./models.ts";

const quiet = { verbose: 0 } as const;

const weightsOf = (trainer: { readonly model: { parameters(): Iterable<Tensor> } }): number[][] =>
  Array.from(trainer.model.parameters(), (parameter) => [...parameter.toTypedArray()]);

describe("learning", () => {
  test("a line finds its slope", async () => {
    const model = new Line();
    const optimizer = new SGD(model.parameters(), { learningRate: 0.01 });
    const trainer = new Trainer({ model, optimizer, loss: meanSquaredError });
    const { history, epoch } = await trainer.fit(line(8), { batchSize: 4, epochs: 30, seed: 0, ...quiet });
    expect(model.weight.item()).toBeCloseTo(2, 3);
    expect(epoch).toEqual(Array.from({ length: 30 }, (_, index) => index));
    expect(history.loss.at(-1)).toBeLessThan(1e-4);
    expect(history.val_loss).toBeUndefined();
  });

  test("a network with batch normalization and dropout learns the quadrants", async () => {
    const trainer = network(0);
    const { history } = await trainer.fit(quadrants(600), { epochs: 12, validationSplit: 0.2, seed: 0, ...quiet });
    expect(history.loss.at(-1)).toBeLessThan((history.loss[0] ?? 0) / 2);
    expect(history.val_accuracy?.at(-1)).toBeGreaterThan(0.9);
    const { accuracy, loss } = await trainer.evaluate(quadrants(200, 2), quiet);
    expect(accuracy).toBeGreaterThan(0.9);
    expect(loss).toBeLessThan(0.5);
  });

  test("the same seeds give the same bits", async () => {
    const run = async (seed: number): Promise<unknown> => {
      const trainer = network(3);
      const history = await trainer.fit(quadrants(100), { epochs: 2, validationSplit: 0.1, seed, ...quiet });
      return [JSON.parse(JSON.stringify(history)), weightsOf(trainer)];
    };
    const first = await run(5);
    expect(await run(5)).toEqual(first);
    expect(await run(6)).not.toEqual(first);
  });

  test("gradients of a step are forgotten before the next one", async () => {
    const { model, trainer } = still();
    await trainer.fit(line(4), { batchSize: 2, epochs: 3, shuffle: false, ...quiet });
    // d mean (wx − 2x)² / dw at w = 0: −4 · mean x², over the last batch x = 2, 3.
    expect(model.weight.grad?.item()).toBeCloseTo(-26, 4);
  });

  test("loss and metrics share one forward pass per step", async () => {
    const model = new Line();
    const optimizer = new SGD(model.parameters(), { learningRate: 0 });
    const error: Metric<"error"> = { name: "error", measure: (prediction, target) => prediction.sub(target).abs() };
    const trainer = new Trainer({ model, optimizer, loss: meanSquaredError, metrics: [error] });
    const { history } = await trainer.fit(line(10), { batchSize: 4, epochs: 2, ...quiet });
    expect(model.seen).toHaveLength(6);
    expect(history.error).toEqual([9, 9]);
  });
});

describe("order", () => {
  test("without shuffling, that of the dataset", async () => {
    const { model, trainer } = still();
    await trainer.fit(line(5), { batchSize: 2, shuffle: false, ...quiet });
    expect(model.rows(true)).toEqual([[0, 1], [2, 3], [4]]);
  });

  test("with a seed, that of a DataLoader with it, new in every epoch", async () => {
    const { model, trainer } = still();
    await trainer.fit(line(7), { batchSize: 3, epochs: 2, seed: 11, ...quiet });
    const loader = new DataLoader(line(7), { batchSize: 3, shuffle: true, seed: 11 });
    const expected = [...loader, ...loader].map(({ inputs }) => [...inputs.toTypedArray()]);
    expect(model.rows(true)).toEqual(expected);
    expect(expected.slice(0, 3)).not.toEqual(expected.slice(3));
  });

  test("without a seed, the default generator's", async () => {
    const run = async (): Promise<unknown> => {
      manualSeed(4);
      const { model, trainer } = still();
      await trainer.fit(line(9), quiet);
      return model.rows(true);
    };
    expect(await run()).toEqual(await run());
  });

  test("validationSplit takes the last rows, before any shuffling, and never shuffles them", async () => {
    const { model, trainer } = still();
    await trainer.fit(line(10), { batchSize: 3, epochs: 2, validationSplit: 0.4, seed: 1, ...quiet });
    const learned = model.rows(true).flat();
    const generator = new Generator(1);
    const orders = [permutation(6, { generator }), permutation(6, { generator })];
    expect(learned).toEqual(orders.flatMap((order) => [...order.toTypedArray()]));
    expect(model.rows(false)).toEqual([[6, 7, 8], [9], [6, 7, 8], [9]]);
  });

  test("validationData is evaluated after each epoch, in the mode of evaluation", async () => {
    const { model, trainer } = still();
    const { history } = await trainer.fit(line(2), { validationData: line(3), epochs: 2, shuffle: false, ...quiet });
    expect(model.seen).toEqual([
      { training: true, rows: [0, 1] },
      { training: false, rows: [0, 1, 2] },
      { training: true, rows: [0, 1] },
      { training: false, rows: [0, 1, 2] },
    ]);
    expect(history.val_loss).toEqual([20 / 3, 20 / 3].map(Math.fround));
    expect(model.training).toBe(true);
  });
});

describe("averages", () => {
  test("a smaller last batch counts for its samples", async () => {
    const { trainer } = still();
    // Σ (2x)² over 0 … 4 is 120; the mean of the batches' means would be 43.33.
    const { history } = await trainer.fit(line(5), { batchSize: 2, ...quiet });
    expect(history.loss).toEqual([24]);
    expect(await trainer.evaluate(line(5), { batchSize: 3, ...quiet })).toEqual({ loss: expect.closeTo(24, 5) });
  });

  test("the history is plain data in Keras's names", async () => {
    const history = await network(0).fit(quadrants(40), { epochs: 2, validationSplit: 0.25, ...quiet });
    const plain = JSON.parse(JSON.stringify(history));
    expect(Object.keys(plain.history)).toEqual(["accuracy", "loss", "val_accuracy", "val_loss"]);
    expect(plain.epoch).toEqual([0, 1]);
    expect(plain.history.val_accuracy).toHaveLength(2);
  });

  test("each fit has a history of its own, and the trainer knows the last", async () => {
    const { trainer } = still();
    expect(trainer.history).toBeNull();
    const first = await trainer.fit(line(2), quiet);
    const second = await trainer.fit(line(2), quiet);
    expect(first.epoch).toEqual([0]);
    expect(trainer.history).toBe(second);
  });
});
