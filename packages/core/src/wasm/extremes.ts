// Where the extremes of lines stand, in compiled programs: four lines side by side, or four elements of one.

import { around, sizeOf } from "../shape.ts";
import type { FunctionBuilder, Local } from "./assembler.ts";
import { loadLanes, type Place, storeLanes } from "./lanes.ts";
import type { KernelRequest, NativeKernel } from "./native.ts";
import { emitShare } from "./share.ts";
import type { Vector } from "./simd.ts";

type Extreme = Extract<KernelRequest, { kind: "extreme" }>;

/** An element and where it stands, four at a time. */
interface Candidate {
  readonly value: Vector;
  readonly index: Vector;
}

/** The kernel of argMax and argMin of floats. Threads divide the outer axes. */
export function extremeKernel(request: Extreme): NativeKernel {
  return {
    suits: ([x], output) => x?.dtype === "float32" && sizeOf(x.shape) > 0 && output.dtype === "int32",
    scratchBytes: () => 0,
    emit: (_, [x]) => {
      const { outer, size, inner } = around(x?.shape ?? [], request.axis);
      return (f, { inputs: [source = 0], output }, share) => {
        const [line, base] = f.locals("i32", "i32");
        const [from, to] = emitShare(f, outer, share);
        const search = new Search(f, request, size);
        f.for(line, from, to, 1, () => {
          f.i32(0)
            .plus(line, 4 * size * inner)
            .set(base);
          if (inner === 1) search.alongRow(source, base, output, line);
          else search.alongColumns(source, base, inner, output, line);
        });
      };
    },
  };
}

class Search {
  readonly #f: FunctionBuilder;
  readonly #request: Extreme;
  readonly #size: number;
  readonly #best: Candidate;
  readonly #next: Candidate;

  constructor(f: FunctionBuilder, request: Extreme, size: number) {
    this.#f = f;
    this.#request = request;
    this.#size = size;
    const [value, index, nextValue, nextIndex] = f.locals("v128", "v128", "v128", "v128");
    this.#best = { value, index };
    this.#next = { value: nextValue, index: nextIndex };
  }

  /** Lanes are every fourth element of a row; at last the best of them is taken. */
  alongRow(source: number, base: Local<"i32">, output: number, line: Local<"i32">): void {
    const f = this.#f;
    const [at, to] = f.locals("i32", "i32");
    const size = this.#size;
    const load = (column: number, lanes: number): void => {
      const place: Place = { base: at, address: source + 4 * column, dtype: "float32", stride: 1 };
      f.get(loadLanes(f, place, lanes).local).set(this.#next.value);
      if (lanes < 4) this.#withoutEnd(lanes);
    };
    f.get(base).set(at);
    f.v128(Int32Array.of(0, 1, 2, 3)).set(this.#next.index);
    load(0, Math.min(4, size));
    this.#keepNext();
    const main = size - (size % 4);
    f.for(f.local("i32"), 4, main, 4, () => {
      f.increment(at, 16);
      this.#countUp(4);
      load(0, 4);
      this.#follow();
    });
    if (main > 0 && main < size) {
      f.increment(at, 16);
      this.#countUp(4);
      load(0, size - main);
      this.#compare();
    }
    this.#across();
    f.i32(0).plus(line, 4).set(to);
    storeLanes(
      f,
      { base: to, address: output, dtype: "int32", stride: 1 },
      { local: this.#best.index, type: "i32" },
      1,
    );
  }

  /** Lanes are neighbouring columns. */
  alongColumns(source: number, base: Local<"i32">, inner: number, output: number, line: Local<"i32">): void {
    const f = this.#f;
    const [at, to, column] = f.locals("i32", "i32", "i32");
    const columns = (lanes: number): void => {
      f.get(base).plus(column, 4).set(at);
      const load = (): void => {
        const place: Place = { base: at, address: source, dtype: "float32", stride: 1 };
        f.get(loadLanes(f, place, lanes).local).set(this.#next.value);
      };
      f.v128().set(this.#next.index);
      load();
      this.#keepNext();
      f.for(f.local("i32"), 1, this.#size, 1, () => {
        f.increment(at, 4 * inner);
        this.#countUp(1);
        load();
        this.#follow();
      });
      f.i32(0)
        .plus(line, 4 * inner)
        .plus(column, 4)
        .set(to);
      storeLanes(
        f,
        { base: to, address: output, dtype: "int32", stride: 1 },
        { local: this.#best.index, type: "i32" },
        lanes,
      );
    };
    const wide = inner - (inner % 4);
    f.for(column, 0, wide, 4, () => columns(4));
    if (wide < inner) {
      f.i32(wide).set(column);
      columns(inner - wide);
    }
  }

  /** Lanes beyond the end are worse than everything: as far from the extreme as can be, and behind all others. */
  #withoutEnd(lanes: number): void {
    const f = this.#f;
    const { greatest, last } = this.#request;
    const inside = Int32Array.from({ length: 4 }, (_, lane) => (lane < lanes ? -1 : 0));
    f.get(this.#next.value);
    f.f32(greatest ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY).op("f32x4.splat");
    f.v128(inside).op("v128.bitselect").set(this.#next.value);
    f.get(this.#next.index);
    f.i32(last ? -1 : 0x7fffffff).op("i32x4.splat");
    f.v128(inside).op("v128.bitselect").set(this.#next.index);
  }

  #countUp(by: number): void {
    this.#f.get(this.#next.index).i32(by).op("i32x4.splat").op("i32x4.add").set(this.#next.index);
  }

  #keepNext(): void {
    this.#f.get(this.#next.value).set(this.#best.value).get(this.#next.index).set(this.#best.index);
  }

  /** Takes the next candidates, which stand after the best, where they are better, or for the last of equal ones as good. */
  #follow(): void {
    const f = this.#f;
    const { greatest, last } = this.#request;
    const { value: best } = this.#best;
    const { value: next } = this.#next;
    f.get(next).get(best);
    if (greatest) f.op(last ? "f32x4.ge" : "f32x4.gt");
    else f.op(last ? "f32x4.le" : "f32x4.lt");
    f.get(next).get(next).op("f32x4.ne");
    if (!last) f.get(best).get(best).op("f32x4.eq").op("v128.and");
    f.op("v128.or");
    this.#take();
  }

  /** Takes the next candidate where it is better, or as good and standing before (or, for the last of equal ones, after) the best. */
  #compare(): void {
    const f = this.#f;
    const { greatest, last } = this.#request;
    const { value: best, index: bestIndex } = this.#best;
    const { value: next, index: nextIndex } = this.#next;
    const unordered = f.local("v128");
    f.get(next).get(next).op("f32x4.ne").set(unordered);
    // Better: beyond the best, or NaN where the best is none.
    f.get(next)
      .get(best)
      .op(greatest ? "f32x4.gt" : "f32x4.lt");
    f.get(unordered).get(best).get(best).op("f32x4.eq").op("v128.and").op("v128.or");
    // As good: equal, or both NaN.
    f.get(next).get(best).op("f32x4.eq");
    f.get(unordered).get(best).get(best).op("f32x4.ne").op("v128.and").op("v128.or");
    f.get(nextIndex)
      .get(bestIndex)
      .op(last ? "i32x4.gt_s" : "i32x4.lt_s");
    f.op("v128.and").op("v128.or");
    this.#take();
  }

  /** Takes the candidates of the lanes whose condition is on the stack. */
  #take(): void {
    const f = this.#f;
    const takes = f.local("v128");
    f.set(takes);
    f.get(this.#next.value).get(this.#best.value).get(takes).op("v128.bitselect").set(this.#best.value);
    f.get(this.#next.index).get(this.#best.index).get(takes).op("v128.bitselect").set(this.#best.index);
  }

  /** The best of the four lanes, in all of them. */
  #across(): void {
    const f = this.#f;
    for (const order of [
      [2, 3, 0, 1],
      [1, 0, 3, 2],
    ] as const) {
      f.get(this.#best.value).get(this.#best.value).shuffle(order).set(this.#next.value);
      f.get(this.#best.index).get(this.#best.index).shuffle(order).set(this.#next.index);
      this.#compare();
    }
  }
}
