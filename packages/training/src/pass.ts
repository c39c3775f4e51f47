// One pass over a dataset: a step for each batch, its values into the averages, and turns of the event loop in between. An epoch
// is a pass of training steps, an evaluation one of steps that only look.

import type { Dataset } from "@gradus/data";
import { batchesOf } from "./batches.ts";
import type { Metric } from "./metrics.ts";
import { type Model, setMode } from "./model.ts";
import type { Step } from "./step.ts";
import { Tally } from "./tally.ts";
import type { Turns } from "./turns.ts";

/** What a pass goes over, and how. */
export interface PassOptions {
  readonly data: Dataset;
  readonly batchSize: number;
  /** The order of the samples; by default that of the dataset. */
  readonly order?: Int32Array | undefined;
  readonly turns: Turns;
  readonly signal: AbortSignal | undefined;
  /** Called after each step, which counts from 1; a promise is waited for. */
  readonly stepEnd?: (step: number, samples: number, tally: Tally) => Promise<void> | undefined;
}

/** Steps of one kind, with the mode that they need and the metrics that they measure. */
export class Passes {
  readonly #model: Model;
  readonly #metrics: readonly Metric[];
  readonly #prepare: () => Promise<Step>;
  readonly #training: boolean;
  #step: Step | null = null;

  /** @param prepare gives the step, before the first pass */
  constructor(model: Model, metrics: readonly Metric[], prepare: () => Promise<Step>, training: boolean) {
    this.#model = model;
    this.#metrics = metrics;
    this.#prepare = prepare;
    this.#training = training;
  }

  /** Goes over the data once. The model's mode is put back. */
  async run({ data, batchSize, order, turns, signal, stepEnd }: PassOptions): Promise<Tally> {
    this.#step ??= await this.#prepare();
    const step = this.#step;
    const tally = new Tally(this.#metrics);
    const before = this.#model.training;
    let count = 0;
    try {
      for (const { inputs, targets, samples } of batchesOf(data, batchSize, order)) {
        // Each time: while others had their turn, they may have evaluated, or predicted, with the same model.
        setMode(this.#model, this.#training);
        tally.add(step(inputs, targets), samples);
        const told = stepEnd?.(++count, samples, tally);
        if (told !== undefined) await told;
        if (turns.due) await turns.take();
        signal?.throwIfAborted();
      }
    } finally {
      setMode(this.#model, before);
    }
    return tally;
  }
}
