// A metric over many batches. A last, smaller batch counts for as many samples as it has, so that the value does not depend on how
// the samples were cut into batches. Sums are float64.

import { formatShape, noGrad, ShapeError, type Tensor } from "@gradus/core";
import type { Metric } from "./metric.ts";

/**
 * The running value of a metric, for loops of one's own: batches go in, and `value` is that of all samples so far.
 *
 * @example
 * const state = new MetricState(accuracy);
 * state.add(tensor([[0.1, 0.9], [0.8, 0.2]]), tensor([1, 1], { dtype: "int32" }));
 * state.add(tensor([[0.3, 0.7]]), tensor([1], { dtype: "int32" }));
 * state.value; // 0.666667
 */
export class MetricState {
  /** What is measured of each batch, and made of all. */
  readonly metric: Metric;
  /** The sums, or the rows one after the other in the front of a longer array. */
  #values: Float64Array = new Float64Array(0);
  #length = 0;
  #width = 0;
  #samples = 0;
  #last: () => number = () => Number.NaN;

  /**
   * Begins with no batch.
   * @param metric as `accuracy`, or one of your own
   */
  constructor(metric: Metric) {
    this.metric = metric;
  }

  /** Adds a batch. @throws ShapeError for values that do not fit the batch, or the batches before */
  add(prediction: Tensor, target: Tensor): void {
    const values = noGrad(() => this.metric.measure(prediction.detach(), target));
    this.addMeasured(values, prediction.shape[0] ?? 1);
  }

  /** Adds what the metric's `measure` gave for a batch of so many samples. @throws ShapeError for values that do not fit */
  addMeasured(values: Tensor, samples: number): void {
    const { accumulate = "means", name } = this.metric;
    const scalar = values.rank === 0;
    if (accumulate === "means" && !scalar && values.shape[0] !== samples) {
      const shape = formatShape(values.shape);
      throw new ShapeError(`${name}: ${shape} is neither a scalar nor a value for each of ${samples} samples`);
    }
    const flat = values.toTypedArray();
    const rows = accumulate === "sums" || scalar ? 1 : (values.shape[0] ?? 0);
    const width = values.shape.slice(accumulate === "sums" ? 0 : 1).reduce((product, size) => product * size, 1);
    if (this.#length > 0 && this.#width !== width) {
      const unit = accumulate === "sums" ? "batch" : "sample";
      throw new ShapeError(`${name}: ${width} values per ${unit}, but ${this.#width} in the batches before`);
    }
    this.#width = width;
    this.#samples += samples;
    if (accumulate === "rows") {
      this.#append(flat);
      const batch = Float64Array.from(flat);
      this.#last = () => this.#valueOf(batch, batch.length, samples);
      return;
    }
    const batch = columnSums(flat, rows, width);
    if (accumulate === "means" && scalar) batch[0] = (batch[0] ?? 0) * samples;
    if (this.#length === 0) this.#append(new Float64Array(width));
    for (let column = 0; column < width; column++) {
      this.#values[column] = (this.#values[column] ?? 0) + (batch[column] ?? 0);
    }
    this.#last = () => this.#valueOf(batch, width, samples);
  }

  /** The metric of all batches so far. */
  get value(): number {
    return this.#valueOf(this.#values, this.#length, this.#samples);
  }

  /** The metric of the batch that was added last, alone. */
  get last(): number {
    return this.#last();
  }

  /** The samples so far. */
  get samples(): number {
    return this.#samples;
  }

  /** The value as it is now, computed when it is asked for: rows that come later do not change it. */
  snapshot(): () => number {
    const [values, length, samples] = [this.#values, this.#length, this.#samples];
    let known: number | null = null;
    return () => {
      known ??= this.#valueOf(values, length, samples);
      return known;
    };
  }

  /** Forgets all batches. */
  reset(): void {
    this.restore(new Float64Array(0), 0);
  }

  /** What was accumulated, as a copy: how many values each sample has, then the sums, or the rows. */
  get accumulated(): Float64Array {
    const copy = new Float64Array(this.#length + 1);
    copy[0] = this.#width;
    copy.set(this.#values.subarray(0, this.#length), 1);
    return copy;
  }

  /** Goes on from what was `accumulated` over so many samples. */
  restore(accumulated: Float64Array, samples: number): void {
    this.#width = accumulated[0] ?? 0;
    this.#values = accumulated.slice(1);
    this.#length = this.#values.length;
    this.#samples = samples;
    this.#last = () => Number.NaN;
  }

  #append(more: ArrayLike<number>): void {
    const length = this.#length + more.length;
    if (length > this.#values.length) {
      const longer = new Float64Array(Math.max(length, 2 * this.#values.length));
      longer.set(this.#values.subarray(0, this.#length));
      this.#values = longer;
    }
    this.#values.set(more, this.#length);
    this.#length = length;
  }

  #valueOf(values: Float64Array, length: number, samples: number): number {
    const { accumulate = "means", result } = this.metric;
    if (samples === 0) return Number.NaN;
    const found = Array.from(values.subarray(0, length), (value) => (accumulate === "means" ? value / samples : value));
    if (result) return result.call(this.metric, found, this.#width);
    const total = found.reduce((sum, value) => sum + value, 0);
    return accumulate === "means" ? total / found.length : total;
  }
}

/** The sums over rows. */
function columnSums(flat: ArrayLike<number>, rows: number, width: number): Float64Array {
  const sums = new Float64Array(width);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < width; column++) {
      sums[column] = (sums[column] ?? 0) + (flat[row * width + column] ?? 0);
    }
  }
  return sums;
}

/**
 * A metric of predictions and targets that are there at once.
 *
 * @throws what the metric throws for predictions and targets that do not fit
 * @example
 * evaluateMetric(accuracy, tensor([[0.1, 0.9], [0.8, 0.2]]), tensor([1, 1], { dtype: "int32" })); // 0.5
 */
export function evaluateMetric(metric: Metric, prediction: Tensor, target: Tensor): number {
  const state = new MetricState(metric);
  state.add(prediction, target);
  return state.value;
}
