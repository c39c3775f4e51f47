// Less to compute, with the same results: nodes of constants are computed now, equal nodes become one, and what nothing needs goes.

import { contiguousView } from "../../engine/copy.ts";
import { sizeOf } from "../../shape.ts";
import { elements, type View, viewOf } from "../../view.ts";
import { type Graph, type GraphNode, type Operand, rootsOf, type Value } from "../graph.ts";

/** The largest result that is computed ahead of time, in elements. */
const FOLDED = 4096;
/** The largest constant that is looked for among the others. */
const KEYED = 64;

/** The graph without repeated, constant and unused work. */
export function simplify(graph: Graph): Graph {
  const replaced = new Map<Value, Value>();
  const known = new Map<string, GraphNode>();
  const nodes: GraphNode[] = [];
  const follow = (operand: Operand): Operand => ({ ...operand, value: replaced.get(operand.value) ?? operand.value });
  for (const original of graph.nodes) {
    const node = withInputs(original, original.inputs.map(follow));
    const folded = foldConstants(node) ?? node;
    const key = keyOf(folded);
    const same = key === null ? undefined : known.get(key);
    const kept = same ?? folded;
    for (const [index, value] of original.outputs.entries()) {
      const next = kept.outputs[index];
      if (next !== undefined) replaced.set(value, next);
    }
    if (same !== undefined) continue;
    if (key !== null) known.set(key, folded);
    nodes.push(folded);
  }
  return withoutUnused({
    nodes,
    results: graph.results.map(follow),
    assignments: graph.assignments.map(({ storage, value }) => ({ storage, value: follow(value) })),
    gradients: graph.gradients.map(({ variable, value }) => ({
      variable,
      value: value === null ? null : follow(value),
    })),
  });
}

/** The node with other operands, and new outputs if they differ. */
function withInputs(node: GraphNode, inputs: readonly Operand[]): GraphNode {
  return inputs.every((operand, index) => operand.value === node.inputs[index]?.value)
    ? node
    : rebuilt({ ...node, inputs });
}

/** A node of its own: its outputs point to it. */
function rebuilt(parts: GraphNode): GraphNode {
  const outputs: Value[] = [];
  const node: GraphNode = { ...parts, outputs };
  for (const value of parts.outputs) outputs.push({ ...value, node });
  return node;
}

/** A node whose operands are all constants, as a constant itself. */
function foldConstants(node: GraphNode): GraphNode | null {
  const [output] = node.outputs;
  if (node.eager === null || output === undefined || node.outputs.length !== 1 || sizeOf(output.shape) > FOLDED)
    return null;
  if (!["elementwise", "reduce"].includes(node.work.kind) || node.inputs.length === 0) return null;
  const views: View[] = [];
  for (const { value, shape, strides, offset } of node.inputs) {
    if (value.node.work.kind !== "constant") return null;
    views.push({ storage: value.node.work.view.storage, dtype: value.dtype, shape, strides, offset });
  }
  const [result] = node.eager(views);
  if (result === undefined) return null;
  const view = viewOf(elements(contiguousView(result)), result.dtype, output.shape);
  return rebuilt({ ...node, work: { kind: "constant", view }, inputs: [], eager: null });
}

const numbersOf = (view: View): string =>
  Array.from(elements(contiguousView(view)), (value) => (Object.is(value, -0) ? "-0" : value)).join();

/** What makes two nodes compute the same, or null for those that never do. */
function keyOf({ work, inputs, outputs }: GraphNode): string | null {
  if (work.kind === "constant" && sizeOf(work.view.shape) <= KEYED)
    return `constant ${work.view.dtype} ${numbersOf(work.view)}`;
  if (work.kind !== "elementwise" && work.kind !== "reduce" && work.kind !== "matmul") return null;
  const what =
    work.kind === "elementwise"
      ? work.formulas.map(String).join(";")
      : work.kind === "reduce"
        ? `${work.combine} over ${work.axes}`
        : "matmul";
  const operands = inputs.map(({ value, shape, strides, offset }) => `${value.id}[${shape}|${strides}|${offset}]`);
  return `${what} (${operands}) ${outputs.map(({ shape, dtype }) => `${dtype}[${shape}]`)}`;
}

/** The graph without nodes that no result, assignment or gradient is made of. */
function withoutUnused(graph: Graph): Graph {
  const needed = new Set<GraphNode>();
  const stack = rootsOf(graph).map(({ value }) => value.node);
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (needed.has(node)) continue;
    needed.add(node);
    for (const { value } of node.inputs) stack.push(value.node);
  }
  const nodes = graph.nodes.flatMap((node) => (needed.has(node) ? [node] : drawsNumbers(node) ? [skipped(node)] : []));
  return { ...graph, nodes };
}

const drawsNumbers = ({ work, inputs }: GraphNode): boolean =>
  inputs.length === 0 && (work.kind === "random" || work.kind === "eager");

/** Random numbers that nobody needs: they are not made, but their generator moves on, as it does eagerly. */
function skipped(node: GraphNode): GraphNode {
  const { work, eager } = node;
  const draw = work.kind === "random" ? () => work.generator.next() : () => eager?.([]);
  const compute = (): number => {
    draw();
    return 0;
  };
  return rebuilt({
    ...node,
    work: { kind: "host", compute },
    outputs: node.outputs.map((value) => ({ ...value, shape: [] })),
  });
}
