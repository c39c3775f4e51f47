// Reductions: one combining formula folded over some axes. Sums are kept in doubles and in blocks: a block's partial result is
// folded before the next begins, so that the error of a long sum grows with the number of blocks, not of elements.

import { isFloat, type TypedArray } from "../dtype.ts";
import { portable } from "../expr/elementary.ts";
import type { Expr } from "../expr/expr.ts";
import { callables, interpret, toJavaScript } from "../expr/javascript.ts";
import { collapse, offsetsOf, sizeOf } from "../shape.ts";
import { contiguous, elements, type View } from "../view.ts";
import { canGenerateCode, generate } from "./codegen.ts";
import { arrayCode } from "./elementwise.ts";
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

interface Folds {
  readonly row: RowFold;
  readonly column: ColumnFold;
  /** Folds two partial results into one. */
  readonly pair: (a: number, b: number) => number;
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
    if (out instanceof Float32Array && view.dtype === "float32" && foldsRows(view, axes, out.length)) {
      const values = elements(view);
      if (values instanceof Float32Array && this.#simd.run(values, values.length / out.length, out.length, out)) return;
    }
    const others = [...view.shape.keys()].filter((axis) => !axes.includes(axis));
    const [kept, folded] = [loopsOf(view, others), loopsOf(view, axes)];
    const folds = this.#foldsFor(view.storage.array, !isFloat(view.dtype));
    if (paceOf(folded) <= paceOf(kept)) this.#rows(view, kept, folded, folds, out);
    else this.#columns(view, kept, folded, folds.column, out);
  }

  /** Each result in turn: the folded axes run innermost. */
  #rows(view: View, kept: Loops, folded: Loops, fold: Folds, out: TypedArray): void {
    const { array } = view.storage;
    const starts = outerOf(folded);
    let index = 0;
    for (const base of offsetsOf(kept.sizes, kept.strides)) {
      let total = this.#init;
      for (let part = 0; part < starts.length; part++) {
        const partial = fold.row(array, view.offset + base + (starts[part] ?? 0), folded.count, folded.step);
        total = part === 0 ? partial : fold.pair(total, partial);
      }
      out[index++] = total;
    }
  }

  /** A row of results at a time: the last kept axis runs innermost, as in the sum of a matrix over its rows. */
  #columns(view: View, kept: Loops, folded: Loops, fold: ColumnFold, out: TypedArray): void {
    const { array } = view.storage;
    const totals = new Float64Array(kept.count);
    const starts = outerOf(folded);
    let index = 0;
    for (const base of outerOf(kept)) {
      totals.fill(this.#init);
      for (const start of starts) {
        fold(array, view.offset + base + start, folded.count, folded.step, kept.count, kept.step, totals);
      }
      out.set(totals, index);
      index += kept.count;
    }
  }

  #foldsFor(array: TypedArray, integers: boolean): Folds {
    const generated = canGenerateCode();
    const key = (generated ? arrayCode(array) : "-") + (integers ? "i" : "") + (portable() === null ? "" : "p");
    let folds = this.#folds.get(key);
    if (folds === undefined) {
      folds = (generated ? generateFolds : interpretFolds)(this.#combine, this.#init, integers);
      this.#folds.set(key, folds);
    }
    return folds;
  }
}

/** Whether the view is a matrix, as it lies, of which rows are folded: the axes that are kept, of `width` elements, come last. */
function foldsRows(view: View, axes: readonly number[], width: number): boolean {
  let last = -1;
  for (const axis of axes) if (view.shape[axis] !== 1) last = axis;
  if (last < 0 || width === 1 || !contiguous(view)) return false;
  return view.shape.every((size, axis) => axis > last || size === 1 || axes.includes(axis));
}

/** Some axes of a view as loops, of which the innermost takes `count` elements, `step` apart. */
interface Loops {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly count: number;
  readonly step: number;
}

function loopsOf({ shape, strides }: View, axes: readonly number[]): Loops {
  const {
    sizes,
    strides: [steps = []],
  } = collapse(
    axes.map((axis) => shape[axis] ?? 1),
    [axes.map((axis) => strides[axis] ?? 0)],
  );
  return { sizes, strides: steps, count: sizes.at(-1) ?? 1, step: steps.at(-1) ?? 0 };
}

/** Where the innermost loop begins, each time. */
function outerOf({ sizes, strides }: Loops): Float64Array {
  return offsetsOf(sizes.slice(0, -1), strides);
}

/** The step of the innermost loop; no loops count as the farthest. */
function paceOf({ sizes, step }: Loops): number {
  return sizes.length === 0 ? Number.POSITIVE_INFINITY : Math.abs(step);
}

function generateFolds(combine: Expr, init: number, integers: boolean): Folds {
  const scope = callables();
  const fold = (into: string, next: string): string => {
    const { statements, results } = toJavaScript([combine], [into, next], integers);
    return `{ ${statements.join(" ")} ${into} = ${results[0]}; }`;
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
  // One or several elements of each column, then the next column.
  const across = (into: string, next: readonly string[]): string =>
    `for (let j = 0, p = row; j < width; j++, p += gap) { let a = ${into}[j]; ${next.map((x) => fold("a", x)).join(" ")} ${into}[j] = a; }`;
  const column = generate<ColumnFold>(
    "columns",
    ["x", "at", "count", "step", "width", "gap", "totals"],
    `const partial = count > ${BLOCK} ? new Float64Array(width) : totals;
for (let start = 0; start < count; start += ${BLOCK}) {
  const end = Math.min(count, start + ${BLOCK});
  if (partial !== totals) partial.fill(${init});
  let i = start, row = at + start * step;
  for (; i + 3 < end; i += 4, row += 4 * step) ${across("partial", ["x[p]", "x[p + step]", "x[p + 2 * step]", "x[p + 3 * step]"])}
  for (; i < end; i++, row += step) ${across("partial", ["x[p]"])}
  if (partial !== totals) ${across("totals", ["partial[j]"])}
}`,
    scope,
  );
  const pair = generate<Folds["pair"]>("pairs", ["a", "b"], `${fold("a", "b")} return a;`, scope);
  return { row, column, pair };
}

/** The same folds in the same order without generated code. */
function interpretFolds(combine: Expr, init: number, integers: boolean): Folds {
  const run = interpret([combine], integers);
  const result = [0];
  const pair = (a: number, b: number): number => {
    run([a, b], result);
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
        lanes[lane] = pair(lanes[lane] ?? 0, x[at + i * step] ?? 0);
      }
      all = pair(all, pair(pair(lanes[0], lanes[1]), pair(lanes[2], lanes[3])));
    }
    return all;
  };
  const column: ColumnFold = (x, at, count, step, width, gap, totals) => {
    const blocked = count > BLOCK;
    for (let j = 0; j < width; j++) {
      for (let start = 0; start < count; start += BLOCK) {
        const total = totals[j] ?? 0;
        let partial = blocked ? init : total;
        for (let i = start; i < Math.min(count, start + BLOCK); i++) {
          partial = pair(partial, x[at + i * step + j * gap] ?? 0);
        }
        totals[j] = blocked ? pair(total, partial) : partial;
      }
    }
  };
  return { row, column, pair };
}
