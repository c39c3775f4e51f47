// Pooling in compiled programs: four channels of a window at a time. The gradient of a maximum finds the first one again: it goes to
// the first pixel that equals the maximum, or is NaN.

import { sizeOf } from "../shape.ts";
import { type Axis, tapsInside, type Windows } from "../window.ts";
import type { FunctionBuilder, Local } from "./assembler.ts";
import { loadLanes, storeLanes } from "./lanes.ts";
import type { NativeKernel } from "./native.ts";
import { emitShare } from "./share.ts";

/** What is computed: maxima, their gradient (of x and dy), means, or theirs (of dy). */
export type Pooling = "maximum" | "toMaximum" | "mean" | "toMean";

/** Pixels of a window up to which its loop is unrolled. */
const UNROLLED = 16;

type Vector = Local<"v128">;
type Counter = Local<"i32">;

/** One window: the first pixel of the image and of the result, and which of its taps lie inside of the image. */
interface Place {
  /** Bytes from the beginning of the images to the window's first tap, and to its place in the result. */
  readonly pixel: Counter;
  readonly place: Counter;
  readonly ranges: { readonly top: Counter; readonly bottom: Counter; readonly left: Counter; readonly right: Counter } | null;
  /** Channels that are there, of the next four. */
  readonly lanes: number;
}

/** The kernel of a pooling operator. Threads divide the rows of the result, or the images where pixels collect from several windows. */
export function poolingKernel(kind: Pooling, windows: Windows): NativeKernel {
  return {
    suits: (inputs, output) => [...inputs, output].every(({ dtype, shape }) => dtype === "float32" && sizeOf(shape) > 0),
    scratchBytes: () => 0,
    emit: () => (f, { inputs, output }, share) => {
      const { rows, columns, channels, batch } = windows;
      const emitter = new WindowEmitter(f, windows);
      const gradient = kind === "toMaximum" || kind === "toMean";
      const [from, to] = emitShare(f, batch, share);
      const imageBytes = 4 * rows.input * columns.input * channels;
      if (gradient && !covers(windows)) {
        f.i32(output).plus(from, imageBytes).i32(0).get(to).get(from).op("i32.sub").i32(imageBytes).op("i32.mul").memoryFill();
      }
      const adds = overlap(rows) || overlap(columns);
      const [first = 0, second = 0] = inputs;
      emitter.each(from, to, (place) => {
        if (kind === "maximum") emitter.maximum(first, output, place);
        else if (kind === "toMaximum") emitter.toMaximum(first, second, output, place, adds);
        else if (kind === "mean") emitter.mean(first, output, place);
        else emitter.toMean(first, output, place, adds);
      });
    },
  };
}

const overlap = ({ size, stride }: Axis): boolean => stride < size;

/** Whether every pixel lies in exactly one window. */
function covers({ rows, columns }: Windows): boolean {
  return [rows, columns].every(({ input, output, size, stride, before }) => stride === size && before === 0 && output * size === input);
}

class WindowEmitter {
  readonly #f: FunctionBuilder;
  readonly #windows: Windows;
  /** Whether windows may reach beyond the image. */
  readonly #clipped: boolean;

  constructor(f: FunctionBuilder, windows: Windows) {
    this.#f = f;
    this.#windows = windows;
    const isClipped = (axis: Axis): boolean =>
      [0, axis.output - 1].some((place) => {
        const [from, to] = tapsInside(axis, place);
        return to - from < axis.size;
      });
    this.#clipped = isClipped(windows.rows) || isClipped(windows.columns);
  }

  /** Calls `body` for each window of some images, and each four channels. */
  each(from: Counter, to: Counter, body: (place: Place) => void): void {
    const f = this.#f;
    const { rows, columns, channels } = this.#windows;
    const [image, row, column, channel, line, pixel, place] = f.locals("i32", "i32", "i32", "i32", "i32", "i32", "i32");
    const [top, bottom, left, right] = f.locals("i32", "i32", "i32", "i32");
    const ranges = this.#clipped ? { top, bottom, left, right } : null;
    const pixelBytes = 4 * channels;
    f.i32(0).plus(from, pixelBytes * rows.output * columns.output).set(place);
    f.for(image, from, to, 1, () => {
      f.for(row, 0, rows.output, 1, () => {
        if (ranges !== null) this.#range(rows, row, top, bottom);
        f.get(image).i32(rows.input).op("i32.mul").plus(row, rows.stride).plus(-rows.before);
        f.i32(columns.input * pixelBytes).op("i32.mul").plus(-columns.before * pixelBytes).set(line);
        f.for(column, 0, columns.output, 1, () => {
          if (ranges !== null) this.#range(columns, column, left, right);
          f.get(line).set(pixel);
          const wide = channels - (channels % 4);
          const four = (lanes: number): void => {
            body({ pixel, place, ranges, lanes });
            f.increment(pixel, 4 * lanes).increment(place, 4 * lanes);
          };
          f.for(channel, 0, wide, 4, () => four(4));
          if (wide < channels) four(channels - wide);
          f.increment(line, columns.stride * pixelBytes);
        });
      });
    });
  }

  /** The taps inside of the image: max(0, −start) to min(size, input − start). */
  #range({ input, size, stride, before }: Axis, place: Counter, from: Counter, to: Counter): void {
    const f = this.#f;
    const start = f.local("i32");
    f.i32(-before).plus(place, stride).set(start);
    f.i32(0).get(start).op("i32.sub").i32(0).get(start).i32(0).op("i32.lt_s").op("control.select").set(from);
    f.i32(input).get(start).op("i32.sub").set(to).clamp(to, size);
  }

  /** Calls `body` with an address for each tap of a window that lies inside; unrolled where all of them always do. */
  #taps({ pixel, ranges }: Place, body: (base: Counter, offset: number) => void): void {
    const f = this.#f;
    const { rows, columns, channels } = this.#windows;
    const [down, across] = [4 * columns.input * channels, 4 * channels];
    if (ranges === null && rows.size * columns.size <= UNROLLED) {
      for (let y = 0; y < rows.size; y++) for (let x = 0; x < columns.size; x++) body(pixel, y * down + x * across);
      return;
    }
    const [y, x, at] = f.locals("i32", "i32", "i32");
    f.for(y, ranges?.top ?? 0, ranges?.bottom ?? rows.size, 1, () => {
      f.get(pixel).plus(y, down).plus(ranges?.left ?? 0, across).set(at);
      f.for(x, ranges?.left ?? 0, ranges?.right ?? columns.size, 1, () => {
        body(at, 0);
        f.increment(at, across);
      });
    });
  }

  #load(base: Counter, address: number): Vector {
    return loadLanes(this.#f, { base, address, dtype: "float32", stride: 1 }).local;
  }

  #store(base: Counter, address: number, local: Vector, lanes: number): void {
    storeLanes(this.#f, { base, address, dtype: "float32", stride: 1 }, { local, type: "f32" }, lanes);
  }

  /** Whether a window's loop is unrolled, with its pixels in locals. */
  #isUnrolled({ ranges }: Place): boolean {
    const { rows, columns } = this.#windows;
    return ranges === null && rows.size * columns.size <= UNROLLED;
  }

  /** best = the maximum of a window; NaN wins. */
  #maximumOf(x: number, place: Place): Vector {
    const f = this.#f;
    const best = f.local("v128");
    f.f32(Number.NEGATIVE_INFINITY).op("f32x4.splat").set(best);
    this.#taps(place, (base, offset) => f.get(best).get(this.#load(base, x + offset)).op("f32x4.max").set(best));
    return best;
  }

  /** Loads a whole window, and calls one of two for its pixels: `plain` where none of them is NaN, which maxima can do without. */
  #unlessNaN(x: number, place: Place, plain: (pixels: readonly Vector[], best: Vector) => void, careful: () => void): void {
    const f = this.#f;
    const pixels: Vector[] = [];
    const best = f.local("v128");
    this.#taps(place, (base, offset) => pixels.push(this.#load(base, x + offset)));
    for (const [index, pixel] of pixels.entries()) {
      f.get(pixel).get(pixel).op("f32x4.ne");
      if (index > 0) f.op("v128.or");
    }
    f.op("v128.any_true").if(careful, () => {
      for (const [index, pixel] of pixels.entries()) {
        if (index > 0) f.get(best);
        f.get(pixel);
        if (index > 0) f.op("f32x4.pmax");
        f.set(best);
      }
      plain(pixels, best);
    });
  }

  maximum(x: number, y: number, place: Place): void {
    const careful = (): void => this.#store(place.place, y, this.#maximumOf(x, place), place.lanes);
    if (!this.#isUnrolled(place)) careful();
    else this.#unlessNaN(x, place, (_, best) => this.#store(place.place, y, best, place.lanes), careful);
  }

  toMaximum(x: number, dy: number, dx: number, place: Place, adds: boolean): void {
    const f = this.#f;
    // What is left of dy: nothing once the first maximum has taken it.
    const [left, here, part] = f.locals("v128", "v128", "v128");
    f.get(this.#load(place.place, dy)).set(left);
    const take = (base: Counter, offset: number): void => {
      f.get(left).get(here).op("v128.and").set(part);
      f.get(left).get(here).op("v128.andnot").set(left);
      if (adds) f.get(part).get(this.#load(base, dx + offset)).op("f32x4.add").set(part);
      this.#store(base, dx + offset, part, place.lanes);
    };
    const careful = (): void => {
      const best = this.#maximumOf(x, place);
      this.#taps(place, (base, offset) => {
        const value = this.#load(base, x + offset);
        f.get(value).get(best).op("f32x4.eq").get(value).get(value).op("f32x4.ne").op("v128.or").set(here);
        take(base, offset);
      });
    };
    const plain = (pixels: readonly Vector[], best: Vector): void => {
      let tap = 0;
      this.#taps(place, (base, offset) => {
        const pixel = pixels[tap++] ?? best;
        f.get(pixel).get(best).op("f32x4.eq").set(here);
        take(base, offset);
      });
    };
    if (this.#isUnrolled(place)) this.#unlessNaN(x, place, plain, careful);
    else careful();
  }

  /** 1 / (the taps of a window inside of the image). */
  #share({ ranges }: Place): Vector {
    const f = this.#f;
    const share = f.local("v128");
    const { rows, columns } = this.#windows;
    if (ranges === null) f.f32(1 / (rows.size * columns.size));
    else {
      const { top, bottom, left, right } = ranges;
      f.f32(1).get(bottom).get(top).op("i32.sub").get(right).get(left).op("i32.sub").op("i32.mul").op("f32.convert_i32_s").op("f32.div");
    }
    f.op("f32x4.splat").set(share);
    return share;
  }

  mean(x: number, y: number, place: Place): void {
    const f = this.#f;
    const sum = f.local("v128");
    f.v128().set(sum);
    this.#taps(place, (base, offset) => f.get(sum).get(this.#load(base, x + offset)).op("f32x4.add").set(sum));
    f.get(sum).get(this.#share(place)).op("f32x4.mul").set(sum);
    this.#store(place.place, y, sum, place.lanes);
  }

  toMean(dy: number, dx: number, place: Place, adds: boolean): void {
    const f = this.#f;
    const part = f.local("v128");
    f.get(this.#load(place.place, dy)).get(this.#share(place)).op("f32x4.mul").set(part);
    this.#taps(place, (base, offset) => {
      const sum = f.local("v128");
      f.get(part).set(sum);
      if (adds) f.get(part).get(this.#load(base, dx + offset)).op("f32x4.add").set(sum);
      this.#store(base, dx + offset, sum, place.lanes);
    });
  }
}
