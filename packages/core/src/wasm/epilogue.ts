// Epilogues: what is done with the results of a product while they are still in registers, instead of storing them to be read again.
// A product or a convolution hands over a tile row by row; what stands behind the epilogue loads, computes and stores.

import type { FunctionBuilder, Local } from "./assembler.ts";

/** Four neighbouring results of one row, or the first few of them. */
export interface TileVector {
  /** Bytes from the tile's first column. */
  readonly offset: number;
  /** How many of the four there are. */
  readonly lanes: number;
}

/** Takes one row of a tile: results for each of its vectors, at the place where the tile's local then points. */
export type RowEnd = (row: readonly Local<"v128">[]) => void;

/** What is done with results that are complete. */
export interface Epilogue {
  /** The address from which the results' places are counted: where C begins, or 0 where nothing is ever stored there. */
  readonly origin: number;
  /**
   * Begins a tile: loads what all of its rows share.
   * @param at the place of the tile's first result in bytes from C's first, rows lying one after the other; then of each row's first
   */
  begin(f: FunctionBuilder, at: Local<"i32">, vectors: readonly TileVector[]): RowEnd;
}

/** The vectors of so many columns. */
export function vectorsOf(columns: number): readonly TileVector[] {
  return Array.from({ length: Math.ceil(columns / 4) }, (_, vector) => ({
    offset: 16 * vector,
    lanes: Math.min(4, columns - 4 * vector),
  }));
}
