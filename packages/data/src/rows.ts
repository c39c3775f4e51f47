// Rows of tensors by number: tensors of several sources put together row by row, and single rows taken out.

import { DataError, type DType, formatShape, type Shape, type Tensor, tensor } from "@gradus/core";
import type { ColumnData } from "./gather.ts";

/** What holds the elements of a tensor of this dtype. */
export function arrayFor(dtype: DType, size: number): Float32Array | Float64Array | Int32Array | Uint8Array {
  if (dtype === "float32") return new Float32Array(size);
  if (dtype === "float64") return new Float64Array(size);
  return dtype === "int32" ? new Int32Array(size) : new Uint8Array(size);
}

/** Some rows, and the places in the whole at which they are to stand. */
export interface PlacedRows {
  readonly rows: Tensor;
  readonly places: ArrayLike<number>;
}

/**
 * One tensor of `length` rows from several, each row in its place.
 * @throws DataError for parts that differ in the shape of a row or in dtype
 */
export function placeRows(owner: string, parts: readonly PlacedRows[], length: number): Tensor {
  const [first] = parts;
  if (first === undefined) throw new DataError(`${owner}: there are no rows`);
  const { dtype } = first.rows;
  const row: Shape = first.rows.shape.slice(1);
  const width = row.reduce((product, size) => product * size, 1);
  const out = arrayFor(dtype, length * width);
  for (const { rows, places } of parts) {
    checkRow(owner, rows, first.rows);
    const data = rows.toTypedArray();
    for (let index = 0; index < places.length; index++) {
      out.set(data.subarray(index * width, (index + 1) * width), (places[index] ?? 0) * width);
    }
  }
  return tensor(out, { shape: [length, ...row], dtype });
}

/** @throws DataError where rows have another shape or dtype than those before */
function checkRow(owner: string, rows: Tensor, first: Tensor): void {
  const kind = ({ dtype, shape }: Tensor): string => `${dtype} ${formatShape(shape.slice(1))}`;
  if (kind(rows) === kind(first)) return;
  throw new DataError(`${owner}: samples must be of one kind, found ${kind(first)} and ${kind(rows)}`);
}

/** The rows of a tensor, each without the axis of rows. */
export function* rowsOf(whole: Tensor): Generator<Tensor> {
  const data: ColumnData = whole.toTypedArray();
  const [length = 0, ...shape] = whole.shape;
  const width = length === 0 ? 0 : data.length / length;
  for (let row = 0; row < length; row++) {
    yield tensor(data.slice(row * width, (row + 1) * width), { shape, dtype: whole.dtype });
  }
}
