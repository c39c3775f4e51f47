// Averages over samples, batch by batch. A last, smaller batch counts for as many samples as it has, so that the averages do not
// depend on how the samples were cut into batches. Sums are float64.

import { formatShape, ShapeError, type Tensor } from "@gradus/core";
import type { Metric } from "./metrics.ts";

/** Values by name, in the order in which they are shown: `{ accuracy: 0.97, loss: 0.09 }`. */
export type Logs = Readonly<Record<string, number>>;

/** What a tally has added up: the samples, and the sums by name. */
export interface TallySums {
  readonly samples: number;
  readonly sums: Readonly<Record<string, Float64Array>>;
}

/** One quantity's sums, by element of a sample's values, and how many samples they are over. */
class Average {
  readonly #metric: Metric | null;
  sums: Float64Array = new Float64Array(0);
  samples = 0;
  /** The value of the batch that was added last. */
  last: number = Number.NaN;

  /** @param metric null for the loss, a scalar */
  constructor(metric: Metric | null) {
    this.#metric = metric;
  }

  /** Adds the values of a batch; a scalar is the batch's average. */
  add(values: Tensor, samples: number): void {
    const flat = values.toTypedArray();
    const scalar = values.rank === 0;
    const width = scalar ? 1 : flat.length / samples;
    if (!scalar && values.shape[0] !== samples) {
      const name = this.#metric?.name ?? "loss";
      throw new ShapeError(
        `${name}: ${formatShape(values.shape)} is neither a scalar nor a value for each of ${samples} samples`,
      );
    }
    if (this.samples === 0) this.sums = new Float64Array(width);
    if (this.sums.length !== width) {
      throw new ShapeError(
        `${this.#metric?.name}: ${width} values per sample, but ${this.sums.length} in the batches before`,
      );
    }
    const batch = new Float64Array(width);
    for (let index = 0; index < flat.length; index++) {
      const column = index % width;
      batch[column] = (batch[column] ?? 0) + (flat[index] ?? 0) * (scalar ? samples : 1);
    }
    for (let column = 0; column < width; column++) {
      this.sums[column] = (this.sums[column] ?? 0) + (batch[column] ?? 0);
    }
    this.samples += samples;
    this.last = this.#valueOf(batch, samples);
  }

  get value(): number {
    return this.#valueOf(this.sums, this.samples);
  }

  #valueOf(sums: Float64Array, samples: number): number {
    const means = Array.from(sums, (sum) => sum / samples);
    if (this.#metric?.result) return this.#metric.result(means);
    return means.reduce((sum, mean) => sum + mean, 0) / means.length;
  }
}

/** The running averages of the loss and the metrics: what {@link Step} returns for a batch goes in, logs come out. */
export class Tally {
  /** The names of the values, in alphabetical order, as Keras shows them. */
  readonly names: readonly string[];
  readonly #averages: ReadonlyMap<string, Average>;

  constructor(metrics: readonly Metric[]) {
    this.#averages = new Map([
      ["loss", new Average(null)],
      ...metrics.map((metric): [string, Average] => [metric.name, new Average(metric)]),
    ]);
    this.names = [...this.#averages.keys()].sort();
  }

  /** Adds a batch: its loss, then the measure of each metric. */
  add(values: readonly Tensor[], samples: number): void {
    let index = 0;
    for (const average of this.#averages.values()) {
      const value = values[index++];
      if (value !== undefined) average.add(value, samples);
    }
  }

  /** The mean loss of the batch that was added last. */
  get lastLoss(): number {
    return this.#averages.get("loss")?.last ?? Number.NaN;
  }

  /** The values of the batch that was added last. */
  lastLogs(): Logs {
    return Object.fromEntries(this.names.map((name) => [name, this.#averages.get(name)?.last ?? Number.NaN]));
  }

  /** The averages so far, in the order of the names. */
  logs(prefix: "" | "val_" = ""): Logs {
    return Object.fromEntries(this.names.map((name) => [prefix + name, this.#averages.get(name)?.value ?? Number.NaN]));
  }

  /** The sums so far, as copies. */
  get sums(): TallySums {
    const entries = [...this.#averages].map(([name, { sums }]) => [name, sums.slice()] as const);
    return { samples: this.#averages.get("loss")?.samples ?? 0, sums: Object.fromEntries(entries) };
  }

  /** Goes on from sums. */
  set sums({ samples, sums }: TallySums) {
    for (const [name, average] of this.#averages) {
      average.samples = samples;
      average.sums = sums[name]?.slice() ?? new Float64Array(0);
    }
  }
}
