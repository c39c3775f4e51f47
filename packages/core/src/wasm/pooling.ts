// Pooling in compiled programs: four channels of a window at a time. The gradient of a maximum finds the first one again: it goes to
// the first pixel that equals the maximum, or is NaN.

import type { Averaging } from "../engine/pooling.ts";
import { sizeOf } from "../shape.ts";
import type { Axis, Windows } from "../window.ts";
import type { FunctionBuilder, Local } from "./assembler.ts";
import { emitFetch } from "./fetch.ts";
import type { NativeKernel } from "./native.ts";
import { emitShare } from "./share.ts";
import { type Place, type Vector, WindowLoop } from "./windows.ts";

/** What is computed: maxima, their gradient (of x and dy), its adjoint (of x and values), means, or their gradient (of dy). */
export type Pooling = "maximum" | "toMaximum" | "atMaximum" | "mean" | "toMean";

/** A tap of a window: an address, and a constant to be added. */
type Counter = Local<"i32">;

/** Bytes of an image that are asked for ahead: they stay in the second-level cache. */
const FETCHED = 1 << 17;

/** The kernel of a pooling operator. Threads divide the rows of the result, or the images where pixels collect from several windows. */
export function poolingKernel(kind: "maximum" | "toMaximum" | "atMaximum", windows: Windows): NativeKernel;
export function poolingKernel(kind: "mean" | "toMean", windows: Averaging): NativeKernel;
export function poolingKernel(kind: Pooling, windows: Windows & Partial<Averaging>): NativeKernel {
  const { batch, channels, rows, columns } = windows;
  return {
    flops: batch * rows.output * columns.output * channels * rows.size * columns.size,
    suits: (inputs, output) =>
      [...inputs, output].every(({ dtype, shape }) => dtype === "float32" && sizeOf(shape) > 0),
    scratchBytes: () => 0,
    emit:
      () =>
      (f, { inputs, output }, share) => {
        const emitter = new PoolingLoop(f, windows, windows.divisor ?? null);
        const gradient = kind === "toMaximum" || kind === "toMean";
        const [from, to] = emitShare(f, batch, share);
        const adds = overlap(rows) || overlap(columns);
        const [first = 0, second = 0] = inputs;
        const body = (place: Place): void => {
          if (kind === "maximum") emitter.maximum(first, output, place);
          else if (kind === "toMaximum") emitter.toMaximum(first, second, output, place, adds);
          else if (kind === "atMaximum") emitter.atMaximum(first, second, output, place);
          else if (kind === "mean") emitter.mean(first, output, place);
          else emitter.toMean(first, output, place, adds);
        };
        const begin = (image: Counter): void => {
          if (!gradient) return;
          const bytes = 4 * rows.input * columns.input * channels;
          const at = f.local("i32");
          f.i32(0).plus(image, bytes).set(at);
          // A backward pass finds images and their gradients far away.
          const far = [...(kind === "toMaximum" ? [first] : []), ...(covers(windows) ? [output] : [])];
          emitFetch(f, far, at, Math.min(bytes, FETCHED));
          if (!covers(windows)) f.get(at).plus(output).push(0, bytes).memoryFill();
        };
        emitter.each(from, to, { begin, body });
      },
  };
}

const overlap = ({ size, stride, dilation }: Axis): boolean => stride < (size - 1) * dilation + 1;

/** Whether every pixel lies in exactly one window. */
function covers({ rows, columns }: Windows): boolean {
  return [rows, columns].every(
    ({ input, output, size, stride, dilation, before }) =>
      dilation === 1 && stride === size && before === 0 && output * size === input,
  );
}

class PoolingLoop extends WindowLoop {
  readonly #divisor: number | null;

  constructor(f: FunctionBuilder, windows: Windows, divisor: number | null) {
    super(f, windows);
    this.#divisor = divisor;
  }

  /** best = the maximum of a window; NaN wins. */
  #maximumOf(x: number, place: Place): Vector {
    const f = this.f;
    const best = f.local("v128");
    f.f32(Number.NEGATIVE_INFINITY).op("f32x4.splat").set(best);
    this.taps(place, (base, offset) =>
      f
        .get(best)
        .get(this.load(base, x + offset))
        .op("f32x4.max")
        .set(best),
    );
    return best;
  }

  /** Loads a whole window, and calls one of two for its pixels: `plain` where none of them is NaN, which maxima can do without. */
  #unlessNaN(
    x: number,
    place: Place,
    plain: (pixels: readonly Vector[], best: Vector) => void,
    careful: () => void,
  ): void {
    const f = this.f;
    const pixels: Vector[] = [];
    const best = f.local("v128");
    this.taps(place, (base, offset) => pixels.push(this.load(base, x + offset)));
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
    const careful = (): void => this.store(place.place, y, this.#maximumOf(x, place), place.lanes);
    if (!this.isUnrolled(place.ranges)) careful();
    else this.#unlessNaN(x, place, (_, best) => this.store(place.place, y, best, place.lanes), careful);
  }

  toMaximum(x: number, dy: number, dx: number, place: Place, adds: boolean): void {
    const f = this.f;
    // What is left of dy: nothing once the first maximum has taken it.
    const [left, here, part] = f.locals("v128", "v128", "v128");
    f.get(this.load(place.place, dy)).set(left);
    const take = (base: Counter, offset: number): void => {
      f.get(left).get(here).op("v128.and").set(part);
      f.get(left).get(here).op("v128.andnot").set(left);
      if (adds)
        f.get(part)
          .get(this.load(base, dx + offset))
          .op("f32x4.add")
          .set(part);
      this.store(base, dx + offset, part, place.lanes);
    };
    const careful = (): void => {
      const best = this.#maximumOf(x, place);
      this.taps(place, (base, offset) => {
        const value = this.load(base, x + offset);
        f.get(value).get(best).op("f32x4.eq").get(value).get(value).op("f32x4.ne").op("v128.or").set(here);
        take(base, offset);
      });
    };
    const plain = (pixels: readonly Vector[], best: Vector): void => {
      let tap = 0;
      this.taps(place, (base, offset) => {
        const pixel = pixels[tap++] ?? best;
        f.get(pixel).get(best).op("f32x4.eq").set(here);
        take(base, offset);
      });
    };
    if (this.isUnrolled(place.ranges)) this.#unlessNaN(x, place, plain, careful);
    else careful();
  }

  /** The values that stand where x has the first maximum of a window. */
  atMaximum(x: number, values: number, y: number, place: Place): void {
    const f = this.f;
    const best = this.#maximumOf(x, place);
    const [left, here, sum] = f.locals("v128", "v128", "v128");
    f.get(best).get(best).op("v128.xor").op("v128.not").set(left);
    f.v128().set(sum);
    this.taps(place, (base, offset) => {
      const value = this.load(base, x + offset);
      f.get(value).get(best).op("f32x4.eq").get(value).get(value).op("f32x4.ne").op("v128.or");
      f.get(left).op("v128.and").set(here);
      f.get(left).get(here).op("v128.andnot").set(left);
      const chosen = this.load(base, values + offset);
      f.get(sum).get(chosen).get(here).op("v128.and").op("v128.or").set(sum);
    });
    this.store(place.place, y, sum, place.lanes);
  }

  /** What a pixel of a window counts for: one part of the divisor, or of the taps inside of the image. */
  #share({ ranges }: Place): Vector {
    const f = this.f;
    const share = f.local("v128");
    const { rows, columns } = this.windows;
    if (this.#divisor !== null) f.f32(1 / this.#divisor);
    else if (ranges === null) f.f32(1 / (rows.size * columns.size));
    else {
      const { top, bottom, left, right } = ranges;
      f.f32(1)
        .get(bottom)
        .get(top)
        .op("i32.sub")
        .get(right)
        .get(left)
        .op("i32.sub")
        .op("i32.mul")
        .op("f32.convert_i32_s")
        .op("f32.div");
    }
    f.op("f32x4.splat").set(share);
    return share;
  }

  mean(x: number, y: number, place: Place): void {
    const f = this.f;
    const sum = f.local("v128");
    f.v128().set(sum);
    this.taps(place, (base, offset) =>
      f
        .get(sum)
        .get(this.load(base, x + offset))
        .op("f32x4.add")
        .set(sum),
    );
    f.get(sum).get(this.#share(place)).op("f32x4.mul").set(sum);
    this.store(place.place, y, sum, place.lanes);
  }

  toMean(dy: number, dx: number, place: Place, adds: boolean): void {
    const f = this.f;
    const part = f.local("v128");
    f.get(this.load(place.place, dy)).get(this.#share(place)).op("f32x4.mul").set(part);
    this.taps(place, (base, offset) => {
      const sum = f.local("v128");
      f.get(part).set(sum);
      if (adds)
        f.get(part)
          .get(this.load(base, dx + offset))
          .op("f32x4.add")
          .set(sum);
      this.store(base, dx + offset, sum, place.lanes);
    });
  }
}
