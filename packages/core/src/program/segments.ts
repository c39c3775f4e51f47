// Segments: runs of kernels without eager work between them, and what runs eagerly because it has no kernel.

import { type GraphNode, isDrawn, type Operand } from "../graph/graph.ts";
import { hasKernel } from "../graph/own-kernel.ts";
import type { Group, Schedule } from "../graph/passes/fuse.ts";
import type { MemoryPlan } from "../graph/passes/memory.ts";
import { segmentName } from "../wasm/control.ts";

/** A run of kernels, or an eager operator between two runs. */
export type Segment =
  | { readonly kind: "kernels"; readonly groups: readonly Group[]; readonly index: number; readonly name: string }
  | { readonly kind: "eager"; readonly node: GraphNode };

/**
 * An eager node that only looks at what is there before the call: it may refuse that, and so comes before anything is changed. Numbers
 * and gradients that the call itself puts in place are not there yet.
 */
export function isCheck({ inputs, outputs }: GraphNode, { inPlace }: MemoryPlan): boolean {
  const isThere = ({ value: { node } }: Operand): boolean =>
    ["argument", "constant", "variable"].includes(node.work.kind);
  return inputs.every(isThere) && !outputs.some((value) => inPlace.has(value));
}

/** Cuts a schedule where something runs eagerly. */
export function segmentsOf({ groups }: Schedule): Segment[] {
  const segments: Segment[] = [];
  let kernels: Group[] = [];
  const close = (): void => {
    if (kernels.length > 0)
      segments.push({ kind: "kernels", groups: kernels, index: segments.length, name: segmentName(segments.length) });
    kernels = [];
  };
  for (const group of groups) {
    const [node] = group.nodes;
    if (group.space !== null || (node !== undefined && hasKernel(node))) kernels.push(group);
    else if (node !== undefined && !isDrawn(node)) {
      close();
      segments.push({ kind: "eager", node });
    }
  }
  close();
  return segments;
}
