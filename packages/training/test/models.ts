// Small models and data for tests.

import { Generator, manualSeed, type Tensor, tensor, uniform, Variable } from "@gradus/core";
import { type ArrayDataset, fromArrays } from "@gradus/data";
import { BatchNorm, crossEntropy, Dense, Dropout, meanSquaredError, ReLU, Sequential } from "@gradus/layers";
import { Adam, SGD } from "@gradus/optimizers";
import { type Model, type Output, Trainer } from "../src/index.ts";

/** ŷ = w·x, written by hand: notes the modes in which it ran and the rows that it saw. */
export class Line implements Model {
  training: boolean = true;
  readonly weight: Variable = new Variable(tensor([[0]]), { name: "weight" });
  readonly seen: { readonly training: boolean; readonly rows: readonly number[] }[] = [];

  forward(inputs: Tensor): Tensor {
    this.seen.push({ training: this.training, rows: [...inputs.toTypedArray()] });
    return inputs.matmul<readonly number[], readonly number[]>(this.weight);
  }

  train(): void {
    this.training = true;
  }

  eval(): void {
    this.training = false;
  }

  parameters(): Variable[] {
    return [this.weight];
  }

  /** The rows of the runs in a mode, run by run. */
  rows(training: boolean): (readonly number[])[] {
    return this.seen.filter((run) => run.training === training).map(({ rows }) => rows);
  }
}

/** y = 2x at x = 0 … length − 1. */
export function line(length: number): ArrayDataset {
  const inputs = Array.from({ length }, (_, index) => [index]);
  return fromArrays({ inputs, targets: inputs.map(([x = 0]) => [2 * x]) });
}

/** An eager trainer (the model reads its inputs) of a {@link Line} that never moves, so that losses can be told beforehand: w = 0, loss = mean (2x)². */
export function still(output?: Output): { model: Line; trainer: Trainer } {
  const model = new Line();
  const optimizer = new SGD(model.parameters(), { learningRate: 0 });
  return {
    model,
    trainer: new Trainer({ compile: false, model, optimizer, loss: meanSquaredError, ...(output && { output }) }),
  };
}

/** Points in the plane, labelled by the quadrant that they are in. */
export function quadrants(length: number, seed = 1): ArrayDataset {
  const inputs = uniform([length, 2], { low: -1, high: 1, generator: new Generator(seed) });
  const points = inputs.toTypedArray();
  const label = (row: number): number =>
    ((points[2 * row] ?? 0) > 0 ? 1 : 0) + ((points[2 * row + 1] ?? 0) > 0 ? 2 : 0);
  return fromArrays({ inputs, targets: Array.from({ length }, (_, row) => label(row)) });
}

/** A trainer of a real network with everything that behaves differently in training. */
export function network(seed: number, output?: Output): Trainer<readonly ["accuracy"]> {
  manualSeed(seed);
  const model = new Sequential(new Dense(2, 16), new BatchNorm(16), new ReLU(), new Dropout(0.1), new Dense(16, 4));
  const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
  return new Trainer({ model, optimizer, loss: crossEntropy, metrics: ["accuracy"], ...(output && { output }) });
}
