// Where batches come from, how many make an epoch, when there is a validation; pauses and ends.

import { type Tensor, tensor } from "@gradus/core";
import { DataLoader } from "@gradus/data";
import { describe, expect, test } from "vitest";
import type { WeightedBatch } from "../src/index.ts";
import { line, network, quadrants, still } from "./models.ts";
import { file, terminal } from "./terminal.ts";

const quiet = { verbose: 0 } as const;

/** Batches of one row, x = 0 … count − 1. */
const rows = (count: number): WeightedBatch[] =>
  Array.from({ length: count }, (_, x) => ({ inputs: tensor([[x]]), targets: tensor([[2 * x]]) }));

async function* later<T>(values: Iterable<T>): AsyncGenerator<T> {
  for (const value of values) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    yield value;
  }
}

describe("batches", () => {
  test("of a loader, an array, a function: a pass for each epoch", async () => {
    for (const data of [rows(3), new DataLoader(line(3), { batchSize: 1 }), () => later(rows(3)), () => rows(3)]) {
      const { model, trainer } = still();
      const { history } = await trainer.fit(data, { epochs: 2, ...quiet });
      expect(model.rows(true).flat()).toEqual([0, 1, 2, 0, 1, 2]);
      expect(history.loss).toEqual([20 / 3, 20 / 3]);
    }
  });

  test("of a generator go on from epoch to epoch", async () => {
    const { model, trainer } = still();
    const { epoch } = await trainer.fit(later(rows(6)), { epochs: 3, stepsPerEpoch: 2, ...quiet });
    expect(model.rows(true).flat()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(epoch).toEqual([0, 1, 2]);
  });

  test("that end too soon end training, with a warning; none at all are an error", async () => {
    const { trainer } = still();
    const warnings: string[] = [];
    trainer.on("warning", ({ message }) => void warnings.push(message));
    const { epoch } = await trainer.fit(later(rows(3)), { epochs: 5, stepsPerEpoch: 2, ...quiet });
    expect(epoch).toEqual([0, 1]);
    expect(warnings).toEqual([expect.stringContaining("the data ended at step 1 of 2 in epoch 2")]);
    const once = await trainer.fit(later(rows(3)), { epochs: 2, ...quiet });
    expect(once.epoch).toEqual([0]);
    expect(warnings.at(-1)).toContain("the data ended at step 0 of an epoch in epoch 2");
    await expect(trainer.fit(later([]), quiet)).rejects.toThrow(
      "fit: the data ended at step 0 of an epoch in epoch 1: a generator gives its batches only once",
    );
  });

  test("bring weights with them", async () => {
    const { trainer } = still();
    const weighted = rows(3).map((batch, at) => ({ ...batch, weights: tensor([at]) }));
    const { history } = await trainer.fit(weighted, quiet);
    expect(history.loss).toEqual([(0 + 4 + 2 * 16) / 3]);
  });

  test("are closed when training is over, unless they are the caller's own", async () => {
    const closed: string[] = [];
    async function* watched(name: string): AsyncGenerator<WeightedBatch> {
      try {
        while (true) yield* rows(2);
      } finally {
        closed.push(name);
      }
    }
    const own = watched("own");
    await still().trainer.fit(own, { stepsPerEpoch: 3, ...quiet });
    await still().trainer.fit(() => watched("made"), { stepsPerEpoch: 3, ...quiet });
    expect(closed).toEqual(["made"]);
    expect((await own.next()).done).toBe(false);
  });

  test("that are none are refused, and options that they do not heed", async () => {
    const { trainer } = still();
    await expect(trainer.fit(7 as never, quiet)).rejects.toThrow("fit: data must be a Dataset, an iterable of batches");
    await expect(trainer.fit([tensor([1])] as never, quiet)).rejects.toThrow(
      "expected { inputs, targets }, two tensors",
    );
    const uneven = [{ inputs: tensor([[1], [2]]), targets: tensor([[1]]) }];
    await expect(trainer.fit(uneven, quiet)).rejects.toThrow("a batch of shapes [2,1], [1,1]");
    await expect(trainer.fit(rows(2), { batchSize: 2, ...quiet })).rejects.toThrow("fit: batchSize is for a Dataset");
    await expect(trainer.fit(rows(2), { validationSplit: 0.5, ...quiet })).rejects.toThrow(
      "validationSplit is for a Dataset",
    );
  });

  test("can be evaluated and predicted for, some or all", async () => {
    const { trainer } = still();
    expect(await trainer.evaluate(later(rows(3)), quiet)).toEqual({ loss: 20 / 3 });
    expect(await trainer.evaluate(() => rows(9), { steps: 2, ...quiet })).toEqual({ loss: 2 });
    const steps: unknown[] = [];
    trainer.on("predictStep", ({ step, steps: of }) => void steps.push([step, of]));
    const output = async (result: Promise<Tensor>): Promise<unknown> => (await result).shape;
    expect(await output(trainer.predict(line(5), { batchSize: 2 }))).toEqual([5, 1]);
    expect(await output(trainer.predict(rows(3)))).toEqual([3, 1]);
    expect(await output(trainer.predict(later([tensor([[1], [2]])])))).toEqual([2, 1]);
    expect(await output(trainer.predict(line(9), { batchSize: 2, steps: 2 }))).toEqual([4, 1]);
    expect(steps).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
      [1, 3],
      [2, 3],
      [3, 3],
      [1, null],
      [1, 2],
      [2, 2],
    ]);
    await expect(trainer.predict([])).rejects.toThrow("predict: there are no batches");
  });
});

describe("epochs", () => {
  test("of so many steps go on where the last stopped, in a new order after each pass", async () => {
    const { model, trainer } = still();
    await trainer.fit(line(5), { batchSize: 2, epochs: 2, stepsPerEpoch: 4, shuffle: false, ...quiet });
    expect(model.rows(true)).toEqual([[0, 1], [2, 3], [4], [0, 1], [2, 3], [4], [0, 1], [2, 3]]);
  });

  test("begin with initialEpoch", async () => {
    const { epoch } = await still().trainer.fit(line(2), { initialEpoch: 3, epochs: 5, ...quiet });
    expect(epoch).toEqual([3, 4]);
  });
});

describe("validation", () => {
  test("after every so many epochs: the others have no values", async () => {
    const history = await still().trainer.fit(line(2), {
      epochs: 5,
      validationData: line(3),
      validateEvery: { epochs: 2 },
      ...quiet,
    });
    expect(history.history.val_loss).toHaveLength(2);
    expect(history.validations.epoch).toEqual([1, 3]);
    expect(history.toCSV().split("\n").slice(0, 4)).toEqual([
      "epoch,loss,val_loss",
      "0,2,",
      `1,2,${Math.fround(20 / 3)}`,
      "2,2,",
    ]);
  });

  test("after every so many steps, counted over all epochs, of the first batches", async () => {
    const { model, trainer } = still();
    const options = { batchSize: 1, epochs: 2, validationData: line(6), validationBatchSize: 2, validationSteps: 2 };
    const history = await trainer.fit(line(5), { ...options, validateEvery: { steps: 3 }, shuffle: false, ...quiet });
    expect(history.validations.step).toEqual([3, 6, 9]);
    expect(history.validations.epoch).toEqual([0, 1, 1]);
    expect(history.validations.values.val_loss).toEqual([14, 14, 14]);
    expect(history.history.val_loss).toEqual([14, 14]);
    expect(model.rows(false)).toEqual([
      [0, 1],
      [2, 3],
      [0, 1],
      [2, 3],
      [0, 1],
      [2, 3],
    ]);
    expect(history.steps.step).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(history.steps.values.loss).toEqual([0, 4, 16, 36, 64, 0, 4, 16, 36, 64]);
    expect(history.toCSV("steps").split("\n").slice(0, 3)).toEqual(["epoch,step,loss", "0,1,0", "0,2,4"]);
  });
});

describe("pauses and ends", () => {
  test("a pause holds at a step's end until resume, and changes nothing", async () => {
    const whole = network(1);
    await whole.fit(quadrants(60), { epochs: 2, seed: 0, ...quiet });
    const trainer = network(1);
    const told: string[] = [];
    trainer.on("pause", ({ step }) => void told.push(`pause ${step}`));
    trainer.on("resume", ({ step }) => void told.push(`resume ${step}`));
    trainer.on("stepEnd", ({ epoch, step }) => {
      if (epoch === 0 && step === 1) trainer.pause();
    });
    const training = trainer.fit(quadrants(60), { epochs: 2, seed: 0, ...quiet });
    while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(trainer.paused).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(trainer.history?.steps.step).toEqual([1]);
    expect(trainer.state().position.step).toBe(1);
    trainer.resume();
    expect(await training).toEqual(whole.history);
    expect(told).toEqual(["pause 1", "resume 1"]);
  });

  test("a signal ends a pause", async () => {
    const { trainer } = still();
    const controller = new AbortController();
    trainer.on("pause", () => controller.abort());
    trainer.on("stepEnd", () => trainer.pause());
    await expect(trainer.fit(line(4), { signal: controller.signal, ...quiet })).rejects.toThrow("aborted");
    expect(trainer.paused).toBe(false);
  });

  test("stop ends training after the step, with the epoch closed", async () => {
    const { trainer } = still();
    const reasons: string[] = [];
    trainer.on("stop", ({ reason }) => void reasons.push(reason));
    trainer.on("stepEnd", ({ step }) => (step === 2 ? trainer.stop("enough") : undefined));
    const { history, steps } = await trainer.fit(line(8), {
      batchSize: 2,
      epochs: 3,
      validationData: line(2),
      ...quiet,
    });
    expect([steps.step, history.loss.length, history.val_loss?.length, reasons]).toEqual([[1, 2], 1, 1, ["enough"]]);
  });
});

describe("on the screen", () => {
  test("steps without a known number are counted, and the last line knows it", async () => {
    const output = file();
    await still(output).trainer.fit(() => later(rows(3)), {});
    expect(output.text()).toMatch(/^3\/3 ━{20} 0s \d+(ms|us)\/step - loss: 6\.6667\n$/);
    const screen = terminal(100);
    const { trainer } = still(screen);
    const shown: string[] = [];
    trainer.on("stepEnd", () => void shown.push(screen.screen().at(-1) ?? ""));
    await trainer.fit(() => later(rows(3)), {});
    expect(shown[0]).toMatch(/^step 1 0s \d+(ms|us)\/step - loss: 0\.0000e\+00$/);
  });

  test("values of a validation stay on the line of the epoch, and an end says why", async () => {
    const screen = terminal(100);
    const { trainer } = still(screen);
    trainer.on("epochEnd", () => trainer.stop("enough is enough"));
    const options = { batchSize: 1, epochs: 2, validationData: line(2), validateEvery: { steps: 1 } } as const;
    await trainer.fit(line(2), options);
    const [title, line1, end] = screen.screen();
    expect(title).toBe("Epoch 1/2");
    expect(line1).toMatch(/loss: 2\.0000 - val_loss: 2\.0000$/);
    expect(end).toBe("Epoch 1: training stops: enough is enough");
  });
});
