// What each kernel of a program costs: its time beside the arithmetic it does and the bytes it moves, and how near that is to what
// the machine can do (S. Williams, A. Waterman, D. Patterson, "Roofline", CACM 2009).

import { topological } from "../expr/expr.ts";
import type { GraphNode, Operand, Value } from "../graph/graph.ts";
import type { Group } from "../graph/passes/fuse.ts";
import { groupTitle } from "../graph/print.ts";
import { sizeOf } from "../shape.ts";
import { elementBytes } from "../wasm/lanes.ts";
import { measuredPeak, type Peak } from "./peak.ts";

/** One kernel's cost in a call. */
export interface KernelCost {
  /** Its number in the program and what it is, as in the graph's text. */
  readonly kernel: string;
  /** The operators that it computes. */
  readonly operators: readonly string[];
  /** The median time of a call, in milliseconds. */
  readonly milliseconds: number;
  /** Floating-point operations. */
  readonly flops: number;
  /** Bytes read and written, each value once. */
  readonly bytes: number;
  /** The least time that arithmetic or memory would allow, as a share of the time taken. */
  readonly roofline: number;
}

/** What a program's kernels cost. */
export interface Profile {
  /** A row for each kernel, in the order in which they run. */
  readonly kernels: readonly KernelCost[];
  /** The sum of the kernels' medians: a call without its copies of arguments and results. */
  readonly milliseconds: number;
  /** What the machine can do on one thread: what each kernel's `roofline` is measured against. */
  readonly peak: Peak;
  /** A table for the terminal. */
  toString(): string;
}

/** The profile of kernels with these times. */
export function profileOf(times: ReadonlyMap<Group, readonly number[]>, stored: ReadonlySet<Value>): Profile {
  const peak = measuredPeak();
  const kernels = [...times].map(([group, samples]): KernelCost => {
    const milliseconds = [...samples].sort((a, b) => a - b)[samples.length >> 1] ?? 0;
    const flops = group.nodes.reduce((sum, node) => sum + flopsOf(node), 0);
    const bytes = bytesOf(group, stored);
    const least = Math.max(flops / (peak.gigaflops * 1e6), bytes / (peak.gigabytes * 1e6));
    return {
      kernel: `${group.id}: ${groupTitle(group)}`,
      operators: group.nodes.map(({ name }) => name),
      milliseconds,
      flops,
      bytes,
      roofline: milliseconds === 0 ? 0 : least / milliseconds,
    };
  });
  const milliseconds = kernels.reduce((sum, kernel) => sum + kernel.milliseconds, 0);
  return { kernels, milliseconds, peak, toString: () => table(kernels, milliseconds, peak) };
}

/** Operations of a node: two for each term of a product, one for each function of a formula at each place, and what a native kernel states. */
function flopsOf({ work, inputs, outputs }: GraphNode): number {
  const size = sizeOf(outputs[0]?.shape ?? []);
  if (work.kind === "matmul") return 2 * size * (inputs[0]?.shape.at(-1) ?? 1);
  if (work.kind === "elementwise")
    return size * topological(work.formulas).filter(({ node }) => node.kind === "call").length;
  if (work.kind === "reduce") return sizeOf(inputs[0]?.shape ?? []);
  return work.kind === "native" ? (work.kernel.flops ?? 0) : 0;
}

/** Bytes that a kernel reads from others and leaves for others. */
function bytesOf(group: Group, stored: ReadonlySet<Value>): number {
  const reads = new Map<Value, Operand>();
  for (const node of group.nodes)
    for (const operand of node.inputs) if (!group.roles.has(operand.value.node)) reads.set(operand.value, operand);
  const writes = group.nodes.flatMap(({ outputs }) => outputs.filter((value) => stored.has(value)));
  const bytes = (value: Value): number => sizeOf(value.shape) * elementBytes(value.dtype);
  return [...reads.keys(), ...writes].reduce((sum, value) => sum + bytes(value), 0);
}

function table(kernels: readonly KernelCost[], total: number, { gigaflops, gigabytes }: Peak): string {
  const rows = [...kernels]
    .sort((a, b) => b.milliseconds - a.milliseconds)
    .map(({ kernel, operators, milliseconds, flops, bytes, roofline }) => [
      kernel,
      (milliseconds * 1000).toFixed(1),
      `${((100 * milliseconds) / total).toFixed(1)} %`,
      (flops / milliseconds / 1e6).toFixed(1),
      (bytes / milliseconds / 1e6).toFixed(1),
      `${(100 * roofline).toFixed(0)} %`,
      shorten(operators.join(" "), 48),
    ]);
  const head = ["kernel", "µs", "share", "GFLOP/s", "GB/s", "roofline", "operators"];
  const widths = head.map((text, column) => Math.max(text.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 0 || column === 6 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "─".repeat(width)).join("──");
  const foot = `${(total * 1000).toFixed(1)} µs in all; this machine: ${gigaflops.toFixed(1)} GFLOP/s in registers, ${gigabytes.toFixed(1)} GB/s copying`;
  return [line(head), rule, ...rows.map(line), rule, foot].join("\n");
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
