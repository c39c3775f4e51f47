// What `gemm` needs of Gradus's inside, and no program does: the kernels on memory of their own, and the loop of the peak.

export { gemmModule } from "../../packages/core/src/engine/matmul-wasm.ts";
export { OPERATIONS_PER_ROUND, peakLoop } from "../../packages/core/src/program/peak.ts";
export { features } from "../../packages/core/src/wasm/features.ts";
export { gemmScratchBytes } from "../../packages/core/src/wasm/gemm.ts";
