// Kernels that operators bring along: what a product of matrices is to the compiler, a convolution can be too.

import type { Spec } from "../view.ts";
import type { FunctionBuilder, ModuleBuilder } from "./assembler.ts";
import type { Epilogue } from "./epilogue.ts";
import type { Assembly } from "./parts.ts";
import type { Share } from "./share.ts";

/** Where a native kernel works: addresses in bytes. Inputs and the output are contiguous; with an epilogue the output begins at its origin. */
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
  /** Whether each result is complete when it leaves the registers, in rows along the output's last axis, so that an epilogue may take it. */
  readonly takesEpilogue?: boolean;
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
    epilogue?: Epilogue,
  ): (f: FunctionBuilder, places: NativePlaces, share: Share) => void;
}

/**
 * The kernels of Tensor's methods, which every program carries: operators ask the compiler for them by name, so that programs that
 * compile nothing do not carry them too.
 */
export type KernelRequest =
  /** A tensor of parts: concat, pad, the adjoint of a slice. */
  | { readonly kind: "assembly"; readonly assembly: Assembly }
  /** Where the extreme of each line along an axis stands: the first of equal ones or the last, NaN before all. */
  | { readonly kind: "extreme"; readonly axis: number; readonly greatest: boolean; readonly last: boolean };
