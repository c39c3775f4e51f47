// A program: a scheduled graph made runnable. One WebAssembly module holds a function for each kernel and one for each segment, a
// run of kernels without eager work between them; a call writes the arguments, runs the segments, and copies the results out.

import { arrayFrom, type DType, type TypedArray } from "../dtype.ts";
import { contiguousView, copyInto } from "../engine/copy.ts";
import { AutogradError } from "../errors.ts";
import { type GraphNode, isDrawn, type Operand, type Value } from "../graph/graph.ts";
import type { Group, Schedule } from "../graph/passes/fuse.ts";
import { type MemoryPlan, planMemory } from "../graph/passes/memory.ts";
import { explainSchedule, printSchedule, toDot, toMermaid } from "../graph/print.ts";
import type { Trace } from "../graph/trace.ts";
import { sizeOf } from "../shape.ts";
import { Tensor, type Variable } from "../tensor.ts";
import { elements, Storage, type View, viewOf } from "../view.ts";
import type { Heap } from "../wasm/heap.ts";
import { parallel, type SegmentFunction } from "../wasm/parallel.ts";
import { emitModule, kernelName, scratchBytesOf } from "./module.ts";
import { type Profile, profileOf } from "./profile.ts";
import { isCheck, type Segment, segmentsOf } from "./segments.ts";
import { Tuner } from "./tuner.ts";

/** A kernel as JavaScript sees it: the thread's number, and how many there are. */
type KernelFunction = (part: number, parts: number) => void;

/** Bytes of the words from which a random kernel reads its key and call. */
const DRAW_BYTES = 12;

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
  /** @internal Where values live. */
  readonly plan: MemoryPlan;
  /** The bytes of the WebAssembly module. */
  readonly moduleBytes: number;
  readonly #trace: Trace;
  readonly #heap: Heap;
  readonly #base: number;
  readonly #scratch: number;
  readonly #threads: number;
  readonly #residents: Storage[];
  readonly #number: number;
  readonly #tuner: Tuner;
  readonly #draws = new Map<GraphNode, number>();
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
    this.#heap = heap;
    this.plan = planMemory(schedule);
    for (const { work } of schedule.graph.nodes) if (work.kind === "variable") heap.adopt(work.storage);
    for (const { storage } of schedule.graph.assignments) heap.adopt(storage);
    this.#residents = schedule.graph.nodes.flatMap(({ work }) => (work.kind === "variable" ? [work.storage] : []));
    for (const { storage } of schedule.graph.assignments)
      if (!this.#residents.includes(storage)) this.#residents.push(storage);
    const random = schedule.graph.nodes.filter((node) => node.work.kind === "random" && !isDrawn(node));
    const draws = heap.reserve(random.length * DRAW_BYTES);
    for (const [index, node] of random.entries()) this.#draws.set(node, draws + index * DRAW_BYTES);
    this.#threads = heap.shared === null ? 1 : (parallel()?.threads ?? 1);
    this.#scratch = heap.reserve(scratchBytesOf(schedule) * this.#threads);
    this.#base = heap.reserve(this.plan.bytes);
    this.#segments = segmentsOf(schedule);
    const first = this.#segments.findIndex((segment) => segment.kind !== "eager" || !isCheck(segment.node, this.plan));
    this.#checks = first < 0 ? this.#segments.length : first;
    const places = {
      of: this.#address,
      stored: this.plan.stored,
      draw: (node: GraphNode): number => this.#draws.get(node) ?? 0,
      scratch: this.#scratch,
    };
    const bytes = emitModule(this.#segments, places, heap, this.#threads);
    this.moduleBytes = bytes.length;
    const module = new WebAssembly.Module(bytes);
    this.#exports = heap.instance(module);
    this.#number = this.#threads > 1 ? (parallel()?.publish(module, this) ?? 0) : 0;
    this.#tuner = new Tuner(this.#threads);
    this.#writeConstants();
  }

  /**
   * @internal Whether the program can still run: its Variables lie where they lay when it was made, and the threads are those it was made for.
   * Another program that needs Variables of two memories moves some of them.
   */
  get isCurrent(): boolean {
    if (this.#threads !== threadsFor(this.#heap)) return false;
    return this.#residents.every(({ place }) => place?.heap === this.#heap);
  }

  /** @internal The Variables whose values or gradients the program reads or writes. */
  get touched(): { readonly storages: readonly Storage[]; readonly graded: readonly Variable[] } {
    const { nodes, gradients } = this.schedule.graph;
    const read = nodes.flatMap(({ work }) => (work.kind === "gradient" ? [work.variable] : []));
    return {
      storages: this.#residents,
      graded: [...new Set([...read, ...gradients.map(({ variable }) => variable)])],
    };
  }

  /** @internal Runs the program on its arguments: what the captured function returned, as fresh tensors. */
  run(args: readonly View[]): Tensor[] {
    const { graph } = this.schedule;
    for (const { owner, lost } of this.#residents) {
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
      if (argument !== undefined && value !== undefined) copyInto(argument, this.#array(value));
    }
    for (const segment of this.#segments.slice(0, this.#checks)) this.#runSegment(segment);
    for (const effect of this.#trace.effects) effect();
    this.#writeInputs();
    for (const segment of this.#segments.slice(this.#checks)) this.#runSegment(segment);
    for (const { storage, value } of this.plan.copies) copyInto(this.#view(value), storage.array);
    this.#tuner.end();
    const results = graph.results.map((operand) => new Tensor(this.#copyOf(operand)));
    for (const { storage } of graph.assignments) storage.version++;
    for (const { variable, value } of graph.gradients) {
      if (value === null) variable.grad = null;
      else variable.deferGradient(() => new Tensor(this.#copyOf(value)));
    }
    return results;
  }

  /** Host numbers, keys of random kernels and eager random numbers in the order of the graph, and gradients from before. */
  #writeInputs(): void {
    for (const node of this.schedule.graph.nodes) {
      const [value] = node.outputs;
      const { work } = node;
      if (value === undefined) continue;
      if (isDrawn(node)) this.#runEager(node);
      else if (work.kind === "host") this.#array(value)[0] = work.compute();
      else if (work.kind === "gradient") {
        if (work.variable.grad !== null) copyInto(work.variable.grad.view, this.#array(value));
      } else if (work.kind === "random") {
        const { key0, key1, call } = work.generator.next();
        new Int32Array(this.#heap.memory.buffer, this.#draws.get(node) ?? 0, 3).set([key0, key1, call]);
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
    const outputs = node.eager?.(node.inputs.map((operand) => this.#view(operand))) ?? [];
    for (const [index, value] of node.outputs.entries()) {
      const view = outputs[index];
      if (view !== undefined && this.plan.stored.has(value)) copyInto(view, this.#array(value));
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

  /** The address of a value. */
  #address = (value: Value): number => {
    const { work } = value.node;
    const storage = work.kind === "variable" ? work.storage : this.plan.inPlace.get(value);
    if (storage !== undefined) return this.#heap.adopt(storage);
    return this.#base + (this.plan.offsets.get(value) ?? 0);
  };

  /** A value's memory. */
  #array(value: Value): TypedArray {
    return arrayOn(this.#heap.memory.buffer, value.dtype, this.#address(value), sizeOf(value.shape));
  }

  #view({ value, shape, strides, offset }: Operand): View {
    return { storage: new Storage(this.#array(value)), dtype: value.dtype, shape, strides, offset };
  }

  #copyOf(operand: Operand): View {
    const view = contiguousView(this.#view(operand));
    return viewOf(arrayFrom(view.dtype, elements(view)), view.dtype, view.shape);
  }

  #writeConstants(): void {
    for (const { work, outputs } of this.schedule.graph.nodes) {
      const [value] = outputs;
      if (work.kind === "constant" && value !== undefined) this.#array(value).set(elements(contiguousView(work.view)));
    }
  }
}

/** How many threads a program in this heap works with. */
function threadsFor({ shared }: Heap): number {
  const threads = parallel();
  return shared === null || threads === null ? 1 : threads.threads;
}

function arrayOn(buffer: ArrayBufferLike, dtype: DType, address: number, length: number): TypedArray {
  if (dtype === "float32") return new Float32Array(buffer, address, length);
  if (dtype === "float64") return new Float64Array(buffer, address, length);
  return dtype === "int32" ? new Int32Array(buffer, address, length) : new Uint8Array(buffer, address, length);
}
