// @gradus/core: tensors, automatic differentiation, and the engines that run them.

import "./ops/install.ts";

// Tensors
export { Tensor, Variable, enableGrad, gradientsEnabled, type Assignable, type VariableOptions } from "./tensor.ts";
export type { DType, TypedArray } from "./dtype.ts";
export { print, type NestedArray } from "./print.ts";
export * from "./ops/creation.ts";
export * from "./ops/random.ts";
export { defaultGenerator, Generator, type GeneratorState, manualSeed } from "./random.ts";
export { isDeterministic, setDeterministic } from "./deterministic.ts";

// Operators
export * from "./ops/elementwise.ts";
export * from "./ops/reduction.ts";
export * from "./ops/statistics.ts";
export * from "./ops/movement.ts";
export * from "./ops/matmul.ts";
export * from "./ops/indexing.ts";
export * from "./ops/joining.ts";
export * from "./ops/softmax.ts";
export * from "./ops/losses.ts";
export * from "./ops/normalization.ts";
export * from "./ops/dropout.ts";

// Operators of your own
export {
  type BinaryOp,
  boolDType,
  branchDType,
  elementwise,
  type ElementwiseDefinition,
  type ElementwiseOp,
  floatDType,
  type ReductionOp,
  type ReductionOptions,
  type ResultRule,
  sameDType,
  type TernaryOp,
  type UnaryOp,
} from "./ops/constructors.ts";
export type { Op, Operand } from "./ops/op.ts";
export { shareMemory, stepScalar, type Update, update, type UpdateFormula } from "./ops/update.ts";
export type { ScalarFunction, Vocabulary } from "./expr/expr.ts";
export type { GradientFormula, ScalarFormula } from "./expr/formula.ts";

// Gradients
export * from "./autograd.ts";
export { gradcheck, type GradcheckOptions } from "./gradcheck.ts";
export { noGrad } from "./tape.ts";
export { detectAnomaly } from "./anomaly.ts";
export { everyCall, observed } from "./tracing.ts";
export { currentScope, withScope } from "./scope.ts";

// Errors and shapes
export * from "./errors.ts";
export { type Axes, formatShape, sizeOf } from "./shape.ts";
export type * from "./shape-types.ts";
export { typed } from "./shape-types.ts";
