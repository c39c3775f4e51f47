// What goes on around the steps: turns of the event loop, signals, events, modes, NaN.

import { type Tensor, tensor, zeros } from "@gradus/core";
import { fromArrays } from "@gradus/data";
import { meanSquaredError } from "@gradus/layers";
import { SGD } from "@gradus/optimizers";
import { describe, expect, expectTypeOf, test, vi } from "vitest";
import { Trainer } from "../src/index.ts";
import { Line, line, network, quadrants, still } from "./models.ts";

const quiet = { verbose: 0 } as const;

/** A line whose every step holds the event loop for some milliseconds, as arithmetic does. */
class SlowLine extends Line {
  readonly #nobody = new Int32Array(new SharedArrayBuffer(4));

  override forward(inputs: Tensor): Tensor {
    Atomics.wait(this.#nobody, 0, 0, 3);
    return super.forward(inputs);
  }
}

const slowTrainer = (): Trainer => {
  const model = new SlowLine();
  return new Trainer({ model, optimizer: new SGD(model.parameters(), { learningRate: 0 }), loss: meanSquaredError });
};

describe("the event loop", () => {
  test.each(["setImmediate", "MessageChannel", "setTimeout"])("turns by %s while training goes on", async (way) => {
    const hidden = {
      setImmediate: [],
      MessageChannel: ["setImmediate"],
      setTimeout: ["setImmediate", "MessageChannel"],
    };
    for (const name of hidden[way as keyof typeof hidden]) vi.stubGlobal(name, undefined);
    const gaps: number[] = [];
    let last = performance.now();
    const timer = setInterval(() => {
      gaps.push(performance.now() - last);
      last = performance.now();
    }, 5);
    await slowTrainer().fit(line(100), { batchSize: 1, validationSplit: 0.2, ...quiet });
    clearInterval(timer);
    vi.unstubAllGlobals();
    expect(gaps.length).toBeGreaterThan(4);
    gaps.sort((a, b) => a - b);
    expect(gaps[Math.floor(gaps.length / 2)]).toBeLessThan(50); // the median: other processes may take the core
  });

  test("turns in evaluate and predict too", async () => {
    const trainer = slowTrainer();
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await trainer.evaluate(line(40), { batchSize: 1, ...quiet });
    const afterEvaluate = ticks;
    await trainer.predict(zeros([40, 1]), { batchSize: 1 });
    clearInterval(timer);
    expect(afterEvaluate).toBeGreaterThan(1);
    expect(ticks).toBeGreaterThan(afterEvaluate);
  });
});

describe("a signal", () => {
  test("stops at the end of a step, with everything in order", async () => {
    const { model, trainer } = still();
    const controller = new AbortController();
    const ends: boolean[] = [];
    trainer.on("stepEnd", ({ epoch, step }) => {
      if (epoch === 1 && step === 2) controller.abort();
    });
    trainer.on("fitEnd", ({ completed }) => {
      ends.push(completed);
    });
    const options = { batchSize: 2, epochs: 3, validationSplit: 0.25, signal: controller.signal, ...quiet };
    await expect(trainer.fit(line(8), options)).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
    expect(model.rows(true)).toHaveLength(5);
    expect(trainer.optimizer).toHaveProperty("steps", 5);
    expect(trainer.history?.epoch).toEqual([0]);
    expect(model.training).toBe(true);
    expect(ends).toEqual([false]);
    await trainer.fit(line(8), quiet); // and it can be used again
  });

  test("that comes from a timer stops training, with its reason", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 30);
    const training = slowTrainer().fit(line(1000), { batchSize: 1, epochs: 100, signal: controller.signal, ...quiet });
    await expect(training).rejects.toThrow("enough");
  });

  test("in validation stops too, and the mode is put back", async () => {
    const { model, trainer } = still();
    const controller = new AbortController();
    const forward = model.forward.bind(model);
    model.forward = (inputs) => {
      if (!model.training) controller.abort();
      return forward(inputs);
    };
    const options = { batchSize: 1, validationSplit: 0.5, signal: controller.signal, ...quiet };
    await expect(trainer.fit(line(4), options)).rejects.toThrow("aborted");
    expect(model.rows(false)).toHaveLength(1);
    expect(model.training).toBe(true);
  });

  test("that was given before changes nothing", async () => {
    const { model, trainer } = still();
    const signal = AbortSignal.abort();
    await expect(trainer.fit(line(4), { signal })).rejects.toThrow("aborted");
    await expect(trainer.evaluate(line(4), { signal })).rejects.toThrow("aborted");
    await expect(trainer.predict(zeros([4, 1]), { signal })).rejects.toThrow("aborted");
    expect(model.seen).toHaveLength(0);
    expect(trainer.history).toBeNull();
  });
});

describe("events", () => {
  test("tell everything in order", async () => {
    const { trainer } = still();
    const told: unknown[] = [];
    trainer.on("fitStart", ({ steps, samples, validationSamples }) => {
      told.push(["fitStart", steps, samples, validationSamples]);
    });
    trainer.on("epochStart", ({ epoch }) => {
      told.push(["epochStart", epoch]);
    });
    trainer.on("stepEnd", ({ step, samples, loss, logs }) => {
      expectTypeOf(logs.loss).toEqualTypeOf<number>();
      told.push([step, samples, loss, logs.loss]);
    });
    trainer.on("epochEnd", ({ logs }) => {
      told.push(["epochEnd", logs.loss, logs.val_loss]);
    });
    trainer.on("fitEnd", ({ completed }) => {
      told.push(["fitEnd", completed]);
    });
    await trainer.fit(line(4), { batchSize: 2, validationSplit: 0.25, shuffle: false, ...quiet });
    expect(told).toEqual([
      ["fitStart", 2, 3, 1],
      ["epochStart", 0],
      [1, 2, 2, 2],
      [2, 1, 16, 20 / 3],
      ["epochEnd", 20 / 3, 36],
      ["fitEnd", true],
    ]);
  });

  test("wait for promises, and end with off", async () => {
    const { trainer } = still();
    const told: string[] = [];
    const off = trainer.on("epochEnd", async ({ epoch }) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      told.push(`saved ${epoch}`);
    });
    trainer.on("epochStart", ({ epoch }) => {
      told.push(`start ${epoch}`);
    });
    await trainer.fit(line(2), { epochs: 2, ...quiet });
    off();
    await trainer.fit(line(2), quiet);
    expect(told).toEqual(["start 0", "saved 0", "start 1", "saved 1", "start 0"]);
  });

  test("a listener that throws ends the run", async () => {
    const { trainer } = still();
    trainer.on("stepEnd", () => {
      throw new Error("no more");
    });
    await expect(trainer.fit(line(2), quiet)).rejects.toThrow("no more");
  });
});

describe("a loss that is no number", () => {
  const poisoned = (): Trainer => {
    const { model, trainer } = still();
    model.weight.assign([Number.NaN]);
    return trainer;
  };

  test("is reported once, and training goes on", async () => {
    const trainer = poisoned();
    const warnings: string[] = [];
    trainer.on("warning", ({ message }) => {
      warnings.push(message);
    });
    const { history } = await trainer.fit(line(4), { batchSize: 2, epochs: 2, ...quiet });
    expect(history.loss).toEqual([Number.NaN, Number.NaN]);
    expect(warnings).toEqual([expect.stringContaining("the loss is NaN at epoch 1, step 1; training goes on.")]);
  });

  test("is said on the console where nobody listens and nothing is shown", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    await poisoned().fit(line(4), quiet);
    expect(warn).toHaveBeenCalledTimes(1);
    warn.mockRestore();
  });
});

describe("evaluate and predict", () => {
  test("use the mode of evaluation, keep no gradient, and put the mode back", async () => {
    const { model, trainer } = still();
    await trainer.evaluate(line(4), quiet);
    const output = await trainer.predict(tensor([[1], [2]]));
    expect(model.seen.every(({ training }) => !training)).toBe(true);
    expect(model.training).toBe(true);
    expect(output.requiresGrad).toBe(false);
    expect(model.weight.grad).toBeNull();
    model.eval();
    await trainer.evaluate(line(4), quiet);
    expect(model.training).toBe(false);
  });

  test("predict in batches equals one batch", async () => {
    const trainer = network(0);
    await trainer.fit(quadrants(200), { epochs: 2, seed: 0, ...quiet });
    const { inputs } = quadrants(50, 9).batch(Int32Array.from({ length: 50 }, (_, index) => index));
    const whole = await trainer.predict(inputs, { batchSize: 50 });
    const parts = await trainer.predict(inputs, { batchSize: 7 });
    expect(whole.shape).toEqual([50, 4]);
    expect(parts.shape).toEqual([50, 4]);
    parts.toTypedArray().forEach((value, index) => {
      expect(value).toBeCloseTo(whole.toTypedArray()[index] ?? Number.NaN, 5);
    });
  });

  test("predict of no rows has the shape of the results", async () => {
    expect((await network(0).predict(zeros([0, 2]))).shape).toEqual([0, 4]);
  });

  test("may be called while training goes on", async () => {
    const alone = network(1);
    await alone.fit(quadrants(100), { batchSize: 5, epochs: 2, seed: 0, ...quiet });
    const trainer = network(1);
    const accuracies: number[] = [];
    trainer.on("stepEnd", async ({ step }) => {
      if (step % 10 === 0)
        accuracies.push((await trainer.evaluate(quadrants(30), { batchSize: 4, ...quiet })).accuracy);
    });
    const together = trainer.fit(quadrants(100), { batchSize: 5, epochs: 2, seed: 0, ...quiet });
    const predictions = await trainer.predict(zeros([3, 2]));
    expect(predictions.shape).toEqual([3, 4]);
    expect(await together).toEqual(alone.history);
    expect(accuracies).toHaveLength(4);
  });

  test("labels that are no classes are refused by the loss, and nothing has moved", async () => {
    const trainer = network(0);
    const before = Array.from(trainer.model.parameters(), (parameter) => [...parameter.toTypedArray()]);
    const bad = fromArrays({
      inputs: [
        [1, 2],
        [3, 4],
      ],
      targets: [0, 4],
    });
    await expect(trainer.fit(bad, quiet)).rejects.toThrow("crossEntropy: label 4");
    expect(Array.from(trainer.model.parameters(), (parameter) => [...parameter.toTypedArray()])).toEqual(before);
  });
});
