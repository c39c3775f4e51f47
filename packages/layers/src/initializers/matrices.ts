// Initializers of matrices that keep lengths: rotations, and the identity. Kernels of convolutions `[…window, in, out]` are matrices too,
// with a row for each input under the window: `[window · in, out]`.
// Source: A. Saxe, J. McClelland, S. Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks",
// ICLR 2014.

import { normal, type Shape, ShapeError, type Tensor, tensor } from "@gradus/core";
import { positive } from "../options.ts";
import { family, type InitializerFamily, type InitializerOptions } from "./family.ts";
import type { GainSettings } from "./scaling.ts";

/**
 * A random matrix, of all directions equally likely, whose columns (or rows, if there are fewer) have length `gain` and stand at right
 * angles, so that it stretches every vector by the same factor: Q of the factors Q·R of normal numbers, R's diagonal being positive.
 *
 * @throws ShapeError for a shape of fewer than two axes
 * @example
 * const w = orthogonal([64, 32], { dtype: "float64" });
 * w.transpose().matmul(w).sub(eye(32)).abs().max().item() < 1e-12; // true
 */
export const orthogonal: InitializerFamily<GainSettings> = /* @__PURE__ */ family(
  "orthogonal",
  { gain: 1 },
  { gain: positive },
  (shape, { gain }, options) => {
    const { rows, columns } = matrixOf("orthogonal", shape);
    const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
    const { dtype = "float32", ...source } = options;
    const vectors = Float64Array.from(normal([count, length], { dtype: "float64", ...source }).toTypedArray());
    orthonormalize(vectors, count, length);
    const scaled = vectors.map((value) => gain * value);
    const across: Tensor = tensor(scaled, { shape: [count, length], dtype });
    const matrix = rows >= columns ? across.transpose(0, 1) : across;
    return matrix.reshape<readonly number[], readonly number[]>(shape);
  },
);

/**
 * What passes its input on, times `gain`: ones on the diagonal of `[in, out]`; of the kernel of a convolution, at the window's center, so
 * that with `padding: "same"` images stay as they are.
 *
 * @throws ShapeError for a shape of fewer than two axes
 * @example identity([2, 3]); // [[1, 0, 0], [0, 1, 0]]
 */
export const identity: InitializerFamily<GainSettings> = /* @__PURE__ */ family(
  "identity",
  { gain: 1 },
  { gain: positive },
  (shape, { gain }, { dtype = "float32" }: InitializerOptions) => {
    const { rows, columns } = matrixOf("identity", shape);
    const values = new Float64Array(rows * columns);
    const inputs = shape.at(-2) ?? 0;
    // The number of the tap in the middle, [⌊(size − 1) / 2⌋, …], counted along the window.
    const center = shape.slice(0, -2).reduce((place, size) => place * size + Math.floor((size - 1) / 2), 0);
    if (values.length > 0) {
      for (let at = 0; at < Math.min(inputs, columns); at++) values[(center * inputs + at) * columns + at] = gain;
    }
    return tensor(values, { shape, dtype });
  },
);

function matrixOf(owner: string, shape: Shape): { readonly rows: number; readonly columns: number } {
  if (shape.length < 2) {
    throw new ShapeError(
      `${owner}: a matrix [in, out] or a kernel […window, in, out] is needed, the shape is [${shape}]`,
    );
  }
  return { rows: shape.slice(0, -1).reduce((product, size) => product * size, 1), columns: shape.at(-1) ?? 0 };
}

/**
 * Gram and Schmidt's method on vectors that lie one after the other: each loses its share of those before it and gets length 1. Where less
 * than half of a vector is left, rounding shows, and it is done once more: twice is enough (B. Parlett, "The symmetric eigenvalue
 * problem", 1980).
 */
function orthonormalize(vectors: Float64Array, count: number, length: number): void {
  for (let row = 0; row < count; row++) {
    const own = vectors.subarray(row * length, (row + 1) * length);
    let before = 0;
    let square = dot(own, own);
    do {
      before = square;
      for (let place = 0; place < row; place++) {
        const other = vectors.subarray(place * length, (place + 1) * length);
        const share = dot(own, other);
        for (let at = 0; at < length; at++) own[at] = (own[at] ?? 0) - share * (other[at] ?? 0);
      }
      square = dot(own, own);
    } while (square < before / 4);
    const scale = 1 / Math.sqrt(square);
    for (let at = 0; at < length; at++) own[at] = (own[at] ?? 0) * scale;
  }
}

/** Σ aᵢ·bᵢ, in four sums that do not wait for one another. */
function dot(a: Float64Array, b: Float64Array): number {
  const { length } = a;
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let at = 0;
  for (; at + 3 < length; at += 4) {
    s0 += (a[at] ?? 0) * (b[at] ?? 0);
    s1 += (a[at + 1] ?? 0) * (b[at + 1] ?? 0);
    s2 += (a[at + 2] ?? 0) * (b[at + 2] ?? 0);
    s3 += (a[at + 3] ?? 0) * (b[at + 3] ?? 0);
  }
  for (; at < length; at++) s0 += (a[at] ?? 0) * (b[at] ?? 0);
  return s0 + s1 + (s2 + s3);
}
