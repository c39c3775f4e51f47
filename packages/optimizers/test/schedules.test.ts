// Schedules beside the rates that PyTorch's schedulers gave, what they refuse, and schedulers in compiled steps.

import { readFileSync } from "node:fs";
import { CheckpointError, OptionError, tensor, Variable } from "@gradus/core";
import { compile } from "@gradus/core/compile";
import { describe, expect, test } from "vitest";
import {
  LearningRateScheduler,
  type PlateauState,
  ReduceOnPlateau,
  type Schedule,
  SGD,
  schedules,
} from "../src/index.ts";

interface RateRecord {
  readonly name: string;
  readonly options: Readonly<Record<string, never>>;
  /** Of each group, step by step. */
  readonly rates: readonly (readonly number[])[];
  readonly measures?: readonly number[];
}

const recorded = readFileSync(new URL("oracle/schedules.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line): RateRecord => JSON.parse(line));

const { constant, cosine, exponential, linearWarmup, multiStep, oneCycle, polynomial, sequence, step, warmRestarts } =
  schedules;

const factories: Readonly<Record<string, (options: Readonly<Record<string, never>>) => Schedule>> = {
  constant: () => constant(),
  step: (options) => step({ every: 1, ...options }),
  multiStep: (options) => multiStep({ milestones: [], ...options }),
  exponential: (options) => exponential({ gamma: 1, ...options }),
  polynomial: (options) => polynomial({ steps: 1, ...options }),
  cosine: (options) => cosine({ steps: 1, ...options }),
  warmRestarts: (options) => warmRestarts({ steps: 1, ...options }),
  linearWarmup: (options) => linearWarmup({ steps: 1, ...options }),
  oneCycle: (options) => oneCycle({ steps: 1, ...options }),
  sequence: () =>
    sequence(
      [linearWarmup({ steps: 8, start: 0.25 }), warmRestarts({ steps: 6 }), step({ every: 3, gamma: 0.5 })],
      [8, 24],
    ),
};

/** An optimizer with two groups, whose rates begin as those of the record. */
function makeOptimizer(): SGD {
  const [one, two] = [new Variable(tensor(1)), new Variable(tensor(2))];
  return new SGD([{ parameters: [one] }, { parameters: [two], learningRate: 0.02 }], { learningRate: 0.5 });
}

const ratesOf = (optimizer: SGD): number[] => optimizer.groups.map(({ learningRate }) => learningRate);

function expectRates(optimizer: SGD, wanted: readonly number[] | undefined): void {
  for (const [index, rate] of ratesOf(optimizer).entries()) expect(rate).toBeCloseTo(wanted?.[index] ?? Number.NaN, 14);
}

const titled = recorded.map((record) => ({ ...record, title: `${record.name} ${JSON.stringify(record.options)}` }));

test("the record has every schedule", () => {
  expect([...new Set(recorded.map(({ name }) => name))].sort()).toEqual(
    [...Object.keys(schedules), "onPlateau"].sort(),
  );
});

describe.each(titled.filter(({ name }) => name !== "onPlateau"))("$title", ({ name, options, rates }) => {
  test("scales every group as PyTorch", () => {
    const optimizer = makeOptimizer();
    const scheduler = new LearningRateScheduler(optimizer, factories[name]?.(options) ?? constant());
    for (const wanted of rates) {
      expectRates(optimizer, wanted);
      scheduler.step();
    }
  });

  test("goes on from a saved state, and after the end stays finite", () => {
    const [optimizer, other] = [makeOptimizer(), makeOptimizer()];
    const schedule = factories[name]?.(options) ?? constant();
    const scheduler = new LearningRateScheduler(optimizer, schedule);
    for (let count = 0; count < 11; count++) scheduler.step();
    other.learningRate = 0.25;
    const later = new LearningRateScheduler(other, schedule);
    later.loadStateDict(JSON.parse(JSON.stringify(scheduler.stateDict())));
    expect(ratesOf(other)).toEqual(ratesOf(optimizer));
    for (let count = 0; count < 50; count++) [scheduler, later].forEach((each) => void each.step());
    expect(ratesOf(other)).toEqual(ratesOf(optimizer));
    expect(later.steps).toBe(61);
    for (const rate of ratesOf(optimizer)) expect(rate).toBeGreaterThanOrEqual(0);
  });
});

describe.each(titled.filter(({ name }) => name === "onPlateau"))("$title", ({ options, rates, measures = [] }) => {
  test("lowers every group as PyTorch, also from a saved state", () => {
    let optimizer = makeOptimizer();
    let plateau = new ReduceOnPlateau(optimizer, options);
    for (const [index, measure] of measures.entries()) {
      const before = ratesOf(optimizer);
      const fell = plateau.step(index % 2 === 0 ? measure : tensor(measure, { dtype: "float64" }));
      if (!fell) expect(ratesOf(optimizer)).toEqual(before);
      expectRates(optimizer, rates[index]);
      if (index !== 9) continue;
      const [state, saved] = [optimizer.stateDict(), plateau.stateDict()];
      optimizer = makeOptimizer();
      optimizer.loadStateDict(state);
      plateau = new ReduceOnPlateau(optimizer, options);
      plateau.loadStateDict(saved);
    }
  });
});

test("NaN is no improvement", () => {
  const optimizer = makeOptimizer();
  const plateau = new ReduceOnPlateau(optimizer, { patience: 1 });
  expect([Number.NaN, Number.NaN, 1, 1].map((measure) => plateau.step(measure))).toEqual([false, true, false, false]);
  expect(plateau.best).toBe(1);
});

test.each<[string, () => unknown]>([
  ["step: every must be a whole number ≥ 1, got 0", () => step({ every: 0 })],
  ["multiStep: milestones must be rising whole numbers ≥ 1, got [3,3]", () => multiStep({ milestones: [3, 3] })],
  ["exponential: gamma must be a finite number ≥ 0, got -1", () => exponential({ gamma: -1 })],
  ["polynomial: power must be a finite number above 0, got 0", () => polynomial({ steps: 3, power: 0 })],
  ["cosine: steps must be a whole number ≥ 1, got 2.5", () => cosine({ steps: 2.5 })],
  ["warmRestarts: growth must be a whole number ≥ 1, got 1.5", () => warmRestarts({ steps: 3, growth: 1.5 })],
  ["linearWarmup: start must be a finite number ≥ 0, got NaN", () => linearWarmup({ steps: 3, start: Number.NaN })],
  ["oneCycle: warmup must be from 0 to 1, got 2", () => oneCycle({ steps: 3, warmup: 2 })],
  ["sequence: milestones must be one fewer than the 1 schedules, got [3]", () => sequence([constant()], [3])],
  ["constant: factor must be a finite number ≥ 0, got -1", () => constant(-1)],
  [
    "ReduceOnPlateau: factor must be above 0 and below 1, got 1",
    () => new ReduceOnPlateau(makeOptimizer(), { factor: 1 }),
  ],
  [
    "LearningRateScheduler: schedule(0) must be a finite number ≥ 0, got NaN",
    () => new LearningRateScheduler(makeOptimizer(), () => Number.NaN),
  ],
])("%s", (message, make) => {
  expect(make).toThrow(new OptionError(message));
});

test("a state that does not fit is refused with all differences at once", () => {
  const optimizer = makeOptimizer();
  const scheduler = new LearningRateScheduler(optimizer, constant());
  expect(() => scheduler.loadStateDict({ steps: -1, rates: [Number.NaN] })).toThrow(
    new CheckpointError(
      "LearningRateScheduler: the saved state does not fit: steps is -1; it has 1 rates, there are 2 groups; rates are [NaN]",
    ),
  );
  const nothing: unknown = { best: "good", bad: -1 };
  // cast: what a program without types might pass
  expect(() => new ReduceOnPlateau(optimizer).loadStateDict(nothing as PlateauState)).toThrow(
    new CheckpointError(
      'ReduceOnPlateau: the saved state does not fit: best is "good"; bad is -1; cooling is undefined',
    ),
  );
});

test("in a compiled step the rate moves on after the optimizer's step, as eagerly, and nothing is compiled again", () => {
  const run = (compiled: boolean): number[] => {
    const w = new Variable(tensor(1));
    const optimizer = new SGD([w], { learningRate: 1 });
    const scheduler = new LearningRateScheduler(optimizer, exponential({ gamma: 0.5 }));
    const take = (): void => {
      w.grad = tensor(1);
      optimizer.step();
      scheduler.step();
    };
    const program = compile(take);
    const values = Array.from({ length: 12 }, () => {
      (compiled ? program : take)();
      return w.item();
    });
    if (compiled) expect(program.programs.length).toBe(1);
    return values;
  };
  const eager = run(false);
  expect(eager.slice(0, 3)).toEqual([0, -0.5, -0.75]);
  expect(run(true)).toEqual(eager);
});

test("a plateau needs its number: not in a compiled function", () => {
  const plateau = new ReduceOnPlateau(makeOptimizer());
  expect(() => compile(() => void plateau.step(1))()).toThrow(/call it outside of the compiled function/);
});
