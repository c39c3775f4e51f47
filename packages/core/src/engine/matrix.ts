// A matrix as the products of the engine see it: a window on a typed array with any strides.

import type { TypedArray } from "../dtype.ts";

/** The elements of a matrix; products exist for float32, float64 and int32. */
export type MatrixData = TypedArray;

/** A window on a typed array: element (i, j) is `data[offset + i · rowStride + j · columnStride]`. */
export interface Matrix {
  readonly data: MatrixData;
  readonly offset: number;
  readonly rows: number;
  readonly columns: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** The rows from `start` on, at most `count` of them. */
export function rowsOf(matrix: Matrix, start: number, count: number): Matrix {
  const rows = Math.min(count, matrix.rows - start);
  return { ...matrix, rows, offset: matrix.offset + start * matrix.rowStride };
}

/** The transpose, without copying. */
export function transposed({ data, offset, rows, columns, rowStride, columnStride }: Matrix): Matrix {
  return { data, offset, rows: columns, columns: rows, rowStride: columnStride, columnStride: rowStride };
}
