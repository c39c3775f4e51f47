// The kernels that operators ask for by name, so that a program that compiles nothing does not carry them.

import { assemblyKernel } from "../wasm/assembly.ts";
import { extremeKernel } from "../wasm/extremes.ts";
import { gatherKernel, takeAlongKernel } from "../wasm/gathering.ts";
import type { KernelRequest, NativeKernel } from "../wasm/native.ts";
import { oneHotKernel } from "../wasm/one-hot.ts";
import { addAlongKernel, scatterAddKernel } from "../wasm/scattering.ts";

/** The kernel that a request names. */
export function kernelOf(request: KernelRequest): NativeKernel {
  switch (request.kind) {
    case "assembly":
      return assemblyKernel(request.assembly);
    case "gather":
      return gatherKernel(request.axis);
    case "scatterAdd":
      return scatterAddKernel(request.axis);
    case "takeAlong":
      return takeAlongKernel(request.axis);
    case "addAlong":
      return addAlongKernel(request.axis);
    case "extreme":
      return extremeKernel(request);
    case "oneHot":
      return oneHotKernel(request);
  }
}
