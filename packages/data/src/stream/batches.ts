// Samples side by side: a batch of tensors from items with inputs and targets of any kind.

import {
  checkOption,
  DataError,
  type DType,
  describe,
  formatShape,
  type Shape,
  ShapeError,
  sizeOf,
  Tensor,
  tensor,
} from "@gradus/core";
import type { ColumnSource } from "../array-dataset.ts";
import type { Batch } from "../dataset.ts";
import type { ColumnData } from "../gather.ts";
import { arrayFor } from "../rows.ts";
import type { Stage } from "./stage.ts";

/** What one sample may hold as inputs or targets: a tensor, a number, nested lists, a typed array, or that with a shape. */
export type SamplePart = ColumnSource | number;

/** An item that can stand in a batch. Whole numbers as targets are labels, int32; other numbers are float32. */
export interface SampleSource {
  /** What the network sees of it; of one shape and dtype throughout a batch. */
  readonly inputs: SamplePart;
  /** What it is to answer: a whole number is a label. */
  readonly targets: SamplePart;
  /** How much the sample counts; in a batch, samples have one each, or none has. */
  readonly weight?: number;
}

/** A batch, with weights where its samples had some. */
export interface StreamBatch extends Batch {
  /** How much each sample counts, float32 `[samples]`; left out where the samples have no weights. */
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
  const head = rows[0] ?? { data: new Float32Array(0), shape: [], dtype: "float32" };
  const width = head.data.length;
  const out = arrayFor(head.dtype, rows.length * width);
  for (const [index, row] of rows.entries()) {
    if (!isAlike(row, head)) {
      const kind = ({ dtype, shape }: Row): string => `${dtype} ${formatShape(shape)}`;
      const found = `${part} ${kind(row)} at ${first + index}`;
      throw new DataError(`batch: samples must be of one kind, found ${found} after ${kind(head)}`);
    }
    out.set(row.data, index * width);
  }
  return tensor(out, { shape: [rows.length, ...head.shape], dtype: head.dtype });
}

/** One sample's part: its elements and what they are. */
interface Row {
  readonly data: ColumnData;
  readonly shape: Shape;
  readonly dtype: DType;
}

const isAlike = (a: Row, b: Row): boolean =>
  a.dtype === b.dtype && a.shape.length === b.shape.length && a.shape.every((size, axis) => size === b.shape[axis]);

function rowOf(value: SamplePart, label: boolean): Row {
  if (value instanceof Tensor) return { data: value.toTypedArray(), shape: value.shape, dtype: value.dtype };
  if (typeof value === "number") {
    return label
      ? { data: Int32Array.of(value), shape: [], dtype: "int32" }
      : { data: Float32Array.of(value), shape: [], dtype: "float32" };
  }
  if (ArrayBuffer.isView(value)) return rowOf({ data: value, shape: [value.length] }, false);
  if (!("data" in value)) return rowOf(tensor(value), false);
  const { data, shape } = value;
  if (sizeOf(shape) !== data.length) {
    throw new ShapeError(`batch: ${data.length} elements are no sample of shape ${formatShape(shape)}`);
  }
  checkOption(!(data instanceof Uint32Array), "batch", "data", "numbers that int32 can hold", "Uint32Array");
  return { data, shape, dtype: dtypeOf(data) };
}

function dtypeOf(data: ColumnData): DType {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Float64Array) return "float64";
  return data instanceof Uint8Array || data instanceof Uint8ClampedArray ? "uint8" : "int32";
}
