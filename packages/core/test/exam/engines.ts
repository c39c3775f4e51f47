// The ways in which a function of tensors can be computed; a row of the policy must hold in each.

import { compile } from "../../src/compile.ts";
import { type DType, type Tensor, type TensorFunction, tensor, vjp } from "../../src/index.ts";
import type { Numbers } from "./reference.ts";
import { flat } from "./reference.ts";

/** A way to compute: eagerly in one of the float types, or as a compiled program. */
export interface Engine {
  readonly name: string;
  readonly dtype: DType;
  /** What rounding may cost it. */
  readonly tolerance: number;
  call<A extends readonly unknown[], R>(f: (...args: A) => R, ...args: A): R;
}

/** Eager float64, eager float32, compiled float32. */
export const engines: readonly Engine[] = [
  { name: "eager, float64", dtype: "float64", tolerance: 1e-12, call: (f, ...args) => f(...args) },
  { name: "eager, float32", dtype: "float32", tolerance: 3e-7, call: (f, ...args) => f(...args) },
  { name: "compiled", dtype: "float32", tolerance: 1e-6, call: (f, ...args) => compile(f)(...args) },
];

/** A function's value, its shape, and the gradients of the value's sum. */
export interface Outcome {
  readonly value: number[];
  readonly shape: readonly number[];
  readonly slopes: number[][];
  /** The shapes of the gradients. */
  readonly shapes: (readonly number[])[];
}

/** The value of f. */
export function resultOf(engine: Engine, f: TensorFunction, ...inputs: readonly Numbers[]): Tensor {
  return engine.call(f, ...inputs.map((values) => tensor(values, { dtype: engine.dtype })));
}

/** The value of f and its gradients. */
export function outcomeOf(engine: Engine, f: TensorFunction, ...inputs: readonly Numbers[]): Outcome {
  const both = (...xs: Tensor[]): Tensor[] => {
    const { value, pullback } = vjp(f, ...xs);
    return [value, ...pullback(tensor(1, { dtype: value.dtype }).broadcastTo(value.shape))];
  };
  const [value, ...slopes] = engine.call(both, ...inputs.map((values) => tensor(values, { dtype: engine.dtype })));
  if (value === undefined) throw new Error("no value");
  return { value: flat(value), shape: value.shape, slopes: slopes.map(flat), shapes: slopes.map(({ shape }) => shape) };
}
