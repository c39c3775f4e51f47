// In which order kernels run, and what they wait for.

import { type GraphNode, isSource } from "../graph.ts";
import type { Group } from "./fuse.ts";

/** The groups that a group reads from. */
export function readsOf(group: Group, groupOf: ReadonlyMap<GraphNode, Group>): ReadonlySet<Group> {
  const reads = new Set<Group>();
  for (const { value } of group.nodes.flatMap(({ inputs }) => inputs)) {
    const other = groupOf.get(value.node);
    if (other !== undefined && other !== group) reads.add(other);
  }
  return reads;
}

/** Groups in an order in which each comes after those it reads, otherwise as they are; eager checks of arguments as early as they can. */
export function inOrderOfReads(groups: readonly Group[], groupOf: ReadonlyMap<GraphNode, Group>): Group[] {
  const done = new Set<Group>();
  const order: Group[] = [];
  const enter = (group: Group) => ({ group, reads: readsOf(group, groupOf).values() });
  const visit = (first: Group): void => {
    const stack = [enter(first)];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const { group, reads } = top;
      const { value: next } = reads.next();
      if (done.has(group)) stack.pop();
      else if (next === undefined) {
        done.add(group);
        order.push(group);
        stack.pop();
      } else if (!done.has(next)) stack.push(enter(next));
    }
  };
  const early = groups.filter(
    ({ nodes: [node] }) => node?.work.kind === "eager" && node.inputs.every(({ value }) => isSource(value.node)),
  );
  for (const group of early) visit(group);
  for (const group of groups) visit(group);
  return order;
}
