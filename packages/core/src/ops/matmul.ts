// Matrix products. A transposed operand is a view, and the engine multiplies it as it lies: A·B, Aᵀ·B and A·Bᵀ, which are all that
// a dense layer's forward and backward need, copy nothing.

import { allocate, isFloat, promote, type TypedArray } from "../dtype.ts";
import { type Matrix, multiply, multiplyInto } from "../engine/matmul.ts";
import { ShapeError } from "../errors.ts";
import { broadcastShapes, broadcastStrides, formatShape, offsetsOf, type Shape, sizeOf } from "../shape.ts";
import { type Check, type MatMul, type Result, typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { type Spec, type View, viewOf } from "../view.ts";
import { type PrimitiveOp, primitive, sumTo } from "./constructors.ts";
import { type Two, tensorsOf } from "./op.ts";

const batchOf = (shape: Shape): Shape => shape.slice(0, -2);

/** Products of matrices with equal or broadcasting leading axes. */
const product: PrimitiveOp<null> = /* @__PURE__ */ primitive({
  name: "matmul",
  infer: ([a, b]: Two<Spec>) => ({
    shape: [...broadcastShapes("matmul", a.shape, b.shape, 2), a.shape.at(-2) ?? 1, b.shape.at(-1) ?? 1],
    dtype: promote(a.dtype, b.dtype),
  }),
  kernel: ([a, b]: Two<View>, spec) => {
    if (spec.shape.length === 2) return viewOf(multiply(matrixOf(a), matrixOf(b)), spec.dtype, spec.shape);
    const out = allocate(spec.dtype, sizeOf(spec.shape));
    if (out.length > 0) multiplyBatches(a, b, spec.shape, out);
    return viewOf(out, spec.dtype, spec.shape);
  },
  lowering: { kind: "matmul" },
  // C = A·B:  dA = dC·Bᵀ,  dB = Aᵀ·dC, summed over axes along which one of them was broadcast.
  gradient: ({ dy, input, needs, specs }) => [
    needs[0] ? sumTo(product([dy, input(1).transpose()], null), specs[0]?.shape ?? []) : null,
    needs[1] ? sumTo(product([input(0).transpose(), dy], null), specs[1]?.shape ?? []) : null,
  ],
});

function multiplyBatches(a: View, b: View, shape: Shape, out: TypedArray): void {
  const [rows, columns] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
  const batch = batchOf(shape);
  const [left, right] = [placesOf(a, batch), placesOf(b, batch)];
  for (const [index, place] of left.entries()) {
    multiplyInto(matrixOf(a, place), matrixOf(b, right[index]), out, index * rows * columns);
  }
}

/** Where the matrices of a batch begin. */
function placesOf({ shape, strides }: View, batch: Shape): Float64Array {
  return offsetsOf(batch, broadcastStrides(batchOf(shape), strides.slice(0, -2), batch));
}

/** The matrix of a batch that begins at a place. */
function matrixOf({ storage, shape, strides, offset }: View, place = 0): Matrix {
  return {
    data: storage.array,
    offset: offset + place,
    rows: shape.at(-2) ?? 1,
    columns: shape.at(-1) ?? 1,
    rowStride: strides.at(-2) ?? 0,
    columnStride: strides.at(-1) ?? 0,
  };
}

/**
 * The matrix product of the last two axes; those before broadcast. A vector is a row on the left and a column on the right.
 * Float and integer operands are brought to their common dtype.
 *
 * @throws ShapeError `matmul [64,784] × [785,10]: inner dimensions 784 and 785 differ`
 * @example matmul([[1, 2], [3, 4]], [[1], [10]]) // [[21], [43]]
 */
export function matmul<A extends Shape, B extends Shape>(
  a: Tensor<A>,
  b: Tensor<B> & Check<MatMul<A, B>>,
): Tensor<Result<MatMul<A, B>>> {
  const [left = a, right = b]: readonly Tensor[] = tensorsOf("matmul", [a, b]);
  return typed(productOf(left, right));
}

function productOf(a: Tensor, b: Tensor): Tensor {
  const given = { toString: () => `matmul ${formatShape(a.shape)} × ${formatShape(b.shape)}` }; // a text only where it is read
  if (a.rank === 0 || b.rank === 0) throw new ShapeError(`${given}: a scalar has no inner dimension`);
  const [k, l] = [a.shape.at(-1), b.shape.at(b.rank === 1 ? 0 : -2)];
  if (k !== l) throw new ShapeError(`${given}: inner dimensions ${k} and ${l} differ`);
  if (a.rank === 1) return productOf(a.unsqueeze(0), b).squeeze(b.rank === 1 ? 0 : -2);
  if (b.rank === 1) return productOf(a, b.unsqueeze(1)).squeeze(-1);
  const meeting = promote(a.dtype, b.dtype);
  const dtype = isFloat(meeting) ? meeting : "int32";
  const [left, right] = [a.cast(dtype), b.cast(dtype)];
  if (b.rank > 2 || a.rank === 2) return product([left, right], null);
  // One matrix on the right: the batch is just more rows on the left.
  const rows = left.reshape([sizeOf(a.shape.slice(0, -1)), a.shape.at(-1) ?? 1]);
  return product([rows, right], null).reshape([...a.shape.slice(0, -1), b.shape.at(-1) ?? 1]);
}
