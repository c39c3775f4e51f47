// A matrix as the products of the engine see it: a window on a typed array with any strides.

/** The element types that products exist for. */
export type MatrixData = Float32Array | Float64Array | Int32Array;

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
