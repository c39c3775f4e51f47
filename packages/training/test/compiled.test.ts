// Compiled training against eager training, and what happens to a step that cannot be captured.

import { manualSeed, type Tensor, tensor, Variable } from "@gradus/core";
import { BatchNorm, crossEntropy, Dense, Dropout, meanSquaredError, ReLU, Sequential } from "@gradus/layers";
import { Adam, SGD } from "@gradus/optimizers";
import { describe, expect, test, vi } from "vitest";
import { Trainer } from "../src/index.ts";
import { Line, line, quadrants } from "./models.ts";

const quiet = { verbose: 0 } as const;

/** Losses of 100 steps and the weights after them. */
async function hundredSteps(compile: boolean): Promise<{ losses: number[]; weights: number[] }> {
  manualSeed(3);
  const model = new Sequential(new Dense(2, 16), new BatchNorm(16), new ReLU(), new Dropout(0.3), new Dense(16, 4));
  const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
  const trainer = new Trainer({ model, optimizer, loss: crossEntropy, metrics: ["accuracy"], compile });
  const losses: number[] = [];
  trainer.on("stepEnd", ({ loss }) => void losses.push(loss));
  // 106 samples in batches of 8: each epoch ends with a batch of 2.
  await trainer.fit(quadrants(106), { batchSize: 8, epochs: 8, seed: 1, ...quiet });
  return {
    losses: losses.slice(0, 100),
    weights: model.parameters().flatMap((variable) => [...variable.toTypedArray()]),
  };
}

describe("compiled training", () => {
  test("gives the losses of eager training to 1e-5 over 100 steps, a smaller last batch included", async () => {
    const [compiled, eager] = [await hundredSteps(true), await hundredSteps(false)];
    expect(compiled.losses).toHaveLength(100);
    for (const [step, loss] of eager.losses.entries()) {
      expect(Math.abs((compiled.losses[step] ?? 0) - loss)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(loss)));
    }
  });

  test("sees a learning rate that changes between steps", async () => {
    const model = new Sequential(new Dense(1, 1, { bias: false, initializer: () => tensor([[0]]) }));
    const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
    const trainer = new Trainer({ model, optimizer, loss: meanSquaredError });
    trainer.on("stepEnd", () => {
      optimizer.learningRate = 0;
    });
    const [weight] = model.parameters();
    await trainer.fit(line(2), { batchSize: 2, epochs: 1, ...quiet });
    const after = weight?.item() ?? 0;
    expect(after).not.toBe(0);
    await trainer.fit(line(2), { batchSize: 2, epochs: 3, ...quiet });
    expect(weight?.item()).toBe(after);
  });

  test("falls back to eager steps, with one warning, where a value is read", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const model = new Line();
    const trainer = new Trainer({
      model,
      optimizer: new SGD(model.parameters(), { learningRate: 0.1 }),
      loss: meanSquaredError,
    });
    await trainer.fit(line(4), { batchSize: 2, epochs: 2, validationData: line(2), ...quiet });
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]?.[0]).toContain("cannot be compiled and runs eagerly");
    expect(warn.mock.calls[0]?.[0]).toContain("models.ts");
    expect(model.weight.item()).not.toBe(0);
    warn.mockRestore();
  });

  test("trains a model made of Variables alone", async () => {
    const weight = new Variable(tensor([[0]]));
    const model = {
      training: true,
      forward: (x: Tensor): Tensor => x.mul(weight),
      train: (): void => undefined,
      eval: (): void => undefined,
      parameters: (): Variable[] => [weight],
    };
    const optimizer = new SGD([weight], { learningRate: 0.05 });
    await new Trainer({ model, optimizer, loss: meanSquaredError }).fit(line(4), {
      batchSize: 4,
      epochs: 60,
      ...quiet,
    });
    expect(weight.item()).toBeCloseTo(2, 3);
  });
});
