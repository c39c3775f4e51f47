// The strips of a loop with folds: a few kept places at a time, columns or rows side by side. A strip begins by finding its place in
// each operand; what is kept is computed in vectors of kept places, and stored at the end.

import type { Value } from "../graph/graph.ts";
import type { Group } from "../graph/passes/fuse.ts";
import type { Fold } from "../graph/passes/layout.ts";
import type { Shape } from "../shape.ts";
import type { FunctionBuilder } from "../wasm/assembler.ts";
import { loadLanes, storeLanes } from "../wasm/lanes.ts";
import type { Lanes } from "../wasm/simd.ts";
import { type Access, MatrixAccesses } from "./accesses.ts";
import type { Addresses, Counter } from "./loop.ts";

/** Some kept places, from `start` on. */
export interface Strip {
  readonly start: Counter;
  /** The matrix, where there are many. */
  readonly outer: Counter | null;
  /** Units of kept places side by side: vectors of columns, or rows. */
  readonly units: number;
  /** Kept places in a vector of them. */
  readonly lanes: number;
}

/** A loop that goes from strip to strip. */
export abstract class Strips extends MatrixAccesses {
  /** Kept places in a unit, and folded places in a vector: 4 and 1, or 1 and 4. */
  protected abstract readonly unitPlaces: number;
  protected strip: Strip;
  /** What is known of kept values, for each vector of kept places. */
  protected kept: Map<Value, Lanes>[] = [];
  #keptLoads: Map<string, Lanes>[] = [];
  #bases = new Map<string, Counter>();

  constructor(f: FunctionBuilder, group: Group, addresses: Addresses, space: Shape, fold: Fold) {
    super(f, group, addresses, space, fold);
    this.strip = { start: f.local("i32"), outer: null, units: 1, lanes: 1 };
  }

  /** How many vectors of kept places a strip has. */
  protected abstract keptVectors(): number;

  /** Begins a strip: where it lies in each operand, and what kept nodes read. */
  protected begin(strip: Strip): void {
    this.strip = strip;
    this.#bases = new Map();
    this.kept = Array.from({ length: this.keptVectors() }, () => new Map());
    this.#setBases();
    this.#keptLoads = this.kept.map((_, vector) => this.#loadKept(vector));
  }

  /** All bases are set here, before the loops that use them. */
  #setBases(): void {
    for (const node of this.nodes) {
      for (const operand of node.inputs) if (!this.isOwn(operand.value)) this.base(this.accessOf(node, operand));
      for (const value of node.outputs)
        this.base(this.role(node) === "full" ? this.fullAccess(value) : this.keptOutput(value));
    }
  }

  /** The bytes to the strip, for an operand of these steps; null for none. */
  protected base({ kept, outer, bytes }: Access): Counter | null {
    const far = this.strip.outer === null ? 0 : outer;
    if (kept === 0 && far === 0) return null;
    const key = `${kept * bytes} ${far * bytes}`;
    const known = this.#bases.get(key);
    if (known !== undefined) return known;
    const base = this.f.local("i32");
    this.f
      .get(this.strip.start)
      .i32(kept * bytes)
      .op("i32.mul");
    if (this.strip.outer !== null) this.f.plus(this.strip.outer, far * bytes);
    this.f.set(base);
    this.#bases.set(key, base);
    return base;
  }

  /** Operands of kept nodes: a vector of kept places. */
  #loadKept(vector: number): Map<string, Lanes> {
    const loads = new Map<string, Lanes>();
    for (const access of this.keptReads()) {
      if (loads.has(access.key)) continue;
      const { dtype, kept, bytes, address } = access;
      const place = { base: this.base(access), address: address + 4 * vector * kept * bytes, dtype, stride: kept };
      loads.set(access.key, loadLanes(this.f, place, this.strip.lanes));
    }
    return loads;
  }

  /** Computes the kept values that can be there before a pass. */
  protected computeKept(pass: number): void {
    for (const node of this.keptNodes(pass)) {
      for (const [vector, environment] of this.kept.entries())
        this.compute(node, environment, (operand) => this.#keptLoads[vector]?.get(this.accessOf(node, operand).key));
    }
  }

  /** Stores the kept values and folds that others need. */
  protected storeKept(): void {
    for (const node of this.nodes.filter((other) => this.role(other) !== "full")) {
      for (const value of this.stored(node)) {
        const access = this.keptOutput(value);
        const { dtype, bytes, address } = access;
        for (const [vector, environment] of this.kept.entries()) {
          const known = environment.get(value);
          const place = { base: this.base(access), address: address + 4 * vector * bytes, dtype, stride: 1 };
          if (known !== undefined) storeLanes(this.f, place, known, this.strip.lanes);
        }
      }
    }
  }
}
