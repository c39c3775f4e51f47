// The epilogue of a product in a program: the nodes of its group that follow it, computed on vectors of a tile while they are in
// registers. What all rows of a tile share (biases, scalars) is loaded once for each tile.

import { GraphError } from "../errors.ts";
import type { GraphNode, Operand, Value } from "../graph/graph.ts";
import { isDeep, productOf, tileStridesOf } from "../graph/passes/epilogues.ts";
import type { Group } from "../graph/passes/fuse.ts";
import type { TileStrides } from "../graph/passes/layout.ts";
import type { FunctionBuilder } from "../wasm/assembler.ts";
import type { Epilogue, RowEnd, TileVector } from "../wasm/epilogue.ts";
import { elementBytes, loadLanes, storeLanes } from "../wasm/lanes.ts";
import type { Lanes } from "../wasm/simd.ts";
import { type Addresses, type Counter, Loop } from "./loop.ts";

/** The epilogue of a group's product, if it has one. */
export function epilogueOf(group: Group, addresses: Addresses): Epilogue | undefined {
  const product = productOf(group);
  const result = product?.outputs[0];
  if (product === null || result === undefined) return undefined;
  const origin = isDeep(product) ? addresses.of(result) : 0;
  return { origin, begin: (f, at, vectors) => new TileLoop(f, group, addresses, { result, at, vectors }).endRow };
}

/** A tile of results. */
interface Tile {
  readonly result: Value;
  /** See {@link Epilogue}. */
  readonly at: Counter;
  readonly vectors: readonly TileVector[];
}

class TileLoop extends Loop {
  readonly #tile: Tile;
  readonly #columns: number;
  /** What does not change from row to row: the tile's place in a row, and loads. */
  readonly #column: Counter | null;
  readonly #steady = new Map<string, Lanes>();

  constructor(f: FunctionBuilder, group: Group, addresses: Addresses, tile: Tile) {
    super(f, group, addresses);
    this.#tile = tile;
    this.#columns = tile.result.shape.at(-1) ?? 1;
    const reads = this.nodes.flatMap((node) =>
      node.inputs.filter((operand) => this.#isOutside(node, operand)).map((operand) => ({ node, operand })),
    );
    const isAlongRows = reads.some(({ node, operand }) => this.#isApart(this.#stridesOf(node, operand)));
    this.#column = isAlongRows ? f.local("i32") : null;
    if (this.#column !== null)
      f.get(tile.at)
        .i32(4 * this.#columns)
        .op("i32.rem_u")
        .i32(2)
        .op("i32.shr_u")
        .set(this.#column);
    for (const { node, operand } of reads) {
      if (this.#stridesOf(node, operand).row !== 0) continue;
      const bases = new Map<string, Counter>();
      for (const vector of tile.vectors) this.#load(node, operand, vector, bases, this.#steady);
    }
  }

  /** Computes and stores one row of the tile. */
  readonly endRow: RowEnd = (row) => {
    const bases = new Map<string, Counter>();
    for (const [index, vector] of this.#tile.vectors.entries()) {
      const local = row[index];
      if (local === undefined) continue;
      const environment = new Map<Value, Lanes>([[this.#tile.result, { local, type: "f32" }]]);
      const loads = new Map<string, Lanes>();
      for (const node of this.nodes)
        this.compute(node, environment, (operand) => this.#load(node, operand, vector, bases, loads));
      // Everything is read before anything is written: an output may be an input's memory.
      for (const node of this.nodes) this.#store(node, environment, vector, bases);
    }
  };

  /** Whether an operand of the epilogue comes from elsewhere; the product's own are read by its kernel. */
  #isOutside({ work }: GraphNode, { value }: Operand): boolean {
    return work.kind === "elementwise" && !this.isOwn(value);
  }

  #stridesOf(node: GraphNode, operand: Operand): TileStrides {
    const strides = tileStridesOf(node, operand, this.#tile.result);
    if (strides === null) throw new GraphError(`${node.name}: an operand does not fit its tiles`);
    return strides;
  }

  /** Whether an operand lies otherwise than the results, and moves from column to column. */
  #isApart({ row, column }: TileStrides): boolean {
    return column !== 0 && row !== this.#columns * column;
  }

  #load(
    node: GraphNode,
    operand: Operand,
    { offset, lanes }: TileVector,
    bases: Map<string, Counter>,
    loads: Map<string, Lanes>,
  ): Lanes {
    const { dtype } = operand.value;
    const strides = this.#stridesOf(node, operand);
    const bytes = elementBytes(dtype);
    const stride = strides.column;
    const address = this.addresses.of(operand.value) + bytes * (operand.offset + (offset / 4) * stride);
    const key = `${address} ${dtype} ${strides.row} ${stride}`;
    const known = this.#steady.get(key) ?? loads.get(key);
    if (known !== undefined) return known;
    const loaded = loadLanes(this.f, { base: this.#base(strides, bytes, bases), address, dtype, stride }, lanes);
    loads.set(key, loaded);
    return loaded;
  }

  /** The bytes from an operand's beginning to the present row of the tile. */
  #base(strides: TileStrides, bytes: number, bases: Map<string, Counter>): Counter | null {
    const { row, column } = strides;
    if (row === 0 && column === 0) return null;
    const together = !this.#isApart(strides) && column !== 0;
    if (together && column * bytes === 4) return this.#tile.at;
    const key = `${row} ${column} ${bytes}`;
    const known = bases.get(key);
    if (known !== undefined) return known;
    const { f } = this;
    const base = f.local("i32");
    bases.set(key, base);
    f.get(this.#tile.at);
    if (together)
      f.i32(2)
        .op("i32.shr_u")
        .i32(column * bytes)
        .op("i32.mul");
    else {
      f.i32(4 * this.#columns)
        .op("i32.div_u")
        .i32(row * bytes)
        .op("i32.mul");
      if (this.#column !== null) f.plus(this.#column, column * bytes);
    }
    f.set(base);
    return base;
  }

  #store(
    node: GraphNode,
    environment: ReadonlyMap<Value, Lanes>,
    { offset, lanes }: TileVector,
    bases: Map<string, Counter>,
  ): void {
    for (const value of this.stored(node)) {
      const { dtype } = value;
      const bytes = elementBytes(dtype);
      const known = environment.get(value);
      const address = this.addresses.of(value) + bytes * (offset / 4);
      const base = this.#base({ row: this.#columns, column: 1 }, bytes, bases);
      if (known !== undefined) storeLanes(this.f, { base, address, dtype, stride: 1 }, known, lanes);
    }
  }
}
