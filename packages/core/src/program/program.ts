// A program: a scheduled graph made runnable. One WebAssembly module holds a function for each kernel and one for each segment, a
// run of kernels without eager work between them; a call writes the arguments, runs the segments, and copies the results out.

import { copyInto } from "../engine/copy.ts";
import { AutogradError } from "../errors.ts";
import { type GraphNode, isDrawn } from "../graph/graph.ts";
import type { Group, Schedule } from "../graph/passes/fuse.ts";
import type { MemoryPlan } from "../graph/passes/memory.ts";
import { explainSchedule, printSchedule, toDot, toMermaid } from "../graph/print.ts";
import type { Trace } from "../graph/trace.ts";
import { Tensor, type Variable } from "../tensor.ts";
import type { Storage, View } from "../view.ts";
import type { Heap } from "../wasm/heap.ts";
import { parallel, type SegmentFunction } from "../wasm/parallel.ts";
import { ProgramMemory } from "./memory.ts";
import { emitModule, kernelName } from "./module.ts";
import { type Profile, profileOf } from "./profile.ts";
import { isCheck, type Segment, segmentsOf } from "./segments.ts";
import { Tuner } from "./tuner.ts";

/** A kernel as JavaScript sees it: the thread's number, and how many there are. */
type KernelFunction = (part: number, parts: number) => void;

/**
 * A captured computation that runs in a heap: what `compile` makes of a function for arguments of one kind.
 *
 * @example
 * import { compile } from "@gradus/core/compile";
 * const halve = compile((x: Tensor) => x.mul(0.5));
 * halve(tensor([1, 2])); // [0.5, 1]
 * halve.programs.length; // 1
 */
export class Program {
  /** @internal The graph, cut into kernels. */
  readonly schedule: Schedule;
  /** The bytes of the WebAssembly module. */
  readonly moduleBytes: number;
  readonly #trace: Trace;
  readonly #memory: ProgramMemory;
  readonly #threads: number;
  readonly #number: number;
  readonly #tuner: Tuner;
  readonly #segments: readonly Segment[];
  readonly #exports: WebAssembly.Exports;
  /** How many eager segments come before anything is changed: they check values. */
  readonly #checks: number;
  #most = 1;
  #times: Map<Group, number[]> | null = null;

  /** @internal Programs are made by `compile`. */
  constructor(trace: Trace, schedule: Schedule, heap: Heap) {
    this.#trace = trace;
    this.schedule = schedule;
    this.#threads = threadsFor(heap);
    this.#memory = new ProgramMemory(schedule, heap, this.#threads);
    this.#segments = segmentsOf(schedule);
    const first = this.#segments.findIndex((segment) => segment.kind !== "eager" || !isCheck(segment.node, this.plan));
    this.#checks = first < 0 ? this.#segments.length : first;
    const bytes = emitModule(this.#segments, this.#memory, heap, this.#threads);
    this.moduleBytes = bytes.length;
    const module = new WebAssembly.Module(bytes);
    this.#exports = heap.instance(module);
    this.#number = this.#threads > 1 ? (parallel()?.publish(module, this) ?? 0) : 0;
    this.#tuner = new Tuner(this.#threads);
    this.#memory.writeConstants(schedule.graph.nodes);
  }

  /**
   * @internal Whether the program can still run: its Variables lie where they lay when it was made, and the threads are those it was made for.
   * Another program that needs Variables of two memories moves some of them.
   */
  get isCurrent(): boolean {
    if (this.#threads !== threadsFor(this.#memory.heap)) return false;
    return this.#memory.residents.every(({ place }) => place?.heap === this.#memory.heap);
  }

  /** @internal Where values live. */
  get plan(): MemoryPlan {
    return this.#memory.plan;
  }

  /** @internal The Variables whose values or gradients the program reads or writes. */
  get touched(): { readonly storages: readonly Storage[]; readonly graded: readonly Variable[] } {
    const { nodes, gradients } = this.schedule.graph;
    const read = nodes.flatMap(({ work }) => (work.kind === "gradient" ? [work.variable] : []));
    return {
      storages: this.#memory.residents,
      graded: [...new Set([...read, ...gradients.map(({ variable }) => variable)])],
    };
  }

  /** @internal Runs the program on its arguments: what the captured function returned, as fresh tensors. */
  run(args: readonly View[]): Tensor[] {
    const { graph } = this.schedule;
    for (const { owner, lost } of this.#memory.residents) {
      if (lost)
        throw new AutogradError(
          `compile: Variable ${owner?.name || "(unnamed)"} was being written when a thread failed: assign or load its value again`,
        );
    }
    const threads = this.#threads > 1 && parallel()?.automatic === true ? this.#tuner.begin() : this.#threads;
    if (threads > 1) parallel()?.prepare();
    this.#most = threads;
    for (const { work, outputs } of graph.nodes) {
      const [value] = outputs;
      const argument = work.kind === "argument" ? args[work.index] : undefined;
      if (argument !== undefined && value !== undefined) copyInto(argument, this.#memory.array(value));
    }
    this.#writeGradients();
    for (const segment of this.#segments.slice(0, this.#checks)) this.#runSegment(segment);
    for (const effect of this.#trace.effects) effect();
    this.#writeInputs();
    for (const segment of this.#segments.slice(this.#checks)) this.#runSegment(segment);
    for (const { storage, value } of this.plan.copies) copyInto(this.#memory.view(value), storage.array);
    this.#tuner.end();
    const results = graph.results.map((operand) => new Tensor(this.#memory.copyOf(operand)));
    for (const { storage } of graph.assignments) storage.version++;
    for (const { variable, value } of graph.gradients) {
      if (value === null) variable.grad = null;
      else variable.deferGradient(() => new Tensor(this.#memory.copyOf(value)));
    }
    return results;
  }

  /** Gradients from before: those of the last call lie where this one computes, so they come first. */
  #writeGradients(): void {
    for (const { work, outputs } of this.schedule.graph.nodes) {
      const [value] = outputs;
      if (value !== undefined && work.kind === "gradient" && work.variable.grad !== null)
        copyInto(work.variable.grad.view, this.#memory.array(value));
    }
  }

  /** Host numbers, keys of random kernels and eager random numbers, in the order of the graph. */
  #writeInputs(): void {
    for (const node of this.schedule.graph.nodes) {
      const [value] = node.outputs;
      const { work } = node;
      if (value === undefined) continue;
      if (isDrawn(node)) this.#runEager(node);
      else if (work.kind === "host") this.#memory.array(value)[0] = work.compute();
      else if (work.kind === "random") {
        const { key0, key1, call } = work.generator.next();
        this.#memory.writeDraw(node, [key0, key1, call]);
      }
    }
  }

  #runSegment(segment: Segment): void {
    if (segment.kind === "kernels") {
      if (this.#times !== null) {
        this.#runTimed(segment.groups, this.#times);
        return;
      }
      const run = this.#exports[segment.name] as SegmentFunction; // cast: the module exports it so
      const threads = this.#most > 1 ? parallel() : null;
      if (threads === null) run(0, 1);
      else this.#guarded(() => threads.run(this.#number, segment.index, run, this.#most));
      return;
    }
    this.#runEager(segment.node);
  }

  #runEager(node: GraphNode): void {
    const outputs = node.eager?.(node.inputs.map((operand) => this.#memory.view(operand))) ?? [];
    for (const [index, value] of node.outputs.entries()) {
      const view = outputs[index];
      if (view !== undefined && this.plan.stored.has(value)) copyInto(view, this.#memory.array(value));
    }
  }

  /**
   * What each kernel costs, measured while `call` runs this program several times on one thread.
   * @param calls how often; the medians are taken
   */
  profile(call: () => void, calls = 30): Profile {
    const times = new Map<Group, number[]>();
    this.#times = times;
    try {
      for (let index = 0; index < calls; index++) call();
    } finally {
      this.#times = null;
    }
    return profileOf(times, this.plan.stored);
  }

  /** The kernels and what runs in them, as text. */
  toString(): string {
    return printSchedule(this.schedule);
  }

  /** What shares a kernel, and why the rest does not. */
  explain(): string {
    return explainSchedule(this.schedule);
  }

  /** The graph as a Mermaid flow chart, kernels as boxes. */
  toMermaid(): string {
    return toMermaid(this.schedule.graph, this.schedule);
  }

  /** The graph in Graphviz' language, kernels as clusters. */
  toDot(): string {
    return toDot(this.schedule.graph, this.schedule);
  }

  /** Runs a segment kernel by kernel, noting the times. */
  #runTimed(groups: readonly Group[], times: Map<Group, number[]>): void {
    for (const group of groups) {
      const kernel = this.#exports[kernelName(group)] as KernelFunction; // cast: the module exports it so
      const start = performance.now();
      kernel(0, 1);
      const samples = times.get(group) ?? [];
      samples.push(performance.now() - start);
      times.set(group, samples);
    }
  }

  /** A call that fails in the middle leaves its Variables half written: they must be loaded again. */
  #guarded(call: () => void): void {
    try {
      call();
    } catch (error) {
      for (const { storage } of this.schedule.graph.assignments) storage.lost = true;
      throw error;
    }
  }
}

/** How many threads a program in this heap works with. */
function threadsFor({ shared }: Heap): number {
  const threads = parallel();
  return shared === null || threads === null ? 1 : threads.threads;
}
