// Graphs for eyes: as text, as a Mermaid flow chart, as DOT for Graphviz; before fusion node by node, after it kernel by kernel.

import { formatShape } from "../shape.ts";
import { type Graph, type GraphNode, isSource, type Operand, type Value } from "./graph.ts";
import { productOf } from "./passes/epilogues.ts";
import type { Group, Schedule } from "./passes/fuse.ts";

/** `%7`, or the name of what comes from outside. */
function label(value: Value): string {
  const { work, name } = value.node;
  if (work.kind === "argument") return `argument ${work.index}`;
  if (work.kind === "variable") return name === "" ? `variable %${value.id}` : name;
  if (work.kind === "gradient") return `gradient of ${work.variable.name || `%${value.id}`}`;
  return `%${value.id}`;
}

const typeOf = ({ dtype, shape }: { readonly dtype: string; readonly shape: readonly number[] }): string =>
  `${dtype}${formatShape(shape)}`;

/** An operand with its shape as it is read. */
function operandText({ value, shape }: Operand): string {
  return `${label(value)}${formatShape(shape)}`;
}

/** `%3 = matmul(argument 0[64,784], dense.weight[784,256]) : float32[64,256]  # dense` */
function nodeText(node: GraphNode): string {
  const results = node.outputs.map(label).join(", ");
  const detail = node.work.kind === "reduce" ? ` over ${formatShape(node.work.axes)}` : "";
  const scope = node.scope === "" ? "" : `  # ${node.scope}`;
  return `${results} = ${node.name}(${node.inputs.map(operandText).join(", ")})${detail} : ${node.outputs.map(typeOf).join(", ")}${scope}`;
}

/** A graph as text, one node a line; what it returns and assigns stands last. */
export function printGraph(graph: Graph): string {
  return [...graph.nodes.map(nodeText), ...endings(graph)].join("\n");
}

function endings({ results, assignments, gradients }: Graph): string[] {
  return [
    ...assignments.map(({ storage, value }) => `${storage.owner?.name || "a variable"} ← ${operandText(value)}`),
    ...gradients.map(
      ({ variable, value }) =>
        `gradient of ${variable.name || "a variable"} ← ${value === null ? "none" : operandText(value)}`,
    ),
    `return ${results.map(operandText).join(", ")}`,
  ];
}

/** What kind of kernel a group is: `loop over [64,256], folding its columns`, or `matmul with an epilogue`. */
export function groupTitle(group: Group): string {
  const { space, fold, nodes } = group;
  const product = productOf(group);
  if (product !== null) return `${product.name} with an epilogue`;
  if (space === null) return nodes[0]?.work.kind === "eager" ? "eager" : (nodes[0]?.name ?? "");
  const folding = fold === null ? "" : fold.kind === "columns" ? ", folding its rows" : ", folding along rows";
  return `loop over ${formatShape(space)}${folding}`;
}

/** A schedule as text: each kernel, and the nodes that run in it. */
export function printSchedule({ groups, graph, notes }: Schedule): string {
  const kernels = groups.flatMap((group) => [
    `kernel ${group.id}: ${groupTitle(group)}`,
    ...group.nodes.map((node) => `  ${nodeText(node)}`),
  ]);
  return [...kernels, ...endings(graph), ...notes.map((note) => `note: ${note}`)].join("\n");
}

/** What shares a kernel, what does not, and why. */
export function explainSchedule({ groups, notes }: Schedule): string {
  const fused = groups.filter(({ nodes }) => nodes.length > 1);
  const alone = groups.filter(({ nodes }) => nodes.length === 1);
  const eager = alone.filter(({ space, nodes: [node] }) => space === null && node !== undefined && !hasOwnKernel(node));
  const lines = [
    `${groups.reduce((sum, { nodes }) => sum + nodes.length, 0)} operations run in ${groups.length} kernels.`,
  ];
  for (const group of fused)
    lines.push(`kernel ${group.id}, ${groupTitle(group)}: ${group.nodes.map(({ name }) => name).join(" → ")}`);
  for (const { nodes } of eager)
    lines.push(`${nodes[0]?.name ?? ""} has no kernel here: it runs eagerly, between kernels`);
  return [...lines, ...notes].join("\n");
}

const hasOwnKernel = ({ work }: GraphNode): boolean =>
  work.kind === "matmul" || work.kind === "random" || work.kind === "native";

const quote = (text: string): string => `"${text.replaceAll('"', "'")}"`;
const nodeId = (node: GraphNode): string => `n${node.id}`;
/** What a box says: the name of what comes from outside, or the operator, and the shape. */
function title(node: GraphNode): string {
  const [value] = node.outputs;
  if (value === undefined) return node.name;
  return `${isSource(node) ? label(value) : node.name} ${formatShape(value.shape)}`;
}

/** A graph as a Mermaid flow chart; with a schedule, kernels are boxes around their nodes. */
export function toMermaid(graph: Graph, schedule?: Schedule): string {
  const lines = ["flowchart TD"];
  const draw = (node: GraphNode, indent: string): void => {
    lines.push(`${indent}${nodeId(node)}[${quote(title(node))}]`);
  };
  for (const group of schedule?.groups ?? []) {
    lines.push(`  subgraph k${group.id} [${quote(groupTitle(group))}]`);
    for (const node of group.nodes) draw(node, "    ");
    lines.push("  end");
  }
  for (const node of graph.nodes) if (schedule?.groupOf.get(node) === undefined) draw(node, "  ");
  for (const [from, to] of edges(graph)) lines.push(`  ${nodeId(from)} --> ${nodeId(to)}`);
  return lines.join("\n");
}

/** A graph in Graphviz' language; with a schedule, kernels are clusters. */
export function toDot(graph: Graph, schedule?: Schedule): string {
  const lines = ["digraph {", "  node [shape=box fontname=monospace];"];
  const draw = (node: GraphNode, indent: string): number =>
    lines.push(`${indent}${nodeId(node)} [label=${quote(title(node))}];`);
  for (const group of schedule?.groups ?? []) {
    lines.push(`  subgraph cluster_${group.id} {`, `    label=${quote(groupTitle(group))};`);
    for (const node of group.nodes) draw(node, "    ");
    lines.push("  }");
  }
  for (const node of graph.nodes) if (schedule?.groupOf.get(node) === undefined) draw(node, "  ");
  for (const [from, to] of edges(graph)) lines.push(`  ${nodeId(from)} -> ${nodeId(to)};`);
  return [...lines, "}"].join("\n");
}

function edges(graph: Graph): [GraphNode, GraphNode][] {
  return graph.nodes.flatMap((node) =>
    [...new Set(node.inputs.map(({ value }) => value.node))].map((from): [GraphNode, GraphNode] => [from, node]),
  );
}
