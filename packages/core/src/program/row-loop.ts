// Folds along rows: a row at a time, walked in vectors; or four short rows side by side, so that what is computed once for each row
// is computed for four at once, and the processor has four chains of additions to work on.

import type { GraphNode, Value } from "../graph/graph.ts";
import { emitShare, onLastThread, type Share } from "../wasm/share.ts";
import type { Lanes } from "../wasm/simd.ts";
import { MatrixLoop } from "./matrix-loop.ts";
import { combine, foldLanes, masked, type Total } from "./total.ts";

/** Places after which a running total is folded away, so that long sums keep their digits. */
const BLOCK = 2048;
/** Columns from which a row is long: it is walked in four vectors at a time. */
const LONG = 64;
/** Short rows side by side, and the places from which the longer code is worth it. */
const TOGETHER = 4;
const WORTH = 4096;

/** A loop that folds rows. */
export class RowLoop extends MatrixLoop {
  protected override readonly unitPlaces = 1;

  protected override get walk(): { length: number; step: number; vectors: number; block: number } {
    const { columns } = this.size;
    const vectors = columns >= LONG ? 4 : 1;
    return { length: columns, step: 4 * vectors, vectors, block: BLOCK };
  }

  /** The threads divide the rows, short ones by four, the rest for the last thread. */
  emit(share: Share): void {
    const { f } = this;
    const { rows, columns } = this.size;
    const units = columns < LONG && rows * columns >= WORTH ? TOGETHER : 1;
    const row = f.local("i32");
    const rest = rows % units;
    const [from, to] = emitShare(f, (rows - rest) / units, share, units);
    f.for(row, from, to, units, () => this.emitStrip({ start: row, outer: null, units, lanes: units }));
    if (rest === 0) return;
    onLastThread(f, share, () => {
      f.i32(rows - rest).set(row);
      this.emitStrip({ start: row, outer: null, units: rest, lanes: rest });
    });
  }

  /** The kept values of a strip's rows are the lanes of one vector. */
  protected override keptVectors(): number {
    return 1;
  }

  /** A row's kept value, in all lanes. */
  protected override ofUnit(value: Value, unit: number): Lanes | undefined {
    const known = this.kept[0]?.get(value);
    if (known === undefined) return undefined;
    const local = this.f.local("v128");
    this.f.get(known.local).get(known.local).shuffle([unit, unit, unit, unit]).set(local);
    return { local, type: known.type };
  }

  protected override keep(fold: GraphNode, totals: readonly (readonly Total[])[]): void {
    const rows = totals.flatMap((row): Lanes[] => {
      const [first, ...others] = [...row.map(({ sum }) => sum), ...row.flatMap((total) => total.closed() ?? [])];
      for (const other of others) if (first !== undefined) combine(this.f, fold, first, other);
      return first === undefined ? [] : [first];
    });
    const [value] = fold.outputs;
    if (value !== undefined) this.kept[0]?.set(value, foldLanes(this.f, fold, rows));
  }

  protected override masked(node: GraphNode, next: Lanes, lanes: number): Lanes {
    return lanes === 4 ? next : masked(this.f, node, next, lanes);
  }
}
