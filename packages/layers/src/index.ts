// @gradus/layers: layers, initializers and losses.

export { ReLU, Sigmoid, Softmax, type SoftmaxOptions, Tanh } from "./activations.ts";
export { BatchNorm, type BatchNormLayerOptions } from "./batch-norm.ts";
// Layers
export { Dense, type DenseOptions } from "./dense.ts";
export { Dropout, type DropoutOptions } from "./dropout.ts";
export { Flatten } from "./flatten.ts";
// Initializers: all as initializers.normal and so on; these four have names that nothing else has
export * as initializers from "./initializers.ts";
export {
  type FloatDType,
  heNormal,
  heUniform,
  type Initializer,
  type InitializerFamily,
  type InitializerOptions,
  xavierNormal,
  xavierUniform,
} from "./initializers.ts";
// What every layer is, and chains of them
export { Layer } from "./layer.ts";
export type * from "./layer-types.ts";
// Losses
export { type CrossEntropyOptions, crossEntropy, type Loss, type LossReduction, meanSquaredError } from "./losses.ts";
export { Sequential, type SequentialRule } from "./sequential.ts";
export type { StateDict, StateDictLike } from "./state-dict.ts";
export type { SummaryOptions } from "./summary.ts";
