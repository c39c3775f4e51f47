// Matrix products in plain JavaScript: small ones, float64 and int32, and everything where WebAssembly is missing.
// Floats are summed in double precision and rounded once; integers wrap around at 2³¹.
import type { Matrix, MatrixData } from "./matrix.ts";

/** Multiplications up to which packing costs more than it saves. */
const SMALL = 4096;
/** Doubles of A in one packed block. */
const BLOCK = 65536;
const TILE = 4;

/** out[from …] = a · b, row-major; any strides, float32, float64 or int32. */
export function multiplyPlain(a: Matrix, b: Matrix, out: MatrixData, from: number): void {
  if (out instanceof Int32Array) multiplyIntegers(a, b, out, from);
  else if (a.rows * a.columns * b.columns <= SMALL || thin(a, b)) multiplyDirectly(a, b, out, from);
  else multiplyTiled(a, b, out, from);
}

/** Whether most of a tile of C, or of its sums, would be padding. */
const thin = (a: Matrix, b: Matrix): boolean => a.rows < 3 || b.columns < 3 || a.columns < TILE;

/** C[i, j] = Σ over k of A[i, k] · B[k, j], as the textbook has it. */
function multiplyDirectly(a: Matrix, b: Matrix, out: MatrixData, from: number): void {
  const { data: left, rows, columns: depth, columnStride: leftStep } = a;
  const { data: right, columns, rowStride: rightStep } = b;
  let cell = from;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let x = a.offset + i * a.rowStride;
      let y = b.offset + j * b.columnStride;
      let sum = 0;
      for (let k = 0; k < depth; k++, x += leftStep, y += rightStep) sum += (left[x] ?? 0) * (right[y] ?? 0);
      out[cell++] = sum;
    }
  }
}

/** Row by row, C[i, :] += A[i, k] · B[k, :]; storing in an Int32Array wraps the sum around. */
function multiplyIntegers(a: Matrix, b: Matrix, out: Int32Array, from: number): void {
  const { data: left, rows, columns: depth } = a;
  const { data: right, columns, columnStride } = b;
  out.fill(0, from, from + rows * columns);
  for (let i = 0; i < rows; i++) {
    const start = from + i * columns;
    for (let k = 0; k < depth; k++) {
      const factor = left[a.offset + i * a.rowStride + k * a.columnStride] ?? 0;
      let y = b.offset + k * b.rowStride;
      for (let j = start; j < start + columns; j++, y += columnStride) {
        out[j] = (out[j] ?? 0) + Math.imul(factor, right[y] ?? 0);
      }
    }
  }
}

/** Packed blocks of A against packed panels of B, 4 × 4 cells of C at a time. */
function multiplyTiled(a: Matrix, b: Matrix, out: MatrixData, from: number): void {
  const { rows, columns: depth } = a;
  const { columns } = b;
  const height = Math.min(Math.ceil(rows / TILE), Math.max(4, Math.floor(BLOCK / depth / TILE))) * TILE;
  const [block, panel, tile] = [
    new Float64Array(height * depth),
    new Float64Array(TILE * depth),
    new Float64Array(TILE * TILE),
  ];
  for (let top = 0; top < rows; top += height) {
    const bottom = Math.min(top + height, rows);
    for (let i = top; i < bottom; i += TILE) {
      pack(
        a.data,
        a.offset + i * a.rowStride,
        a.rowStride,
        a.columnStride,
        bottom - i,
        block,
        (i - top) * depth,
        depth,
      );
    }
    for (let j = 0; j < columns; j += TILE) {
      pack(b.data, b.offset + j * b.columnStride, b.columnStride, b.rowStride, columns - j, panel, 0, depth);
      for (let i = top; i < bottom; i += TILE) {
        multiplyTile(block, (i - top) * depth, panel, depth, tile);
        const [tileRows, tileColumns] = [Math.min(TILE, bottom - i), Math.min(TILE, columns - j)];
        for (let r = 0; r < tileRows; r++) {
          for (let c = 0; c < tileColumns; c++) out[from + (i + r) * columns + j + c] = tile[r * TILE + c] ?? 0;
        }
      }
    }
  }
}

/** target[at + 4 · step + line] = source(line, step) for `count` lines, zero for the others of the four. */
function pack(
  source: MatrixData,
  offset: number,
  lineStride: number,
  stepStride: number,
  count: number,
  target: Float64Array,
  at: number,
  depth: number,
): void {
  for (let line = 0; line < TILE; line++) {
    let x = offset + line * lineStride;
    let y = at + line;
    for (let step = 0; step < depth; step++, x += stepStride, y += TILE)
      target[y] = line < count ? (source[x] ?? 0) : 0;
  }
}

/** tile = (four packed rows) · (four packed columns): sixteen sums that stay in registers. */
function multiplyTile(block: Float64Array, at: number, panel: Float64Array, depth: number, tile: Float64Array): void {
  let s00 = 0;
  let s01 = 0;
  let s02 = 0;
  let s03 = 0;
  let s10 = 0;
  let s11 = 0;
  let s12 = 0;
  let s13 = 0;
  let s20 = 0;
  let s21 = 0;
  let s22 = 0;
  let s23 = 0;
  let s30 = 0;
  let s31 = 0;
  let s32 = 0;
  let s33 = 0;
  const end = TILE * depth;
  for (let x = at, y = 0; y < end; x += TILE, y += TILE) {
    const b0 = panel[y] ?? 0;
    const b1 = panel[y + 1] ?? 0;
    const b2 = panel[y + 2] ?? 0;
    const b3 = panel[y + 3] ?? 0;
    let a = block[x] ?? 0;
    s00 += a * b0;
    s01 += a * b1;
    s02 += a * b2;
    s03 += a * b3;
    a = block[x + 1] ?? 0;
    s10 += a * b0;
    s11 += a * b1;
    s12 += a * b2;
    s13 += a * b3;
    a = block[x + 2] ?? 0;
    s20 += a * b0;
    s21 += a * b1;
    s22 += a * b2;
    s23 += a * b3;
    a = block[x + 3] ?? 0;
    s30 += a * b0;
    s31 += a * b1;
    s32 += a * b2;
    s33 += a * b3;
  }
  tile[0] = s00;
  tile[1] = s01;
  tile[2] = s02;
  tile[3] = s03;
  tile[4] = s10;
  tile[5] = s11;
  tile[6] = s12;
  tile[7] = s13;
  tile[8] = s20;
  tile[9] = s21;
  tile[10] = s22;
  tile[11] = s23;
  tile[12] = s30;
  tile[13] = s31;
  tile[14] = s32;
  tile[15] = s33;
}
