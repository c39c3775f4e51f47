// The loss and the metrics of many batches: what a step returns for each goes in, values by name come out.

import type { Tensor } from "@gradus/core";
import { MetricState } from "./metrics/accumulated.ts";
import type { Metric } from "./metrics/metric.ts";

/** Values by name, in the order in which they are shown: `{ accuracy: 0.97, loss: 0.09 }`. */
export type Logs = Readonly<Record<string, number>>;

/** What a tally has added up: the samples, and by name what was accumulated of each value. */
export interface TallySums {
  readonly samples: number;
  readonly sums: Readonly<Record<string, Float64Array>>;
}

/** The loss, a mean over samples. */
const lossMetric: Metric = { name: "loss", measure: (loss: Tensor): Tensor => loss };

/** The running values of the loss and the metrics: what {@link Step} returns for a batch goes in, logs come out. */
export class Tally {
  /** The names of the values, in alphabetical order, as Keras shows them. */
  readonly names: readonly string[];
  readonly #states: ReadonlyMap<string, MetricState>;

  constructor(metrics: readonly Metric[]) {
    this.#states = new Map([lossMetric, ...metrics].map((metric) => [metric.name, new MetricState(metric)]));
    this.names = [...this.#states.keys()].sort();
  }

  /** Adds a batch: its loss, then the measure of each metric. */
  add(values: readonly Tensor[], samples: number): void {
    let index = 0;
    for (const state of this.#states.values()) {
      const value = values[index++];
      if (value !== undefined) state.addMeasured(value, samples);
    }
  }

  /** The mean loss of the batch that was added last. */
  get lastLoss(): number {
    return this.#states.get("loss")?.last ?? Number.NaN;
  }

  /** The values of the batch that was added last. */
  lastLogs(): Logs {
    return Object.fromEntries(this.names.map((name) => [name, this.#states.get(name)?.last ?? Number.NaN]));
  }

  /**
   * The values so far, in the order of the names. Those that look at all rows are computed when they are read, once: at every step that
   * would take longer than the step.
   */
  logs(prefix: "" | "val_" = ""): Logs {
    const logs: Record<string, number> = {};
    for (const name of this.names) {
      const state = this.#states.get(name);
      const later = state?.metric.accumulate === "rows";
      const value = later ? { get: state.snapshot() } : { value: state?.value ?? Number.NaN, writable: true };
      Object.defineProperty(logs, prefix + name, { enumerable: true, configurable: true, ...value });
    }
    return logs;
  }

  /** What was accumulated so far, as copies. */
  get sums(): TallySums {
    const entries = [...this.#states].map(([name, state]) => [name, state.accumulated] as const);
    return { samples: this.#states.get("loss")?.samples ?? 0, sums: Object.fromEntries(entries) };
  }

  /** Goes on from what was accumulated. */
  set sums({ samples, sums }: TallySums) {
    for (const [name, state] of this.#states) state.restore(sums[name] ?? new Float64Array(0), samples);
  }
}
