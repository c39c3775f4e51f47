// Kernels that operators bring along: what a product of matrices is to the compiler, a convolution can be too.

import type { Spec } from "../view.ts";
import type { FunctionBuilder, ModuleBuilder } from "./assembler.ts";
import type { Share } from "./share.ts";

/** Where a native kernel works: addresses in bytes. Inputs and the output are contiguous. */
export interface NativePlaces {
  readonly inputs: readonly number[];
  readonly output: number;
  /** Room of `scratchBytes` for each thread, one after the other. */
  readonly scratch: number;
}

/** An operator's own kernel. */
export interface NativeKernel {
  /** Whether the kernel can do it for these shapes and dtypes; if not, the operator runs eagerly. */
  suits(inputs: readonly Spec[], output: Spec): boolean;
  /** The arithmetic of a call, for profiles: sums and products; none if not stated. */
  readonly flops?: number;
  /** Bytes of working memory for each thread, a multiple of 64. */
  scratchBytes(inputs: readonly Spec[], output: Spec): number;
  /**
   * Emits what the kernel needs outside of its own function (shared functions), and gives the body: a thread's share of the work,
   * divided over outputs, so that the bits do not depend on the number of threads.
   */
  emit(
    module: ModuleBuilder,
    inputs: readonly Spec[],
    output: Spec,
  ): (f: FunctionBuilder, places: NativePlaces, share: Share) => void;
}
