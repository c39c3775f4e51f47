// A program's part of its heap: where each value lies, as kernels and as JavaScript see it.

import { arrayFrom, type DType, type TypedArray } from "../dtype.ts";
import { contiguousView } from "../engine/copy.ts";
import { type GraphNode, isDrawn, type Operand, type Value } from "../graph/graph.ts";
import type { Schedule } from "../graph/passes/fuse.ts";
import { type MemoryPlan, planMemory } from "../graph/passes/memory.ts";
import { sizeOf } from "../shape.ts";
import { elements, Storage, type View, viewOf } from "../view.ts";
import type { Heap } from "../wasm/heap.ts";
import { type Places, scratchBytesOf } from "./module.ts";

/** Bytes of the words from which a random kernel reads its key and call. */
const DRAW_BYTES = 12;

/** The memory of one program; Variables lie elsewhere in the same heap. */
export class ProgramMemory implements Places {
  readonly heap: Heap;
  readonly plan: MemoryPlan;
  readonly scratch: number;
  /** The memory of the Variables that the program reads or assigns. */
  readonly residents: readonly Storage[];
  readonly #base: number;
  readonly #draws: ReadonlyMap<GraphNode, number>;

  /** Brings the Variables of a schedule into the heap, and reserves what else it needs. */
  constructor(schedule: Schedule, heap: Heap, threads: number) {
    const { nodes, assignments } = schedule.graph;
    this.heap = heap;
    this.plan = planMemory(schedule);
    const read = nodes.flatMap(({ work }) => (work.kind === "variable" ? [work.storage] : []));
    this.residents = [...new Set([...read, ...assignments.map(({ storage }) => storage)])];
    for (const storage of this.residents) heap.adopt(storage);
    const random = nodes.filter((node) => node.work.kind === "random" && !isDrawn(node));
    const draws = heap.reserve(random.length * DRAW_BYTES);
    this.#draws = new Map(random.map((node, index) => [node, draws + index * DRAW_BYTES]));
    this.scratch = heap.reserve(scratchBytesOf(schedule) * threads);
    this.#base = heap.reserve(this.plan.bytes);
  }

  get stored(): ReadonlySet<Value> {
    return this.plan.stored;
  }

  of(value: Value): number {
    const { work } = value.node;
    const storage = work.kind === "variable" ? work.storage : this.plan.inPlace.get(value);
    if (storage !== undefined) return this.heap.adopt(storage);
    return this.#base + (this.plan.offsets.get(value) ?? 0);
  }

  draw(node: GraphNode): number {
    return this.#draws.get(node) ?? 0;
  }

  /** Sets the key and the call of a random kernel. */
  writeDraw(node: GraphNode, words: readonly number[]): void {
    new Int32Array(this.heap.memory.buffer, this.draw(node), words.length).set(words);
  }

  /** A value's memory. */
  array(value: Value): TypedArray {
    return arrayOn(this.heap.memory.buffer, value.dtype, this.of(value), sizeOf(value.shape));
  }

  view({ value, shape, strides, offset }: Operand): View {
    return { storage: new Storage(this.array(value)), dtype: value.dtype, shape, strides, offset };
  }

  /** What an operand reads, in an array of its own. */
  copyOf(operand: Operand): View {
    const view = contiguousView(this.view(operand));
    return viewOf(arrayFrom(view.dtype, elements(view)), view.dtype, view.shape);
  }

  writeConstants(nodes: readonly GraphNode[]): void {
    for (const { work, outputs } of nodes) {
      const [value] = outputs;
      if (work.kind === "constant" && value !== undefined) this.array(value).set(elements(contiguousView(work.view)));
    }
  }
}

function arrayOn(buffer: ArrayBufferLike, dtype: DType, address: number, length: number): TypedArray {
  if (dtype === "float32") return new Float32Array(buffer, address, length);
  if (dtype === "float64") return new Float64Array(buffer, address, length);
  return dtype === "int32" ? new Int32Array(buffer, address, length) : new Uint8Array(buffer, address, length);
}
