// Metrics: accuracy, metrics of one's own, and what is refused.

import * as core from "@gradus/core";
import { manualSeed, OptionError, stack, type Tensor, tensor } from "@gradus/core";
import { fromArrays } from "@gradus/data";
import { crossEntropy, Dense, meanSquaredError, Sequential } from "@gradus/layers";
import { SGD } from "@gradus/optimizers";
import { describe, expect, expectTypeOf, test, vi } from "vitest";
import { testExamples } from "../../core/test/examples/run.ts";
import * as training from "../src/index.ts";
import {
  accuracy,
  auc,
  evaluateMetric,
  f1,
  type Metric,
  type MetricOption,
  precision,
  recall,
  Trainer,
  type TrainingState,
  topKAccuracy,
} from "../src/index.ts";
import { Tally } from "../src/tally.ts";
import { Line, line, quadrants } from "./models.ts";

testExamples({ sources: new URL("../src/metrics/", import.meta.url), names: { ...core, ...training } });

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

describe("in a trainer", () => {
  test("the values of an epoch are those of all samples, whatever the batches, compiled or not", async () => {
    const data = quadrants(101);
    for (const compile of [true, false]) {
      manualSeed(5);
      const model = new Sequential(new Dense(2, 4));
      const trainer = new Trainer({
        model,
        optimizer: new SGD(model.parameters(), { learningRate: 0 }),
        loss: crossEntropy,
        metrics: [
          "accuracy",
          topKAccuracy(2),
          precision({ average: "macro" }),
          recall({ class: 3, name: "recallOf3" }),
          f1({ average: "weighted" }),
          auc(),
        ],
        compile,
      });
      const { inputs, targets } = data.batch([...Array(101).keys()]);
      const logits = model.forward(inputs as Tensor<readonly [number, 2]>).detach(); // cast: points in the plane
      const expected = {
        accuracy: expect.closeTo(evaluateMetric(accuracy, logits, targets), 12),
        top2Accuracy: expect.closeTo(evaluateMetric(topKAccuracy(2), logits, targets), 12),
        precision: expect.closeTo(evaluateMetric(precision({ average: "macro" }), logits, targets), 12),
        recallOf3: expect.closeTo(evaluateMetric(recall({ class: 3 }), logits, targets), 12),
        f1: expect.closeTo(evaluateMetric(f1({ average: "weighted" }), logits, targets), 12),
        auc: expect.closeTo(evaluateMetric(auc(), logits, targets), 6),
        loss: expect.closeTo(crossEntropy(logits, targets).item(), 5),
      };
      for (const batchSize of [8, 101]) {
        const logs = await trainer.evaluate(data, { batchSize, verbose: 0 });
        expect(logs).toEqual(expected);
        // @ts-expect-error: it has another name
        expect(logs.recall).toBeUndefined();
        expectTypeOf(logs).toHaveProperty("top2Accuracy").toEqualTypeOf<number>();
        expectTypeOf(logs).toHaveProperty("recallOf3").toEqualTypeOf<number>();
      }
      const { history } = await trainer.fit(data, { batchSize: 8, verbose: 0, validationData: data });
      expect(history.auc[0]).toBeCloseTo(history.val_auc?.[0] ?? 0, 6);
      expect(history).toMatchObject({ f1: [expected.f1], val_f1: [expected.f1], recallOf3: [expected.recallOf3] });
    }
  });

  test("a training goes on in the middle of an epoch with what its metrics have kept", async () => {
    const run = async (stop: number | null): Promise<number[]> => {
      const make = (): Trainer<readonly [Metric<"auc">, Metric<"f1">]> => {
        manualSeed(5);
        const model = new Sequential(new Dense(2, 4));
        const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
        return new Trainer({ model, optimizer, loss: crossEntropy, metrics: [auc(), f1({ average: "macro" })] });
      };
      const options = { batchSize: 8, epochs: 1, seed: 3, verbose: 0 } as const;
      let trainer = make();
      if (stop !== null) {
        const states: TrainingState[] = [];
        trainer.on("settled", ({ totalSteps }) => void (totalSteps === stop && states.push(trainer.state())));
        await trainer.fit(quadrants(41), options);
        trainer = make();
        const [state] = states;
        if (state === undefined) throw new Error("no state was taken");
        trainer.restore(state);
      }
      const { history } = await trainer.fit(quadrants(41), options);
      return [...history.auc, ...history.f1];
    };
    const whole = await run(null);
    expect(await run(2)).toEqual(whole);
    expect(await run(6)).toEqual(whole); // the last step: nothing is added after it
  });

  test("of the logs of each step, only those that are read are computed", () => {
    const result = vi.fn((values: readonly number[]) => values.length);
    const metric: Metric = { name: "kept", accumulate: "rows", measure: (x) => x, result };
    const tally = new Tally([metric]);
    const logs = [3, 2].map((samples) => {
      tally.add([tensor(1), tensor(Array.from({ length: samples }, () => 1))], samples);
      return tally.logs();
    });
    expect(result).not.toHaveBeenCalled();
    expect(logs).toEqual([
      { kept: 3, loss: 1 },
      { kept: 5, loss: 1 },
    ]);
    expect({ ...logs[0] }).toEqual({ kept: 3, loss: 1 });
    expect(result).toHaveBeenCalledTimes(2);
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

  test("sums of batches, and rows of all", async () => {
    const trainer = trainerWith([
      { name: "total", accumulate: "sums", measure: (_, target) => target.sum() },
      {
        name: "shares",
        accumulate: "sums",
        measure: (_, y) => stack([y.sum(), y.gt(3).cast("float32").sum()]),
        result: ([a = 0, b = 0], width) => a / b + width,
      },
      {
        name: "greatest",
        accumulate: "rows",
        measure: (_, y) => y,
        result: (rows, width) => Math.max(...rows) + width,
      },
    ]);
    for (const batchSize of [1, 2, 5]) {
      const logs = await trainer.evaluate(line(5), { batchSize, verbose: 0 });
      expect(logs).toEqual({ loss: 24, total: 20, shares: 20 / 3 + 2, greatest: 9 });
    }
    const rows = { name: "rows", accumulate: "rows", measure: (_: Tensor, y: Tensor) => y } as const;
    expect(() => trainerWith([rows])).toThrow("the metric rows keeps rows: it needs a result(rows, width)");
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
      'Trainer: a metric must be "accuracy", "meanAbsoluteError", "meanSquaredError" or an object { name, measure }, got "acuracy"',
    );
    expect(() => trainerWith(["accuracy", accuracy])).toThrow('two values would be reported as "accuracy"');
    expect(() => trainerWith([{ name: "loss", measure }])).toThrow(OptionError);
    expect(() => trainerWith([{ name: "val_x", measure }])).toThrow("a text that does not start with val_");
  });
});
