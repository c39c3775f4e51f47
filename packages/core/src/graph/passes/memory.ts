// The memory plan: where each value lives. Variables are written in place where nobody still needs their old values; what lives
// only between kernels shares memory with what no longer does.

import { sizeOf } from "../../shape.ts";
import type { Storage } from "../../view.ts";
import { elementBytes } from "../../wasm/lanes.ts";
import { type GraphNode, isDrawn, isSource, type Operand, rootsOf, type Value } from "../graph.ts";
import { isDeep, productOf } from "./epilogues.ts";
import { escaping, type Group, type Schedule } from "./fuse.ts";
import { canWriteInPlace, heirsOf, type Lifetime } from "./in-place.ts";
import { stagesOf } from "./stages.ts";

/** Regions start at multiples of a cache line; vectors may read and write up to the end of one. */
const LINE = 64;
/** A vector that begins at the last element reads this far beyond it. */
const MARGIN = 16;

/** Where the values of a program lie. */
export interface MemoryPlan {
  /** Offsets of values from the start of the program's own memory. */
  readonly offsets: ReadonlyMap<Value, number>;
  /** Values that are written straight into a Variable's memory. */
  readonly inPlace: ReadonlyMap<Value, Storage>;
  /** Values that take over the memory of others, which die in the kernel that computes them. */
  readonly heirs: ReadonlyMap<Value, Value>;
  /** Values that are copied to their Variable when all is done. */
  readonly copies: readonly { readonly storage: Storage; readonly value: Operand }[];
  /** Values that must be in memory. */
  readonly stored: ReadonlySet<Value>;
  readonly bytes: number;
}

/** The bytes of a value's region. */
export function regionBytes({ shape, dtype }: Value): number {
  return Math.ceil((sizeOf(shape) * elementBytes(dtype) + MARGIN) / LINE) * LINE;
}

/** Plans the memory of a schedule. */
export function planMemory(schedule: Schedule): MemoryPlan {
  const { graph, groups } = schedule;
  const roots = new Set(rootsOf(graph).map(({ value }) => value));
  const stored = new Set(escaping(schedule, roots));
  for (const group of groups) for (const value of stagesOf(group, stored).remembered) stored.add(value);
  const inPlace = new Map<Value, Storage>();
  const copies: { storage: Storage; value: Operand }[] = [];
  // A gradient is copied out when somebody reads it: until then its memory is its own.
  const gradients = new Set(graph.gradients.map(({ value }) => value?.value));
  for (const { storage, value } of graph.assignments) {
    if (!inPlace.has(value.value) && !gradients.has(value.value) && canWriteInPlace(schedule, storage, value))
      inPlace.set(value.value, storage);
    else copies.push({ storage, value });
  }
  const placed = new Set(stored);
  for (const group of groups) {
    const product = productOf(group);
    if (product !== null && isDeep(product)) for (const value of product.outputs) placed.add(value);
  }
  const lifetimes = lifetimesOf(schedule, placed, inPlace);
  const heirs = heirsOf(schedule, lifetimes);
  return { ...place(lifetimes, heirs), inPlace, heirs, copies, stored };
}

/** When each value with memory of its own is first written and last read, in positions of groups. */
function lifetimesOf(
  { graph, groups, groupOf }: Schedule,
  placed: ReadonlySet<Value>,
  inPlace: ReadonlyMap<Value, Storage>,
): Lifetime[] {
  const end = groups.length;
  const position = new Map<Group, number>(groups.map((group, index) => [group, index]));
  const last = new Map<Value, number>();
  for (const node of graph.nodes) {
    const group = groupOf.get(node);
    const at = (group && position.get(group)) ?? 0;
    for (const { value } of node.inputs) last.set(value, Math.max(last.get(value) ?? 0, at));
  }
  for (const { value } of rootsOf(graph)) last.set(value, end);
  // Gradients are read after the call, results copied before the next: both keep their memory, as do sources.
  return graph.nodes.flatMap((node) =>
    node.outputs.flatMap((value): Lifetime[] => {
      if (node.work.kind === "variable" || inPlace.has(value)) return [];
      if (isSource(node)) return [{ value, from: 0, to: end }];
      if (!placed.has(value)) return [];
      // Checks run when the gradients of the call before may still lie where they were computed: they meet nothing that lives to the end.
      if (readsSources(node)) return [{ value, from: 0, to: end }];
      const group = groupOf.get(node);
      const from = isDrawn(node) ? 0 : ((group && position.get(group)) ?? 0);
      return [{ value, from, to: Math.max(last.get(value) ?? from, from) }];
    }),
  );
}

/** Whether a node may run eagerly before all kernels. */
function readsSources({ work, inputs }: GraphNode): boolean {
  return work.kind === "eager" && inputs.every(({ value }) => isSource(value.node));
}

/**
 * Each value, the largest first, gets the lowest place that is free while it lives; heirs have that of the value before them.
 * Source: Y. Pisarchyk, J. Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020.
 */
function place(
  lifetimes: readonly Lifetime[],
  heirs: ReadonlyMap<Value, Value>,
): { offsets: Map<Value, number>; bytes: number } {
  const lines = new Map<
    Value,
    { readonly size: number; readonly from: number; to: number; readonly values: Value[] }
  >();
  for (const { value, from, to } of lifetimes) {
    const old = heirs.get(value);
    const line = (old && lines.get(old)) ?? { size: regionBytes(value), from, to, values: [] };
    line.values.push(value);
    line.to = Math.max(line.to, to);
    lines.set(value, line);
  }
  const offsets = new Map<Value, number>();
  const placed: { readonly start: number; readonly end: number; readonly from: number; readonly to: number }[] = [];
  let bytes = 0;
  for (const { size, from, to, values } of [...new Set(lines.values())].sort((a, b) => b.size - a.size)) {
    const busy = placed.filter((other) => other.from <= to && from <= other.to).sort((a, b) => a.start - b.start);
    let start = 0;
    for (const other of busy) {
      if (other.start - start >= size) break;
      start = Math.max(start, other.end);
    }
    placed.push({ start, end: start + size, from, to });
    for (const value of values) offsets.set(value, start);
    bytes = Math.max(bytes, start + size);
  }
  return { offsets, bytes };
}

/** Whether two values that live at the same time share memory: true would be a mistake. */
export function overlaps(schedule: Schedule, plan: MemoryPlan): boolean {
  const lives = lifetimesOf(schedule, new Set(plan.offsets.keys()), plan.inPlace);
  return lives.some((a, index) =>
    lives.slice(index + 1).some((b) => {
      const [from, to] = [plan.offsets.get(a.value) ?? 0, plan.offsets.get(b.value) ?? 0];
      const meet = from < to + regionBytes(b.value) && to < from + regionBytes(a.value);
      const inherited = plan.heirs.get(a.value) === b.value || plan.heirs.get(b.value) === a.value;
      return meet && !inherited && a.from <= b.to && b.from <= a.to;
    }),
  );
}
