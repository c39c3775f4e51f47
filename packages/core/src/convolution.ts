// @gradus/core/convolution: convolutions, pooling and patches of images, an entry of its own, so that a program without them does not
// carry them.

export * from "./ops/adaptive-pooling.ts";
export * from "./ops/convolution.ts";
export * from "./ops/convolution-1d.ts";
export * from "./ops/pooling.ts";
export * from "./ops/unfold.ts";
export type { Extent, Padding } from "./window.ts";
