// Copies between layouts: what movement ends in when a view alone will not do.

import { allocate, arrayFrom, type DType, type TypedArray } from "../dtype.ts";
import { input } from "../expr/expr.ts";
import { contiguous, elements, type View, viewOf, viewSize } from "../view.ts";
import { ElementwiseKernel } from "./elementwise.ts";

let identity: ElementwiseKernel | null = null;

/** The elements of `view` in row-major order, written into a fresh array. */
export function copyElements(view: View): TypedArray {
  if (contiguous(view)) return elements(view).slice();
  const out = allocate(view.dtype, viewSize(view));
  copyInto(view, out);
  return out;
}

/** The elements of `view` in row-major order, written into `out`. */
export function copyInto(view: View, out: TypedArray): void {
  if (contiguous(view)) {
    out.set(elements(view));
    return;
  }
  identity ??= new ElementwiseKernel("copy", [input(0)]);
  identity.run([view], view.shape, [out], view.dtype);
}

/** A contiguous view of the same elements: itself if it is one. */
export function contiguousView(view: View): View {
  return contiguous(view) ? view : viewOf(copyElements(view), view.dtype, view.shape);
}

/** The elements converted: to bool by `x ≠ 0`, to integers by dropping the fraction, as the platform's arrays do. */
export function castElements(view: View, dtype: DType): TypedArray {
  const source = contiguous(view) ? elements(view) : copyElements(view);
  if (dtype !== "bool") return arrayFrom(dtype, source);
  const out = new Uint8Array(source.length);
  for (let index = 0; index < out.length; index++) out[index] = source[index] === 0 ? 0 : 1;
  return out;
}
