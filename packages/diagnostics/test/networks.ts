// Networks, data and trainings for the tests: healthy ones, and those that are broken on purpose.

import { Generator, manualSeed, normal, randint, type Tensor, tensor, uniform } from "@gradus/core";
import { compile } from "@gradus/core/compile";
import {
  BatchNorm,
  Conv2D,
  crossEntropy,
  Dense,
  Dropout,
  Flatten,
  heNormal,
  type Initializer,
  type Layer,
  MaxPool2D,
  ReLU,
  Sequential,
} from "@gradus/layers";
import { Adam, SGD } from "@gradus/optimizers";
import { Diagnostics } from "../src/index.ts";

/** Ten noisy patterns from 0 to 1, and which of them each row is. */
export function patterns(seed: number, features = 64): (batch: number) => { readonly x: Tensor; readonly y: Tensor } {
  const generator = new Generator(seed);
  const centres: Tensor = uniform([10, features], { generator });
  const rows = Array.from({ length: 10 }, (_, label) => centres.slice(label).toTypedArray());
  return (batch) => {
    const y: Tensor = randint([batch], { high: 10, generator });
    const noise: Tensor = normal([batch, features], { standardDeviation: 0.15, generator });
    const x = new Float32Array(batch * features);
    for (const [row, label] of y.toTypedArray().entries()) x.set(rows[label] ?? [], row * features);
    return {
      x: tensor(x, { shape: [batch, features] })
        .add(noise)
        .clip(0, 1),
      y,
    };
  };
}

/** The seeds for the row of a table at this place: one of two, in turn; both in the long tests. */
export function seedsFor(place: number): readonly number[] {
  return process.env["GRADUS_LONG"] === "1" ? [1, 2] : [1 + (place % 2)];
}

/** How a training goes. */
export interface Course {
  readonly learningRate?: number;
  readonly optimizer?: "adam" | "sgd";
  readonly steps?: number;
  readonly batch?: number;
  readonly every?: number;
  readonly seed?: number;
  readonly compiled?: boolean;
  /** The shape of one sample; 64 features are made into it. */
  readonly shape?: readonly number[];
  /** What becomes of the inputs before the model sees them. */
  readonly prepare?: (x: Tensor) => Tensor;
}

/** Trains a model and looks at it. */
export function train(
  model: Layer,
  course: Course = {},
): { readonly diagnostics: Diagnostics; readonly losses: readonly number[] } {
  const {
    learningRate = 1e-3,
    optimizer: kind = "adam",
    steps = 31,
    batch = 64,
    every = 10,
    seed = 1,
    compiled = true,
  } = course;
  const next = patterns(seed);
  const optimizer =
    kind === "adam" ? new Adam(model.parameters(), { learningRate }) : new SGD(model.parameters(), { learningRate });
  const diagnostics = new Diagnostics(model, { every });
  const work = (x: Tensor, y: Tensor): Tensor => {
    const loss = crossEntropy(model.forward(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  };
  const step = compiled ? compile(work) : work;
  const losses: number[] = [];
  for (let index = 0; index < steps; index++) {
    const { x, y } = next(batch);
    const shaped: Tensor = course.shape === undefined ? x : x.reshape([batch, ...course.shape]);
    const given = course.prepare?.(shaped) ?? shaped;
    losses.push(diagnostics.step(() => step(given, y).item()));
  }
  return { diagnostics, losses };
}

/** A seed for everything that a network draws. */
export function seeded<T>(seed: number, make: () => T): T {
  manualSeed(seed);
  return make();
}

/** Dense layers with an activation between any two. */
export function perceptron(
  widths: readonly number[],
  activation: () => Layer,
  initializer: Initializer,
  biasInitializer?: Initializer,
): Sequential {
  const options = biasInitializer === undefined ? { initializer } : { initializer, biasInitializer };
  const layers = widths.slice(1).flatMap((width, index): Layer[] => {
    const dense = new Dense(widths[index] ?? 1, width, options);
    return index + 2 < widths.length ? [dense, activation()] : [dense];
  });
  return new Sequential(...layers);
}

/** Widths of a network with equal hidden layers. */
export const deep = (layers: number, width = 64): readonly number[] => [
  64,
  ...new Array<number>(layers).fill(width),
  10,
];

/** The lecture's network, a quarter of its size. */
export const lecture = (): Sequential =>
  new Sequential(
    new Dense(64, 128),
    new BatchNorm(128),
    new ReLU(),
    new Dense(128, 64),
    new BatchNorm(64),
    new ReLU(),
    new Dropout(0.3),
    new Dense(64, 32),
    new BatchNorm(32),
    new ReLU(),
    new Dense(32, 10),
  );

/** A small convolutional network for images of 8 × 8. */
export const convolutional = (initializer: Initializer = heNormal, biasInitializer?: Initializer): Sequential => {
  const options = biasInitializer === undefined ? { initializer } : { initializer, biasInitializer };
  return new Sequential(
    new Conv2D(1, 8, 3, { padding: "same", ...options }),
    new ReLU(),
    new MaxPool2D(2),
    new Conv2D(8, 16, 3, { padding: "same", ...options }),
    new ReLU(),
    new MaxPool2D(2),
    new Flatten(),
    new Dense(64, 10),
  );
};
