// Loops over the windows of pooling and patches, four channels at a time: where each window lies, and which of its taps are inside of the image.

import { type Axis, tapsInside, type Windows } from "../window.ts";
import type { FunctionBuilder, Local } from "./assembler.ts";
import { loadLanes, storeLanes } from "./lanes.ts";

/** Pixels of a window up to which its loop is unrolled. */
const UNROLLED = 16;

/** Four channels in a local. */
export type Vector = Local<"v128">;
type Counter = Local<"i32">;

/** Which taps of a window lie inside of the image. */
export interface Ranges {
  readonly top: Counter;
  readonly bottom: Counter;
  readonly left: Counter;
  readonly right: Counter;
}

/** One window: the first pixel of the image and of the result, and which of its taps lie inside of the image. */
export interface Place {
  /** Bytes from the beginning of the images to the window's first tap, and to its place in the result. */
  readonly pixel: Counter;
  readonly place: Counter;
  /** The first of its channels. */
  readonly channel: Counter;
  readonly ranges: Ranges | null;
  /** Channels that are there, of the next four. */
  readonly lanes: number;
}

/** Loops over windows, and over the pixels under one. */
export abstract class WindowLoop {
  protected readonly f: FunctionBuilder;
  protected readonly windows: Windows;
  /** Whether windows may reach beyond the image. */
  readonly #clipped: boolean;

  constructor(f: FunctionBuilder, windows: Windows) {
    this.f = f;
    this.windows = windows;
    const isClipped = (axis: Axis): boolean =>
      [0, axis.output - 1].some((place) => {
        const [from, to] = tapsInside(axis, place);
        return to - from < axis.size;
      });
    this.#clipped = isClipped(windows.rows) || isClipped(windows.columns);
  }

  /** Calls `begin` for each of some images, and `body` for each of its windows and each four channels. */
  each(
    from: Counter,
    to: Counter,
    { begin, body }: { readonly begin?: (image: Counter) => void; readonly body: (place: Place) => void },
  ): void {
    const f = this.f;
    const { rows, columns, channels } = this.windows;
    const [image, row, column, channel, line, pixel, place] = f.locals("i32", "i32", "i32", "i32", "i32", "i32", "i32");
    const [top, bottom, left, right] = f.locals("i32", "i32", "i32", "i32");
    const ranges = this.#clipped ? { top, bottom, left, right } : null;
    const pixelBytes = 4 * channels;
    f.i32(0)
      .plus(from, pixelBytes * rows.output * columns.output)
      .set(place);
    f.for(image, from, to, 1, () => {
      begin?.(image);
      f.for(row, 0, rows.output, 1, () => {
        if (ranges !== null) this.#range(rows, row, top, bottom);
        f.get(image).i32(rows.input).op("i32.mul").plus(row, rows.stride).plus(-rows.before);
        f.i32(columns.input * pixelBytes)
          .op("i32.mul")
          .plus(-columns.before * pixelBytes)
          .set(line);
        f.for(column, 0, columns.output, 1, () => {
          if (ranges !== null) this.#range(columns, column, left, right);
          f.get(line).set(pixel);
          const wide = channels - (channels % 4);
          const four = (lanes: number): void => {
            body({ pixel, place, channel, ranges, lanes });
            f.increment(pixel, 4 * lanes).increment(place, 4 * lanes);
          };
          f.for(channel, 0, wide, 4, () => four(4));
          if (wide < channels) four(channels - wide);
          f.increment(line, columns.stride * pixelBytes);
        });
      });
    });
  }

  /** The taps inside of the image: max(0, ⌈−start / dilation⌉) to min(size, ⌈(input − start) / dilation⌉). */
  #range({ input, output, size, stride, dilation, before }: Axis, place: Counter, from: Counter, to: Counter): void {
    const f = this.f;
    const start = f.local("i32");
    const parts = (): void => {
      if (dilation > 1)
        f.i32(dilation - 1)
          .op("i32.add")
          .i32(dilation)
          .op("i32.div_u");
    };
    f.i32(-before).plus(place, stride).set(start);
    f.i32(0).get(start).op("i32.sub");
    parts();
    f.i32(0).get(start).i32(0).op("i32.lt_s").op("control.select").set(from);
    f.i32(input).get(start).op("i32.sub");
    parts();
    f.set(to).clamp(to, size);
    // A window beyond the end of the image has none, where padding leads that far.
    if ((output - 1) * stride - before >= input)
      f.get(to).i32(0).get(start).i32(input).op("i32.lt_s").op("control.select").set(to);
  }

  /** Calls `body` with an address for each tap of a window that lies inside; unrolled where all of them always do. */
  protected taps({ pixel, ranges }: Place, body: (base: Counter, offset: number) => void): void {
    const f = this.f;
    const { rows, columns, channels } = this.windows;
    const down = 4 * columns.input * channels * rows.dilation;
    const across = 4 * channels * columns.dilation;
    if (this.isUnrolled(ranges)) {
      for (let y = 0; y < rows.size; y++) for (let x = 0; x < columns.size; x++) body(pixel, y * down + x * across);
      return;
    }
    const [y, x, at] = f.locals("i32", "i32", "i32");
    f.for(y, ranges?.top ?? 0, ranges?.bottom ?? rows.size, 1, () => {
      f.get(pixel)
        .plus(y, down)
        .plus(ranges?.left ?? 0, across)
        .set(at);
      f.for(x, ranges?.left ?? 0, ranges?.right ?? columns.size, 1, () => {
        body(at, 0);
        f.increment(at, across);
      });
    });
  }

  /** Four channels. */
  protected load(base: Counter, address: number): Vector {
    return loadLanes(this.f, { base, address, dtype: "float32", stride: 1 }).local;
  }

  protected store(base: Counter, address: number, local: Vector, lanes: number): void {
    storeLanes(this.f, { base, address, dtype: "float32", stride: 1 }, { local, type: "f32" }, lanes);
  }

  /** Whether a window's loop is unrolled, with its pixels in locals. */
  protected isUnrolled(ranges: Ranges | null): boolean {
    const { rows, columns } = this.windows;
    return ranges === null && rows.size * columns.size <= UNROLLED;
  }
}
