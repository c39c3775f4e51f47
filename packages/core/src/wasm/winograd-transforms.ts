// The transforms of Winograd's F(2×2, 3×3): Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A gives the 2 × 2 results Y of a 3 × 3 kernel g over a 4 × 4 tile d
// with 16 products instead of 36. Its adjoint gives the kernel's gradient: dg = Gᵀ[(A dY Aᵀ) ⊙ (Bᵀ d B)]G. All factors are ±1 and ½,
// which cost few digits.
// Source: A. Lavin, S. Gray, "Fast Algorithms for Convolutional Neural Networks", 2015 (arXiv:1509.09308).

import type { FunctionBuilder, Local } from "./assembler.ts";

type Vector = Local<"v128">;
type Two = readonly [Vector, Vector];
type Three = readonly [Vector, Vector, Vector];
type Four = readonly [Vector, Vector, Vector, Vector];

/** The side of a tile, how far tiles stand apart, and the values of a tile. */
export const TILE = 4;
export const STEP = 2;
export const VALUES: number = TILE * TILE;

function result(f: FunctionBuilder): Vector {
  const local = f.local("v128");
  f.set(local);
  return local;
}

const add = (f: FunctionBuilder, x: Vector, y: Vector): Vector => result(f.get(x).get(y).op("f32x4.add"));
const sub = (f: FunctionBuilder, x: Vector, y: Vector): Vector => result(f.get(x).get(y).op("f32x4.sub"));
const half = (f: FunctionBuilder, x: Vector): Vector => result(f.get(x).f32(0.5).op("f32x4.splat").op("f32x4.mul"));

/** Bᵀ d */
function tileLine(f: FunctionBuilder, [a, b, c, d]: Four): Four {
  return [sub(f, a, c), add(f, b, c), sub(f, c, b), sub(f, b, d)];
}

/** G g */
function kernelLine(f: FunctionBuilder, [a, b, c]: Three): Four {
  const [even, odd] = [half(f, add(f, a, c)), half(f, b)];
  return [a, add(f, even, odd), sub(f, even, odd), c];
}

/** Aᵀ m */
function resultLine(f: FunctionBuilder, [a, b, c, d]: Four): Two {
  return [add(f, add(f, a, b), c), sub(f, sub(f, b, c), d)];
}

/** A y */
function spreadLine(f: FunctionBuilder, [a, b]: Two): Four {
  return [a, add(f, a, b), sub(f, a, b), result(f.get(b).op("f32x4.neg"))];
}

/** Gᵀ u */
function gatherLine(f: FunctionBuilder, [a, b, c, d]: Four): Three {
  const even = half(f, add(f, b, c));
  return [add(f, a, even), half(f, sub(f, b, c)), add(f, even, d)];
}

const two = <T>(make: (index: number) => T): readonly [T, T] => [make(0), make(1)];
const three = <T>(make: (index: number) => T): readonly [T, T, T] => [make(0), make(1), make(2)];
const four = <T>(make: (index: number) => T): readonly [T, T, T, T] => [make(0), make(1), make(2), make(3)];

/** Reads a value of a square, and takes one of a transformed square. */
type Read = (row: number, column: number) => Vector;
type Write = (row: number, column: number, value: Vector) => void;

const each = (write: Write, row: number, line: readonly Vector[]): void => {
  for (const [column, value] of line.entries()) write(row, column, value);
};

/** Bᵀ d B of a tile. */
export function transformTile(f: FunctionBuilder, read: Read, write: Write): void {
  const columns = four((x) =>
    tileLine(
      f,
      four((y) => read(y, x)),
    ),
  );
  for (const y of [0, 1, 2, 3] as const)
    each(write, y, tileLine(f, [columns[0][y], columns[1][y], columns[2][y], columns[3][y]]));
}

/** G g Gᵀ of a kernel. */
export function transformKernel(f: FunctionBuilder, read: Read, write: Write): void {
  const columns = three((x) =>
    kernelLine(
      f,
      three((y) => read(y, x)),
    ),
  );
  for (const y of [0, 1, 2, 3] as const) each(write, y, kernelLine(f, [columns[0][y], columns[1][y], columns[2][y]]));
}

/** Aᵀ m A: the results of a tile. */
export function resultsOf(f: FunctionBuilder, read: Read, write: Write): void {
  const columns = four((x) =>
    resultLine(
      f,
      four((y) => read(y, x)),
    ),
  );
  for (const y of [0, 1] as const)
    each(write, y, resultLine(f, [columns[0][y], columns[1][y], columns[2][y], columns[3][y]]));
}

/** A dY Aᵀ: the adjoint of the results. */
export function spreadResults(f: FunctionBuilder, read: Read, write: Write): void {
  const columns = two((x) =>
    spreadLine(
      f,
      two((y) => read(y, x)),
    ),
  );
  for (const y of [0, 1, 2, 3] as const) each(write, y, spreadLine(f, [columns[0][y], columns[1][y]]));
}

/** Gᵀ u G: the adjoint of the kernel's transform. */
export function gatherKernel(f: FunctionBuilder, read: Read, write: Write): void {
  const columns = four((x) =>
    gatherLine(
      f,
      four((y) => read(y, x)),
    ),
  );
  for (const y of [0, 1, 2] as const)
    each(write, y, gatherLine(f, [columns[0][y], columns[1][y], columns[2][y], columns[3][y]]));
}
