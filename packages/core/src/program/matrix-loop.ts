// Loops with folds: passes over the strips of a matrix, with kept values in between. A pass walks along what is folded: down columns
// side by side, or along a few rows. What differs between the two stands in column-loop.ts and row-loop.ts.

import type { GraphNode, Operand, Value } from "../graph/graph.ts";
import { loadLanes, storeLanes } from "../wasm/lanes.ts";
import type { Lanes } from "../wasm/simd.ts";
import type { Access } from "./accesses.ts";
import type { Counter } from "./loop.ts";
import { type Strip, Strips } from "./strips.ts";
import { Total } from "./total.ts";

/** A pass walks the folded places in steps, a step at a time; long walks in blocks. */
interface Walk {
  /** Folded places in all, and in a step. */
  readonly length: number;
  readonly step: number;
  /** Vectors in a step, one after the other along the walk. */
  readonly vectors: number;
  /** Places after which running totals are folded away. */
  readonly block: number;
}

/** What a pass does, and where it is. */
interface Pass {
  readonly number: number;
  readonly full: readonly GraphNode[];
  readonly folds: readonly GraphNode[];
  /** For each fold, for each unit, a total for each vector of a step. */
  readonly totals: readonly (readonly (readonly Total[])[])[];
  /** One pointer for each pair of steps, moved along the walk. */
  readonly pointers: Map<string, { readonly pointer: Counter; readonly access: Access }>;
}

/** Passes over strips. */
export abstract class MatrixLoop extends Strips {
  protected abstract readonly walk: Walk;
  /** Operands that do not change along the walk, for each unit. */
  #steady: Map<string, Lanes>[] = [];

  /** A kept or folded value as one unit's full nodes read it. */
  protected abstract ofUnit(value: Value, unit: number): Lanes | undefined;

  /** Keeps the value of a fold, given the totals of each unit. */
  protected abstract keep(fold: GraphNode, totals: readonly (readonly Total[])[]): void;

  /** What a fold adds of a vector that may reach beyond the walk's end. */
  protected abstract masked(node: GraphNode, next: Lanes, lanes: number): Lanes;

  protected emitStrip(strip: Strip): void {
    this.begin(strip);
    this.#steady = Array.from({ length: strip.units }, (_, unit) => this.#loadSteady(unit));
    this.computeKept(0);
    for (let pass = 0; pass < this.stages.passes; pass++) {
      this.#pass(pass);
      this.computeKept(pass + 1);
    }
    this.storeKept();
  }

  /** Operands of full nodes and folds that do not change along the walk. */
  #loadSteady(unit: number): Map<string, Lanes> {
    const loads = new Map<string, Lanes>();
    for (const access of this.steadyReads())
      if (!loads.has(access.key))
        loads.set(access.key, this.#load(access, this.base(access), unit, 0, this.strip.lanes));
    return loads;
  }

  #place(
    access: Access,
    base: Counter | null,
    unit: number,
    vector: number,
    stride: number,
  ): Parameters<typeof loadLanes>[1] {
    const { kept, folded, bytes, address, dtype } = access;
    const along = this.unitPlaces === 1 ? 4 : 1;
    const offset = bytes * (this.unitPlaces * unit * kept + along * vector * folded);
    return { base, address: address + offset, dtype, stride };
  }

  #load(access: Access, base: Counter | null, unit: number, vector: number, lanes: number): Lanes {
    const stride = this.unitPlaces === 1 ? access.folded : access.kept;
    return loadLanes(this.f, this.#place(access, base, unit, vector, stride), lanes);
  }

  #pass(number: number): void {
    const { walk, strip } = this;
    const [full, folds] = [this.full(number), this.folds(number)];
    if (full.length === 0 && folds.length === 0) return;
    const blocked = folds.length > 0 && walk.length > walk.block;
    const totals = folds.map((node) =>
      Array.from({ length: strip.units }, () =>
        Array.from({ length: walk.vectors }, () => new Total(this.f, node, blocked)),
      ),
    );
    const pass: Pass = { number, full, folds, totals, pointers: new Map() };
    this.#setPointers(pass);
    const known = this.#knownToUnits(pass);
    const main = walk.length - (walk.length % walk.step);
    const whole = (): void => this.#step(pass, known, walk.vectors, this.unitPlaces === 1 ? 4 : strip.lanes, walk.step);
    if (blocked) this.#inBlocks(main, whole, totals.flat(2));
    else this.f.for(this.f.local("i32"), 0, main, walk.step, whole);
    for (let at = main; at < walk.length; at += 4) {
      const lanes = Math.min(4, walk.length - at);
      this.#step(pass, known, 1, lanes, lanes);
    }
    for (const [index, node] of folds.entries()) this.keep(node, totals[index] ?? []);
  }

  #inBlocks(end: number, step: () => void, totals: readonly Total[]): void {
    const { f, walk } = this;
    const [counter, start, stop] = f.locals("i32", "i32", "i32");
    f.for(start, 0, end, walk.block, () => {
      f.get(start).plus(walk.block).set(stop).clamp(stop, end);
      f.for(counter, start, stop, walk.step, step);
      for (const total of totals) total.closeBlock();
    });
  }

  /** What a full node or fold reads along the walk: a value from elsewhere, or one of an earlier pass. */
  #moving(node: GraphNode, operand: Operand): Access {
    return this.isOwn(operand.value) ? this.fullAccess(operand.value) : this.accessOf(node, operand);
  }

  #setPointers({ number, full, folds, pointers }: Pass): void {
    const point = (access: Access): void => {
      const { outer, kept, folded, bytes } = access;
      const key = `${kept * bytes} ${folded * bytes} ${outer * bytes}`;
      if (pointers.has(key)) return;
      const pointer = this.f.local("i32");
      const base = this.base(access);
      (base === null ? this.f.i32(0) : this.f.get(base)).set(pointer);
      pointers.set(key, { pointer, access });
    };
    for (const node of [...full, ...folds]) {
      for (const operand of node.inputs) {
        const access = this.#moving(node, operand);
        const moves = this.isOwn(operand.value) ? this.isInMemory(operand.value, number) : access.folded !== 0;
        if (moves) point(access);
      }
    }
    for (const node of full) for (const value of this.stored(node)) point(this.fullAccess(value));
  }

  #pointer({ pointers }: Pass, { outer, kept, folded, bytes }: Access): Counter | null {
    return pointers.get(`${kept * bytes} ${folded * bytes} ${outer * bytes}`)?.pointer ?? null;
  }

  /** The kept values that a pass reads, for each unit. */
  #knownToUnits({ full, folds }: Pass): Map<Value, Lanes>[] {
    return Array.from({ length: this.strip.units }, (_, unit) => {
      const known = new Map<Value, Lanes>();
      for (const node of [...full, ...folds]) {
        for (const { value } of node.inputs) {
          const isKept = this.isOwn(value) && this.role(value.node) !== "full";
          const lanes = isKept ? (known.get(value) ?? this.ofUnit(value, unit)) : undefined;
          if (lanes !== undefined) known.set(value, lanes);
        }
      }
      return known;
    });
  }

  /** One step of the walk: each vector of each unit; then all pointers move on by `places`. */
  #step(pass: Pass, known: readonly Map<Value, Lanes>[], vectors: number, lanes: number, places: number): void {
    for (const [unit, kept] of known.entries())
      for (let vector = 0; vector < vectors; vector++) this.#vector(pass, kept, unit, vector, lanes);
    for (const { pointer, access } of pass.pointers.values())
      this.f.increment(pointer, access.folded * access.bytes * places);
  }

  #vector(pass: Pass, known: ReadonlyMap<Value, Lanes>, unit: number, vector: number, lanes: number): void {
    const environment = new Map(known);
    const loads = new Map<string, Lanes>();
    const read = (node: GraphNode, operand: Operand): Lanes | undefined => {
      const access = this.#moving(node, operand);
      const held = access.folded === 0 ? this.#steady[unit]?.get(access.key) : loads.get(access.key);
      if (held !== undefined) return held;
      const loaded = this.#load(access, this.#pointer(pass, access), unit, vector, lanes);
      loads.set(access.key, loaded);
      return loaded;
    };
    for (const node of pass.full) this.compute(node, environment, (operand) => read(node, operand));
    for (const node of pass.full.filter((other) => this.stage(other) === pass.number)) {
      for (const value of this.stored(node)) {
        const access = this.fullAccess(value);
        const lanesOf = environment.get(value);
        const place = this.#place(access, this.#pointer(pass, access), unit, vector, 1);
        if (lanesOf !== undefined) storeLanes(this.f, place, lanesOf, lanes);
      }
    }
    for (const [index, node] of pass.folds.entries()) {
      const [x] = node.inputs;
      const next = x && (environment.get(x.value) ?? read(node, x));
      if (next !== undefined) pass.totals[index]?.[unit]?.[vector]?.add(this.masked(node, next, lanes));
    }
  }
}
