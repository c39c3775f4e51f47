// @gradus/core/convolution: convolutions and pooling over images, an entry of its own, so that a program without them does not carry
// them.

export * from "./ops/convolution.ts";
export * from "./ops/pooling.ts";
export type { Extent, Padding } from "./window.ts";
