// Whatever is wrong is refused with a typed error of one line, before anything is changed.

import { DataError, DTypeError, defaultGenerator, OptionError, ShapeError, type Tensor, tensor } from "@gradus/core";
import { type Batch, Dataset } from "@gradus/data";
import { meanSquaredError } from "@gradus/layers";
import { SGD } from "@gradus/optimizers";
import { expect, test } from "vitest";
import { type FitOptions, Trainer } from "../src/index.ts";
import { Line, line, still } from "./models.ts";

/** A value that the types refuse, as JavaScript may pass it. */
const wrong = (value: unknown): never => value as never;

const fits: readonly (readonly [options: FitOptions, kind: new (message: string) => Error, message: string])[] = [
  [{ batchSize: 0 }, OptionError, "fit: batchSize must be a whole number ≥ 1, got 0"],
  [{ batchSize: -4 }, OptionError, "fit: batchSize must be a whole number ≥ 1, got -4"],
  [{ batchSize: 2.5 }, OptionError, "fit: batchSize must be a whole number ≥ 1, got 2.5"],
  [{ batchSize: wrong("64") }, OptionError, 'fit: batchSize must be a whole number ≥ 1, got "64"'],
  [{ epochs: 0 }, OptionError, "fit: epochs must be a whole number ≥ 1, got 0"],
  [{ epochs: 1.5 }, OptionError, "fit: epochs must be a whole number ≥ 1, got 1.5"],
  [{ epochs: Number.NaN }, OptionError, "fit: epochs must be a whole number ≥ 1, got NaN"],
  [{ validationSplit: 1 }, OptionError, "fit: validationSplit must be a number in [0, 1), got 1"],
  [{ validationSplit: -0.1 }, OptionError, "fit: validationSplit must be a number in [0, 1), got -0.1"],
  [{ validationSplit: Number.NaN }, OptionError, "fit: validationSplit must be a number in [0, 1), got NaN"],
  [{ validationSplit: 0.95 }, DataError, "fit: validationSplit 0.95 of 10 samples leaves none to train with"],
  [{ validationSplit: 1e-12 }, DataError, "fit: validationSplit 1e-12 of 10 samples leaves none to validate with"],
  [
    { validationSplit: 0.2, validationData: line(2) },
    OptionError,
    "fit: give validationSplit or validationData, not both",
  ],
  [{ validationData: line(2).slice(0, 0) }, DataError, "fit: validationData has no samples"],
  [{ seed: -1 }, OptionError, "seed must be a whole number"],
  [{ shuffle: wrong(64) }, OptionError, "fit: shuffle must be true or false, got 64"],
  [{ verbose: wrong(3) }, OptionError, 'fit: verbose must be 0, 1, 2 or "auto", got 3'],
];

test.each(fits)("fit with %j", async (options, kind, message) => {
  const { model, trainer } = still();
  const random = defaultGenerator().state;
  const events: unknown[] = [];
  trainer.on("fitStart", (event) => {
    events.push(event);
  });
  const refused = await trainer.fit(line(10), options).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(kind);
  expect(String(refused)).toContain(message);
  expect(String(refused)).not.toContain("\n");
  expect([model.seen, events, trainer.history]).toEqual([[], [], null]);
  expect(defaultGenerator().state).toEqual(random);
});

test.each<[object, string]>([
  [{ loss: "mse" }, 'Trainer: loss must be a function, as crossEntropy, got "mse"'],
  [{ loss: undefined }, "Trainer: loss must be a function, as crossEntropy, got undefined"],
  [{ metrics: "accuracy" }, 'Trainer: metrics must be a list, as ["accuracy"], got "accuracy"'],
  [{ optimiser: null }, "Trainer: there is no option optimiser; there are model, optimizer, loss, metrics"],
])("a trainer with %j", (options, message) => {
  const { model, optimizer } = still().trainer;
  const make = () => new Trainer(wrong({ model, optimizer, loss: meanSquaredError, ...options }));
  expect(make).toThrow(OptionError);
  expect(make).toThrow(message);
});

test.each([true, false])("a loss or metric that gives a number (compiled: %s)", async (compile) => {
  const { model, trainer } = still();
  const { optimizer } = trainer;
  const loss = new Trainer({ model, optimizer, loss: () => wrong(3), compile });
  await expect(loss.fit(line(4), { verbose: 0 })).rejects.toThrow(new DTypeError("the loss gave 3, not a tensor"));
  const metrics = [{ name: "m", measure: (p: Tensor) => wrong(p.mean().item()) }];
  const metric = new Trainer({ model, optimizer, loss: meanSquaredError, metrics, compile });
  await expect(metric.fit(line(4), { verbose: 0 })).rejects.toThrow(/^m gave \d.*, not a tensor$/);
});

test("too few samples", async () => {
  const { trainer } = still();
  const none = line(2).slice(0, 0);
  await expect(trainer.fit(none)).rejects.toThrow(new DataError("fit: data has no samples"));
  await expect(trainer.evaluate(none)).rejects.toThrow(new DataError("evaluate: data has no samples"));
});

test("options of evaluate and predict", async () => {
  const { trainer } = still();
  await expect(trainer.evaluate(line(2), { batchSize: 0 })).rejects.toThrow(
    "evaluate: batchSize must be a whole number",
  );
  await expect(trainer.evaluate(line(2), { verbose: wrong(true) })).rejects.toThrow("evaluate: verbose must be");
  await expect(trainer.predict(tensor([[1]]), { batchSize: 1.5 })).rejects.toThrow("predict: batchSize must be");
  await expect(trainer.predict(tensor(1))).rejects.toThrow(ShapeError);
});

test("a model that has nothing to learn with", async () => {
  const { model, trainer } = still();
  model.weight.requiresGrad = false;
  await expect(trainer.fit(line(2))).rejects.toThrow("every parameter of the model is frozen");
  class Nothing extends Line {
    override parameters(): [] {
      return [];
    }
  }
  const optimizer = { step: () => undefined, zeroGrad: () => undefined };
  const empty = new Trainer({ model: new Nothing(), optimizer, loss: meanSquaredError });
  await expect(empty.fit(line(2))).rejects.toThrow(
    new OptionError("fit: the model has no parameters, so there is nothing to train"),
  );
});

test("an optimizer of another model's parameters", async () => {
  const optimizer = new SGD(new Line().parameters(), { learningRate: 0.1 });
  const trainer = new Trainer({ model: new Line(), optimizer, loss: meanSquaredError });
  await expect(trainer.fit(line(2))).rejects.toThrow("the optimizer has none of the model's parameters");
});

test("two fits at once", async () => {
  const { trainer } = still();
  const first = trainer.fit(line(2), { verbose: 0 });
  await expect(trainer.fit(line(2), { verbose: 0 })).rejects.toThrow(
    "fit: this trainer is in another fit: await that first",
  );
  await first;
});

test("a loss that is no scalar", async () => {
  const model = new Line();
  const loss = (prediction: Tensor, target: Tensor): Tensor => prediction.sub(target).square();
  const trainer = new Trainer({ model, optimizer: new SGD(model.parameters(), { learningRate: 0.1 }), loss });
  await expect(trainer.fit(line(2), { verbose: 0 })).rejects.toThrow("is no scalar");
});

test("a dataset whose batches have other numbers of rows", async () => {
  class Short extends Dataset {
    readonly length = 4;
    batch(): Batch {
      return { inputs: tensor([[1], [2]]), targets: tensor([[1], [2]]) };
    }
  }
  await expect(still().trainer.fit(new Short(), { verbose: 0 })).rejects.toThrow(
    new DataError("the dataset gave inputs [2,1] and targets [2,1] for 4 samples: their first axes must be 4"),
  );
});
