// The inner loops of a matrix product: one packed panel of B against a packed block of A, tile by tile.
import type { Callable, FunctionBuilder, Local, ModuleBuilder } from "./assembler.ts";
import type { ProgramInstruction } from "./opcodes-programs.ts";

/** The part of C that the inner loop keeps in registers: rows × (4 · vectors); rows is a multiple of 4. */
export interface Tile {
  readonly rows: number;
  readonly vectors: number;
}

/** What is done with the tiles of C instead of storing them. */
export interface Ending<More extends ProgramInstruction = ProgramInstruction> {
  /** The depth of the sums: beyond one block of k, C holds what blocks before have summed up. */
  readonly k: number;
  /** Takes a tile whose sums are complete. */
  readonly emit: (f: FunctionBuilder<More>, output: Output) => void;
}

/** Steps of k between two visits to C: a panel of B this deep stays in the first-level cache. */
export const DEPTH = 512;

/** Panels of B that are packed at once: two of eight columns share a line of the cache. */
export const GROUP = 2;

// Scratch memory: one tile of C, a group of packed panels of B, one packed block of A.
/** Where the packed panels of B begin in scratch memory. */
export const panelOffset = ({ rows, vectors }: Tile): number => 4 * rows * 4 * vectors;
/** Where the packed block of A begins in scratch memory. */
export const blockOffset = (tile: Tile): number => panelOffset(tile) + 4 * GROUP * DEPTH * 4 * tile.vectors;

const PARAMETERS = ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"] as const;

/** What the code of one panel depends on. */
export interface PanelOptions<More extends ProgramInstruction> {
  readonly tile: Tile;
  readonly relaxed: boolean;
  readonly ending: Ending<More> | undefined;
  /** The function of `emitCopy`. */
  readonly copy: Callable;
}

/**
 * Defines `panel(scratch, b, c, stride, depth, rows, columns, add)`: C[rows, columns] (+)= packed A · B.
 * Tiles that hang over an edge of C are computed whole, on zeros, in scratch memory; their part inside is copied.
 * With an epilogue this is the panel of the last block of k: what C holds from blocks before is added, and all is left to the epilogue.
 */
export function emitPanel<More extends ProgramInstruction>(
  module: ModuleBuilder<More>,
  { tile, relaxed, ending, copy }: PanelOptions<More>,
): Callable {
  const width = 4 * tile.vectors;
  const rowBytes = 4 * width;
  return module.define({ parameters: PARAMETERS }, (f, ...parameters) => {
    const [scratch, b, c, stride, depth, rows, columns, add] = parameters;
    const [a, end, target, step, partial] = f.locals("i32", "i32", "i32", "i32", "i32");
    const sums = tileLocals(f, tile);
    const output: Output = { sums, c, stride, target, step, rows, columns };
    const begin = (): void => {
      f.push(rows, tile.rows).op("i32.lt_s").push(columns, width).op("i32.lt_s").op("i32.or").tee(partial);
      f.if(
        () => {
          f.get(scratch).set(target).i32(rowBytes).set(step);
          f.get(add).if(() => f.push(c, stride, scratch, rowBytes, rows, columns).call(copy));
        },
        () => f.get(c).set(target).get(stride).set(step),
      );
      f.get(add).if(() => addTile(f, output));
    };
    const store = (): void => {
      storeTile(f, output);
      f.get(partial).if(() => f.push(scratch, rowBytes, c, stride, rows, columns).call(copy));
    };
    f.get(b).plus(depth, rowBytes).set(end);
    f.get(scratch).plus(blockOffset(tile)).set(a);
    f.loop((nextTile) => {
      multiplyTile(f, { a, b, end, sums, tile, relaxed });
      if (ending === undefined || ending.k > DEPTH) begin();
      if (ending === undefined) store();
      else ending.emit(f, output);
      f.get(c).plus(stride, tile.rows).set(c);
      f.get(rows).plus(-tile.rows).tee(rows).i32(0).op("i32.gt_s").branchIf(nextTile);
    });
  });
}

/** A running sum of four neighbouring values of C, and the packed values of B that it needs. */
export interface Sum {
  readonly sum: Local<"v128">;
  readonly right: Local<"v128">;
  readonly offset: number;
}

/** The registers of a tile: rows of sums. All rows share the values of B. */
function tileLocals(f: FunctionBuilder<never>, { rows, vectors }: Tile): readonly (readonly Sum[])[] {
  const columns = Array.from({ length: vectors }, (_, v) => ({ right: f.local("v128"), offset: 16 * v }));
  return Array.from({ length: rows }, () => columns.map((column) => ({ ...column, sum: f.local("v128") })));
}

interface TileOptions {
  readonly a: Local<"i32">;
  readonly b: Local<"i32">;
  readonly end: Local<"i32">;
  readonly sums: readonly (readonly Sum[])[];
  readonly tile: Tile;
  readonly relaxed: boolean;
}

/** sums = Σ over k of a[k] ⊗ b[k]; leaves `a` at the next tile. */
function multiplyTile(f: FunctionBuilder<never>, { a, b, end, sums, tile, relaxed }: TileOptions): void {
  const [step, left] = f.locals("i32", "v128");
  for (const { sum } of sums.flat()) f.v128().set(sum);
  f.get(b).set(step);
  f.until(step, end, () => {
    for (const { right, offset } of sums[0] ?? []) f.get(step).memory("v128.load", offset).set(right);
    for (const [i, row] of sums.entries()) {
      const offset = 4 * i;
      f.get(a).memory("v128.load32_splat", offset).set(left);
      for (const { sum, right } of row) {
        if (relaxed) f.get(left).get(right).get(sum).op("f32x4.relaxed_madd").set(sum);
        else f.get(sum).get(left).get(right).op("f32x4.mul").op("f32x4.add").set(sum);
      }
    }
    f.increment(a, 4 * tile.rows).increment(step, 16 * tile.vectors);
  });
}

/** sums += the tile at `target`, whose rows are `step` bytes apart. */
function addTile(f: FunctionBuilder<never>, { sums, target, step }: Output): void {
  const row = f.local("i32");
  f.get(target).set(row);
  for (const vectors of sums) {
    for (const { sum, offset } of vectors) f.get(sum).get(row).memory("v128.load", offset).op("f32x4.add").set(sum);
    f.increment(row, step);
  }
}

export interface Output {
  readonly sums: readonly (readonly Sum[])[];
  readonly c: Local<"i32">;
  readonly stride: Local<"i32">;
  readonly target: Local<"i32">;
  readonly step: Local<"i32">;
  readonly rows: Local<"i32">;
  readonly columns: Local<"i32">;
}

/** Calls `body` for the rows of the tile that exist. */
export function eachRow(f: FunctionBuilder<never>, { sums, rows }: Output, body: (row: readonly Sum[]) => void): void {
  f.block((done) => {
    for (const [i, row] of sums.entries()) {
      if (i > 0) f.push(rows, i).op("i32.le_s").branchIf(done);
      body(row);
    }
  });
}

/** Stores the tile at `target`, row by row. */
function storeTile(f: FunctionBuilder<never>, output: Output): void {
  const row = f.local("i32");
  f.get(output.target).set(row);
  eachRow(f, output, (vectors) => {
    for (const { sum, offset } of vectors) f.get(row).get(sum).memory("v128.store", offset);
    f.increment(row, output.step);
  });
}

/** Defines `copy(from, fromStride, to, toStride, rows, columns)`: the part of a tile inside C, float by float. */
export function emitCopy(module: ModuleBuilder<never>, tile: Tile): Callable {
  const parameters = ["i32", "i32", "i32", "i32", "i32", "i32"] as const;
  return module.define({ parameters }, (f, from, fromStride, to, toStride, rows, columns) => {
    const [row, column] = f.locals("i32", "i32");
    f.clamp(rows, tile.rows).clamp(columns, 4 * tile.vectors);
    f.for(row, 0, rows, 1, () => {
      f.for(column, 0, columns, 1, () => {
        f.get(to).plus(column, 4).get(from).plus(column, 4).memory("f32.load").memory("f32.store");
      });
      f.increment(from, fromStride).increment(to, toStride);
    });
  });
}
