// Matrix products in programs: which operands the kernels can read as they lie, and a thread's share of a batch of products.

import { GraphError } from "../errors.ts";
import type { GraphNode, Operand, Value } from "../graph/graph.ts";
import { collapse, contiguousStrides } from "../shape.ts";
import type { Callable, FunctionBuilder, Local, ModuleBuilder } from "../wasm/assembler.ts";
import type { Epilogue } from "../wasm/epilogue.ts";
import { type GemmForm, gemmKernel, gemmScratchBytes } from "../wasm/gemm.ts";
import { endingOf } from "../wasm/gemm-ending.ts";
import { emitShare, type Share } from "../wasm/share.ts";

/** The function that computes products of a node's form; one with an epilogue has a function of its own. */
export function productKernel(module: ModuleBuilder, node: GraphNode, epilogue?: Epilogue): Callable {
  const [a, b] = node.inputs;
  if (a === undefined || b === undefined) throw new GraphError("matmul: operands are missing");
  const form: GemmForm = `${matrixForm(a).form}${matrixForm(b).form}`;
  if (epilogue === undefined) return gemmKernel(module, { form });
  return gemmKernel(module, { form, ending: endingOf(epilogue, b.shape.at(-1) ?? 1, a.shape.at(-1) ?? 1) });
}

/** Each thread's room for packing. */
export const gemmScratch = (): number => Math.ceil(gemmScratchBytes() / 64) * 64;

/** Where a product works. */
export interface ProductPlaces {
  of(value: Value): number;
  readonly scratch: number;
}

/** A thread's share of a batch of products, the first at `target`: of the columns of each, or of the rows where there are more. */
export function emitProduct(
  f: FunctionBuilder,
  kernel: Callable,
  node: GraphNode,
  { places, target, share }: { readonly places: ProductPlaces; readonly target: number; readonly share: Share },
): void {
  const [a, b] = node.inputs;
  const [c] = node.outputs;
  if (a === undefined || b === undefined || c === undefined) throw new GraphError("matmul: operands are missing");
  const [left, right] = [matrixForm(a), matrixForm(b)];
  const [m, n, k] = [c.shape.at(-2) ?? 1, c.shape.at(-1) ?? 1, a.shape.at(-1) ?? 1];
  const batch = c.shape.slice(0, -2);
  const steps = [a, b].map(({ shape, strides }) =>
    batch.map((_, axis) => {
      const own = axis - batch.length + shape.length - 2;
      return own < 0 || (shape[own] === 1 && batch[axis] !== 1) ? 0 : (strides[own] ?? 0);
    }),
  );
  const nest = collapse(batch, [...steps, contiguousStrides(c.shape).slice(0, -2)]);
  const byRows = m > n;
  const [lines, unit] = byRows ? [m, 4] : [n, 8];
  const [from, to] = emitShare(f, Math.ceil(lines / unit), share, unit);
  f.clamp(to, lines);
  const count = f.local("i32");
  f.get(to).get(from).op("i32.sub").set(count);
  f.get(from)
    .get(to)
    .op("i32.lt_u")
    .if(() => {
      // How far apart the shares begin in A, B and C, in floats for each line.
      const apart = byRows
        ? [left.form === "n" ? left.stride : 1, 0, n]
        : [0, right.form === "n" ? 1 : right.stride, 1];
      const starts = [places.of(a.value) + 4 * a.offset, places.of(b.value) + 4 * b.offset, target];
      const pointers = starts.map((start, index) => {
        const pointer = f.local("i32");
        f.i32(start)
          .plus(from, 4 * (apart[index] ?? 0))
          .set(pointer);
        return pointer;
      });
      const scratch = f.local("i32");
      f.i32(places.scratch).plus(share.part, gemmScratch()).set(scratch);
      nestOf(f, nest, pointers, () => {
        for (const pointer of pointers) f.get(pointer);
        f.push(scratch, byRows ? count : m, byRows ? n : count, k, 4 * left.stride, 4 * right.stride, 4 * n, 0);
        f.call(kernel);
      });
    });
}

/** Loops over a batch, moving each pointer by its strides (in floats). */
function nestOf(
  f: FunctionBuilder,
  { sizes, strides }: { readonly sizes: readonly number[]; readonly strides: readonly (readonly number[])[] },
  pointers: readonly Local<"i32">[],
  body: () => void,
  level = 0,
): void {
  if (level === sizes.length) {
    body();
    return;
  }
  const size = sizes[level] ?? 1;
  const counter = f.local("i32");
  f.for(counter, 0, size, 1, () => {
    nestOf(f, { sizes, strides }, pointers, body, level + 1);
    for (const [index, pointer] of pointers.entries()) f.increment(pointer, 4 * (strides[index]?.[level] ?? 0));
  });
  for (const [index, pointer] of pointers.entries()) f.increment(pointer, -4 * size * (strides[index]?.[level] ?? 0));
}

/** How a product reads an operand: as it is stored, or transposed; and the step between stored rows. */
function matrixForm({ shape, strides }: Operand): { readonly form: "n" | "t"; readonly stride: number } {
  const [rows, columns] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
  const [row, column] = [strides.at(-2) ?? 0, strides.at(-1) ?? 0];
  if (column === 1 || columns === 1) return { form: "n", stride: rows === 1 ? columns : row };
  return { form: "t", stride: columns === 1 ? rows : column };
}
