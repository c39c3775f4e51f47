// Reductions: one combining formula folded over some axes. Sums are kept in doubles and in blocks: a block's partial result is
// folded before the next begins, so that the error of a long sum grows with the number of blocks, not of elements.

import { isFloat, type TypedArray } from "../dtype.ts";
import { portable } from "../expr/elementary.ts";
import { type Expr, input } from "../expr/expr.ts";
import { callables, interpret, toJavaScript } from "../expr/javascript.ts";
import { collapse, type LoopNest, sizeOf } from "../shape.ts";
import { contiguous, elements, type View } from "../view.ts";
import { canGenerateCode, generate } from "./codegen.ts";
import { SimdFold } from "./reduction-wasm.ts";

/** Elements folded into one partial result. */
const BLOCK = 512;

/** Folds `count` elements, `step` apart from `at`, into one number. */
type RowFold = (array: TypedArray, at: number, count: number, step: number) => number;
/** Folds `count` rows, `step` apart from `at`, each of `width` neighbours `gap` apart, into `totals`. */
type ColumnFold = (
  array: TypedArray,
  at: number,
  count: number,
  step: number,
  width: number,
  gap: number,
  totals: Float64Array,
) => void;

/** Folds two partial results into one. */
type Combine = (pair: ArrayLike<number>, result: number[]) => void;

interface Folds {
  readonly row: RowFold;
  readonly column: ColumnFold;
}

/** A reduction made runnable: `combine` is a formula of the total so far (input 0) and the next element (input 1). */
export class ReductionKernel {
  readonly #combine: Expr;
  readonly #init: number;
  readonly #simd: SimdFold;
  readonly #folds = new Map<string, Folds>();

  constructor(combine: Expr, init: number) {
    this.#combine = combine;
    this.#init = init;
    this.#simd = new SimdFold(combine, init);
  }

  /** Reduces `view` over `axes` (sorted) into `out`, which holds the kept axes in order. */
  run(view: View, axes: readonly number[], out: TypedArray): void {
    if (out.length === 0) return;
    if (sizeOf(view.shape) === 0) {
      out.fill(this.#init);
      return;
    }
    const integers = !isFloat(view.dtype);
    const folds = this.#foldsFor(view.storage.array, integers);
    const nest = (keep: boolean): LoopNest => {
      const chosen = view.shape.map((_, axis) => axis).filter((axis) => axes.includes(axis) !== keep);
      return collapse(
        chosen.map((axis) => view.shape[axis] ?? 1),
        [chosen.map((axis) => view.strides[axis] ?? 0)],
      );
    };
    const kept = nest(true);
    const folded = nest(false);
    const isMatrix =
      kept.sizes.length === 1 && folded.sizes.length === 1 && kept.strides[0]?.[0] === 1 && contiguous(view);
    if (isMatrix && out instanceof Float32Array && view.dtype === "float32") {
      const values = elements(view);
      if (values instanceof Float32Array && this.#simd.run(values, folded.sizes[0] ?? 1, out.length, out)) return;
    }
    if (innermost(folded) <= innermost(kept) || kept.sizes.length === 0)
      this.#rows(view, kept, folded, folds.row, interpret([this.#combine], integers), out);
    else this.#columns(view, kept, folded, folds.column, out);
  }

  /** Each result in turn: the folded axes run innermost. */
  #rows(view: View, kept: LoopNest, folded: LoopNest, fold: RowFold, combine: Combine, out: TypedArray): void {
    const { array } = view.storage;
    const starts = offsetsOf(outer(folded));
    const count = folded.sizes.at(-1) ?? 1;
    const step = folded.strides[0]?.at(-1) ?? 0;
    const pair = [0, 0];
    const result = [0];
    let index = 0;
    for (const base of offsetsOf(kept)) {
      let total = this.#init;
      for (let part = 0; part < starts.length; part++) {
        const partial = fold(array, view.offset + base + (starts[part] ?? 0), count, step);
        if (starts.length === 1) total = partial;
        else {
          pair[0] = total;
          pair[1] = partial;
          combine(pair, result);
          total = result[0] ?? 0;
        }
      }
      out[index++] = total;
    }
  }

  /** A row of results at a time: the last kept axis runs innermost, as in the sum of a matrix over its rows. */
  #columns(view: View, kept: LoopNest, folded: LoopNest, fold: ColumnFold, out: TypedArray): void {
    const { array } = view.storage;
    const width = kept.sizes.at(-1) ?? 1;
    const gap = kept.strides[0]?.at(-1) ?? 0;
    const count = folded.sizes.at(-1) ?? 1;
    const step = folded.strides[0]?.at(-1) ?? 0;
    const totals = new Float64Array(width);
    const starts = offsetsOf(outer(folded));
    let index = 0;
    for (const base of offsetsOf(outer(kept))) {
      totals.fill(this.#init);
      for (const start of starts) fold(array, view.offset + base + start, count, step, width, gap, totals);
      out.set(totals, index);
      index += width;
    }
  }

  #foldsFor(array: TypedArray, integers: boolean): Folds {
    const generated = canGenerateCode();
    const key = `${generated ? array.constructor.name : "interpreted"}${integers}${portable() !== null}`;
    let folds = this.#folds.get(key);
    if (folds === undefined) {
      folds = generated
        ? generateFolds(this.#combine, this.#init, integers)
        : interpretFolds(this.#combine, this.#init, integers);
      this.#folds.set(key, folds);
    }
    return folds;
  }
}

/** The step of the innermost loop; a nest of no loops counts as the farthest. */
function innermost(nest: LoopNest): number {
  return nest.sizes.length === 0 ? Number.POSITIVE_INFINITY : Math.abs(nest.strides[0]?.at(-1) ?? 0);
}

function outer({ sizes, strides }: LoopNest): LoopNest {
  return { sizes: sizes.slice(0, -1), strides: strides.map((steps) => steps.slice(0, -1)) };
}

/** Where each element of a nest stands, in order. */
function offsetsOf({ sizes, strides }: LoopNest): Int32Array | Float64Array {
  let offsets = new Float64Array(1);
  for (const [axis, size] of sizes.entries()) {
    const step = strides[0]?.[axis] ?? 0;
    const next = new Float64Array(offsets.length * size);
    for (let index = 0; index < offsets.length; index++) {
      for (let place = 0; place < size; place++) next[index * size + place] = (offsets[index] ?? 0) + place * step;
    }
    offsets = next;
  }
  return offsets;
}

function generateFolds(combine: Expr, init: number, integers: boolean): Folds {
  const scope = callables();
  const fold = (into: string, next: string): string => {
    const { statements, results } = toJavaScript([combine], [into, next], integers);
    return `${statements.length > 0 ? `{ ${statements.join(" ")} ${into} = ${results[0]}; }` : `${into} = ${results[0]};`}`;
  };
  // Four running totals: an addition need not wait for the one before it.
  const row = generate<RowFold>(
    "rows",
    ["x", "at", "count", "step"],
    `let all = ${init};
for (let start = 0; start < count; start += ${BLOCK}) {
  const end = Math.min(count, start + ${BLOCK});
  let a = ${init}, b = ${init}, c = ${init}, d = ${init};
  let i = start, p = at + start * step;
  for (; i + 3 < end; i += 4, p += 4 * step) {
    ${fold("a", "x[p]")}
    ${fold("b", "x[p + step]")}
    ${fold("c", "x[p + 2 * step]")}
    ${fold("d", "x[p + 3 * step]")}
  }
  for (; i < end; i++, p += step) { ${fold("a", "x[p]")} }
  ${fold("a", "b")}
  ${fold("c", "d")}
  ${fold("a", "c")}
  ${fold("all", "a")}
}
return all;`,
    scope,
  );
  const column = generate<ColumnFold>(
    "columns",
    ["x", "at", "count", "step", "width", "gap", "totals"],
    `const partial = count > ${BLOCK} ? new Float64Array(width) : totals;
for (let start = 0; start < count; start += ${BLOCK}) {
  const end = Math.min(count, start + ${BLOCK});
  if (partial !== totals) partial.fill(${init});
  let i = start, row = at + start * step;
  for (; i + 3 < end; i += 4, row += 4 * step) {
    for (let j = 0, p = row; j < width; j++, p += gap) {
      let a = partial[j];
      ${["x[p]", "x[p + step]", "x[p + 2 * step]", "x[p + 3 * step]"].map((next) => fold("a", next)).join("\n      ")}
      partial[j] = a;
    }
  }
  for (; i < end; i++, row += step) {
    for (let j = 0; j < width; j++) { let a = partial[j]; const e = x[row + j * gap]; ${fold("a", "e")} partial[j] = a; }
  }
  if (partial !== totals) for (let j = 0; j < width; j++) { let a = totals[j]; const e = partial[j]; ${fold("a", "e")} totals[j] = a; }
}`,
    scope,
  );
  return { row, column };
}

/** The same folds in the same order without generated code. */
function interpretFolds(combine: Expr, init: number, integers: boolean): Folds {
  const run = interpret([combine], integers);
  const result = [0];
  const pair = [0, 0];
  const fold = (a: number, b: number): number => {
    pair[0] = a;
    pair[1] = b;
    run(pair, result);
    return result[0] ?? 0;
  };
  const row: RowFold = (x, at, count, step) => {
    let all = init;
    for (let start = 0; start < count; start += BLOCK) {
      const end = Math.min(count, start + BLOCK);
      const lanes: [number, number, number, number] = [init, init, init, init];
      const even = start + Math.floor((end - start) / 4) * 4;
      for (let i = start; i < end; i++) {
        const lane = i < even ? (i - start) & 3 : 0;
        lanes[lane] = fold(lanes[lane] ?? 0, x[at + i * step] ?? 0);
      }
      all = fold(all, fold(fold(lanes[0], lanes[1]), fold(lanes[2], lanes[3])));
    }
    return all;
  };
  const column: ColumnFold = (x, at, count, step, width, gap, totals) => {
    const partial = count > BLOCK ? new Float64Array(width) : totals;
    for (let start = 0; start < count; start += BLOCK) {
      if (partial !== totals) partial.fill(init);
      for (let i = start; i < Math.min(count, start + BLOCK); i++) {
        for (let j = 0; j < width; j++) partial[j] = fold(partial[j] ?? 0, x[at + i * step + j * gap] ?? 0);
      }
      if (partial !== totals) for (let j = 0; j < width; j++) totals[j] = fold(totals[j] ?? 0, partial[j] ?? 0);
    }
  };
  return { row, column };
}
