// The laboratory: MNIST's images, and training without a word, the same for every lesson.

import { manualSeed, type Tensor, type Variable } from "@gradus/core";
import type { ArrayDataset, Dataset, MnistDatasets } from "@gradus/data";
import { crossEntropy, type Layer } from "@gradus/layers";
import { Adam, type AdamOptions, SGD, type SGDOptions } from "@gradus/optimizers";
import { type Optimizer, Trainer } from "@gradus/training";

/** Images of 784 pixels from 0 to 1, and their labels. */
export type Images = ArrayDataset<readonly [784], readonly []>;

/** Makes the optimizer of some parameters. */
export type Optimizing = (parameters: Variable[]) => Optimizer;

/** Plain gradient descent with this rate. */
export const sgd =
  (learningRate: number, more: Omit<SGDOptions, "learningRate"> = {}): Optimizing =>
  (parameters) =>
    new SGD(parameters, { learningRate, ...more });

/** Adam with this rate. */
export const adam =
  (learningRate: number, more: Omit<AdamOptions, "learningRate"> = {}): Optimizing =>
  (parameters) =>
    new Adam(parameters, { learningRate, ...more });

/** How a network is to learn. */
export interface Learning {
  readonly optimizer: Optimizing;
  readonly epochs: number;
  /** Images per step; 64 if nothing is said. */
  readonly batchSize?: number;
  /** The images to test with after each epoch; none if nothing is said. */
  readonly test?: Dataset;
  /** The greatest norm of all gradients together. */
  readonly clipNorm?: number;
}

/** What came of it: a value for each epoch, and the loss of each step. */
export interface Learned {
  readonly loss: readonly number[];
  readonly accuracy: readonly number[];
  readonly testLoss: readonly number[];
  readonly testAccuracy: readonly number[];
  readonly steps: readonly number[];
}

/** The images per test batch; the result does not depend on it. */
const TEST_BATCH = 500;

/** What a quick run has at most: its numbers say nothing, but it goes all the ways of a whole one. */
const quickly = { images: 200, epochs: 1 } as const;

/** Where experiments are made. */
export class Laboratory {
  readonly #mnist: MnistDatasets<readonly [784]>;
  readonly #quick: boolean;

  /** @param quick whether few images and single epochs are to do, for tests of the lessons themselves */
  constructor(mnist: MnistDatasets<readonly [784]>, { quick = false }: { readonly quick?: boolean } = {}) {
    this.#mnist = mnist;
    this.#quick = quick;
  }

  /** The first `count` of MNIST's training images; all 60,000 if nothing is said. */
  train(count: number = this.#mnist.train.length): Images {
    return this.#mnist.train.slice(0, this.#images(count));
  }

  /** The first `count` of MNIST's test images; all 10,000 if nothing is said. */
  test(count: number = this.#mnist.test.length): Images {
    return this.#mnist.test.slice(0, this.#images(count));
  }

  /** The first `count` of MNIST's training images, as tensors. */
  batch(count: number): { readonly x: Tensor; readonly labels: Tensor } {
    return asBatch(this.train(count));
  }

  /** Trains a network; the order of the images and dropout are the same at each call. */
  async learn(model: Layer, data: Dataset, { optimizer, epochs, test, ...rest }: Learning): Promise<Learned> {
    manualSeed(1);
    const trainer = this.#trainer(model, optimizer(model.parameters()));
    trainer.on("warning", () => undefined); // A loss that is no number is a finding here.
    const { history, steps } = await trainer.fit(data, {
      batchSize: 64,
      ...rest,
      epochs: this.#quick ? Math.min(epochs, quickly.epochs) : epochs,
      seed: 1,
      verbose: 0,
      ...(test === undefined ? {} : { validationData: test, validationBatchSize: TEST_BATCH }),
    });
    const { loss, accuracy, val_loss: testLoss = [], val_accuracy: testAccuracy = [] } = history;
    return { loss, accuracy, testLoss, testAccuracy, steps: steps.values.loss };
  }

  /** The share of these images that a network reads right, in the mode of evaluation. */
  async accuracy(model: Layer, data: Dataset): Promise<number> {
    const trainer = this.#trainer(model, new SGD(model.parameters()));
    return (await trainer.evaluate(data, { batchSize: TEST_BATCH, verbose: 0 })).accuracy;
  }

  /** The first training images, as many as asked for however quick the run: for what is counted. */
  exactly(count: number): Images {
    return this.#mnist.train.slice(0, count);
  }

  #trainer(model: Layer, optimizer: Optimizer): Trainer<readonly ["accuracy"]> {
    // Compiling takes longer than the few steps of a quick run.
    return new Trainer({ model, optimizer, loss: crossEntropy, metrics: ["accuracy"], compile: !this.#quick });
  }

  #images(count: number): number {
    return this.#quick ? Math.min(count, quickly.images) : count;
  }
}

/** A whole dataset as one batch. */
export function asBatch(data: Dataset): { readonly x: Tensor; readonly labels: Tensor } {
  const { inputs, targets } = data.batch(Int32Array.from({ length: data.length }, (_, index) => index));
  return { x: inputs, labels: targets };
}

/** The last of some values: that of the last epoch or layer. */
export const last = (values: readonly number[]): number => values.at(-1) ?? Number.NaN;

/** The mean of some values. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
