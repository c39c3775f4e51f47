// Writing in place: a kernel may write a value over one that it reads, if it reads each old element only where it writes the new one
// and nobody reads the old one after it. Variables are assigned so; and what dies in a kernel leaves its memory to what is made there.

import { sizeOf } from "../../shape.ts";
import type { Storage } from "../../view.ts";
import { elementBytes } from "../../wasm/lanes.ts";
import { type GraphNode, type Operand, rootsOf, type Value } from "../graph.ts";
import { productOf } from "./epilogues.ts";
import type { Group, Schedule } from "./fuse.ts";
import { foldedAxes, inOrder, keptAxes, squeezed, stridesIn } from "./layout.ts";
import { stagesOf } from "./stages.ts";

/** Whether a Variable may be overwritten by the kernel that computes its new value. */
export function canWriteInPlace(
  { graph, groups, groupOf }: Schedule,
  storage: Storage,
  { value, offset }: Operand,
): boolean {
  const writer = groupOf.get(value.node);
  if (writer === undefined || writer.space === null || productOf(writer) === value.node || offset !== 0) return false;
  const order = groups.indexOf(writer);
  const isOld = (node: GraphNode): boolean => node.work.kind === "variable" && node.work.storage === storage;
  for (const node of graph.nodes) {
    for (const operand of node.inputs) {
      if (!isOld(operand.value.node)) continue;
      const reader = groupOf.get(node);
      if (reader === undefined || groups.indexOf(reader) > order) return false;
      if (reader === writer && !(isWrittenLast(writer, value) && readsInStep(writer, node, operand, value)))
        return false;
    }
  }
  return !rootsOf(graph).some((root) => isOld(root.value.node));
}

/** Whether a kernel writes a value in its last pass or after it: later passes may compute again what they need of the old one. */
function isWrittenLast(group: Group, { node }: Value): boolean {
  const { stageOf, passes } = stagesOf(group, new Set());
  return group.roles.get(node) !== "full" || (stageOf.get(node) ?? 0) >= passes - 1;
}

/** Whether the kernel reads each old element only where it writes the new one, or before it writes anything there. */
function readsInStep(group: Group, node: GraphNode, operand: Operand, value: Value): boolean {
  const { space, fold } = group;
  if (productOf(group) === node) return false;
  const shape = node.work.kind === "reduce" ? operand.shape : (node.outputs[0]?.shape ?? []);
  if (operand.offset !== 0 || space === null) return false;
  const strides = stridesIn(operand, shape);
  if (sizeOf(shape) === sizeOf(value.shape)) return inOrder(squeezed(shape), strides);
  // A kept value is written after the last pass of its strip, whose old elements were loaded at its start.
  if (fold === null || sizeOf(shape) !== sizeOf(space)) return false;
  const inside = foldedAxes(strides, fold).every((stride) => stride === 0);
  return inside && inOrder(keptAxes(space, fold), keptAxes(strides, fold));
}

/** When a value with memory of its own is first written and last read, in positions of groups. */
export interface Lifetime {
  readonly value: Value;
  readonly from: number;
  readonly to: number;
}

/** Whose memory each value takes over: that of one which its kernel is the last to read, in step with what it writes. */
export function heirsOf({ groupOf }: Schedule, lifetimes: readonly Lifetime[]): Map<Value, Value> {
  const lives = new Map(lifetimes.map((life) => [life.value, life]));
  const heirs = new Map<Value, Value>();
  const taken = new Set<Value>();
  for (const { value, from } of lifetimes) {
    const group = groupOf.get(value.node);
    if (group === undefined || group.space === null || productOf(group) === value.node) continue;
    const old = group.nodes
      .flatMap(({ inputs }) => inputs.map((operand) => operand.value))
      .find((other) => lives.get(other)?.to === from && !taken.has(other) && canReplace(group, other, value));
    if (old === undefined) continue;
    heirs.set(value, old);
    taken.add(old);
  }
  return heirs;
}

/** Whether a kernel may write a value over one of the same size. */
function canReplace(group: Group, old: Value, value: Value): boolean {
  if (old === value || sizeOf(old.shape) !== sizeOf(value.shape)) return false;
  // What a loop makes itself is there when its pass is, not before; the partial sums of a product are.
  if (group.roles.has(old.node) && productOf(group) !== old.node) return false;
  if (elementBytes(old.dtype) !== elementBytes(value.dtype) || !isWrittenLast(group, value)) return false;
  return group.nodes.every((node) =>
    node.inputs.every((operand) => operand.value !== old || readsInStep(group, node, operand, value)),
  );
}
