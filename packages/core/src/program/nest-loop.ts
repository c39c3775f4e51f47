// Loops without folds: a nest over the space's axes, as few as the operands' strides allow. The innermost one works on vectors of
// four neighbours, two at a time; operands that walk alike share a pointer.

import type { DType } from "../dtype.ts";
import type { GraphNode, Operand, Value } from "../graph/graph.ts";
import type { Group } from "../graph/passes/fuse.ts";
import { stridesIn } from "../graph/passes/layout.ts";
import { collapse, type Shape, sizeOf } from "../shape.ts";
import type { FunctionBuilder, Size } from "../wasm/assembler.ts";
import { elementBytes, loadLanes, storeLanes } from "../wasm/lanes.ts";
import { emitShare, onLastThread, type Share } from "../wasm/share.ts";
import type { Lanes } from "../wasm/simd.ts";
import { type Addresses, type Counter, Loop, spaceOf } from "./loop.ts";

/** How something is walked: a pointer, and the bytes by which each level of the nest moves it. */
interface Walk {
  readonly pointer: Counter;
  readonly steps: readonly number[];
}

/** A nest of loops. */
export class NestLoop extends Loop {
  readonly #sizes: readonly number[];
  /** How outputs are walked, then each operand from outside: in elements, for each level. */
  readonly #strides: readonly (readonly number[])[];
  readonly #outside: readonly Operand[];
  readonly #walks = new Map<string, Walk>();

  constructor(f: FunctionBuilder, group: Group, addresses: Addresses, space: Shape) {
    super(f, group, addresses);
    const reads = this.nodes.flatMap((node) =>
      node.inputs.filter(({ value }) => !this.isOwn(value)).map((operand) => ({ node, operand })),
    );
    this.#outside = reads.map(({ operand }) => operand);
    const inOrder = space.map((_, axis) => sizeOf(space.slice(axis + 1)));
    const nest = collapse(space, [inOrder, ...reads.map(({ node, operand }) => stridesIn(operand, spaceOf(node)))]);
    this.#sizes = nest.sizes.length === 0 ? [1] : nest.sizes;
    this.#strides = nest.strides;
    for (const [index, { value }] of this.#outside.entries()) this.#walk(index + 1, value.dtype);
    for (const node of this.nodes) for (const { dtype } of this.stored(node)) this.#walk(0, dtype);
  }

  /** The threads divide the outermost loop among them: a single one by whole vectors, its rest for the last thread. */
  emit(share: Share): void {
    const { f } = this;
    const [outermost = 1] = this.#sizes;
    if (this.#sizes.length === 1) {
      const [step, wide] = this.#vectors();
      const [from, to] = emitShare(f, wide / step, share, step);
      this.#start(from);
      this.#vectorLoop(from, to);
      if (wide < outermost) onLastThread(f, share, () => this.#tail());
      return;
    }
    const [from, to] = emitShare(f, outermost, share);
    this.#start(from);
    f.for(f.local("i32"), from, to, 1, () => this.#turn(0));
  }

  /** How operand or output number `index` is walked. */
  #walk(index: number, dtype: DType): Walk {
    const steps = this.#sizes.map((_, level) => (this.#strides[index]?.[level] ?? 0) * elementBytes(dtype));
    const key = steps.join();
    const walk = this.#walks.get(key) ?? { pointer: this.f.local("i32"), steps };
    this.#walks.set(key, walk);
    return walk;
  }

  #start(from: Counter): void {
    for (const { pointer, steps } of this.#walks.values())
      this.f
        .get(from)
        .i32(steps[0] ?? 0)
        .op("i32.mul")
        .set(pointer);
  }

  #advance(level: number, count: number): void {
    for (const { pointer, steps } of this.#walks.values()) this.f.increment(pointer, (steps[level] ?? 0) * count);
  }

  /** The elements of a step of the innermost loop, and up to where it takes whole steps. */
  #vectors(): readonly [step: number, wide: number] {
    const inner = this.#sizes.at(-1) ?? 1;
    const step = inner >= 8 ? 8 : 4;
    return [step, inner - (inner % step)];
  }

  /** One turn of a level that is not the innermost. */
  #turn(level: number): void {
    const next = level + 1;
    const size = this.#sizes[next] ?? 1;
    if (next === this.#sizes.length - 1) {
      this.#vectorLoop(0, this.#vectors()[1]);
      this.#tail();
    } else this.f.for(this.f.local("i32"), 0, size, 1, () => this.#turn(next));
    this.#advance(next, -size);
    this.#advance(level, 1);
  }

  #vectorLoop(start: Size, end: Size): void {
    const [step] = this.#vectors();
    this.f.for(this.f.local("i32"), start, end, step, () => {
      this.#body(4, step / 4);
      this.#advance(this.#sizes.length - 1, step);
    });
  }

  #tail(): void {
    const inner = this.#sizes.at(-1) ?? 1;
    for (let [, at] = this.#vectors(); at < inner; at += 4) {
      const lanes = Math.min(4, inner - at);
      this.#body(lanes, 1);
      this.#advance(this.#sizes.length - 1, lanes);
    }
  }

  #body(lanes: number, vectors: number): void {
    for (let vector = 0; vector < vectors; vector++) {
      const environment = new Map<Value, Lanes>();
      const loads = new Map<string, Lanes>();
      for (const node of this.nodes)
        this.compute(node, environment, (operand) => this.#load(operand, vector, lanes, loads));
      // Everything is read before anything is written: an output may be an input's memory.
      for (const node of this.nodes) this.#store(node, environment, vector, lanes);
    }
  }

  #load(operand: Operand, vector: number, lanes: number, loads: Map<string, Lanes>): Lanes {
    const { dtype } = operand.value;
    const index = 1 + this.#outside.indexOf(operand);
    const stride = this.#strides[index]?.at(-1) ?? 0;
    const { pointer } = this.#walk(index, dtype);
    const address = this.addresses.of(operand.value) + elementBytes(dtype) * (operand.offset + 4 * vector * stride);
    const key = `${address} ${stride} ${pointer.index}`;
    const known = loads.get(key) ?? loadLanes(this.f, { base: pointer, address, dtype, stride }, lanes);
    loads.set(key, known);
    return known;
  }

  #store(node: GraphNode, environment: ReadonlyMap<Value, Lanes>, vector: number, lanes: number): void {
    for (const value of this.stored(node)) {
      const { dtype } = value;
      const known = environment.get(value);
      const address = this.addresses.of(value) + 4 * vector * elementBytes(dtype);
      if (known !== undefined)
        storeLanes(this.f, { base: this.#walk(0, dtype).pointer, address, dtype, stride: 1 }, known, lanes);
    }
  }
}
