// The kernels that Tensor's methods ask for by name, so that a program that compiles nothing does not carry them. Operators that a
// program imports bring their own.

import { assemblyKernel } from "../wasm/assembly.ts";
import { extremeKernel } from "../wasm/extremes.ts";
import type { KernelRequest, NativeKernel } from "../wasm/native.ts";

/** The kernel that a request names. */
export function kernelOf(request: KernelRequest): NativeKernel {
  return request.kind === "assembly" ? assemblyKernel(request.assembly) : extremeKernel(request);
}
