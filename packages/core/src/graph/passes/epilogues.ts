// Epilogues: a loop over what a product or a convolution computes moves into its kernel, which then works on tiles of results while they
// are in registers: a bias and an activation, the mask of a gradient, a plain step of a weight. A loop that folds stays, since it passes
// over its elements anyway; so does one that computes more than it moves: it would only stand in the way of the product's own arithmetic.

import { topological } from "../../expr/expr.ts";
import { sizeOf } from "../../shape.ts";
import { DEPTH } from "../../wasm/gemm-panel.ts";
import { functions } from "../../wasm/simd-math.ts";
import type { GraphNode, Operand, Value } from "../graph.ts";
import { takesEpilogue } from "../own-kernel.ts";
import type { Group, Schedule } from "./fuse.ts";
import { inOrder, squeezed, stridesIn, type TileStrides, tileStrides } from "./layout.ts";
import { inOrderOfReads, readsOf } from "./order.ts";

/** Instructions on a vector up to which moving it costs a loop more than computing. */
const MOST_INSTRUCTIONS = 12;
/** Functions that take many instructions, or keep the processor as long. */
const isSlow = (name: string): boolean => name === "div" || name === "sqrt" || name in functions;

/** Moves loops into the kernels that compute what they read, where they fit. */
export function joinEpilogues(schedule: Schedule): Schedule {
  const groupOf = new Map(schedule.groupOf);
  const notes = [...schedule.notes];
  const moved = new Set<Group>();
  const joints = new Map<Group, Group>();
  for (const loop of schedule.groups) {
    if (loop.space === null) continue;
    const read = [...readsOf(loop, groupOf)].sort((a, b) => b.id - a.id);
    for (const product of read) {
      const [node, more] = product.nodes;
      if (node === undefined || more !== undefined || !takesEpilogue(node)) continue;
      const obstacle = obstacleTo({ ...schedule, groupOf }, product, loop);
      if (obstacle !== null) {
        notes.push(`${node.name} (node ${node.id}) does not take kernel ${loop.id} as its epilogue: ${obstacle}`);
        continue;
      }
      // In the loop's place, where Variables that it assigns have been read, and under its number.
      const nodes = [node, ...loop.nodes];
      const joint: Group = { ...loop, nodes, roles: new Map([...product.roles, ...loop.roles]) };
      for (const member of nodes) groupOf.set(member, joint);
      moved.add(product);
      joints.set(loop, joint);
      break;
    }
  }
  const groups = schedule.groups.filter((group) => !moved.has(group)).map((group) => joints.get(group) ?? group);
  return { ...schedule, groups: inOrderOfReads(groups, groupOf), groupOf, notes };
}

/** Why a loop cannot be the epilogue of a product, or null. */
function obstacleTo(schedule: Omit<Schedule, "groups">, product: Group, loop: Group): string | null {
  const [result] = product.nodes[0]?.outputs ?? [];
  if (result === undefined || loop.fold !== null) return "it folds";
  if (!isLight(loop)) return "it computes more than it moves";
  for (const node of loop.nodes) {
    for (const operand of node.inputs) {
      if (operand.value === result && !isInOrder(operand, node, result)) return "it runs in another order";
      if (loop.roles.has(operand.value.node)) continue;
      if (tileStridesOf(node, operand, result) === null) return "its operands do not lie as rows and columns";
    }
  }
  if (overwrites(schedule, product, loop)) return "it overwrites what the product reads";
  return waitsFor(schedule, product, loop) ? "what it also reads depends on the product" : null;
}

/** Whether a loop takes few and fast instructions. */
function isLight({ nodes }: Group): boolean {
  const formulas = nodes.flatMap(({ work }) => (work.kind === "elementwise" ? work.formulas : []));
  const calls = topological(formulas).flatMap(({ node }) => (node.kind === "call" ? [node.fn] : []));
  return calls.length <= MOST_INSTRUCTIONS && !calls.some(isSlow);
}

/** Whether a node reads the result of a product place by place. */
function isInOrder(operand: Operand, node: GraphNode, result: Value): boolean {
  const shape = node.outputs[0]?.shape ?? [];
  const inStep = inOrder(squeezed(shape), stridesIn(operand, shape));
  return operand.offset === 0 && sizeOf(shape) === sizeOf(result.shape) && inStep;
}

/** How an operand lies in the rows and columns of a product's result; null if not at one pace along each. */
export function tileStridesOf(node: GraphNode, operand: Operand, result: Value): TileStrides | null {
  const shape = node.outputs[0]?.shape ?? [];
  return tileStrides(squeezed(shape), stridesIn(operand, shape), result.shape.at(-1) ?? 1);
}

/** Whether the loop assigns Variables that the product reads: alone it may do so in place. */
function overwrites({ graph }: Pick<Schedule, "graph">, product: Group, loop: Group): boolean {
  const read = product.nodes.flatMap(({ inputs }) => inputs.map(({ value: { node } }) => node.work));
  return graph.assignments.some(
    ({ storage, value }) =>
      loop.roles.has(value.value.node) && read.some((work) => work.kind === "variable" && work.storage === storage),
  );
}

/** Whether something else that the loop reads depends on the product. */
function waitsFor({ groupOf }: Pick<Schedule, "groupOf">, product: Group, loop: Group): boolean {
  const stack = [...readsOf(loop, groupOf)].filter((group) => group !== product);
  const seen = new Set<Group>(stack);
  for (let group = stack.pop(); group !== undefined; group = stack.pop()) {
    for (const next of readsOf(group, groupOf)) {
      if (next === product) return true;
      if (!seen.has(next)) stack.push(next);
      seen.add(next);
    }
  }
  return false;
}

/** The product or convolution whose epilogue a group's other nodes are; null for other groups. */
export function productOf({ nodes: [first, second] }: Group): GraphNode | null {
  return first !== undefined && second !== undefined && takesEpilogue(first) ? first : null;
}

/** Whether the sums of a product are so long that they are cut: then partial sums stand where its result would. */
export function isDeep({ work, inputs: [a] }: GraphNode): boolean {
  return work.kind === "matmul" && (a?.shape.at(-1) ?? 1) > DEPTH;
}
