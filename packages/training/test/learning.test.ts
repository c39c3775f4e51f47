// What the options of a step do: weights of samples and classes, averages over batches, bounds; each eagerly and compiled.

import { manualSeed, type Tensor, tensor, Variable } from "@gradus/core";
import { type ArrayDataset, fromArrays } from "@gradus/data";
import { crossEntropy, Dense, meanSquaredError, ReLU, Sequential } from "@gradus/layers";
import { SGD } from "@gradus/optimizers";
import { describe, expect, test } from "vitest";
import { type FitOptions, type Loss, Trainer } from "../src/index.ts";
import { line, quadrants } from "./models.ts";

const quiet = { verbose: 0, shuffle: false } as const;

interface Slope {
  readonly weight: Variable;
  readonly trainer: Trainer;
}

/** ŷ = w·x from w = 0, learned with rate 1 by the mean square: dw = −4·mean x² for y = 2x. */
function slope(compile: boolean, loss: Loss = meanSquaredError): Slope {
  const weight: Variable = new Variable(tensor([[0]]));
  const model = {
    training: true,
    forward: (x: Tensor): Tensor => x.mul(weight),
    train: (): void => undefined,
    eval: (): void => undefined,
    parameters: (): Variable[] => [weight],
  };
  return { weight, trainer: new Trainer({ model, optimizer: new SGD([weight], { learningRate: 1 }), loss, compile }) };
}

/** The weight after a fit to y = 2x at x = 0 … 3, or other data. */
async function learned(compile: boolean, options: FitOptions, data: ArrayDataset = line(4)): Promise<number> {
  const { weight, trainer } = slope(compile);
  await trainer.fit(data, { ...quiet, ...options });
  return weight.item();
}

describe.each([false, true])("compiled: %s", (compile) => {
  test("samples count by their weight, over the number of samples", async () => {
    // Σ wᵢ·4·xᵢ² / n = 4·(1·1 + 2·4 + 0.5·9) / 4
    expect(await learned(compile, { sampleWeight: [7, 1, 2, 0.5] })).toBeCloseTo(13.5, 4);
    expect(await learned(compile, { sampleWeight: tensor([0, 0, 0, 1]) })).toBeCloseTo(9, 4);
  });

  test("weights go with their samples, in any order and into the validation", async () => {
    const { trainer } = slope(compile);
    const options = { sampleWeight: [1, 1, 2, 4], validationSplit: 0.5, shuffle: true, seed: 1, verbose: 0 } as const;
    const { history } = await trainer.fit(line(4), options);
    // w = 2 after one step: dw = −4·mean(0, 1) = −2; then the loss of validation is 0; before, mean(0, 4) = 2.
    expect(history.loss).toEqual([2]);
    expect(history.val_loss?.[0]).toBeCloseTo(0, 10);
    const still = slope(compile);
    still.trainer.optimizer.learningRate = 0;
    const validated = await still.trainer.fit(line(4), options);
    expect(validated.history.val_loss).toEqual([(2 * 16 + 4 * 36) / 2]);
    expect(await still.trainer.evaluate(line(4), { sampleWeight: [1, 0, 0, 1], verbose: 0 })).toEqual({ loss: 9 });
  });

  test("classes count by their weight; those without a number count 1", async () => {
    const run = async (options: FitOptions, data: ArrayDataset): Promise<number[]> => {
      manualSeed(3);
      const model = new Sequential(new Dense(2, 4));
      const optimizer = new SGD(model.parameters(), { learningRate: 0.5 });
      const trainer = new Trainer({ model, optimizer, loss: crossEntropy, compile });
      await trainer.fit(data, { ...quiet, ...options });
      return model.parameters().flatMap((variable) => [...variable.toTypedArray()]);
    };
    const data = quadrants(50);
    const labels = data.batch(Int32Array.from({ length: 50 }, (_, row) => row)).targets.toTypedArray();
    const weights = { 1: 0.25, 3: 4 };
    const expected = await run(
      { sampleWeight: Array.from(labels, (label) => (label === 1 ? 0.25 : label === 3 ? 4 : 1)) },
      data,
    );
    expect(await run({ classWeight: weights }, data)).toEqual(expected);
    expect(await run({ classWeight: [1, 0.25, 1, 4] }, data)).toEqual(expected);
    expect(await run({}, data)).not.toEqual(expected);
    const halves = Array.from(labels, () => 0.5);
    const both = await run({ classWeight: weights, sampleWeight: halves }, data);
    expect(both).not.toEqual(expected);
  });

  test("gradients of batches are averaged, and what is left over is a step, too", async () => {
    // One epoch of x = 0 … 3 in batches of 1: dw = −4·x²; two steps with two batches each.
    expect(await learned(compile, { batchSize: 1, accumulate: 4 })).toBeCloseTo((4 * (0 + 1 + 4 + 9)) / 4, 4);
    const { weight, trainer } = slope(compile);
    const updates: boolean[] = [];
    trainer.on("stepEnd", ({ updated }) => void updates.push(updated));
    await trainer.fit(line(3), { ...quiet, batchSize: 1, accumulate: 2 });
    // w = 4·(0 + 1)/2 = 2 fits, so the third batch, alone, moves nothing.
    expect(weight.item()).toBeCloseTo(2, 5);
    expect(updates).toEqual([false, true, false]);
    expect(trainer.optimizer).toHaveProperty("steps", 2);
  });

  test("accumulated batches equal one batch of all", async () => {
    const run = async (options: FitOptions): Promise<number[]> => {
      manualSeed(1);
      const model = new Sequential(new Dense(2, 8), new ReLU(), new Dense(8, 4));
      const optimizer = new SGD(model.parameters(), { learningRate: 0.3 });
      const trainer = new Trainer({ model, optimizer, loss: crossEntropy, compile });
      await trainer.fit(quadrants(96), { ...options, epochs: 4, seed: 0, clipNorm: 0.1, verbose: 0 });
      return model.parameters().flatMap((variable) => [...variable.toTypedArray()]);
    };
    const whole = await run({ batchSize: 32 });
    const parts = await run({ batchSize: 8, accumulate: 4 });
    for (const [index, value] of whole.entries()) expect(parts[index]).toBeCloseTo(value, 5);
  });

  test("gradients are bounded in norm and in size", async () => {
    expect(await learned(compile, { clipValue: 0.5 })).toBeCloseTo(0.5, 5);
    expect(await learned(compile, { clipNorm: 0.25 })).toBeCloseTo(0.25, 5);
    expect(await learned(compile, { clipNorm: 100 })).toBeCloseTo(14, 4);
    expect(await learned(compile, { clipNorm: 0.75, clipValue: 2 })).toBeCloseTo(0.75, 5);
  });

  test("one batch at a time", async () => {
    const { weight, trainer } = slope(compile);
    const told: number[] = [];
    trainer.on("batchEnd", ({ samples, logs }) => void told.push(samples, logs.loss));
    const [x, y] = [tensor([[1], [2]]), tensor([[2], [4]])];
    expect(await trainer.trainOnBatch(x, y)).toEqual({ loss: 10 });
    expect(weight.item()).toBeCloseTo(10, 5);
    expect(told).toEqual([2, 10]);
    weight.assign([0]);
    await trainer.trainOnBatch(x, y, { sampleWeight: [1, 0], clipNorm: 0.5 });
    expect(weight.item()).toBeCloseTo(0.5, 5);
  });

  test("a loss that has no values for samples cannot be weighted", async () => {
    const { weight, trainer } = slope(compile, (prediction, target) => prediction.sub(target).square().mean());
    await trainer.fit(line(4), quiet);
    weight.assign([0]);
    const weighted = trainer.fit(line(4), { ...quiet, sampleWeight: [1, 1, 1, 1] });
    await expect(weighted).rejects.toThrow('the loss gave a scalar for { reduction: "none" }');
    expect(weight.item()).toBe(0);
  });
});

const wrong = (value: unknown): never => value as never;

test.each<readonly [FitOptions, string]>([
  [{ sampleWeight: [1, 2] }, "fit: sampleWeight has 2 numbers for 4 samples"],
  [{ sampleWeight: [1, 2, -1, 0] }, "fit: sampleWeight[2] must be a finite number ≥ 0, got -1"],
  [{ classWeight: { 0: Number.NaN } }, "fit: classWeight[0] must be a finite number ≥ 0, got NaN"],
  [{ classWeight: wrong({ cat: 1 }) }, "fit: classWeight must be numbers by label"],
  [
    { classWeight: { 0: 2 } },
    "fit: classWeight needs labels of whole numbers or one-hot rows, the targets are float32 [4,1]",
  ],
  [{ accumulate: 0 }, "fit: accumulate must be a whole number ≥ 1, got 0"],
  [{ clipNorm: 0 }, "fit: clipNorm must be a finite number > 0, got 0"],
  [{ clipValue: Number.NaN }, "fit: clipValue must be a finite number > 0, got NaN"],
  [{ initialEpoch: 1 }, "fit: initialEpoch must be a whole number from 0 to below epochs (1), got 1"],
  [{ stepsPerEpoch: 1.5 }, "fit: stepsPerEpoch must be a whole number ≥ 1"],
  [{ validationSteps: 2 }, "fit: validationSteps needs validationData or validationSplit"],
  [
    { validationSplit: 0.5, validateEvery: wrong({ epochs: 0 }) },
    "fit: validateEvery must be { epochs: n } or { steps: n }",
  ],
  [{ validationSplit: 0.5, validateEvery: wrong({ steps: 1, epochs: 1 }) }, "fit: validateEvery must be"],
  [{ callbacks: wrong({}) }, "fit: callbacks must be a list"],
  [wrong({ batch_size: 64 }), "fit: there is no option batch_size; did you mean batchSize?"],
])("fit refuses %j", async (options, message) => {
  const { weight, trainer } = slope(false);
  await expect(trainer.fit(line(4), { ...quiet, ...options })).rejects.toThrow(message);
  expect(weight.item()).toBe(0);
});

test("one-hot rows have a class, too", async () => {
  const { trainer } = slope(false, (prediction, _, options) =>
    options?.reduction === "none" ? prediction.sum(-1).mul(0).add(1) : prediction.sum().mul(0).add(1),
  );
  const inputs = [
    [1, 1],
    [1, 1],
  ];
  const targets = [
    [0, 1],
    [1, 0],
  ];
  const { history } = await trainer.fit(fromArrays({ inputs, targets }), { ...quiet, classWeight: { 1: 3 } });
  expect(history.loss).toEqual([2]);
});
