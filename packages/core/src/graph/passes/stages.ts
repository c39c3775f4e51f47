// The stages of a loop: a value that depends on a fold can only be computed when the fold is complete, so the loop passes over its
// elements as often as folds follow one another. Between passes, a value is kept in memory or computed again, whichever is cheaper.

import { topological } from "../../expr/expr.ts";
import type { GraphNode, Value } from "../graph.ts";
import type { Group } from "./fuse.ts";

/** The passes of a group's loop. */
export interface Stages {
  /** How many times the loop runs over its elements. */
  readonly passes: number;
  /** The pass in which a full value or a fold is computed; a kept value is there before that pass. */
  readonly stageOf: ReadonlyMap<GraphNode, number>;
  /** Full values that later passes read from memory. */
  readonly remembered: ReadonlySet<Value>;
}

/** Instructions up to which computing again beats storing and loading. */
const CHEAP = 8;
const expensive = new Set(["div", "sqrt", "exp", "log", "tanh", "sigmoid"]);

/** Assigns the nodes of a group to passes. */
export function stagesOf(group: Group, stored: ReadonlySet<Value>): Stages {
  const stageOf = new Map<GraphNode, number>();
  for (const node of group.nodes) {
    let stage = 0;
    for (const { value } of node.inputs) {
      const before = stageOf.get(value.node);
      if (before !== undefined) stage = Math.max(stage, before + (group.roles.get(value.node) === "fold" ? 1 : 0));
    }
    stageOf.set(node, stage);
  }
  const isRunning = (node: GraphNode): boolean => group.roles.get(node) !== "kept";
  const passes = 1 + Math.max(0, ...group.nodes.filter(isRunning).map((node) => stageOf.get(node) ?? 0));
  const remembered = new Set<Value>();
  for (const node of group.nodes.filter(isRunning)) {
    for (const { value } of node.inputs) {
      const later = (stageOf.get(node) ?? 0) > (stageOf.get(value.node) ?? Number.POSITIVE_INFINITY);
      if (later && group.roles.get(value.node) === "full" && (stored.has(value) || !isCheap(value.node, group)))
        remembered.add(value);
    }
  }
  return { passes, stageOf, remembered };
}

/** Whether a full value takes few instructions from what is in memory. */
function isCheap(node: GraphNode, group: Group): boolean {
  let cost = 0;
  const stack = [node];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (next.work.kind !== "elementwise") continue;
    for (const { node: expr } of topological(next.work.formulas)) {
      if (expr.kind !== "call") continue;
      cost += expensive.has(expr.fn) ? CHEAP : 1;
    }
    if (cost > CHEAP) return false;
    for (const { value } of next.inputs) if (group.roles.get(value.node) === "full") stack.push(value.node);
  }
  return true;
}
