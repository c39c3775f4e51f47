// Regularizers and constraints of a model, in a trainer: they are part of the loss, and hold after every step.

import { manualSeed, type Tensor } from "@gradus/core";
import { crossEntropy, Dense, l1, l2, maxNorm, nonNegative, ReLU, Sequential } from "@gradus/layers";
import { Adam } from "@gradus/optimizers";
import { describe, expect, test } from "vitest";
import { Trainer } from "../src/index.ts";
import { quadrants } from "./models.ts";

const data = quadrants(40);

/** A trainer, and the same training written by hand. */
function make(compile: boolean): {
  model: Sequential;
  trainer: Trainer;
  byHand: (inputs: Tensor, targets: Tensor) => number;
} {
  manualSeed(4);
  const model: Sequential = new Sequential(
    new Dense(2, 6, { weightRegularizer: l2(0.05), activityRegularizer: l1(0.01), weightConstraint: maxNorm(0.4) }),
    new ReLU(),
    new Dense(6, 4, { weightConstraint: nonNegative() }),
  );
  const optimizer = new Adam(model.parameters(), { learningRate: 0.05 });
  const byHand = (inputs: Tensor, targets: Tensor): number => {
    const loss = crossEntropy(model.forward(inputs), targets).add(model.regularization() ?? 0);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    model.applyConstraints();
    return loss.item();
  };
  return { model, trainer: new Trainer({ model, optimizer, loss: crossEntropy, compile }), byHand };
}

const valuesOf = (model: Sequential): number[] => model.parameters().flatMap((x) => [...x.toTypedArray()]);
const close = (values: readonly number[], expected: readonly number[]): void => {
  expect(values).toEqual(expected.map((value) => expect.closeTo(value, 4)));
};

describe.each([true, false])("compiled: %s", (compile) => {
  test("losses and weights are those of a loop by hand", async () => {
    const [own, hand] = [make(compile), make(compile)];
    const { inputs, targets } = data.batch([...Array(40).keys()]);
    const losses: number[] = [];
    own.trainer.on("stepEnd", ({ loss }) => void losses.push(loss));
    await own.trainer.fit(data, { batchSize: 40, epochs: 10, shuffle: false, verbose: 0 });
    close(
      losses,
      Array.from({ length: 10 }, () => hand.byHand(inputs, targets)),
    );
    close(valuesOf(own.model), valuesOf(hand.model));
    const [first, , second] = own.model.parameters();
    expect(first?.square().sum(0).sqrt().max().item()).toBeCloseTo(0.4, 5);
    expect(second?.min().item()).toBe(0);
  });

  test("evaluation counts them, whatever was predicted before", async () => {
    const { model, trainer } = make(compile);
    const { inputs, targets } = data.batch([...Array(40).keys()]);
    const logits = model.eval().forward(inputs as never); // cast: points in the plane
    const expected = crossEntropy(logits, targets)
      .add(model.regularization() ?? 0)
      .item();
    model.forward(inputs as never);
    await trainer.predict(inputs);
    const { loss } = await trainer.evaluate(data, { batchSize: 40, verbose: 0 });
    expect(loss).toBeCloseTo(expected, 5);
    expect(loss).toBeGreaterThan(crossEntropy(logits, targets).item() + 0.01);
  });

  test("steps over several batches keep the constraints", async () => {
    const { model, trainer } = make(compile);
    await trainer.fit(data, { batchSize: 8, epochs: 3, accumulate: 2, verbose: 0 });
    const [first, , second] = model.parameters();
    expect(first?.square().sum(0).sqrt().max().item()).toBeLessThanOrEqual(0.4 * (1 + 1e-6));
    expect(second?.min().item()).toBeGreaterThanOrEqual(0);
  });
});
