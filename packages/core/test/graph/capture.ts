// Graphs for the tests of passes: what a function does with tensors of given shapes, captured and not yet run.

import type { Graph } from "../../src/graph/graph.ts";
import { fuse, type Schedule } from "../../src/graph/passes/fuse.ts";
import { simplify } from "../../src/graph/passes/simplify.ts";
import { GraphTracer } from "../../src/graph/trace.ts";
import { type DType, Tensor, tensor, Variable } from "../../src/index.ts";
import { withTracer } from "../../src/tracing.ts";

/** A shape, with a dtype where it is not float32. */
export type Argument = readonly number[] | { readonly shape: readonly number[]; readonly dtype: DType };

/** The graph of a function of tensors; `results` of the function are those of the graph. */
export function capture(
  shapes: readonly Argument[],
  body: (...args: Tensor[]) => Tensor | readonly Tensor[] | undefined,
): Graph {
  const tracer = new GraphTracer();
  const args = shapes.map((argument, index) =>
    tracer.argument(index, "dtype" in argument ? argument : { shape: argument, dtype: "float32" }),
  );
  return withTracer(tracer, () => {
    const returned = body(...args);
    const results = returned instanceof Tensor ? [returned] : (returned ?? []);
    return tracer.finish(results).graph;
  });
}

/** The graph, simplified and cut into kernels. */
export function schedule(...parts: Parameters<typeof capture>): Schedule {
  return fuse(simplify(capture(...parts)));
}

/** The names of the nodes in each kernel. */
export function kernels({ groups }: Schedule): string[][] {
  return groups.map(({ nodes }) => nodes.map(({ name }) => name));
}

/** A Variable of ones. */
export function variable(shape: readonly number[], name: string): Variable {
  const size = shape.reduce((product, axis) => product * axis, 1);
  return new Variable<readonly number[]>(tensor(new Float32Array(size).fill(1), { shape }), { name });
}
