// @gradus/core: tensors, automatic differentiation, and the engines that run them.

import "./ops/install.ts";

// Gradients
export * from "./autograd.ts";
export { checkpoint } from "./checkpoint.ts";
export * from "./custom-op.ts";
export { detectAnomaly } from "./detect-anomaly.ts";
export type { DType, TypedArray } from "./dtype.ts";
// Errors and shapes
export * from "./errors.ts";
export type { ScalarFunction, Vocabulary } from "./expr/expr.ts";
export type { GradientFormula, ScalarFormula } from "./expr/formula.ts";
export { type GradcheckOptions, gradcheck } from "./gradcheck.ts";
export * from "./ops/activations.ts";
export * from "./ops/along-axis.ts";
export * from "./ops/attention.ts";
export * from "./ops/binary-cross-entropy.ts";
export * from "./ops/categorical.ts";
// Operators of your own
export {
  type BinaryOp,
  boolDType,
  branchDType,
  type ElementwiseDefinition,
  type ElementwiseOp,
  elementwise,
  floatDType,
  type ReductionOp,
  type ReductionOptions,
  type ResultRule,
  sameDType,
  type TernaryOp,
  type UnaryOp,
} from "./ops/constructors.ts";
export * from "./ops/copying.ts";
export * from "./ops/creation.ts";
export * from "./ops/cross-entropy.ts";
export * from "./ops/dropout.ts";
// Operators
export * from "./ops/einsum.ts";
export * from "./ops/elementwise.ts";
export * from "./ops/gated-activations.ts";
export * from "./ops/gru.ts";
export * from "./ops/indexing.ts";
export * from "./ops/joining.ts";
export * from "./ops/layer-normalization.ts";
export type { LossOptions, LossReduction } from "./ops/loss-reduction.ts";
export * from "./ops/lstm.ts";
export * from "./ops/matmul.ts";
export * from "./ops/movement.ts";
export * from "./ops/normalization.ts";
export type { Op, Operand } from "./ops/op.ts";
export * from "./ops/padding.ts";
export * from "./ops/products.ts";
export * from "./ops/random.ts";
export type { RecurrentResult } from "./ops/recurrent-steps.ts";
export * from "./ops/reduction.ts";
export * from "./ops/regression-losses.ts";
export * from "./ops/rnn.ts";
export * from "./ops/scans.ts";
export * from "./ops/similarity-losses.ts";
export * from "./ops/slicing.ts";
export * from "./ops/softmax.ts";
export * from "./ops/sorting.ts";
export * from "./ops/statistics.ts";
export * from "./ops/tiling.ts";
export * from "./ops/triangles.ts";
export { shareMemory, stepScalar, type Update, type UpdateFormula, update } from "./ops/update.ts";
export { type NestedArray, print } from "./print.ts";
export { defaultGenerator, Generator, type GeneratorState, manualSeed } from "./random.ts";
export { currentScope, withScope } from "./scope.ts";
export { type Axes, formatShape, sizeOf } from "./shape.ts";
export type * from "./shape-types.ts";
export { typed } from "./shape-types.ts";
export { noGrad } from "./tape.ts";
// Tensors
export { type Assignable, enableGrad, gradientsEnabled, Tensor, Variable, type VariableOptions } from "./tensor.ts";
export { currentCapture, everyCall, isRecomputing, observed } from "./tracing.ts";
