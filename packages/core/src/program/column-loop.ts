// Folds of columns: strips of neighbouring columns, each walked from the first row to the last, in one matrix or in many.

import type { GraphNode, Value } from "../graph/graph.ts";
import { emitShare, onLastThread, type Share } from "../wasm/share.ts";
import type { Lanes } from "../wasm/simd.ts";
import type { Counter } from "./loop.ts";
import { MatrixLoop } from "./matrix-loop.ts";
import type { Total } from "./total.ts";

/** Rows after which a running total is folded away, so that long sums keep their digits. */
const BLOCK = 256;
/** Rows from which columns are walked by whole cache lines, and their columns: they come from afar. */
const LONG = 1024;
const LINE = 16;

/** A loop that folds columns. */
export class ColumnLoop extends MatrixLoop {
  protected override readonly unitPlaces = 4;

  protected override get walk(): { length: number; step: number; vectors: number; block: number } {
    return { length: this.size.rows, step: 1, vectors: 1, block: BLOCK };
  }

  /** The threads divide the matrices, or the columns of a single one by whole strips, the rest for the last thread. */
  emit(share: Share): void {
    const { f } = this;
    const { outer, rows, columns } = this.size;
    const units = columns >= LINE && rows >= LONG ? 4 : columns >= 8 ? 2 : 1;
    const step = 4 * units;
    const wide = columns - (columns % step);
    const [strip, matrix] = f.locals("i32", "i32");
    const tail = (within: Counter | null): void => {
      for (let at = wide; at < columns; at += 4) {
        f.i32(at).set(strip);
        this.emitStrip({ start: strip, outer: within, units: 1, lanes: Math.min(4, columns - at) });
      }
    };
    if (outer === 1) {
      const [from, to] = emitShare(f, wide / step, share, step);
      f.for(strip, from, to, step, () => this.emitStrip({ start: strip, outer: null, units, lanes: 4 }));
      if (wide < columns) onLastThread(f, share, () => tail(null));
      return;
    }
    const [from, to] = emitShare(f, outer, share);
    f.for(matrix, from, to, 1, () => {
      f.for(strip, 0, wide, step, () => this.emitStrip({ start: strip, outer: matrix, units, lanes: 4 }));
      tail(matrix);
    });
  }

  protected override keptVectors(): number {
    return this.strip.units;
  }

  protected override ofUnit(value: Value, unit: number): Lanes | undefined {
    return this.kept[unit]?.get(value);
  }

  protected override keep({ outputs: [value] }: GraphNode, totals: readonly (readonly Total[])[]): void {
    for (const [unit, [total]] of totals.entries())
      if (value !== undefined && total !== undefined) this.kept[unit]?.set(value, total.closed() ?? total.sum);
  }

  /** Lanes are columns, of which none is another's end. */
  protected override masked(_: GraphNode, next: Lanes): Lanes {
    return next;
  }
}
