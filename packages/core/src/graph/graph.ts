// The computation graph: what was captured, as nodes that compute values from views of other values. Movements leave no nodes:
// a transposed or broadcast operand is the same value read with other strides.

import type { DType } from "../dtype.ts";
import type { Expr } from "../expr/expr.ts";
import type { Generator } from "../random.ts";
import type { Shape } from "../shape.ts";
import type { Variable } from "../tensor.ts";
import type { Storage, View } from "../view.ts";
import type { NativeKernel } from "../wasm/native.ts";

/** A result of a node, laid out contiguously. */
export interface Value {
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly node: GraphNode;
}

/** A value as a node reads it. */
export interface Operand {
  readonly value: Value;
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** What a node does. */
export type Work =
  /** A tensor given at each call. */
  | { readonly kind: "argument"; readonly index: number }
  /** The value that a Variable has when the program starts. */
  | { readonly kind: "variable"; readonly storage: Storage; readonly variable: Variable | null }
  /** A tensor that was there when the program was captured. */
  | { readonly kind: "constant"; readonly view: View }
  /** A number computed before each call. */
  | { readonly kind: "host"; readonly compute: () => number }
  /** A gradient from before the call. */
  | { readonly kind: "gradient"; readonly variable: Variable }
  /** Formulas over operands of one shape; one output each. */
  | { readonly kind: "elementwise"; readonly formulas: readonly Expr[] }
  /** A fold over axes. */
  | { readonly kind: "reduce"; readonly combine: Expr; readonly init: number; readonly axes: readonly number[] }
  /** A batch of matrix products. */
  | { readonly kind: "matmul" }
  /** Uniform random numbers in [0, 1). */
  | { readonly kind: "random"; readonly generator: Generator }
  /** An operator with its own kernel. */
  | { readonly kind: "native"; readonly kernel: NativeKernel }
  /** An operator without a kernel of its own. */
  | { readonly kind: "eager" };

/** One step of the computation. */
export interface GraphNode {
  readonly id: number;
  /** The operator's name. */
  readonly name: string;
  /** The layers that were running. */
  readonly scope: string;
  readonly work: Work;
  readonly inputs: readonly Operand[];
  readonly outputs: readonly Value[];
  /** The same computation, eagerly; null for sources. */
  readonly eager: ((inputs: readonly View[]) => readonly View[]) | null;
}

/** A value that a Variable will have after the call. */
interface Assignment {
  readonly storage: Storage;
  readonly value: Operand;
}

/** A captured computation. */
export interface Graph {
  /** In an order in which each comes after what it reads. */
  readonly nodes: readonly GraphNode[];
  readonly results: readonly Operand[];
  readonly assignments: readonly Assignment[];
  /** Gradients that Variables have after the call, or null where they have none. */
  readonly gradients: readonly { readonly variable: Variable; readonly value: Operand | null }[];
}

/** The values that must exist after the call. */
export function rootsOf(graph: Graph): Operand[] {
  return [
    ...graph.results,
    ...graph.assignments.map(({ value }) => value),
    ...graph.gradients.flatMap(({ value }) => (value === null ? [] : [value])),
  ];
}

/** Whether a node draws random numbers eagerly: it happens before the call's kernels, so that generators are asked in order. */
export function isDrawn({ work, inputs, outputs }: GraphNode): boolean {
  return inputs.length === 0 && (work.kind === "eager" || (work.kind === "random" && outputs[0]?.dtype !== "float32"));
}

/** Whether a node's value comes from outside of the computation. */
export function isSource({ work }: GraphNode): boolean {
  return ["argument", "variable", "constant", "host", "gradient"].includes(work.kind);
}
