// The memory plan: where each value lives. Variables are written in place where nobody still needs their old values; what lives
// only between kernels shares memory with what no longer does.

import { sizeOf } from "../../shape.ts";
import type { Storage } from "../../view.ts";
import { elementBytes } from "../../wasm/lanes.ts";
import { type GraphNode, isDrawn, isSource, type Operand, rootsOf, type Value } from "../graph.ts";
import { escaping, type Group, type Schedule } from "./fuse.ts";
import { foldedAxes, inOrder, keptAxes, squeezed, stridesIn } from "./layout.ts";
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
  const lifetimes = lifetimesOf(schedule, stored, inPlace);
  return { ...place(schedule, lifetimes), inPlace, copies, stored };
}

/** Whether a Variable may be overwritten by the kernel that computes its new value. */
function canWriteInPlace(schedule: Schedule, storage: Storage, { value, offset }: Operand): boolean {
  const isOld = ({ node: { work } }: Value): boolean => work.kind === "variable" && work.storage === storage;
  return (
    offset === 0 && canOverwrite(schedule, value, isOld) && !rootsOf(schedule.graph).some((root) => isOld(root.value))
  );
}

/** Whether the kernel that computes a value may write it where old ones lie: nobody reads these later, and it only in step. */
function canOverwrite({ graph, groups, groupOf }: Schedule, value: Value, isOld: (value: Value) => boolean): boolean {
  const writer = groupOf.get(value.node);
  if (writer === undefined || writer.space === null) return false;
  const order = groups.indexOf(writer);
  for (const node of graph.nodes) {
    for (const operand of node.inputs) {
      if (!isOld(operand.value)) continue;
      const reader = groupOf.get(node);
      if (reader === undefined || groups.indexOf(reader) > order) return false;
      if (reader === writer && !(isWrittenLast(writer, value) && readsInStep(writer, node, operand, value)))
        return false;
    }
  }
  return true;
}

/** Whether a kernel writes a value in its last pass or after it: later passes may compute again what they need of the old one. */
function isWrittenLast(group: Group, { node }: Value): boolean {
  const { stageOf, passes } = stagesOf(group, new Set());
  return group.roles.get(node) !== "full" || (stageOf.get(node) ?? 0) >= passes - 1;
}

/** Whether the kernel reads each old element only where it writes the new one, or before it writes anything there. */
function readsInStep({ space, fold }: Group, node: GraphNode, operand: Operand, value: Value): boolean {
  const shape = node.work.kind === "reduce" ? operand.shape : (node.outputs[0]?.shape ?? []);
  if (operand.offset !== 0 || space === null) return false;
  const strides = stridesIn(operand, shape);
  if (sizeOf(shape) === sizeOf(value.shape)) return inOrder(squeezed(shape), strides);
  // A kept value is written after the last pass of its strip, whose old elements were loaded at its start.
  if (fold === null || sizeOf(shape) !== sizeOf(space)) return false;
  const inside = foldedAxes(strides, fold).every((stride) => stride === 0);
  return inside && inOrder(keptAxes(space, fold), keptAxes(strides, fold));
}

interface Lifetime {
  readonly value: Value;
  readonly from: number;
  readonly to: number;
}

/** When each value with memory of its own is first written and last read, in positions of groups. */
function lifetimesOf(
  { graph, groups, groupOf }: Schedule,
  stored: ReadonlySet<Value>,
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
      if (!stored.has(value)) return [];
      const group = groupOf.get(node);
      const from = isDrawn(node) ? 0 : ((group && position.get(group)) ?? 0);
      return [{ value, from, to: Math.max(last.get(value) ?? from, from) }];
    }),
  );
}

/** Where lifetimes lie so far. */
interface Placed {
  readonly start: number;
  readonly end: number;
  readonly life: Lifetime;
}

/**
 * First fit: each value, in the order of their beginnings, gets the lowest place that is free while it lives; or that of one that its
 * kernel reads for the last time, in step, which is in the cache already.
 */
function place(schedule: Schedule, lifetimes: readonly Lifetime[]): { offsets: Map<Value, number>; bytes: number } {
  const offsets = new Map<Value, number>();
  const placed: Placed[] = [];
  let bytes = 0;
  for (const life of [...lifetimes].sort((a, b) => a.from - b.from || regionBytes(b.value) - regionBytes(a.value))) {
    const size = regionBytes(life.value);
    const busy = placed.filter((other) => meet(other.life, life)).sort((a, b) => a.start - b.start);
    const left = busy.find(
      (other) => busy.every((b) => b === other || !touch(b, other)) && inherits(schedule, life, other.life),
    );
    let start = left?.start ?? 0;
    for (const other of left === undefined ? busy : []) {
      if (other.start - start >= size) break;
      start = Math.max(start, other.end);
    }
    placed.push({ start, end: start + size, life });
    offsets.set(life.value, start);
    bytes = Math.max(bytes, start + size);
  }
  return { offsets, bytes };
}

const meet = (a: Lifetime, b: Lifetime): boolean => a.from <= b.to && b.from <= a.to;
const touch = (a: Placed, b: Placed): boolean => a.start < b.end && b.start < a.end;

/** Whether a value may lie where another does, whose life ends as its own begins. */
function inherits(schedule: Schedule, { value, from }: Lifetime, { value: old, to }: Lifetime): boolean {
  const alike = sizeOf(value.shape) === sizeOf(old.shape) && elementBytes(value.dtype) === elementBytes(old.dtype);
  return alike && to === from && old.node !== value.node && canOverwrite(schedule, value, (other) => other === old);
}

/** Whether two values that live at the same time share memory, and neither inherits it: true would be a mistake. */
export function overlaps(schedule: Schedule, plan: MemoryPlan): boolean {
  const lives = lifetimesOf(schedule, plan.stored, plan.inPlace);
  const placed = lives.map((life): Placed => {
    const start = plan.offsets.get(life.value) ?? 0;
    return { start, end: start + regionBytes(life.value), life };
  });
  return placed.some((a, index) =>
    placed.slice(index + 1).some((b) => {
      const inherited =
        a.start === b.start && (inherits(schedule, a.life, b.life) || inherits(schedule, b.life, a.life));
      return touch(a, b) && meet(a.life, b.life) && !inherited;
    }),
  );
}
