// Datasets that are made of other datasets: how each computes a batch from the batches of its base. Nothing is read before it is asked
// for, except by `filter`, which must see every sample to know how many remain.

import { DataError, formatShape, type Shape, Tensor } from "@gradus/core";
import { Column, checkIndices } from "./column.ts";
import type { Batch, Dataset, Sample } from "./dataset.ts";
import { type PlacedRows, placeRows, rowsOf } from "./rows.ts";

/** The samples with these numbers. */
export type BatchOf<Inputs extends Shape, Targets extends Shape> = (
  indices: ArrayLike<number>,
) => Batch<Inputs, Targets>;

/** So many samples are read at once where all are needed. */
const CHUNK = 512;

/** All numbers from `start` to `end` − 1. */
export const range = (start: number, end: number): Int32Array =>
  Int32Array.from({ length: end - start }, (_, index) => start + index);

/** All batches of a dataset, in order. */
function* chunks<Inputs extends Shape, Targets extends Shape>(
  base: Dataset<Inputs, Targets>,
): Generator<Batch<Inputs, Targets>> {
  for (let start = 0; start < base.length; start += CHUNK) {
    yield base.batch(range(start, Math.min(start + CHUNK, base.length)));
  }
}

/** A batch after `transform`, which must keep the number of samples. */
export function mapped<In extends Shape, Out extends Shape, In2 extends Shape, Out2 extends Shape>(
  base: Dataset<In, Out>,
  transform: (batch: Batch<In, Out>) => Batch<In2, Out2>,
): BatchOf<In2, Out2> {
  return (indices) => {
    const result = transform(base.batch(indices));
    const { inputs, targets }: Partial<Batch<In2, Out2>> = result ?? {};
    if (!(inputs instanceof Tensor) || !(targets instanceof Tensor)) {
      throw new DataError("map: the function must return { inputs, targets }, two tensors");
    }
    if (inputs.shape[0] !== indices.length || targets.shape[0] !== indices.length) {
      const shapes = `inputs ${formatShape(inputs.shape)} and targets ${formatShape(targets.shape)}`;
      throw new DataError(`map: the function gave ${shapes} for ${indices.length} samples: keep their number`);
    }
    return result;
  };
}

/** The numbers of the samples for which `keep` is true. */
export function chosen(base: Dataset, keep: (sample: Sample, index: number) => boolean): number[] {
  const numbers: number[] = [];
  let index = 0;
  for (const batch of chunks(base)) {
    for (const sample of samplesOf(batch)) {
      const kept: unknown = keep(sample, index);
      if (typeof kept !== "boolean") {
        throw new DataError(`filter: the function must return true or false, got ${String(kept)} for sample ${index}`);
      }
      if (kept) numbers.push(index);
      index++;
    }
  }
  return numbers;
}

/** The samples of a batch, each without the axis of samples. */
export function* samplesOf(batch: Batch): Generator<Sample> {
  const targets = rowsOf(batch.targets);
  for (const inputs of rowsOf(batch.inputs)) {
    const target = targets.next();
    if (target.done !== true) yield { inputs, targets: target.value };
  }
}

/** The samples of several datasets, one dataset after the other. */
export function joined<In extends Shape, Out extends Shape>(parts: readonly Dataset<In, Out>[]): BatchOf<In, Out> {
  const starts = [0];
  for (const { length } of parts) starts.push((starts.at(-1) ?? 0) + length);
  const total = starts.at(-1) ?? 0;
  return (indices) => {
    checkIndices(indices, total);
    const asked = parts.map(() => ({ indices: [] as number[], places: [] as number[] }));
    for (let place = 0; place < indices.length; place++) {
      const index = indices[place] ?? 0;
      const part = starts.findIndex((start, number) => start <= index && index < (starts[number + 1] ?? 0));
      asked[part]?.indices.push(index - (starts[part] ?? 0));
      asked[part]?.places.push(place);
    }
    const found = parts.flatMap((part, number) => {
      const { indices: own = [], places = [] } = asked[number] ?? {};
      return own.length === 0 ? [] : [{ batch: part.batch(own), places }];
    });
    const [only] = found;
    if (only === undefined) return (parts[0] ?? raise()).batch([]);
    if (found.length === 1) return only.batch;
    const rows = (name: "inputs" | "targets"): PlacedRows[] =>
      found.map(({ batch, places }) => ({ rows: batch[name], places }));
    const merged = (name: "inputs" | "targets"): Tensor => placeRows("concat", rows(name), indices.length);
    return shaped(merged("inputs"), merged("targets"));
  };
}

function raise(): never {
  throw new DataError("concat: there are no datasets");
}

/** The samples of `base`, which are computed once, all of them, when the first are asked for. */
export function cached<In extends Shape, Out extends Shape>(base: Dataset<In, Out>): BatchOf<In, Out> {
  let columns: { readonly inputs: Column; readonly targets: Column } | null = null;
  return (indices) => {
    checkIndices(indices, base.length);
    if (indices.length === 0) return base.batch(indices);
    if (columns === null) {
      const all = [...chunks(base)];
      columns = {
        inputs: columnOf(all.map(({ inputs }) => inputs)),
        targets: columnOf(all.map((part) => part.targets)),
      };
    }
    const { inputs, targets } = columns;
    return shaped(inputs.batch(indices), targets.batch(indices));
  };
}

/** A batch of rows that came from batches of these shapes. */
function shaped<In extends Shape, Out extends Shape>(inputs: Tensor, targets: Tensor): Batch<In, Out> {
  // cast: the rows have the shape of those they were taken from, and the number of them is any.
  return { inputs, targets } as unknown as Batch<In, Out>;
}

function columnOf(parts: readonly Tensor[]): Column {
  let length = 0;
  const placed = parts.map((rows) => {
    const places = range(length, length + (rows.shape[0] ?? 0));
    length += places.length;
    return { rows, places };
  });
  const whole = placeRows("cache", placed, length);
  return new Column(whole.toTypedArray(), { shape: whole.shape.slice(1), length, dtype: whole.dtype });
}
