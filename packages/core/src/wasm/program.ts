// A program: a scheduled graph made runnable. One WebAssembly module holds a function for each kernel and one for each segment, a
// run of kernels without eager work between them; a call writes the arguments, runs the segments, and copies the results out.

import { arrayFrom, type DType, type TypedArray } from "../dtype.ts";
import { contiguousView, copyInto } from "../engine/copy.ts";
import { AutogradError, GraphError } from "../errors.ts";
import { type GraphNode, isDrawn, type Operand, type Value } from "../graph/graph.ts";
import type { Group, Schedule } from "../graph/passes/fuse.ts";
import { type MemoryPlan, planMemory } from "../graph/passes/memory.ts";
import { explainSchedule, printSchedule, toDot, toMermaid } from "../graph/print.ts";
import type { Trace } from "../graph/trace.ts";
import { collapse, contiguousStrides, sizeOf } from "../shape.ts";
import { Tensor, type Variable } from "../tensor.ts";
import { elements, Storage, type View, viewOf } from "../view.ts";
import { type FunctionBuilder, type Local, ModuleBuilder } from "./assembler.ts";
import { defineBarrier, segmentName } from "./control.ts";
import { gemmKernel, gemmScratchBytes } from "./gemm.ts";
import { type Heap, importHeap } from "./heap.ts";
import { elementBytes } from "./lanes.ts";
import { emitLoop } from "./loops.ts";
import type { NativeKernel } from "./native.ts";
import { parallel, type SegmentFunction } from "./parallel.ts";
import { type Profile, profileOf } from "./profile.ts";
import { emitShare, KERNEL_PARAMETERS, type Share } from "./share.ts";
import { emitUniform } from "./threefry.ts";
import { Tuner } from "./tuner.ts";

/** A run of kernels, or an eager operator between two runs. */
type Segment =
  | { readonly kind: "kernels"; readonly groups: readonly Group[]; readonly index: number; readonly name: string }
  | { readonly kind: "eager"; readonly node: GraphNode };

/** A kernel as JavaScript sees it: the thread's number, and how many there are. */
type KernelFunction = (part: number, parts: number) => void;

/** Bytes of the words from which a random kernel reads its key and call. */
const DRAW_BYTES = 12;

/** A captured computation that runs in a heap. */
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
    const bytes = this.#emit();
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

  #emit(): Uint8Array<ArrayBuffer> {
    const module = new ModuleBuilder();
    importHeap(module, this.#heap);
    const barrier = this.#threads > 1 ? defineBarrier(module) : null;
    for (const segment of this.#segments) {
      if (segment.kind === "eager") continue;
      const kernels = segment.groups.map((group) => this.#emitKernel(module, group));
      const run = module.define({ parameters: KERNEL_PARAMETERS, results: ["i32"] }, (f, part, parts) => {
        for (const kernel of kernels) {
          f.get(part).get(parts).call(kernel);
          if (barrier === null) continue;
          f.get(parts)
            .i32(1)
            .op("i32.gt_u")
            .if(() => {
              f.get(parts)
                .call(barrier)
                .if(() => void f.i32(1).op("control.return"));
            });
        }
        f.i32(0);
      });
      module.export(segment.name, run);
    }
    return module.toBytes();
  }

  #emitKernel(module: ModuleBuilder, group: Group): FunctionBuilder {
    const [node] = group.nodes;
    if (node === undefined) throw new GraphError("a kernel without nodes");
    const product = node.work.kind === "matmul" ? productKernel(module, node) : null;
    const native = node.work.kind === "native" ? this.#nativeBody(module, node, node.work.kernel) : null;
    const kernel = module.define({ parameters: KERNEL_PARAMETERS }, (f, part, parts) => {
      const [value] = node.outputs;
      const share = { part, parts };
      if (node.work.kind === "matmul") this.#emitProduct(f, product, node, share);
      else if (native !== null) native(f, share);
      else if (node.work.kind === "random" && value !== undefined) {
        emitUniform(f, this.#address(value), sizeOf(value.shape), this.#draws.get(node) ?? 0, share);
      } else emitLoop(f, group, { of: this.#address, stored: this.plan.stored }, share);
    });
    module.export(kernelName(group), kernel);
    return kernel;
  }

  #nativeBody(
    module: ModuleBuilder,
    node: GraphNode,
    kernel: NativeKernel,
  ): (f: FunctionBuilder, share: Share) => void {
    const inputs = node.inputs.map(({ value, shape }) => ({ shape, dtype: value.dtype }));
    const [output] = node.outputs;
    if (output === undefined) throw new GraphError(`${node.name}: no output`);
    const body = kernel.emit(module, inputs, output);
    const places = {
      inputs: node.inputs.map(({ value, offset }) => this.#address(value) + elementBytes(value.dtype) * offset),
      output: this.#address(output),
      scratch: this.#scratch,
    };
    return (f, share) => body(f, places, share);
  }

  /** A thread's share of a batch of products: of the columns of each, or of the rows where there are more. */
  #emitProduct(f: FunctionBuilder, kernel: FunctionBuilder | null, node: GraphNode, share: Share): void {
    const [a, b] = node.inputs;
    const [c] = node.outputs;
    if (a === undefined || b === undefined || c === undefined || kernel === null)
      throw new GraphError("matmul: operands are missing");
    const [left, right] = [matrixForm(a), matrixForm(b)];
    const [m, n, k] = [c.shape.at(-2) ?? 1, c.shape.at(-1) ?? 1, a.shape.at(-1) ?? 1];
    const batch = c.shape.slice(0, -2);
    const steps = [a, b].map(({ shape, strides }) =>
      batch.map((_, axis) => {
        const own = axis - batch.length + shape.length - 2;
        return own < 0 || (shape[own] === 1 && batch[axis] !== 1) ? 0 : (strides[own] ?? 0);
      }),
    );
    const nest = collapse(batch, [...steps, contiguousStrides(c.shape).slice(0, -2)]);
    const byRows = m > n;
    const [lines, unit] = byRows ? [m, 4] : [n, 8];
    const [from, to] = emitShare(f, Math.ceil(lines / unit), share, unit);
    f.clamp(to, lines);
    const count = f.local("i32");
    f.get(to).get(from).op("i32.sub").set(count);
    f.get(from)
      .get(to)
      .op("i32.lt_u")
      .if(() => {
        // How far apart the shares begin in A, B and C, in floats for each line.
        const apart = byRows
          ? [left.form === "n" ? left.stride : 1, 0, n]
          : [0, right.form === "n" ? 1 : right.stride, 1];
        const starts = [this.#address(a.value) + 4 * a.offset, this.#address(b.value) + 4 * b.offset, this.#address(c)];
        const pointers = starts.map((start, index) => {
          const pointer = f.local("i32");
          f.i32(start)
            .plus(from, 4 * (apart[index] ?? 0))
            .set(pointer);
          return pointer;
        });
        const scratch = f.local("i32");
        f.i32(this.#scratch).plus(share.part, gemmScratch()).set(scratch);
        nestOf(f, nest, pointers, () => {
          for (const pointer of pointers) f.get(pointer);
          f.push(scratch, byRows ? count : m, byRows ? n : count, k, 4 * left.stride, 4 * right.stride, 4 * n, 0)
            .i32(0)
            .call(kernel);
        });
      });
  }
}

/** The function that computes products of a node's form. */
function productKernel(module: ModuleBuilder, { inputs: [a, b] }: GraphNode): FunctionBuilder {
  if (a === undefined || b === undefined) throw new GraphError("matmul: operands are missing");
  return gemmKernel(module, { form: `${matrixForm(a).form}${matrixForm(b).form}` });
}

/** Each thread's room for packing. */
const gemmScratch = (): number => Math.ceil(gemmScratchBytes() / 64) * 64;

/** Working memory that is enough for one thread of any kernel. */
function scratchBytesOf({ graph }: Schedule): number {
  const sizes = graph.nodes.map(({ work, inputs, outputs }) => {
    if (work.kind === "matmul") return gemmScratch();
    const [output] = outputs;
    if (work.kind !== "native" || output === undefined) return 0;
    return work.kernel.scratchBytes(
      inputs.map(({ value, shape }) => ({ shape, dtype: value.dtype })),
      output,
    );
  });
  return Math.max(0, ...sizes);
}

/** Loops over a batch, moving each pointer by its strides (in floats). */
function nestOf(
  f: FunctionBuilder,
  { sizes, strides }: { readonly sizes: readonly number[]; readonly strides: readonly (readonly number[])[] },
  pointers: readonly Local<"i32">[],
  body: () => void,
  level = 0,
): void {
  if (level === sizes.length) {
    body();
    return;
  }
  const size = sizes[level] ?? 1;
  const counter = f.local("i32");
  f.for(counter, 0, size, 1, () => {
    nestOf(f, { sizes, strides }, pointers, body, level + 1);
    for (const [index, pointer] of pointers.entries()) f.increment(pointer, 4 * (strides[index]?.[level] ?? 0));
  });
  for (const [index, pointer] of pointers.entries()) f.increment(pointer, -4 * size * (strides[index]?.[level] ?? 0));
}

/** How a product reads an operand: as it is stored, or transposed; and the step between stored rows. */
function matrixForm({ shape, strides }: Operand): { readonly form: "n" | "t"; readonly stride: number } {
  const [rows, columns] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
  const [row, column] = [strides.at(-2) ?? 0, strides.at(-1) ?? 0];
  if (column === 1 || columns === 1) return { form: "n", stride: rows === 1 ? columns : row };
  return { form: "t", stride: columns === 1 ? rows : column };
}

/** Whether the product kernels can read an operand as it lies. */
export function suitsProduct({ value, shape, strides }: Operand): boolean {
  const [rows, columns] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
  const [row, column] = [strides.at(-2) ?? 0, strides.at(-1) ?? 0];
  if (value.dtype !== "float32" || rows === 0 || columns === 0) return false;
  return (
    (column === 1 && (row >= columns || rows === 1)) ||
    (row === 1 && (column >= rows || columns === 1)) ||
    (columns === 1 && row > 0)
  );
}

/** The name of a kernel's function in the module. */
export function kernelName(group: Group): string {
  return `kernel ${group.id}`;
}

/** How many threads a program in this heap works with. */
export function threadsFor({ shared }: Heap): number {
  const threads = parallel();
  return shared === null || threads === null ? 1 : threads.threads;
}

/**
 * An eager node that only looks at what is there before the call: it may refuse that, and so comes before anything is changed. Numbers
 * and gradients that the call itself puts in place are not there yet.
 */
function isCheck({ inputs, outputs }: GraphNode, { inPlace }: MemoryPlan): boolean {
  const isThere = ({ value: { node } }: Operand): boolean =>
    ["argument", "constant", "variable"].includes(node.work.kind);
  return inputs.every(isThere) && !outputs.some((value) => inPlace.has(value));
}

function segmentsOf({ groups }: Schedule): Segment[] {
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

/** Whether a node that shares its kernel with no other has one. */
export function hasKernel({ work, inputs, outputs }: GraphNode): boolean {
  if (work.kind === "random") return outputs[0]?.dtype === "float32";
  if (work.kind === "native") {
    const specs = inputs.map(({ value, shape }) => ({ shape, dtype: value.dtype }));
    return outputs[0] !== undefined && work.kernel.suits(specs, outputs[0]);
  }
  return work.kind === "matmul" && inputs.every(suitsProduct) && outputs.every(({ shape }) => sizeOf(shape) > 0);
}

function arrayOn(buffer: ArrayBufferLike, dtype: DType, address: number, length: number): TypedArray {
  if (dtype === "float32") return new Float32Array(buffer, address, length);
  if (dtype === "float64") return new Float64Array(buffer, address, length);
  return dtype === "int32" ? new Int32Array(buffer, address, length) : new Uint8Array(buffer, address, length);
}
