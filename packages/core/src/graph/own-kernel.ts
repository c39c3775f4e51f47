// Which nodes have a kernel of their own, rather than a part in a loop, and what such kernels can do.

import { sizeOf } from "../shape.ts";
import type { GraphNode, Operand } from "./graph.ts";

/** Whether there is a kernel for a node that is no part of a loop; if not, it runs eagerly. */
export function hasKernel({ work, inputs, outputs }: GraphNode): boolean {
  if (work.kind === "random") return outputs[0]?.dtype === "float32";
  if (work.kind === "native") {
    const specs = inputs.map(({ value, shape }) => ({ shape, dtype: value.dtype }));
    return outputs[0] !== undefined && work.kernel.suits(specs, outputs[0]);
  }
  return work.kind === "matmul" && inputs.every(suitsProduct) && outputs.every(({ shape }) => sizeOf(shape) > 0);
}

/** Whether a node's kernel can hand its results to an epilogue. */
export function takesEpilogue(node: GraphNode): boolean {
  const { work } = node;
  return (work.kind === "matmul" || (work.kind === "native" && work.kernel.takesEpilogue === true)) && hasKernel(node);
}

/** Whether the product kernels can read an operand as it lies. */
function suitsProduct({ value, shape, strides }: Operand): boolean {
  const [rows, columns] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
  const [row, column] = [strides.at(-2) ?? 0, strides.at(-1) ?? 0];
  if (value.dtype !== "float32" || rows === 0 || columns === 0) return false;
  return (
    (column === 1 && (row >= columns || rows === 1)) ||
    (row === 1 && (column >= rows || columns === 1)) ||
    (columns === 1 && row > 0)
  );
}
