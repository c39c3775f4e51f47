// What an operator is, and how one is applied: infer the result's shape, compute it, and put it on the tape.

import { inspection } from "../anomaly.ts";
import { type DType, isFloat, promote } from "../dtype.ts";
import { DTypeError, describe } from "../errors.ts";
import type { Expr } from "../expr/expr.ts";
import type { Generator } from "../random.ts";
import { type BackwardContext, isRecording, Node } from "../tape.ts";
import { Tensor } from "../tensor.ts";
import { tracer } from "../tracing.ts";
import { checkCurrent, type Spec, type View, viewOf } from "../view.ts";
import type { KernelRequest, NativeKernel } from "../wasm/native.ts";

/** A tensor, or a number that takes the dtype of the tensors beside it. */
export type Operand = Tensor | number;

/** The inputs of an operator of one, as its entry reads them. */
export type One<T> = readonly [T];
/** The inputs of an operator of two, or two values that its parts share. */
export type Two<T> = readonly [T, T];
/** Three of them. */
export type Three<T> = readonly [T, T, T];

/** How a captured application of an operator is computed. */
export type Lowering<Attributes> =
  | { readonly kind: "elementwise"; readonly formula: () => Expr }
  | {
      readonly kind: "reduction";
      readonly combine: () => Expr;
      readonly init: number;
      readonly axes: (attributes: Attributes) => readonly number[];
    }
  | { readonly kind: "movement" }
  | { readonly kind: "matmul" }
  | { readonly kind: "random"; readonly generator: (attributes: Attributes) => Generator }
  | { readonly kind: "native"; readonly kernel: (attributes: Attributes) => NativeKernel }
  /** A kernel of the compiler's. */
  | { readonly kind: "request"; readonly kernel: (attributes: Attributes) => KernelRequest }
  /** Nothing is known but the eager kernel. */
  | { readonly kind: "kernel" };

/** All that is particular to an operator. `Attributes` are its arguments that are no tensors. */
export interface Op<Attributes> {
  /** What messages, graphs and profiles call it. */
  readonly name: string;
  /** The shape and dtype of the result; throws where the inputs do not fit. */
  infer(inputs: readonly Spec[], attributes: Attributes): Spec;
  /** The result, eagerly. */
  compute(inputs: readonly View[], spec: Spec, attributes: Attributes): View;
  /** How compiled programs compute it. */
  readonly lowering: Lowering<Attributes>;
  /** Which inputs the gradient reads, and whether it reads the result: what the tape keeps alive. */
  readonly reads: {
    /** Whether the gradient reads the input of this number. */
    readonly inputs: (index: number) => boolean;
    /** Whether it reads the result. */
    readonly output: boolean;
  };
  /** The gradients of the inputs. */
  backward(context: BackwardContext, attributes: Attributes): readonly (Tensor | null)[];
}

/** Applies an operator to tensors. */
export function run<Attributes>(op: Op<Attributes>, inputs: readonly Tensor[], attributes: Attributes): Tensor {
  let differentiable = false;
  for (const tensor of inputs) {
    checkCurrent(op.name, tensor.view.storage, tensor.version);
    if (tensor.node !== null) differentiable = true;
  }
  const views = inputs.map(({ view }) => view);
  const spec = op.infer(views, attributes);
  const capture = tracer();
  const output = new Tensor(
    capture === null ? op.compute(views, spec, attributes) : capture.apply(op, views, spec, attributes),
  );
  inspection()?.(output.view, op.name);
  if (differentiable && isRecording() && isFloat(spec.dtype)) {
    output.node = Node.of(op.name, inputs, output, (context) => op.backward(context, attributes), op.reads);
  }
  return output;
}

/** Numbers as scalar tensors in the dtype of their partners: a fraction beside integers makes `float32`. */
export function tensorsOf(operation: string, operands: readonly Operand[]): Tensor[] {
  let partner: DType | null = null;
  for (const operand of operands) {
    if (operand instanceof Tensor) partner = partner === null ? operand.dtype : promote(partner, operand.dtype);
    else if (typeof operand !== "number")
      throw new DTypeError(`${operation}: expected a tensor or a number, got ${describe(operand)}`);
  }
  return operands.map((operand) =>
    operand instanceof Tensor ? operand : scalar(operand, dtypeBeside(partner, operand)),
  );
}

function dtypeBeside(partner: DType | null, value: number): DType {
  if (partner !== null && isFloat(partner)) return partner;
  const fitsInteger = Number.isInteger(value) && Math.abs(value) < 2 ** 31;
  return partner !== null && fitsInteger ? "int32" : "float32";
}

/** A tensor of shape [] that holds one number. */
export function scalar(value: number, dtype: DType): Tensor {
  const array =
    dtype === "float32" ? new Float32Array(1) : dtype === "float64" ? new Float64Array(1) : new Int32Array(1);
  array[0] = value;
  return new Tensor(viewOf(array, dtype, []));
}
