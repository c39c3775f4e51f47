// @gradus/layers: layers, initializers and losses.

export {
  HardSigmoid,
  HardSwish,
  LogSigmoid,
  LogSoftmax,
  Mish,
  ReLU,
  ReLU6,
  SELU,
  Sigmoid,
  SiLU,
  Softmax,
  type SoftmaxOptions,
  Softplus,
  Softsign,
  Tanh,
} from "./activations.ts";
export {
  CELU,
  ELU,
  type ELUOptions,
  GELU,
  type GELUOptions,
  HardTanh,
  type HardTanhLayerOptions,
  LeakyReLU,
  type LeakyReLUOptions,
  PReLU,
  type PReLUOptions,
} from "./activations-parametric.ts";
export { BatchNorm, type BatchNormLayerOptions } from "./batch-norm.ts";
// What weights cost, and what they are kept to
export {
  type Constraint,
  type MinMaxNormSettings,
  maxNorm,
  minMaxNorm,
  type NormSettings,
  nonNegative,
  unitNorm,
} from "./constraints.ts";
export { ConvTranspose2D, type ConvTranspose2DOptions } from "./conv-transpose2d.ts";
// Layers
export { Conv1D, type Conv1DOptions } from "./conv1d.ts";
export { Conv2D, type Conv2DOptions } from "./conv2d.ts";
export { Dense, type DenseOptions } from "./dense.ts";
export { Dropout, type DropoutOptions } from "./dropout.ts";
export { Embedding, type EmbeddingOptions } from "./embedding.ts";
export { Flatten } from "./flatten.ts";
export type { Foldable } from "./folding.ts";
export { GroupNorm, type GroupNormLayerOptions } from "./group-norm.ts";
export { GRU, type GRUOptions } from "./gru.ts";
// Initializers: all as initializers.normal and so on; these have names that nothing else has
export * as initializers from "./initializers.ts";
export {
  type FloatDType,
  heNormal,
  heUniform,
  type Initializer,
  type InitializerFamily,
  type InitializerOptions,
  leCunNormal,
  leCunUniform,
  orthogonal,
  varianceScaling,
  xavierNormal,
  xavierUniform,
} from "./initializers.ts";
export { Lambda } from "./lambda.ts";
// What every layer is, and chains of them
export { Layer } from "./layer.ts";
export { LayerNorm, type LayerNormLayerOptions } from "./layer-norm.ts";
export type * from "./layer-types.ts";
// Losses
export * from "./losses.ts";
export { LSTM, type LSTMOptions } from "./lstm.ts";
export { MultiHeadAttention, type MultiHeadAttentionOptions } from "./multi-head-attention.ts";
export type { BiasOptions, WeightOptions } from "./penalties.ts";
export {
  AvgPool2D,
  type AvgPool2DOptions,
  GlobalAvgPool2D,
  MaxPool2D,
  type MaxPool2DOptions,
  type Pool2DOptions,
} from "./pooling.ts";
export { PositionalEncoding, type PositionalEncodingOptions } from "./positional-encoding.ts";
export { Recurrent, type RecurrentOptions } from "./recurrent.ts";
export { type L1L2Factors, l1, l1l2, l2, type Regularizer } from "./regularizers.ts";
export { Reshape } from "./reshape.ts";
export { Residual } from "./residual.ts";
export { RMSNorm, type RMSNormOptions } from "./rms-norm.ts";
export { Sequential, type SequentialRule } from "./sequential.ts";
export { SimpleRNN, type SimpleRNNOptions } from "./simple-rnn.ts";
export type { StateDict, StateDictLike } from "./state-dict.ts";
export type { SummaryOptions } from "./summary.ts";
export type * from "./window-types.ts";
