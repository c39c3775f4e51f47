// What a convolution's inner loops read: blocks of image rows with their padding around them, so that no loop asks where the image
// ends. A block is copied to scratch memory, where it stays in the cache while all filters pass over it; where windows never leave
// the image, it is read as it lies.

import type { Convolution } from "../engine/convolution.ts";
import type { Axis } from "../window.ts";
import type { FunctionBuilder, Local } from "./assembler.ts";

/** A convolution as kernels see it: `gap` zeros … 1 between pixels spread them apart, as the adjoint of a stride does. */
export interface Sweep extends Convolution {
  readonly gap: readonly [rows: number, columns: number];
}

/** The convolution itself. */
export function sweepForward(convolution: Convolution): Sweep {
  return { ...convolution, gap: [1, 1] };
}

/** Its adjoint for the images: a convolution of dY, with strides as gaps, by the kernel turned around. */
export function sweepBackward(convolution: Convolution): Sweep {
  const { rows, columns, channels, filters } = convolution;
  const turn = ({ input, output, size, dilation, before }: Axis): Axis => {
    return { input: output, output: input, size, stride: 1, dilation, before: (size - 1) * dilation - before };
  };
  const gap = [rows.stride, columns.stride] as const;
  return { ...convolution, rows: turn(rows), columns: turn(columns), channels: filters, filters: channels, gap };
}

/** Bytes of padded images that are worked on at a time: they stay in the second-level cache beside the kernel. */
const BLOCK = 1 << 17;

/** Blocks of output rows, and the image rows below them. */
export interface Blocks {
  readonly sweep: Sweep;
  /** Whether images are read as they lie. */
  readonly inPlace: boolean;
  /** Output rows of a block, and blocks of an image. */
  readonly height: number;
  readonly count: number;
  /** Bytes from pixel to pixel, from row to row, and of a block. */
  readonly pixel: number;
  readonly pitch: number;
  readonly bytes: number;
}

const reach = ({ size, dilation }: Axis): number => (size - 1) * dilation + 1;
/** The inputs below so many places. */
const span = (axis: Axis, places: number): number => (places - 1) * axis.stride + reach(axis);

/** Divides the rows of an image into blocks of at most `limit`. */
export function blocksOf(sweep: Sweep, limit: number = Number.POSITIVE_INFINITY): Blocks {
  const { rows, columns, channels, gap } = sweep;
  const pixel = 4 * channels;
  const stays = (axis: Axis): boolean => axis.before === 0 && span(axis, axis.output) <= axis.input;
  const inPlace = stays(rows) && stays(columns) && gap[0] === 1 && gap[1] === 1;
  const pitch = pixel * (inPlace ? columns.input : span(columns, columns.output));
  const fitting = Math.floor((BLOCK / pitch - reach(rows)) / rows.stride) + 1;
  const most = Math.max(1, Math.min(fitting, limit, rows.output));
  const count = Math.ceil(rows.output / most);
  const height = Math.ceil(rows.output / count);
  return { sweep, inPlace, height, count, pixel, pitch, bytes: inPlace ? 0 : pitch * span(rows, height) };
}

/** A block while it is worked on. */
export interface BlockLocals {
  readonly image: Local<"i32">;
  /** Its first output row, and how many there are. */
  readonly top: Local<"i32">;
  readonly height: Local<"i32">;
  /** Where its padded images begin. */
  readonly source: Local<"i32">;
}

/** Calls `body` for the blocks in a range (of all images), with the block of `images` in place. */
export function eachBlock(
  f: FunctionBuilder,
  blocks: Blocks,
  places: {
    readonly images: number;
    readonly scratch: Local<"i32">;
    readonly from: number | Local<"i32">;
    readonly to: number | Local<"i32">;
  },
  body: (block: BlockLocals) => void,
): void {
  const { sweep, count, height: most, inPlace, pitch } = blocks;
  const { rows, columns, channels } = sweep;
  const [unit, image, top, height, source, base] = f.locals("i32", "i32", "i32", "i32", "i32", "i32");
  const imageBytes = 4 * rows.input * columns.input * channels;
  f.for(unit, places.from, places.to, 1, () => {
    if (count === 1) f.get(unit).set(image).i32(0).set(top).i32(rows.output).set(height);
    else {
      f.push(unit, count).op("i32.div_u").set(image);
      f.push(unit, count).op("i32.rem_u").i32(most).op("i32.mul").set(top);
      f.i32(rows.output).get(top).op("i32.sub").set(height).clamp(height, most);
    }
    f.i32(places.images).plus(image, imageBytes).set(base);
    if (inPlace)
      f.get(base)
        .plus(top, rows.stride * pitch)
        .set(source);
    else {
      f.get(places.scratch).set(source);
      copyBlock(f, blocks, { base, top, height, source });
    }
    body({ image, top, height, source });
  });
}

/** Copies the rows below a block into scratch memory, zeros around and between them. */
function copyBlock(
  f: FunctionBuilder,
  { sweep, pitch, pixel, bytes }: Blocks,
  {
    base,
    top,
    height,
    source,
  }: {
    readonly base: Local<"i32">;
    readonly top: Local<"i32">;
    readonly height: Local<"i32">;
    readonly source: Local<"i32">;
  },
): void {
  const { rows, columns, gap } = sweep;
  const [row, line, target, end] = f.locals("i32", "i32", "i32", "i32");
  // The pixels of a row that lie below some window.
  const first = Math.max(0, Math.ceil(-columns.before / gap[1]));
  const last = Math.min(columns.input, Math.ceil((pitch / pixel - columns.before) / gap[1]));
  f.push(source, 0, bytes).memoryFill();
  if (last <= first) return;
  f.get(height).plus(-1).i32(rows.stride).op("i32.mul").plus(reach(rows)).set(end);
  f.get(source)
    .plus((columns.before + first * gap[1]) * pixel)
    .set(target);
  f.for(row, 0, end, 1, () => {
    f.get(row).plus(top, rows.stride).plus(-rows.before).set(line);
    f.get(line)
      .i32((rows.input - 1) * gap[0] + 1)
      .op("i32.lt_u");
    if (gap[0] > 1) f.get(line).i32(gap[0]).op("i32.rem_u").op("i32.eqz").op("i32.and");
    f.if(() => {
      if (gap[0] > 1) f.get(line).i32(gap[0]).op("i32.div_u").set(line);
      f.get(base)
        .plus(line, columns.input * pixel)
        .plus(first * pixel)
        .set(line);
      if (gap[1] === 1) f.push(target, line, (last - first) * pixel).memoryCopy();
      else copyApart(f, { from: line, to: target, count: last - first, pixel, step: gap[1] * pixel });
    });
    f.increment(target, pitch);
  });
}

/** Copies pixels, `step` bytes apart. */
function copyApart(
  f: FunctionBuilder,
  {
    from,
    to,
    count,
    pixel,
    step,
  }: {
    readonly from: Local<"i32">;
    readonly to: Local<"i32">;
    readonly count: number;
    readonly pixel: number;
    readonly step: number;
  },
): void {
  const [column, target, channel] = f.locals("i32", "i32", "i32");
  f.get(to).set(target);
  f.for(column, 0, count, 1, () => {
    const wide = pixel - (pixel % 16);
    const at = (place: Local<"i32">): FunctionBuilder => f.get(place).get(channel).op("i32.add");
    f.for(channel, 0, wide, 16, () => {
      at(target);
      at(from).memory("v128.load").memory("v128.store");
    });
    for (let rest = wide; rest < pixel; rest += 4)
      f.get(target).get(from).memory("f32.load", rest).memory("f32.store", rest);
    f.increment(from, pixel).increment(target, step);
  });
}
