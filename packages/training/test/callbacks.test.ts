// The callbacks, each by itself and all together, held against what Keras's own do on the same series of values.

import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Tensor, tensor } from "@gradus/core";
import { meanSquaredError } from "@gradus/layers";
import { ExponentialMovingAverage, SGD } from "@gradus/optimizers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type Callback,
  type CheckpointWriter,
  CSVLogger,
  EarlyStopping,
  type EarlyStoppingOptions,
  type FitOptions,
  LearningRateSchedule,
  ModelCheckpoint,
  MovingAverage,
  ReduceLROnPlateau,
  TerminateOnNaN,
  Trainer,
  type TrainingState,
} from "../src/index.ts";
import { Line, line } from "./models.ts";

const quiet = { verbose: 0 } as const;

/** A line whose epochs end with the weight `epoch`, and whose validations give a series of losses. */
function scripted(series: readonly number[]): { model: Line; trainer: Trainer; optimizer: SGD; run: Run } {
  const model = new Line();
  const optimizer = new SGD(model.parameters(), { learningRate: 1 });
  let validations = 0;
  const loss = (prediction: Tensor, target: Tensor): Tensor =>
    model.training ? meanSquaredError(prediction, target).mul(0) : tensor(series[validations++] ?? 0);
  const trainer = new Trainer({ model, optimizer, loss, compile: false });
  const marking: Callback = {
    name: "marking",
    epochEnd: ({ epoch }) => {
      model.weight.assign([epoch]);
    },
  };
  const run: Run = async (callbacks, options = {}) => {
    const own = { epochs: series.length, validationData: line(1), callbacks: [marking, ...callbacks] };
    const history = await trainer.fit(line(2), { ...own, ...quiet, ...options });
    return history.epoch.at(-1) ?? -1;
  };
  return { model, trainer, optimizer, run };
}

/** Runs callbacks; gives the last epoch. */
type Run = (callbacks: readonly Callback[], options?: FitOptions) => Promise<number>;

/** Notes the rate of each epoch's end. */
const rating = (optimizer: SGD, rates: number[]): Callback => ({
  name: "rating",
  epochEnd: () => {
    rates.push(optimizer.learningRate);
  },
});

/** Keeps states in memory and notes the weights saved. */
function memory(saved: number[]): CheckpointWriter {
  const kept = new Map<string, TrainingState>();
  return {
    save: (path, state) => {
      saved.push(state.model["0"]?.item() ?? Number.NaN);
      kept.set(path, state);
      return Promise.resolve();
    },
    load: (path) => Promise.resolve(kept.get(path) ?? null),
  };
}

interface Recorded {
  readonly kind: "early" | "plateau" | "checkpoint";
  readonly mode: "min" | "max";
  readonly options: EarlyStoppingOptions;
  readonly series: readonly number[];
  readonly last: number;
  readonly weights: number;
  readonly rates: readonly number[];
  readonly saved: readonly number[];
}

const recorded: readonly Recorded[] = readFileSync(new URL("./oracle/keras-callbacks.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((text) => JSON.parse(text));

describe("Keras's rules", () => {
  test.each(recorded)("$kind, $mode: $series", async ({ kind, mode, options, series, last, weights, rates, saved }) => {
    const { model, optimizer, run } = scripted(series);
    const [found, stored]: number[][] = [[], []];
    const callback =
      kind === "early"
        ? new EarlyStopping({ mode, ...options })
        : kind === "plateau"
          ? new ReduceLROnPlateau({ mode, ...options })
          : new ModelCheckpoint("best", { mode, bestOnly: true, writer: memory(stored ?? []), ...options });
    expect(await run([callback, rating(optimizer, found ?? [])])).toBe(last);
    expect(model.weight.item()).toBe(weights);
    expect(found).toEqual(rates);
    expect(stored).toEqual(saved);
  });
});

describe("EarlyStopping", () => {
  test("looks at a value that only some epochs have", async () => {
    const { run } = scripted([3, 2, 2.5, 2.6, 2.7, 1]);
    const stopping = new EarlyStopping({ patience: 2 });
    expect(await run([stopping], { epochs: 20, validateEvery: { epochs: 2 } })).toBe(7);
    expect([stopping.best, stopping.bestEpoch, stopping.stoppedEpoch, stopping.wait]).toEqual([2, 3, 7, 2]);
  });

  test("takes NaN for no improvement, and starts afresh in another fit", async () => {
    const { run } = scripted([Number.NaN, 2, Number.NaN, Number.NaN, 1, 1]);
    const stopping = new EarlyStopping({ patience: 2 });
    expect(await run([stopping])).toBe(3);
    expect(await run([stopping], { epochs: 2 })).toBe(1);
    expect(stopping.best).toBe(1);
  });

  test("refuses what it cannot watch, before anything has changed", async () => {
    const { model, run } = scripted([1]);
    await expect(run([new EarlyStopping({ monitor: "val_accuracy" })])).rejects.toThrow(
      "EarlyStopping: monitor val_accuracy is none of the values loss, val_loss",
    );
    await expect(run([new EarlyStopping()], { validationData: undefined as never })).rejects.toThrow(
      "need validationData",
    );
    expect(() => new EarlyStopping({ monitor: "speed" })).toThrow(
      'does not tell which way is better: give mode "min" or "max"',
    );
    expect(() => new EarlyStopping({ patience: -1 })).toThrow(
      "EarlyStopping: patience must be a whole number ≥ 0, got -1",
    );
    expect(() => new EarlyStopping({ minDelta: Number.NaN })).toThrow("minDelta must be");
    expect(() => new EarlyStopping({ restoreBestWeights: true } as never)).toThrow(
      "there is no option restoreBestWeights",
    );
    expect(model.seen).toEqual([]);
  });
});

describe("LearningRateSchedule", () => {
  test("by epochs, with the rate in force", async () => {
    const { optimizer, run } = scripted([1, 1, 1]);
    const rates: number[] = [];
    const halving = new LearningRateSchedule((epoch, rate) => (epoch === 0 ? 0.8 : rate / 2));
    await run([halving, rating(optimizer, rates)]);
    expect(rates).toEqual([0.8, 0.4, 0.2]);
  });

  test("by steps, over all epochs", async () => {
    const { optimizer, run } = scripted([1, 1]);
    const rates: number[] = [];
    const noting: Callback = { name: "noting", stepEnd: () => void rates.push(optimizer.learningRate) };
    await run([new LearningRateSchedule((step) => step / 8, { unit: "step" }), noting], { batchSize: 1 });
    expect(rates).toEqual([0, 1 / 8, 2 / 8, 3 / 8]);
  });

  test("refuses rates that are none, and optimizers without", async () => {
    const { model, run } = scripted([1]);
    await expect(run([new LearningRateSchedule(() => -1)])).rejects.toThrow(
      "the rate of epoch 0 must be a finite number ≥ 0",
    );
    const optimizer = { step: (): void => undefined, zeroGrad: (): void => undefined };
    const trainer = new Trainer({ model, optimizer, loss: meanSquaredError });
    const callbacks = [new LearningRateSchedule(() => 1)];
    await expect(trainer.fit(line(2), { callbacks, ...quiet })).rejects.toThrow("the optimizer has no learningRate");
  });
});

test("TerminateOnNaN ends training at the first loss that is no number, and closes the epoch", async () => {
  const model = new Line();
  const optimizer = new SGD(model.parameters(), { learningRate: 1e30 });
  const trainer = new Trainer({ model, optimizer, loss: meanSquaredError, compile: false });
  const reasons: string[] = [];
  trainer.on("stop", ({ reason }) => void reasons.push(reason));
  const options = { batchSize: 1, epochs: 5, shuffle: false, callbacks: [new TerminateOnNaN()], ...quiet };
  const { epoch, steps } = await trainer.fit(line(6), options);
  expect(epoch).toEqual([0]);
  expect(steps.values.loss.filter((loss) => !Number.isFinite(loss))).toHaveLength(1);
  expect(reasons).toEqual([expect.stringMatching(/^the loss is (NaN|Infinity) at step \d$/)]);
});

describe("MovingAverage", () => {
  test("follows the optimizer's steps, is validated, and is the model in the end", async () => {
    const model = new Line();
    const optimizer = new SGD(model.parameters(), { learningRate: 0.01 });
    const trainer = new Trainer({ model, optimizer, loss: meanSquaredError, compile: false });
    const seen: number[] = [];
    trainer.on("stepEnd", () => void seen.push(model.weight.item()));
    const validated: number[] = [];
    trainer.on("validationStep", () => void validated.push(model.weight.item()));
    const average = new ExponentialMovingAverage(model.parameters(), { decay: 0.5 });
    const callbacks = [new MovingAverage(average)];
    await trainer.fit(line(4), { batchSize: 2, epochs: 2, validationData: line(2), callbacks, seed: 1, ...quiet });
    const expected: number[] = [];
    seen.reduce((mean, weight, at) => {
      const next = 0.5 * mean + 0.5 * weight;
      if (at % 2 === 1) expected.push(next);
      return next;
    }, 0);
    expect(validated).toEqual(expected.map((value) => expect.closeTo(value, 6)));
    expect(model.weight.item()).toBeCloseTo(expected.at(-1) ?? 0, 6);
  });

  test("leaves the weights alone where a signal ends a validation", async () => {
    const model = new Line();
    const optimizer = new SGD(model.parameters(), { learningRate: 0.01 });
    const trainer = new Trainer({ model, optimizer, loss: meanSquaredError, compile: false });
    const controller = new AbortController();
    let last = 0;
    trainer.on("stepEnd", () => {
      last = model.weight.item();
    });
    trainer.on("validationStep", () => controller.abort());
    const callbacks = [new MovingAverage(new ExponentialMovingAverage(model.parameters(), { decay: 0.9 }))];
    const options = { validationData: line(2), callbacks, signal: controller.signal, ...quiet };
    await expect(trainer.fit(line(4), options)).rejects.toThrow("aborted");
    expect(model.weight.item()).toBe(last);
  });
});

describe("CSVLogger", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gradus-csv-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("writes a line an epoch, from the first when training is resumed", async () => {
    const path = join(folder, "log.csv");
    const first = scripted([0.5, 0.25]);
    await first.run([new CSVLogger(path)]);
    expect(await readFile(path, "utf8")).toBe("epoch,loss,val_loss\n0,0,0.5\n1,0,0.25\n");
    const second = scripted([0.125]);
    second.trainer.restore(first.trainer.state());
    await second.run([new CSVLogger(path)], { epochs: 3 });
    expect(await readFile(path, "utf8")).toBe("epoch,loss,val_loss\n0,0,0.5\n1,0,0.25\n2,0,0.125\n");
    await scripted([1]).run([new CSVLogger(path, { append: true })]);
    expect((await readFile(path, "utf8")).split("\n")).toHaveLength(7);
  });

  test("gives its lines to a function, and says why a file cannot be written", async () => {
    const lines: string[] = [];
    await scripted([1]).run([new CSVLogger((line) => void lines.push(line))]);
    expect(lines).toEqual(["epoch,loss,val_loss\n", "0,0,1\n"]);
    await expect(scripted([1]).run([new CSVLogger(join(folder, "none", "log.csv"))])).rejects.toThrow(
      /cannot write .*ENOENT/,
    );
  });
});

describe("together", () => {
  test("the same epochs as each alone, and a checkpoint of the best to go on from", async () => {
    const series = [5, 4, 3, 3.5, 3.25, 2, 2.5, 2.25, 2.75, 1];
    const { model, optimizer, trainer, run } = scripted(series);
    const [saved, rates]: [number[], number[]] = [[], []];
    const writer = memory(saved);
    const stopping = new EarlyStopping({ patience: 3, restoreBest: true });
    const plateau = new ReduceLROnPlateau({ patience: 2, factor: 0.5 });
    const best = new ModelCheckpoint("best", { bestOnly: true, writer });
    expect(await run([stopping, plateau, best, rating(optimizer, rates)])).toBe(8);
    expect(saved).toEqual([0, 1, 2, 5]);
    expect(rates).toEqual([1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]);
    expect([model.weight.item(), best.best, best.last]).toEqual([5, 2, "best"]);
    const state = await writer.load("best");
    if (state === null) throw new Error("nothing was stored");
    trainer.restore(state);
    expect(optimizer.learningRate).toBe(0.5);
    expect(state.position.epoch).toBe(6);
  });

  test("two of one name are refused", async () => {
    const { run } = scripted([1]);
    await expect(run([new TerminateOnNaN(), new TerminateOnNaN()])).rejects.toThrow(
      "two callbacks are called TerminateOnNaN",
    );
    await expect(run([{} as never])).rejects.toThrow("a callback must be an object with a name");
  });
});
