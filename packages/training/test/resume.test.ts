// Going on from a state: from any step, bit for bit, with everything that takes part.

import { CheckpointError, Generator, manualSeed, normal, type Tensor, WorkerError } from "@gradus/core";
import { DataLoader, IterableDataset } from "@gradus/data";
import { BatchNorm, crossEntropy, Dense, Dropout, meanSquaredError, ReLU, Sequential } from "@gradus/layers";
import { Adam, ExponentialMovingAverage, SGD } from "@gradus/optimizers";
import { describe, expect, test } from "vitest";
import {
  type BatchSource,
  type Callback,
  type CheckpointWriter,
  EarlyStopping,
  type FitOptions,
  ModelCheckpoint,
  MovingAverage,
  ReduceLROnPlateau,
  Trainer,
  type TrainingState,
} from "../src/index.ts";
import { Line, line, quadrants, still } from "./models.ts";

const quiet = { verbose: 0 } as const;

/** A trainer of a network in which everything is random that can be. */
function trainerOf(seed: number, compile: boolean): Trainer<readonly ["accuracy"]> {
  manualSeed(seed);
  const own = new Dropout(0.2, { generator: new Generator(seed + 7) });
  const model = new Sequential(new Dense(2, 8), new BatchNorm(8), new ReLU(), own, new Dropout(0.1), new Dense(8, 4));
  const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
  return new Trainer({ model, optimizer, loss: crossEntropy, metrics: ["accuracy"], compile });
}

const bitsOf = (named: Readonly<Record<string, Tensor>>): unknown =>
  Object.fromEntries(Object.entries(named).map(([name, value]) => [name, [...value.toTypedArray()]]));

/** All of a state as comparable values. */
const plain = ({ model, optimizer, position, tensors }: TrainingState): unknown => ({
  model: bitsOf(model),
  optimizer: { ...optimizer, tensors: bitsOf(optimizer?.tensors ?? {}) },
  position: JSON.parse(JSON.stringify(position)),
  tensors: bitsOf(tensors),
});

/** A state as it comes back from a file. */
const stored = (state: TrainingState): TrainingState => ({
  ...state,
  position: JSON.parse(JSON.stringify(state.position)),
});

interface Case {
  readonly options: FitOptions;
  readonly data?: () => BatchSource;
}
const cases: Readonly<Record<string, Case>> = {
  "shuffled with a seed": { options: { batchSize: 8, seed: 3 } },
  "shuffled by the default generator": { options: { batchSize: 8 } },
  "in order": { options: { batchSize: 8, shuffle: false } },
  "with epochs that are no passes": { options: { batchSize: 8, stepsPerEpoch: 7, seed: 1 } },
  "in the middle of accumulation": { options: { batchSize: 8, accumulate: 3, seed: 5, clipNorm: 0.5 } },
  "with validations between steps": {
    options: { batchSize: 8, seed: 5, validationSplit: 0.2, validateEvery: { steps: 2 } },
  },
  "from a DataLoader": {
    options: {},
    data: () => new DataLoader(quadrants(38), { batchSize: 8, shuffle: true, seed: 4 }),
  },
  "from a stream": {
    options: {},
    data: () =>
      IterableDataset.from(quadrants(38)).shuffle({ buffer: 16, seed: 4 }).repeat(2).batch(8).take(6).prefetch(2),
  },
  "from a stream of unknown length": {
    options: {},
    data: () =>
      IterableDataset.from(quadrants(60))
        .filter(({ targets }, { generator }) => targets.item() > 0 || generator.state.seed % 2 === 0)
        .shuffle({ buffer: 8, seed: 4 })
        .batch(8)
        .map((batch, { generator }) => ({ ...batch, inputs: batch.inputs.add(normal([2], { generator })) })),
  },
  "from a generator": {
    options: { stepsPerEpoch: 4 },
    data: () =>
      async function* () {
        yield* new DataLoader(quadrants(38), { batchSize: 8 });
      },
  },
};

describe.each([false, true])("compiled: %s", (compile) => {
  test.each(Object.keys(cases))("a training goes on as if nothing had been, %s", async (name) => {
    const { options = {}, data = () => quadrants(38) } = cases[name] ?? {};
    const whole = trainerOf(1, compile);
    const states: TrainingState[] = [];
    whole.on("settled", () => void states.push(whole.state()));
    await whole.fit(data(), { ...options, epochs: 3, ...quiet });
    const end = plain(whole.state());
    const steps = states.length;
    expect(steps).toBeGreaterThan(12);
    for (const at of compile ? [6] : [0, 4, 5, 9, steps - 1]) {
      const resumed = trainerOf(99, compile);
      const state = states[at];
      if (state === undefined) throw new Error("no such step");
      resumed.restore(stored(state));
      await resumed.fit(data(), { ...options, epochs: 3, ...quiet });
      expect(plain(resumed.state())).toEqual(end);
      expect(resumed.history).toEqual(whole.history);
    }
  });
});

test("more epochs go on where fewer ended", async () => {
  const four = trainerOf(2, false);
  await four.fit(quadrants(40), { epochs: 4, seed: 0, ...quiet });
  const end = plain(four.state());
  const two = trainerOf(2, false);
  await two.fit(quadrants(40), { epochs: 2, seed: 0, ...quiet });
  const state = stored(two.state());
  const resumed = trainerOf(5, false);
  resumed.restore(state);
  expect(plain(resumed.state())).toEqual(plain(state));
  const history = await resumed.fit(quadrants(40), { epochs: 4, seed: 0, ...quiet });
  expect(history.epoch).toEqual([0, 1, 2, 3]);
  expect(plain(resumed.state())).toEqual(end);
});

test("a training that a signal stopped goes on in the same trainer", async () => {
  const whole = trainerOf(2, true);
  await whole.fit(quadrants(40), { batchSize: 8, epochs: 2, seed: 0, ...quiet });
  const end = plain(whole.state());
  const trainer = trainerOf(2, true);
  const controller = new AbortController();
  const off = trainer.on("stepEnd", ({ totalSteps }) => {
    if (totalSteps === 7) controller.abort();
  });
  const options = { batchSize: 8, epochs: 2, seed: 0, ...quiet };
  await expect(trainer.fit(quadrants(40), { ...options, signal: controller.signal })).rejects.toThrow("aborted");
  off();
  trainer.restore(trainer.state());
  await trainer.fit(quadrants(40), options);
  expect(plain(trainer.state())).toEqual(end);
});

test("callbacks go on with what they remember", async () => {
  const fit = async (seed: number, from: TrainingState | null, states: TrainingState[]): Promise<unknown> => {
    const trainer = trainerOf(seed, false);
    const stopping = new EarlyStopping({ patience: 2, minDelta: 0.05, restoreBest: true });
    const plateau = new ReduceLROnPlateau({ patience: 1, factor: 0.5 });
    const average = new MovingAverage(new ExponentialMovingAverage(trainer.model.parameters(), { decay: 0.9 }), {
      keep: false,
    });
    if (from !== null) trainer.restore(stored(from));
    trainer.on("settled", () => void states.push(trainer.state()));
    const callbacks = [stopping, plateau, average];
    const options = { batchSize: 20, epochs: 40, seed: 0, validationData: quadrants(30, 8), callbacks, ...quiet };
    const history = await trainer.fit(quadrants(60), options);
    expect(history.epoch.length).toBeLessThan(40);
    return [stopping.bestEpoch, stopping.stoppedEpoch, stopping.best, plain(trainer.state())];
  };
  const states: TrainingState[] = [];
  const end = await fit(1, null, states);
  for (const at of [Math.floor(states.length / 2), states.length - 3]) {
    expect(await fit(50, states[at] ?? null, [])).toEqual(end);
  }
});

describe("a state that does not fit", () => {
  const taken = async (): Promise<TrainingState> => {
    const trainer = trainerOf(0, false);
    const states: TrainingState[] = [];
    trainer.on("settled", () => void states.push(trainer.state()));
    await trainer.fit(quadrants(20), { batchSize: 4, ...quiet });
    return states[1] ?? trainer.state();
  };

  test("of another model changes nothing", async () => {
    const state = await taken();
    const { model, trainer } = still();
    model.weight.assign([3]);
    expect(() => trainer.restore(state)).toThrow(CheckpointError);
    expect(model.weight.item()).toBe(3);
  });

  test("of other data is refused by fit, before training begins, and stays", async () => {
    const trainer = trainerOf(1, false);
    trainer.restore(await taken());
    const starts: unknown[] = [];
    trainer.on("fitStart", (event) => void starts.push(event));
    await expect(trainer.fit(quadrants(20), { batchSize: 5, ...quiet })).rejects.toThrow(
      "fit: the state is of 20 samples in batches of 4, the data are 20 samples in batches of 5",
    );
    await expect(trainer.fit(quadrants(20), { batchSize: 4, validationSplit: 0.5, ...quiet })).rejects.toThrow(
      "the state has the values",
    );
    await expect(trainer.fit(quadrants(20), { batchSize: 4, initialEpoch: 1, epochs: 3, ...quiet })).rejects.toThrow(
      "leave it out",
    );
    expect(starts).toEqual([]);
    await trainer.fit(quadrants(20), { batchSize: 4, ...quiet });
    expect(trainer.history?.steps.step).toEqual([1, 2, 3, 4, 5]);
  });

  test("of another version is refused", async () => {
    const state = await taken();
    const position = { ...state.position, version: 2 as never };
    expect(() => trainerOf(0, false).restore({ ...state, position })).toThrow(
      "none that this version of the trainer knows",
    );
  });
});

describe("a lost thread", () => {
  /** Throws as a lost thread does, once, or always from then on. */
  const losing = (at: number, always: boolean): Callback => {
    let lost = false;
    return {
      name: "losing",
      stepStart({ totalSteps }) {
        if (totalSteps < at || (lost && !always)) return;
        lost = true;
        throw new WorkerError("a thread died");
      },
    };
  };
  const memory = (): CheckpointWriter => {
    const kept = new Map<string, TrainingState>();
    return {
      save: (path, state) => Promise.resolve(void kept.set(path, state)),
      load: (path) => Promise.resolve(kept.get(path) ?? null),
    };
  };

  test("takes training back to its last checkpoint, with the same end", async () => {
    const run = async (callbacks: readonly Callback[]): Promise<Trainer<readonly ["accuracy"]>> => {
      const trainer = trainerOf(3, false);
      await trainer.fit(quadrants(40), { batchSize: 8, epochs: 2, seed: 0, callbacks, ...quiet });
      return trainer;
    };
    const whole = await run([]);
    const saving = new ModelCheckpoint("last", { every: { steps: 3 }, writer: memory() });
    const trainer = await run([saving, losing(8, false)]);
    expect(bitsOf(trainer.state().model)).toEqual(bitsOf(whole.state().model));
    expect(trainer.history).toEqual(whole.history);
  });

  test("is an error without a checkpoint, and when it happens again at once", async () => {
    const model = new Line();
    const trainer = new Trainer({
      model,
      optimizer: new SGD(model.parameters(), { learningRate: 0.01 }),
      loss: meanSquaredError,
      compile: false,
    });
    await expect(trainer.fit(line(8), { batchSize: 2, callbacks: [losing(3, true)], ...quiet })).rejects.toThrow(
      WorkerError,
    );
    const saving = new ModelCheckpoint("last", { every: { steps: 1 }, writer: memory() });
    await expect(
      trainer.fit(line(8), { batchSize: 2, callbacks: [saving, losing(3, true)], ...quiet }),
    ).rejects.toThrow(WorkerError);
  });
});
