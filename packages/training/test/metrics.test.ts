// Metrics: accuracy, metrics of one's own, and what is refused.

import { OptionError, stack, tensor } from "@gradus/core";
import { fromArrays } from "@gradus/data";
import { meanSquaredError } from "@gradus/layers";
import { SGD } from "@gradus/optimizers";
import { describe, expect, expectTypeOf, test } from "vitest";
import { accuracy, type Metric, type MetricOption, Trainer } from "../src/index.ts";
import { Line, line } from "./models.ts";

const trainerWith = <const M extends readonly MetricOption[]>(metrics: M): Trainer<M> => {
  const model = new Line();
  return new Trainer({
    model,
    optimizer: new SGD(model.parameters(), { learningRate: 0 }),
    loss: meanSquaredError,
    metrics,
  });
};

describe("accuracy", () => {
  const logits = tensor([
    [0.1, 0.9],
    [3, -2],
    [5, 6],
  ]);

  test("compares the greatest logit with the label", () => {
    const labels = tensor([1, 1, 1], { dtype: "int32" });
    expect(accuracy.measure(logits, labels).toArray()).toEqual([true, false, true]);
    const bytes = tensor([1, 0, 0], { dtype: "uint8" });
    expect(accuracy.measure(logits, bytes).toArray()).toEqual([true, true, false]);
  });

  test("of sequences, label by label", () => {
    const labels = tensor([[1, 0, 0]], { dtype: "int32" });
    expect(accuracy.measure(logits.reshape([1, 3, 2]), labels).toArray()).toEqual([[true, true, false]]);
  });

  test("refuses labels that would broadcast, and labels that are no class numbers", () => {
    expect(() => accuracy.measure(logits, tensor([[1], [1], [1]], { dtype: "int32" }))).toThrow(
      "accuracy: predictions [3,2] and labels [3,1] do not fit: expected labels [3], a class number per row",
    );
    expect(() => accuracy.measure(logits, tensor([1, 1, 1]))).toThrow("labels must be int32 or uint8, got float32");
  });
});

describe("metrics of one's own", () => {
  test("a value per sample, several per sample, or the average of a batch", async () => {
    const trainer = trainerWith([
      { name: "perSample", measure: (_, target) => target.flatten() },
      { name: "several", measure: (_, target) => stack([target.flatten(), target.flatten().mul(3)], 1) },
      { name: "average", measure: (_, target) => target.mean() },
    ]);
    const logs = await trainer.evaluate(line(5), { batchSize: 2, verbose: 0 });
    expect(logs).toEqual({ loss: 24, perSample: 4, several: 8, average: 4 });
    expectTypeOf(logs.several).toEqualTypeOf<number>();
    // @ts-expect-error: no such metric
    expect(logs.other).toBeUndefined();
  });

  test("a ratio of averages does not depend on the batches", async () => {
    const recall: Metric<"recall"> = {
      name: "recall",
      measure: (prediction, target) => stack([prediction.mul(target).flatten(), target.flatten()], 1),
      result: ([hits = 0, positives = 0]) => hits / positives,
    };
    const inputs = [[1], [0], [1], [1], [0]];
    const data = fromArrays({ inputs, targets: [[1], [1], [1], [0], [1]] });
    const trainer = trainerWith([recall]);
    (trainer.model as Line).weight.assign([1]);
    for (const batchSize of [1, 2, 5]) {
      expect((await trainer.evaluate(data, { batchSize, verbose: 0 })).recall).toBeCloseTo(0.5, 12);
    }
  });

  test("refuses a measure that is neither", async () => {
    const trainer = trainerWith([{ name: "odd", measure: () => tensor([1, 2, 3]) }]);
    await expect(trainer.evaluate(line(2), { verbose: 0 })).rejects.toThrow(
      "odd: [3] is neither a scalar nor a value for each of 2 samples",
    );
  });

  test("refuses names that are unknown, taken or reserved", () => {
    const measure = accuracy.measure;
    expect(() => trainerWith(["acuracy" as "accuracy"])).toThrow(
      'Trainer: a metric must be "accuracy" or an object { name, measure }, got "acuracy"',
    );
    expect(() => trainerWith(["accuracy", accuracy])).toThrow('two values would be reported as "accuracy"');
    expect(() => trainerWith([{ name: "loss", measure }])).toThrow(OptionError);
    expect(() => trainerWith([{ name: "val_x", measure }])).toThrow("a text that does not start with val_");
  });
});
