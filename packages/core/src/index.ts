// @gradus/core: tensors, automatic differentiation, and the engines that run them.

import "./ops/install.ts";

export { detectAnomaly } from "./anomaly.ts";
// Gradients
export * from "./autograd.ts";
export type { DType, TypedArray } from "./dtype.ts";
// Errors and shapes
export * from "./errors.ts";
export type { ScalarFunction, Vocabulary } from "./expr/expr.ts";
export type { GradientFormula, ScalarFormula } from "./expr/formula.ts";
export { type GradcheckOptions, gradcheck } from "./gradcheck.ts";
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
export * from "./ops/creation.ts";
export * from "./ops/dropout.ts";
// Operators
export * from "./ops/elementwise.ts";
export * from "./ops/indexing.ts";
export * from "./ops/joining.ts";
export * from "./ops/losses.ts";
export * from "./ops/matmul.ts";
export * from "./ops/movement.ts";
export * from "./ops/normalization.ts";
export type { Op, Operand } from "./ops/op.ts";
export * from "./ops/random.ts";
export * from "./ops/reduction.ts";
export * from "./ops/softmax.ts";
export * from "./ops/statistics.ts";
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
export { everyCall, observed } from "./tracing.ts";
