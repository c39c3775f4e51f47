// Samples side by side: a batch of tensors from items with inputs and targets of any kind.

import { checkOption, DataError, describe, formatShape, Tensor, tensor } from "@gradus/core";
import type { ColumnSource } from "../array-dataset.ts";
import type { Batch } from "../dataset.ts";
import { placeRows } from "../rows.ts";
import type { Stage } from "./stage.ts";

/** What one sample may hold as inputs or targets: a tensor, a number, nested lists, a typed array, or that with a shape. */
export type SamplePart = ColumnSource | number;

/** An item that can stand in a batch. Whole numbers as targets are labels, int32; other numbers are float32. */
export interface SampleSource {
  readonly inputs: SamplePart;
  readonly targets: SamplePart;
  /** How much the sample counts; in a batch, samples have one each, or none has. */
  readonly weight?: number;
}

/** A batch, with weights where its samples had some. */
export interface StreamBatch extends Batch {
  readonly weights?: Tensor;
}

/** `size` items after `size` items, as one batch each; the last has what is left, or is left out. */
export function batchStage(base: Stage<SampleSource>, size: number, dropLast: boolean): Stage<StreamBatch> {
  const { length } = base;
  return {
    length: length === null ? null : dropLast ? Math.floor(length / size) : Math.ceil(length / size),
    async *open(pass, skip) {
      let samples: SampleSource[] = [];
      let first = skip * size;
      for await (const item of base.open(pass, first)) {
        samples.push(item);
        if (samples.length < size) continue;
        yield batchOf(samples, first);
        first += size;
        samples = [];
      }
      if (samples.length > 0 && !dropLast) yield batchOf(samples, first);
    },
  };
}

/** The batch of some samples, the first of which has number `first`. @throws DataError for samples of several kinds */
function batchOf(samples: readonly SampleSource[], first: number): StreamBatch {
  const inputs = stacked(samples, "inputs", first);
  const targets = stacked(samples, "targets", first);
  if (samples.every(({ weight }) => weight === undefined)) return { inputs, targets };
  const weights = samples.map(({ weight }, row) => {
    const valid = typeof weight === "number" && Number.isFinite(weight) && weight >= 0;
    if (valid) return weight;
    throw new DataError(`batch: expected a weight ≥ 0 for every sample, found ${describe(weight)} at ${first + row}`);
  });
  return { inputs, targets, weights: tensor(Float32Array.from(weights)) };
}

function stacked(samples: readonly SampleSource[], part: "inputs" | "targets", first: number): Tensor {
  const values = samples.map((sample, row) => {
    const value: SamplePart | undefined = typeof sample === "object" && sample !== null ? sample[part] : undefined;
    if (value !== undefined && value !== null) return value;
    throw new DataError(`batch: expected a sample, { inputs, targets }, found ${describe(sample)} at ${first + row}`);
  });
  const label = (value: SamplePart): boolean =>
    typeof value === "number" && Number.isInteger(value) && Math.abs(value) < 2 ** 31;
  const labels = part === "targets" && values.every(label);
  const rows = values.map((value) => rowOf(value, labels));
  const [head] = rows;
  for (const [row, { shape, dtype }] of rows.entries()) {
    if (head === undefined || (dtype === head.dtype && formatShape(shape) === formatShape(head.shape))) continue;
    const found = `${part} ${dtype} ${formatShape(shape.slice(1))} at ${first + row}`;
    throw new DataError(
      `batch: samples must be of one kind, found ${found} after ${head.dtype} ${formatShape(head.shape.slice(1))}`,
    );
  }
  return placeRows(
    "batch",
    rows.map((row, place) => ({ rows: row, places: [place] })),
    rows.length,
  );
}

/** One sample as a tensor with an axis of samples before its own. */
function rowOf(value: SamplePart, label: boolean): Tensor {
  const whole = wholeOf(value, label);
  return whole.reshape([1, ...whole.shape]);
}

function wholeOf(value: SamplePart, label: boolean): Tensor {
  if (value instanceof Tensor) return value;
  if (typeof value === "number") return tensor(value, { dtype: label ? "int32" : "float32" });
  if (ArrayBuffer.isView(value)) return wholeOf({ data: value, shape: [value.length] }, false);
  if (!("data" in value)) return tensor(value);
  const { data, shape } = value;
  if (data instanceof Float32Array || data instanceof Float64Array) return tensor(data, { shape });
  const bytes = data instanceof Uint8Array || data instanceof Uint8ClampedArray;
  checkOption(!(data instanceof Uint32Array), "batch", "data", "numbers that int32 can hold", "Uint32Array");
  return bytes ? tensor(Uint8Array.from(data), { shape }) : tensor(Int32Array.from(data), { shape });
}
