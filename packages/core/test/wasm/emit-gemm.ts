// Products whose sizes are known when they are emitted, as functions of a module: what the tests call kernels through.

import { checkOption } from "../../src/errors.ts";
import type { FunctionBuilder, ModuleBuilder } from "../../src/wasm/assembler.ts";
import type { Epilogue } from "../../src/wasm/epilogue.ts";
import { gemmKernel, type KernelOptions } from "../../src/wasm/gemm.ts";
import { endingOf } from "../../src/wasm/gemm-ending.ts";

/** The sizes, parts and strides of one product, known when it is emitted. */
export interface GemmOptions extends Omit<KernelOptions, "ending"> {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Rows and columns of C to compute, such as one thread's share; all by default. */
  readonly rowStart?: number;
  readonly rowEnd?: number;
  readonly columnStart?: number;
  readonly columnEnd?: number;
  /** C += op(A) · op(B) instead of C = op(A) · op(B). */
  readonly accumulate?: boolean;
  /** Elements from one stored row of A, B, C to the next; contiguous by default. */
  readonly lda?: number;
  readonly ldb?: number;
  readonly ldc?: number;
  readonly epilogue?: Epilogue;
}

/**
 * Defines `name(a, b, c, scratch)`, addresses in bytes, which computes a product whose sizes are known now.
 * It hands these sizes to a kernel that all products of a form share (one with an epilogue has a kernel of its own),
 * so that a program's code stays small and is optimized once.
 */
export function emitGemm(module: ModuleBuilder, name: string, options: GemmOptions): FunctionBuilder {
  const { form, m, n, k, accumulate = false, rowStart = 0, rowEnd = m, columnStart = 0, columnEnd = n } = options;
  const { epilogue } = options;
  checkOption(k >= 1, "emitGemm", "k", "at least 1", k);
  checkOption(epilogue === undefined || !accumulate, "emitGemm", "accumulate", "false beside an epilogue", accumulate);
  const [aTransposed, bTransposed] = [form[0] === "t", form[1] === "t"];
  const { lda = aTransposed ? m : k, ldb = bTransposed ? k : n, ldc = n } = options;
  const [firstRow, firstColumn] = [rowStart * (aTransposed ? 1 : lda), columnStart * (bTransposed ? ldb : 1)];
  const ending = epilogue && endingOf(epilogue, columnEnd - columnStart, k);
  const kernel = gemmKernel(module, { ...options, ...(ending && { ending }) });
  const product = module.define({ parameters: ["i32", "i32", "i32", "i32"] }, (f, a, b, c, scratch) => {
    if (rowStart >= rowEnd || columnStart >= columnEnd) return;
    f.get(a).plus(firstRow, 4).get(b).plus(firstColumn, 4);
    f.get(c).plus(rowStart * ldc + columnStart, 4);
    f.push(scratch, rowEnd - rowStart, columnEnd - columnStart, k);
    f.push(4 * lda, 4 * ldb, 4 * ldc, accumulate ? 1 : 0).call(kernel);
  });
  module.export(name, product);
  return product;
}
