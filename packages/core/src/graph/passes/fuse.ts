// Fusion: which nodes share a kernel. Nodes are taken in order, and each joins the kernel of one of its producers if it fits
// that kernel's loop and no cycle arises; otherwise it begins a kernel of its own. What a kernel hands on inside itself never
// touches memory.

import type { DType } from "../../dtype.ts";
import { topological } from "../../expr/expr.ts";
import { type Shape, sizeOf } from "../../shape.ts";
import { canVectorize } from "../../wasm/simd-dtypes.ts";
import { isWhole } from "../../wasm/simd-integers.ts";
import { functions } from "../../wasm/simd-math.ts";
import { type Graph, type GraphNode, isSource, type Operand, type Value } from "../graph.ts";
import { joinEpilogues } from "./epilogues.ts";
import {
  type Fold,
  foldedAxes,
  foldOf,
  inOrder,
  keptAxes,
  keptStrides,
  matrixStrides,
  sameFold,
  squeezed,
  stridesIn,
} from "./layout.ts";
import { inOrderOfReads } from "./order.ts";

/** What a node is to its loop: computed at each place, folded, or computed once for each kept place. */
export type Role = "full" | "fold" | "kept";

/** Nodes that run as one kernel: a loop, a product with its epilogue, or a single node. */
export interface Group {
  readonly id: number;
  readonly nodes: GraphNode[];
  readonly roles: Map<GraphNode, Role>;
  /** The space of a loop, without axes of size 1, or of a product's epilogue; null for products alone and other kernels of one node. */
  readonly space: Shape | null;
  fold: Fold | null;
}

/** A graph cut into kernels, in the order in which they run. */
export interface Schedule {
  readonly graph: Graph;
  readonly groups: readonly Group[];
  readonly groupOf: ReadonlyMap<GraphNode, Group>;
  /** Why nodes that could have shared a kernel do not. */
  readonly notes: readonly string[];
}

/** Cuts a graph into kernels. */
export function fuse(graph: Graph): Schedule {
  const builder = new Builder();
  for (const node of graph.nodes) if (!isSource(node)) builder.place(node);
  const { groups, groupOf, notes } = builder;
  return joinEpilogues({ graph, groups: inOrderOfReads(groups, groupOf), groupOf, notes });
}

const compiled: readonly DType[] = ["float32", "int32", "bool", "uint8"];

/** Whether a node can be part of a generated loop. */
function isLoop({ work, inputs, outputs }: GraphNode): boolean {
  if (![...inputs.map(({ value }) => value), ...outputs].every(({ dtype }) => compiled.includes(dtype))) return false;
  const types = inputs.map(({ value }) => value.dtype);
  // Addresses count up from a fixed place: what runs backwards through memory is left to the eager kernel.
  if (inputs.some(({ strides }) => strides.some((stride) => stride < 0))) return false;
  if (outputs.some(({ shape }) => sizeOf(shape) === 0) || inputs.some(({ shape }) => sizeOf(shape) === 0)) return false;
  if (work.kind === "elementwise") {
    const integers = outputs.some(({ dtype }) => dtype === "int32" || dtype === "uint8");
    return integers
      ? isWhole(work.formulas, (index) => types[index] !== "float32")
      : canVectorize(work.formulas, types, functions);
  }
  return (
    work.kind === "reduce" &&
    outputs[0]?.dtype !== "int32" &&
    canVectorize([work.combine], ["float32", "float32"], functions)
  );
}

/**
 * The most operations on numbers in one kernel: engines refuse functions of several megabytes and take long over large ones, and by
 * then memory has long ceased to be what costs time.
 */
const MOST_OPERATIONS = 256;

/** The number of operations on numbers in a node. */
function operationsOf({ work }: GraphNode): number {
  return work.kind === "elementwise" ? topological(work.formulas).length : 1;
}

class Builder {
  readonly groupOf = new Map<GraphNode, Group>();
  readonly notes: string[] = [];
  readonly groups: Group[] = [];
  /** The groups that a group reads from. */
  readonly #reads = new Map<Group, Set<Group>>();
  readonly #operations = new Map<Group, number>();

  place(node: GraphNode): void {
    const fold = foldOf(node);
    if (!isLoop(node) || (node.work.kind === "reduce" && fold === null)) {
      this.#begin(node, null, null);
      return;
    }
    for (const group of this.#candidates(node)) {
      const role = this.#roleIn(group, node, fold);
      const cycle = role !== null && this.#closesCycle(group, node);
      const long = (this.#operations.get(group) ?? 0) + operationsOf(node) > MOST_OPERATIONS;
      if (role === null || cycle || long) {
        const reason = cycle
          ? "what it also reads depends on that kernel"
          : role === null
            ? "it runs over other places, or in another order"
            : "that kernel is long enough";
        this.notes.push(`${node.name} (node ${node.id}) does not join kernel ${group.id}: ${reason}`);
        continue;
      }
      this.#join(group, node, role, fold);
      return;
    }
    const [x] = node.inputs;
    const space = squeezed(node.work.kind === "reduce" ? (x?.shape ?? []) : (node.outputs[0]?.shape ?? []));
    const group = this.#begin(node, space, fold);
    const fits = this.#roleIn(group, node, fold);
    // A loop that cannot run over the operands as they lie is left to the eager kernel.
    if (fold !== null && fits === null) this.#makeSingle(group);
  }

  /** Producers' groups, the latest first. */
  #candidates(node: GraphNode): Group[] {
    const own = node.inputs.flatMap(({ value }) => this.groupOf.get(value.node) ?? []);
    return [...new Set(own)].filter(({ space }) => space !== null).sort((a, b) => b.id - a.id);
  }

  /** What the node would be to the group's loop, or null if it does not fit. */
  #roleIn(group: Group, node: GraphNode, fold: Fold | null): Role | null {
    const { space } = group;
    if (space === null) return null;
    if (node.work.kind === "reduce") {
      const [x] = node.inputs;
      if (x === undefined || fold === null || !equal(squeezed(x.shape), space)) return null;
      if (group.fold === null) {
        const fitting = group.nodes.every((other) =>
          other.inputs.every((operand) => this.#fitsMatrix(operand, other, space, fold)),
        );
        if (!fitting) return null;
      } else if (!sameFold(group.fold, fold)) return null;
      return this.#reads2D(group, x, x.shape, fold) ? "fold" : null;
    }
    const shape = node.outputs[0]?.shape ?? [];
    if (equal(squeezed(shape), space)) {
      return node.inputs.every((operand) => this.#reads2D(group, operand, shape, group.fold)) ? "full" : null;
    }
    const { fold: own } = group;
    if (own === null || !equal(squeezed(shape), keptAxes(space, own))) return null;
    return node.inputs.every((operand) => this.#readsKept(group, operand, shape, own)) ? "kept" : null;
  }

  /** Whether a full node or fold can read the operand inside the group's loop. */
  #reads2D(group: Group, operand: Operand, shape: Shape, fold: Fold | null): boolean {
    const { space } = group;
    if (space === null) return false;
    const strides = stridesIn(operand, shape);
    if (fold !== null && matrixStrides(space, strides, fold) === null) return false;
    if (this.groupOf.get(operand.value.node) !== group) return true;
    const role = group.roles.get(operand.value.node);
    if (operand.offset !== 0) return false;
    if (role === "full") return inOrder(space, strides) && sizeOf(operand.value.shape) === sizeOf(space);
    if (fold === null) return false;
    const inside = foldedAxes(strides, fold).every((stride) => stride === 0);
    return inside && inOrder(keptAxes(space, fold), keptAxes(strides, fold));
  }

  /** Whether a kept node can read the operand: at one pace, and in order if it is made here. */
  #readsKept(group: Group, operand: Operand, shape: Shape, fold: Fold): boolean {
    const strides = stridesIn(operand, shape);
    if (keptStrides(squeezed(shape), strides, fold) === null) return false;
    if (this.groupOf.get(operand.value.node) !== group) return true;
    return group.roles.get(operand.value.node) !== "full" && operand.offset === 0 && inOrder(squeezed(shape), strides);
  }

  #fitsMatrix(operand: Operand, reader: GraphNode, space: Shape, fold: Fold): boolean {
    return matrixStrides(space, stridesIn(operand, reader.outputs[0]?.shape ?? []), fold) !== null;
  }

  /** Whether an input of the node from elsewhere depends on the group. */
  #closesCycle(group: Group, node: GraphNode): boolean {
    const stack = node.inputs
      .flatMap(({ value }) => this.groupOf.get(value.node) ?? [])
      .filter((other) => other !== group);
    const seen = new Set<Group>(stack);
    for (let other = stack.pop(); other !== undefined; other = stack.pop()) {
      for (const next of this.#reads.get(other) ?? []) {
        if (next === group) return true;
        if (!seen.has(next)) {
          seen.add(next);
          stack.push(next);
        }
      }
    }
    return false;
  }

  #begin(node: GraphNode, space: Shape | null, fold: Fold | null): Group {
    const group: Group = { id: this.groups.length, nodes: [], roles: new Map(), space, fold };
    this.groups.push(group);
    this.#join(group, node, node.work.kind === "reduce" ? "fold" : "full", fold);
    return group;
  }

  #join(group: Group, node: GraphNode, role: Role, fold: Fold | null): void {
    group.nodes.push(node);
    this.#operations.set(group, (this.#operations.get(group) ?? 0) + operationsOf(node));
    group.roles.set(node, role);
    if (role === "fold") group.fold = fold;
    this.groupOf.set(node, group);
    const reads = this.#reads.get(group) ?? new Set();
    for (const { value } of node.inputs) {
      const other = this.groupOf.get(value.node);
      if (other !== undefined && other !== group) reads.add(other);
    }
    this.#reads.set(group, reads);
  }

  #makeSingle(group: Group): void {
    const [node] = group.nodes;
    this.notes.push(`${node?.name ?? ""}: its operands do not lie as rows and columns; it runs eagerly`);
    const single: Group = { ...group, space: null, fold: null };
    this.groups[this.groups.indexOf(group)] = single;
    for (const member of group.nodes) this.groupOf.set(member, single);
    this.#reads.set(single, this.#reads.get(group) ?? new Set());
  }
}

function equal(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** The values of a group that others read, or that remain after the call. */
export function escaping({ groupOf, graph }: Schedule, roots: ReadonlySet<Value>): ReadonlySet<Value> {
  const values = new Set<Value>(roots);
  for (const node of graph.nodes) {
    for (const { value } of node.inputs) if (groupOf.get(node) !== groupOf.get(value.node)) values.add(value);
  }
  return values;
}
