// The statistics of a layer's output, computed where the output is: in the step, as a few folds over the batch that give a number for
// each unit. In a compiled step they are part of its program and join the kernels that make the outputs; nothing of the model's own
// work changes. A unit is a place on the last axis: a neuron, a channel, a feature.

import { everyCall, noGrad, type Shape, type Tensor, type TypedArray, tensor, Variable } from "@gradus/core";
import type { BatchNorm, Layer } from "@gradus/layers";
import { asBatchNorm, isRectifier, rangeOf } from "./kinds.ts";
import { thresholds } from "./thresholds.ts";

/** What one step showed of a layer's output. */
export interface ActivationFacts {
  /** The mean of all values. */
  readonly mean: number;
  /** The standard deviation of all values. */
  readonly spread: number;
  /** √(mean of x²): the size of what the next layer is given. */
  readonly size: number;
  /** The share of values in the flat parts of a sigmoid or tanh; null for other layers. */
  readonly flat: number | null;
}

/** How far a BatchNorm's running statistics are from the batch's. */
export interface Drift {
  /** The mean over the features of |μ_batch − μ_running| / σ_batch. */
  readonly mean: number;
  /** The mean over the features of |ln(σ²_batch / σ²_running)|. */
  readonly variance: number;
}

/** Collects the statistics of one layer. */
export class ActivationStatistics {
  readonly #layer: Layer;
  readonly #weighted: boolean;
  readonly #sinks = new Map<string, Variable>();
  /** The names of what this step gave, and how many values there were for each unit. */
  #fresh = new Set<string>();
  #rows = 0;

  /** @param weighted whether what the layer is given is to be measured, too */
  constructor(layer: Layer, weighted: boolean) {
    this.#layer = layer;
    this.#weighted = weighted;
  }

  /** Forgets the step before. */
  begin(): void {
    this.#fresh = new Set();
    this.#rows = 0;
  }

  /** Whether the layer was seen in this step. */
  get seen(): boolean {
    return this.#rows > 0;
  }

  /** How many values this step had for each unit. */
  get rows(): number {
    return this.#rows;
  }

  /** Computes the statistics of a call; of several calls in a step the last counts. */
  see([input]: readonly Tensor[], output: Tensor): void {
    if (!isFloat(output) || output.size === 0) return;
    const rows = output.size / (output.shape.at(-1) ?? 1);
    everyCall(() => {
      this.#rows = rows;
    });
    noGrad(() => {
      const axes = output.shape.slice(0, -1).map((_, axis) => axis);
      this.#keep("mean", overAxes(output, "mean", axes));
      this.#keep("square", overAxes(output.square(), "mean", axes));
      if (isRectifier(this.#layer)) this.#keep("peak", overAxes(output, "max", axes));
      const range = rangeOf(this.#layer);
      if (range !== null) {
        const [low, high] = range;
        // |2y − low − high| / (high − low): 0 in the middle, 1 at either end.
        const excess: Tensor = output
          .mul(2)
          .sub(low + high)
          .abs()
          .gt((high - low) * thresholds.flatValue.value);
        this.#keep("flat", overAxes(excess.cast(output.dtype), "mean", axes));
      }
      if (input === undefined || !isFloat(input) || input.size === 0) return;
      if (this.#weighted) {
        const inner = input.shape.slice(0, -1).map((_, axis) => axis);
        this.#keep("input", overAxes(input.square(), "mean", inner));
      }
      const norm = asBatchNorm(this.#layer);
      if (norm !== null) this.#seeBatch(norm, input);
    });
  }

  #seeBatch({ axis }: BatchNorm, input: Tensor): void {
    const feature = axis < 0 ? axis + input.rank : axis;
    const axes = input.shape.flatMap((_, index) => (index === feature ? [] : [index]));
    this.#keep("batchMean", overAxes(input, "mean", axes));
    this.#keep("batchSquare", overAxes(input.square(), "mean", axes));
  }

  /** Assigned, so that a compiled step hands the value out. */
  #keep(name: string, value: Tensor): void {
    const sink = sinkFor(this.#sinks.get(name), value);
    this.#sinks.set(name, sink);
    sink.assign(value);
    everyCall(() => this.#fresh.add(name));
  }

  #values(name: string): TypedArray | null {
    return this.#fresh.has(name) ? (this.#sinks.get(name)?.toTypedArray() ?? null) : null;
  }

  /** What this step showed, or null if the layer was not seen. */
  facts(): ActivationFacts | null {
    const mean = average(this.#values("mean"));
    const square = average(this.#values("square"));
    if (mean === null || square === null) return null;
    const spread = Math.sqrt(Math.max(square - mean * mean, 0));
    return { mean, spread, size: Math.sqrt(square), flat: average(this.#values("flat")) };
  }

  /** The size of what the layer was given: √(mean of x²); null where that is not measured. */
  inputSize(): number | null {
    const square = average(this.#values("input"));
    return square === null ? null : Math.sqrt(square);
  }

  /** The greatest value of each unit, for rectifiers. */
  peaks(): TypedArray | null {
    return this.#values("peak");
  }

  /** How far the running statistics are from this batch's; null for layers without, or if they are in use and stay. */
  drift(): Drift | null {
    const norm = asBatchNorm(this.#layer);
    const [mean, square] = [this.#values("batchMean"), this.#values("batchSquare")];
    if (norm === null || mean === null || square === null || norm.frozen) return null;
    const [runningMean, runningVariance] = [norm.runningMean.toTypedArray(), norm.runningVariance.toTypedArray()];
    let [means, variances] = [0, 0];
    for (const [index, mu] of mean.entries()) {
      const variance = Math.max((square[index] ?? 0) - mu * mu, 0) + norm.epsilon;
      means += Math.abs(mu - (runningMean[index] ?? 0)) / Math.sqrt(variance);
      variances += Math.abs(Math.log(variance / ((runningVariance[index] ?? 0) + norm.epsilon)));
    }
    return { mean: means / mean.length, variance: variances / mean.length };
  }
}

/** A Variable that can be assigned the value: the one there is, or a new one. */
export function sinkFor(known: Variable | undefined, value: Tensor): Variable {
  if (known !== undefined && known.dtype === value.dtype && String(known.shape) === String(value.shape)) return known;
  const { dtype, shape } = value;
  // From an array, not by an operator: within a capture that would be a part of the program.
  return new Variable(tensor(new Float32Array(value.size), { dtype, shape }), { requiresGrad: false });
}

/** A fold over axes whose number is known only here; none are left alone. */
function overAxes(x: Tensor, fold: "mean" | "max", axes: readonly number[]): Tensor {
  if (axes.length === 0) return x;
  const loose: Tensor<Shape> = x;
  return fold === "mean" ? loose.mean(axes) : loose.max(axes);
}

function isFloat({ dtype }: Tensor): boolean {
  return dtype === "float32" || dtype === "float64";
}

function average(values: TypedArray | null): number | null {
  if (values === null || values.length === 0) return null;
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index] ?? 0;
  return sum / values.length;
}
