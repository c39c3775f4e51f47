// Loops for fused groups. A group with a fold over rows or columns becomes passes over a matrix; one without becomes a nest of
// loops. The innermost loop works on vectors of four neighbours, several at a time; values travel in locals.

import type { DType } from "../dtype.ts";
import type { GraphNode, Operand, Value } from "../graph/graph.ts";
import type { Group } from "../graph/passes/fuse.ts";
import {
  type MatrixStrides,
  matrixOf,
  matrixStrides,
  singlePace,
  squeezed,
  stridesIn,
} from "../graph/passes/layout.ts";
import { type Stages, stagesOf } from "../graph/passes/stages.ts";
import { collapse, type Shape, sizeOf } from "../shape.ts";
import type { FunctionBuilder, Local, Size } from "./assembler.ts";
import { elementBytes, loadLanes, storeLanes } from "./lanes.ts";
import { emitShare, onLastThread, type Share } from "./share.ts";
import { emitVector, type Lanes, pushFloats } from "./simd.ts";
import { functions } from "./simd-math.ts";

/** Where values live. */
export interface Addresses {
  of(value: Value): number;
  /** Values that must be in memory when the kernel is done. */
  readonly stored: ReadonlySet<Value>;
}

type Counter = Local<"i32">;
/** What is known of values while code is emitted: their lanes, for each vector side by side. */
type Environment = Map<Value, Lanes>[];

/** Elements after which a running total is folded away, so that long sums keep their digits. */
const BLOCK = 2048;
/** Rows likewise: a column has one running total, where a row has several. */
const ROWS_BLOCK = 256;

/** Emits one thread's share of the loop of a group. */
export function emitLoop(f: FunctionBuilder, group: Group, addresses: Addresses, share: Share): void {
  const { space, fold } = group;
  if (space === null) return;
  if (fold === null) new NestLoop(f, group, addresses, space).emit(share);
  else if (fold.kind === "columns") new ColumnLoop(f, group, addresses, space, fold.split).emit(share);
  else new RowLoop(f, group, addresses, space, fold.split).emit(share);
}

/** What a node writes about the shape that its operands are broadcast to. */
function spaceOf(node: GraphNode): Shape {
  return node.work.kind === "reduce" ? (node.inputs[0]?.shape ?? []) : (node.outputs[0]?.shape ?? []);
}

/** What loops over matrices and nests share: computing nodes from the values around them. */
abstract class Loop {
  protected readonly f: FunctionBuilder;
  protected readonly group: Group;
  protected readonly addresses: Addresses;

  constructor(f: FunctionBuilder, group: Group, addresses: Addresses) {
    this.f = f;
    this.group = group;
    this.addresses = addresses;
  }

  protected get nodes(): readonly GraphNode[] {
    return this.group.nodes;
  }

  protected isOwn(value: Value): boolean {
    return this.group.roles.has(value.node);
  }

  protected stored(node: GraphNode): Value[] {
    return node.outputs.filter((value) => this.addresses.stored.has(value));
  }

  /** The values of an elementwise node, given how to get its operands. */
  protected compute(
    node: GraphNode,
    environment: Map<Value, Lanes>,
    read: (operand: Operand) => Lanes | undefined,
  ): void {
    if (node.work.kind !== "elementwise") return;
    const inputs = node.inputs.map((operand) => environment.get(operand.value) ?? read(operand));
    const results = emitVector(this.f, node.work.formulas, inputs, functions);
    for (const [index, value] of node.outputs.entries()) {
      const lanes = results[index];
      if (lanes !== undefined) environment.set(value, lanes);
    }
  }

  /** total = combine(total, next) */
  protected accumulate(node: GraphNode, total: Lanes, next: Lanes): void {
    if (node.work.kind !== "reduce") return;
    const [result] = emitVector(this.f, [node.work.combine], [total, next], functions);
    if (result === undefined) return;
    pushFloats(this.f, result);
    this.f.set(total.local);
  }

  /**
   * total = combine(total, block), then the block begins anew. Sums carry what each addition rounds away (Neumaier's and Knuth's
   * exact s + error = a + b) in `lost`, so that their error does not grow with the number of blocks.
   */
  protected foldBlock(node: GraphNode, total: Lanes, block: Lanes, lost: Lanes): void {
    const { f } = this;
    if (isSum(node)) {
      const [sum, back] = f.locals("v128", "v128");
      f.get(total.local).get(block.local).op("f32x4.add").tee(sum).get(total.local).op("f32x4.sub").set(back);
      f.get(lost.local);
      f.get(total.local).get(sum).get(back).op("f32x4.sub").op("f32x4.sub");
      f.get(block.local).get(back).op("f32x4.sub").op("f32x4.add");
      f.op("f32x4.add").set(lost.local).get(sum).set(total.local);
    } else this.accumulate(node, total, block);
    this.reset(node, block);
  }

  /** What the additions of blocks have lost, added at last; an infinite sum stays infinite. */
  protected restoreLost(node: GraphNode, total: Lanes, lost: Lanes): void {
    if (!isSum(node)) return;
    const { f } = this;
    f.get(total.local).get(lost.local).op("f32x4.add").get(total.local);
    f.get(lost.local).get(lost.local).op("f32x4.eq").op("v128.bitselect").set(total.local);
  }

  protected initial(node: GraphNode): Lanes {
    const local = this.f.local("v128");
    this.reset(node, { local, type: "f32" });
    return { local, type: "f32" };
  }

  /** Zeros. */
  protected nothing(): Lanes {
    const local = this.f.local("v128");
    this.f.v128().set(local);
    return { local, type: "f32" };
  }

  protected reset(node: GraphNode, total: Lanes): void {
    this.f
      .f32(node.work.kind === "reduce" ? node.work.init : 0)
      .op("f32x4.splat")
      .set(total.local);
  }
}

/** Whether a fold adds. */
function isSum({ work }: GraphNode): boolean {
  return work.kind === "reduce" && work.combine.node.kind === "call" && work.combine.node.fn === "add";
}

/** A nest of loops without folds. */
class NestLoop extends Loop {
  readonly #space: Shape;

  constructor(f: FunctionBuilder, group: Group, addresses: Addresses, space: Shape) {
    super(f, group, addresses);
    this.#space = space;
  }

  emit(share: Share): void {
    const { f } = this;
    const outside = this.nodes.flatMap((node) =>
      node.inputs.filter(({ value }) => !this.isOwn(value)).map((operand) => ({ node, operand })),
    );
    const inOrder = this.#space.map((_, axis) => sizeOf(this.#space.slice(axis + 1)));
    const all = [inOrder, ...outside.map(({ node, operand }) => stridesIn(operand, spaceOf(node)))];
    const nest = collapse(this.#space, all);
    const sizes = nest.sizes.length === 0 ? [1] : nest.sizes;
    const levels = sizes.length;
    const strideOf = (index: number, level: number): number => nest.strides[index]?.[level] ?? 0;
    // One pointer for each way of walking: operands that walk alike share it, each with its own constant address.
    const walks = new Map<string, Counter>();
    const walkKey = (index: number, bytes: number): string =>
      sizes.map((_, level) => strideOf(index, level) * bytes).join();
    const places = [
      ...outside.map(({ operand }, index) => ({ index: index + 1, dtype: operand.value.dtype })),
      ...this.#stores().map((value) => ({ index: 0, dtype: value.dtype })),
    ];
    for (const { index, dtype } of places) {
      const key = walkKey(index, elementBytes(dtype));
      if (!walks.has(key)) walks.set(key, f.local("i32"));
    }
    const pointerFor = (index: number, dtype: DType): Counter | null =>
      walks.get(walkKey(index, elementBytes(dtype))) ?? null;

    const inner = sizes[levels - 1] ?? 1;
    const body = (lanes: number, vectors: number): void => {
      for (let vector = 0; vector < vectors; vector++) {
        const environment = new Map<Value, Lanes>();
        const loads = new Map<string, Lanes>();
        for (const node of this.nodes) {
          this.compute(node, environment, (operand) => {
            const index = 1 + outside.findIndex((other) => other.operand === operand);
            const stride = strideOf(index, levels - 1);
            const { dtype } = operand.value;
            const bytes = elementBytes(dtype);
            const address = this.addresses.of(operand.value) + bytes * (operand.offset + 4 * vector * stride);
            const key = `${address} ${stride} ${walkKey(index, bytes)}`;
            const known =
              loads.get(key) ?? loadLanes(f, { base: pointerFor(index, dtype), address, dtype, stride }, lanes);
            loads.set(key, known);
            return known;
          });
        }
        // Everything is read before anything is written: an output may be an input's memory.
        for (const node of this.nodes) {
          for (const value of this.stored(node)) {
            const lanesOf = environment.get(value);
            const address = this.addresses.of(value) + 4 * vector * elementBytes(value.dtype);
            if (lanesOf !== undefined)
              storeLanes(
                f,
                { base: pointerFor(0, value.dtype), address, dtype: value.dtype, stride: 1 },
                lanesOf,
                lanes,
              );
          }
        }
      }
    };
    const advance = (level: number, steps: number): void => {
      for (const [key, pointer] of walks) f.increment(pointer, Number(key.split(",")[level] ?? 0) * steps);
    };
    const vectors = inner >= 8 ? 2 : 1;
    const step = 4 * vectors;
    const wide = inner - (inner % step);
    const row = (level: number, start: Size, end: Size, tail: () => void): void => {
      const counter = f.local("i32");
      f.for(counter, start, end, step, () => {
        body(4, vectors);
        advance(level, step);
      });
      tail();
    };
    const tail = (level: number): void => {
      for (let at = wide; at < inner; at += 4) {
        const lanes = Math.min(4, inner - at);
        body(lanes, 1);
        advance(level, lanes);
      }
    };
    const loop = (level: number): void => {
      if (level === levels - 1) {
        row(level, 0, wide, () => tail(level));
        return;
      }
      const counter = f.local("i32");
      const turn = (): void => {
        loop(level + 1);
        advance(level + 1, -(sizes[level + 1] ?? 1));
        advance(level, 1);
      };
      f.for(counter, 0, sizes[level] ?? 1, 1, turn);
    };
    // The threads divide the outermost loop among them: a single one by whole vectors, its rest for the last thread.
    const start = (from: Local<"i32">): void => {
      for (const [key, pointer] of walks)
        f.get(from)
          .i32(Number(key.split(",")[0] ?? 0))
          .op("i32.mul")
          .set(pointer);
    };
    if (levels === 1) {
      const [from, to] = emitShare(f, wide / step, share, step);
      start(from);
      row(0, from, to, () => {
        if (wide < inner) onLastThread(f, share, () => tail(0));
      });
    } else {
      const [from, to] = emitShare(f, sizes[0] ?? 1, share);
      start(from);
      const counter = f.local("i32");
      f.for(counter, from, to, 1, () => {
        loop(1);
        advance(1, -(sizes[1] ?? 1));
        advance(0, 1);
      });
    }
  }

  #stores(): Value[] {
    return this.nodes.flatMap((node) => this.stored(node));
  }
}

/** An operand as a matrix in a loop with a fold: where it starts, and its steps in bytes. */
interface Access extends MatrixStrides {
  readonly address: number;
  readonly dtype: DType;
  readonly bytes: number;
}

/** Passes over a matrix, with kept values in between. */
abstract class MatrixLoop extends Loop {
  protected readonly rows: number;
  protected readonly columns: number;
  protected readonly stages: Stages;
  readonly #space: Shape;
  readonly #split: number;

  constructor(f: FunctionBuilder, group: Group, addresses: Addresses, space: Shape, split: number) {
    super(f, group, addresses);
    ({ rows: this.rows, columns: this.columns } = matrixOf(space, split));
    this.#space = space;
    this.#split = split;
    this.stages = stagesOf(group, addresses.stored);
  }

  /** The folded axis of a kept operand's strides. */
  protected abstract keptAccess(stride: number): MatrixStrides;

  protected accessOf(node: GraphNode, operand: Operand): Access {
    const { dtype } = operand.value;
    const bytes = elementBytes(dtype);
    const shape = spaceOf(node);
    const strides = stridesIn(operand, shape);
    const matrix =
      this.group.roles.get(node) === "kept"
        ? this.keptAccess(singlePace(squeezed(shape), strides) ?? 0)
        : matrixStrides(this.#space, strides, this.#split);
    if (matrix === null) throw new Error(`${node.name}: an operand does not fit its loop`);
    return { ...matrix, address: this.addresses.of(operand.value) + bytes * operand.offset, dtype, bytes };
  }

  protected fullAccess(value: Value): Access {
    return {
      row: this.columns,
      column: 1,
      address: this.addresses.of(value),
      dtype: value.dtype,
      bytes: elementBytes(value.dtype),
    };
  }

  protected keptOutput(value: Value): Access {
    return {
      ...this.keptAccess(1),
      address: this.addresses.of(value),
      dtype: value.dtype,
      bytes: elementBytes(value.dtype),
    };
  }

  protected stage(node: GraphNode): number {
    return this.stages.stageOf.get(node) ?? 0;
  }

  protected role(node: GraphNode): string {
    return this.group.roles.get(node) ?? "";
  }

  /** The folds that are complete after a pass. */
  protected folds(pass: number): GraphNode[] {
    return this.nodes.filter((node) => this.role(node) === "fold" && this.stage(node) === pass);
  }

  /** Kept nodes that can be computed before a pass and not earlier. */
  protected kept(pass: number): GraphNode[] {
    return this.nodes.filter((node) => this.role(node) === "kept" && this.stage(node) === pass);
  }

  /** The full nodes that a pass computes, in order: those due now, and earlier ones that they need again. */
  protected full(pass: number): GraphNode[] {
    const needed = new Set<GraphNode>();
    const stack = this.nodes.filter((node) => this.stage(node) === pass && this.role(node) !== "kept");
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (needed.has(node)) continue;
      needed.add(node);
      for (const { value } of node.inputs) {
        const again = this.isOwn(value) && this.role(value.node) === "full" && !this.isInMemory(value, pass);
        if (again) stack.push(value.node);
      }
    }
    return this.nodes.filter((node) => needed.has(node) && this.role(node) === "full");
  }

  /** Whether a pass reads a full value of an earlier one from memory. */
  protected isInMemory(value: Value, pass: number): boolean {
    return this.stage(value.node) < pass && this.stages.remembered.has(value);
  }

  /** Operands that do not change along the folded axis, with the nodes that read them: loaded once. */
  protected steady(isSteady: (access: Access) => boolean): { readonly operand: Operand; readonly access: Access }[] {
    return this.nodes.flatMap((node) =>
      node.inputs.flatMap((operand) => {
        if (this.isOwn(operand.value)) return [];
        const access = this.accessOf(node, operand);
        return this.role(node) === "kept" || isSteady(access) ? [{ operand, access }] : [];
      }),
    );
  }
}

const keyOf = ({ address, dtype, row, column }: Access): string => `${address} ${dtype} ${row} ${column}`;

/** Folds over rows: strips of neighbouring columns, each walked from the first row to the last. */
class ColumnLoop extends MatrixLoop {
  protected override keptAccess(stride: number): MatrixStrides {
    return { row: 0, column: stride };
  }

  emit(share: Share): void {
    const { f, columns } = this;
    const strip = f.local("i32");
    const vectors = columns >= 8 ? 2 : 1;
    const step = 4 * vectors;
    const wide = columns - (columns % step);
    const [from, to] = emitShare(f, wide / step, share, step);
    f.for(strip, from, to, step, () => this.#strip(strip, vectors, 4));
    if (wide === columns) return;
    onLastThread(f, share, () => {
      for (let at = wide; at < columns; at += 4) {
        f.i32(at).set(strip);
        this.#strip(strip, 1, Math.min(4, columns - at));
      }
    });
  }

  #strip(strip: Counter, vectors: number, lanes: number): void {
    const { f } = this;
    const environments: Environment = Array.from({ length: vectors }, () => new Map<Value, Lanes>());
    const bases = new Map<number, Counter>();
    /** The bytes from a row's start to the strip, for operands of this column step. */
    const baseOf = (step: number): Counter | null => {
      if (step === 0) return null;
      let base = bases.get(step);
      if (base === undefined) {
        base = f.local("i32");
        f.get(strip).i32(step).op("i32.mul").set(base);
        bases.set(step, base);
      }
      return base;
    };
    const steadyLoads = environments.map(() => new Map<string, Lanes>());
    for (const { access } of this.steady(({ row }) => row === 0)) {
      for (const [vector, loads] of steadyLoads.entries()) {
        if (!loads.has(keyOf(access)))
          loads.set(keyOf(access), this.#load(access, baseOf(access.column * access.bytes), vector, lanes));
      }
    }
    const readKept = (node: GraphNode, vector: number) => (operand: Operand) =>
      steadyLoads[vector]?.get(keyOf(this.accessOf(node, operand)));
    const keptNodes = (pass: number): void => {
      for (const node of this.kept(pass)) {
        for (const [vector, environment] of environments.entries())
          this.compute(node, environment, readKept(node, vector));
      }
    };
    keptNodes(0);
    for (let pass = 0; pass < this.stages.passes; pass++) {
      this.#pass(pass, environments, steadyLoads, baseOf, lanes);
      keptNodes(pass + 1);
    }
    for (const node of this.nodes) {
      if (this.role(node) === "full") continue;
      for (const value of this.stored(node)) {
        for (const [vector, environment] of environments.entries()) {
          const access = this.keptOutput(value);
          const place = {
            base: baseOf(access.bytes),
            address: access.address + 4 * vector * access.bytes,
            dtype: access.dtype,
            stride: 1,
          };
          const known = environment.get(value);
          if (known !== undefined) storeLanes(f, place, known, lanes);
        }
      }
    }
  }

  #load({ address, column, bytes, dtype }: Access, base: Counter | null, vector: number, lanes: number): Lanes {
    return loadLanes(this.f, { base, address: address + 4 * vector * column * bytes, dtype, stride: column }, lanes);
  }

  #pass(
    pass: number,
    environments: Environment,
    steady: readonly Map<string, Lanes>[],
    baseOf: (step: number) => Counter | null,
    lanes: number,
  ): void {
    const { f, rows } = this;
    const [full, folds] = [this.full(pass), this.folds(pass)];
    if (full.length === 0 && folds.length === 0) return;
    const totals = folds.map((node) => environments.map(() => this.initial(node)));
    const blocked = folds.length > 0 && rows > ROWS_BLOCK;
    const sums = blocked ? folds.map((node) => environments.map(() => this.initial(node))) : totals;
    const lost = blocked ? folds.map(() => environments.map((): Lanes => this.nothing())) : [];
    // One pointer for each pair of steps, moved from row to row.
    const pointers = new Map<string, Counter>();
    const pointerOf = ({ row, column, bytes }: Access): Counter => {
      const key = `${row * bytes},${column * bytes}`;
      let pointer = pointers.get(key);
      if (pointer === undefined) {
        pointer = f.local("i32");
        pointers.set(key, pointer);
      }
      return pointer;
    };
    const reads = [...full, ...folds].flatMap((node) => node.inputs.map((operand) => ({ node, operand })));
    const moving = (node: GraphNode, operand: Operand): Access =>
      this.isOwn(operand.value) ? this.fullAccess(operand.value) : this.accessOf(node, operand);
    for (const { node, operand } of reads) {
      if (this.isOwn(operand.value) ? this.isInMemory(operand.value, pass) : this.accessOf(node, operand).row !== 0)
        pointerOf(moving(node, operand));
    }
    for (const node of full) for (const value of this.stored(node)) pointerOf(this.fullAccess(value));
    for (const [key, pointer] of pointers) {
      const base = baseOf(Number(key.split(",")[1]));
      if (base === null) f.i32(0).set(pointer);
      else f.get(base).set(pointer);
    }
    const counter = f.local("i32");
    const body = (): void => {
      for (const [vector, environment] of environments.entries()) {
        const inner = new Map(environment);
        const loads = new Map<string, Lanes>();
        const read =
          (node: GraphNode) =>
          (operand: Operand): Lanes | undefined => {
            const access = moving(node, operand);
            const held = steady[vector]?.get(keyOf(access));
            if (held !== undefined && access.row === 0) return held;
            const known = loads.get(keyOf(access)) ?? this.#load(access, pointerOf(access), vector, lanes);
            loads.set(keyOf(access), known);
            return known;
          };
        for (const node of full) this.compute(node, inner, read(node));
        for (const node of full) {
          if (this.stage(node) !== pass) continue;
          for (const value of this.stored(node)) {
            const access = this.fullAccess(value);
            const place = {
              base: pointerOf(access),
              address: access.address + 4 * vector * access.bytes,
              dtype: access.dtype,
              stride: 1,
            };
            const known = inner.get(value);
            if (known !== undefined) storeLanes(f, place, known, lanes);
          }
        }
        for (const [index, node] of folds.entries()) {
          const [x] = node.inputs;
          const sum = sums[index]?.[vector];
          const next = x && (inner.get(x.value) ?? read(node)(x));
          if (sum !== undefined && next !== undefined) this.accumulate(node, sum, next);
        }
      }
      for (const [key, pointer] of pointers) f.increment(pointer, Number(key.split(",")[0]));
    };
    if (!blocked) f.for(counter, 0, rows, 1, body);
    else {
      const [start, end] = f.locals("i32", "i32");
      f.for(start, 0, rows, ROWS_BLOCK, () => {
        f.get(start).plus(ROWS_BLOCK).set(end).clamp(end, rows);
        f.for(counter, start, end, 1, body);
        for (const [index, node] of folds.entries()) {
          for (const [vector, sum] of (sums[index] ?? []).entries()) {
            const [total, left] = [totals[index]?.[vector], lost[index]?.[vector]];
            if (total !== undefined && left !== undefined) this.foldBlock(node, total, sum, left);
          }
        }
      });
    }
    for (const [index, node] of folds.entries()) {
      for (const [vector, environment] of environments.entries()) {
        const [total, left] = [totals[index]?.[vector], lost[index]?.[vector]];
        if (total !== undefined && left !== undefined) this.restoreLost(node, total, left);
        const [value] = node.outputs;
        if (total !== undefined && value !== undefined) environment.set(value, total);
      }
    }
  }
}

/** Folds along rows: row by row, each walked in vectors. */
class RowLoop extends MatrixLoop {
  protected override keptAccess(stride: number): MatrixStrides {
    return { row: stride, column: 0 };
  }

  emit(share: Share): void {
    const { f, rows } = this;
    const row = f.local("i32");
    const [from, to] = emitShare(f, rows, share);
    f.for(row, from, to, 1, () => this.#row(row, new Map()));
  }

  #row(row: Counter, environment: Map<Value, Lanes>): void {
    const { f } = this;
    const bases = new Map<number, Counter>();
    /** The bytes to the row's start, for operands of this row step. */
    const baseOf = (step: number): Counter | null => {
      if (step === 0) return null;
      let base = bases.get(step);
      if (base === undefined) {
        base = f.local("i32");
        f.get(row).i32(step).op("i32.mul").set(base);
        bases.set(step, base);
      }
      return base;
    };
    const steady = new Map<string, Lanes>();
    for (const { access } of this.steady(({ column }) => column === 0)) {
      const { address, dtype, bytes } = access;
      if (!steady.has(keyOf(access)))
        steady.set(keyOf(access), loadLanes(f, { base: baseOf(access.row * bytes), address, dtype, stride: 0 }));
    }
    // All bases are set here, before the loops that use them.
    for (const node of this.nodes) {
      for (const operand of node.inputs)
        if (!this.isOwn(operand.value)) this.#touch(this.accessOf(node, operand), baseOf);
      for (const value of node.outputs)
        if (this.role(node) === "full")
          this.#touch(
            { row: this.columns, column: 1, address: 0, dtype: value.dtype, bytes: elementBytes(value.dtype) },
            baseOf,
          );
    }
    const keptNodes = (pass: number): void => {
      for (const node of this.kept(pass))
        this.compute(node, environment, (operand) => steady.get(keyOf(this.accessOf(node, operand))));
    };
    keptNodes(0);
    for (let pass = 0; pass < this.stages.passes; pass++) {
      this.#pass(pass, environment, steady, baseOf);
      keptNodes(pass + 1);
    }
    for (const node of this.nodes) {
      if (this.role(node) === "full") continue;
      for (const value of this.stored(node)) {
        const access = this.keptOutput(value);
        const known = environment.get(value);
        if (known !== undefined)
          storeLanes(
            f,
            { base: baseOf(access.row * access.bytes), address: access.address, dtype: access.dtype, stride: 1 },
            known,
            1,
          );
      }
    }
  }

  #touch({ row, bytes }: Access, baseOf: (step: number) => Counter | null): void {
    baseOf(row * bytes);
  }

  #pass(
    pass: number,
    environment: Map<Value, Lanes>,
    steady: ReadonlyMap<string, Lanes>,
    baseOf: (step: number) => Counter | null,
  ): void {
    const { f, columns } = this;
    const [full, folds] = [this.full(pass), this.folds(pass)];
    if (full.length === 0 && folds.length === 0) return;
    const vectors = columns >= 64 ? 4 : 1;
    const sums = folds.map((node) => Array.from({ length: vectors }, () => this.initial(node)));
    const totals =
      columns > BLOCK ? folds.map((node) => Array.from({ length: vectors }, () => this.initial(node))) : null;
    const lost = totals === null ? [] : folds.map(() => Array.from({ length: vectors }, (): Lanes => this.nothing()));
    const moving = (node: GraphNode, operand: Operand): Access =>
      this.isOwn(operand.value) ? this.fullAccess(operand.value) : this.accessOf(node, operand);

    // One pointer for each pair of steps, moved from vector to vector.
    const pointers = new Map<string, Counter>();
    const pointerOf = ({ row, column, bytes }: Access): Counter => {
      const key = `${row * bytes},${column * bytes}`;
      let pointer = pointers.get(key);
      if (pointer === undefined) {
        pointer = f.local("i32");
        pointers.set(key, pointer);
      }
      return pointer;
    };
    for (const node of [...full, ...folds]) {
      for (const operand of node.inputs) {
        if (
          this.isOwn(operand.value) ? this.isInMemory(operand.value, pass) : this.accessOf(node, operand).column !== 0
        )
          pointerOf(moving(node, operand));
      }
      for (const value of this.role(node) === "full" ? this.stored(node) : []) pointerOf(this.fullAccess(value));
    }
    for (const [key, pointer] of pointers) {
      const base = baseOf(Number(key.split(",")[0]));
      if (base === null) f.i32(0).set(pointer);
      else f.get(base).set(pointer);
    }
    const body = (wide: number, lanes: number): void => {
      for (let vector = 0; vector < wide; vector++) {
        const inner = new Map(environment);
        const loads = new Map<string, Lanes>();
        const read =
          (node: GraphNode) =>
          (operand: Operand): Lanes | undefined => {
            const access = moving(node, operand);
            const held = access.column === 0 ? steady.get(keyOf(access)) : loads.get(keyOf(access));
            if (held !== undefined) return held;
            const { address, column, bytes, dtype } = access;
            const known = loadLanes(
              f,
              { base: pointerOf(access), address: address + 4 * vector * column * bytes, dtype, stride: column },
              lanes,
            );
            loads.set(keyOf(access), known);
            return known;
          };
        for (const node of full) this.compute(node, inner, read(node));
        for (const node of full) {
          if (this.stage(node) !== pass) continue;
          for (const value of this.stored(node)) {
            const access = this.fullAccess(value);
            const place = {
              base: pointerOf(access),
              address: access.address + 4 * vector * access.bytes,
              dtype: access.dtype,
              stride: 1,
            };
            const known = inner.get(value);
            if (known !== undefined) storeLanes(f, place, known, lanes);
          }
        }
        for (const [index, node] of folds.entries()) {
          const [x] = node.inputs;
          const sum = sums[index]?.[vector];
          const next = x && (inner.get(x.value) ?? read(node)(x));
          if (sum !== undefined && next !== undefined)
            this.accumulate(node, sum, lanes === 4 ? next : this.#masked(node, next, lanes));
        }
      }
      for (const [key, pointer] of pointers)
        f.increment(pointer, Number(key.split(",")[1]) * (wide === 1 ? lanes : 4 * wide));
    };
    const step = 4 * vectors;
    const main = columns - (columns % step);
    const counter = f.local("i32");
    if (totals === null) f.for(counter, 0, main, step, () => body(vectors, 4));
    else {
      const [start, end] = f.locals("i32", "i32");
      f.for(start, 0, main, BLOCK, () => {
        f.get(start).plus(BLOCK).set(end).clamp(end, main);
        f.for(counter, start, end, step, () => body(vectors, 4));
        for (const [index, node] of folds.entries()) {
          for (const [vector, sum] of (sums[index] ?? []).entries()) {
            const [total, left] = [totals[index]?.[vector], lost[index]?.[vector]];
            if (total !== undefined && left !== undefined) this.foldBlock(node, total, sum, left);
          }
        }
      });
      for (const [index, node] of folds.entries()) {
        for (const [vector, total] of (totals[index] ?? []).entries()) {
          const left = lost[index]?.[vector];
          if (left !== undefined) this.restoreLost(node, total, left);
        }
      }
    }
    for (let at = main; at < columns; at += 4) body(1, Math.min(4, columns - at));
    for (const [index, node] of folds.entries()) {
      const [first, ...others] = [...(sums[index] ?? []), ...(totals?.[index] ?? [])];
      const [value] = node.outputs;
      if (first === undefined || value === undefined) continue;
      for (const other of others) this.accumulate(node, first, other);
      this.#across(node, first);
      environment.set(value, first);
    }
  }

  /** Lanes beyond the last column count as nothing. */
  #masked(node: GraphNode, next: Lanes, lanes: number): Lanes {
    const { f } = this;
    const local = f.local("v128");
    pushFloats(f, next);
    f.f32(node.work.kind === "reduce" ? node.work.init : 0).op("f32x4.splat");
    f.v128(Int32Array.from({ length: 4 }, (_, lane) => (lane < lanes ? -1 : 0)))
      .op("v128.bitselect")
      .set(local);
    return { local, type: "f32" };
  }

  /** The fold of the four lanes, in all four. */
  #across(node: GraphNode, total: Lanes): void {
    for (const order of [
      [2, 3, 0, 1],
      [1, 0, 3, 2],
    ] as const) {
      const turned = this.f.local("v128");
      this.f.get(total.local).get(total.local).shuffle(order).set(turned);
      this.accumulate(node, total, { local: turned, type: "f32" });
    }
  }
}
