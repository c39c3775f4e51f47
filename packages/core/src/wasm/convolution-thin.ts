// The inner loops of convolutions with few values under a window: 9 for 3 × 3 gray pixels, or for each channel by itself. Weights or sums
// of a vector of filters stay in registers, and neighbouring places are computed together, so that what lies under several of their
// windows is read once.

import type { FunctionBuilder, Local, ModuleBuilder } from "./assembler.ts";
import type { Blocks } from "./convolution-blocks.ts";
import { accumulate, store } from "./convolution-tiles.ts";
import { type Epilogue, vectorsOf } from "./epilogue.ts";

/** What the code for few values under a window depends on. */
export interface ThinOptions {
  readonly blocks: Blocks;
  readonly lanes: number;
  readonly relaxed: boolean;
  /** Each filter sees its own channel: x is read as vectors, not splatted. */
  readonly depthwise: boolean;
  /** The kernel is read backwards. */
  readonly turned: boolean;
  /** What is done with results instead of storing them. */
  readonly epilogue?: Epilogue | undefined;
}

/** The most values of a window whose weights stay in registers. */
export const THIN = 10;
/** Places that are computed together, as the registers allow. */
const FORWARD_PLACES = 2;
const GRADIENT_PLACES = 4;

/** Where the values under a window lie: bytes from the window's first pixel, and from the kernel's first weight. */
function thinOffsets({ blocks, depthwise, turned }: ThinOptions): { x: number; k: number }[] {
  const { sweep, pixel, pitch } = blocks;
  const { rows, columns, channels, filters } = sweep;
  const depth = depthwise ? 1 : channels;
  const taps = rows.size * columns.size;
  return Array.from({ length: taps * depth }, (_, index) => {
    const tap = Math.floor(index / depth);
    const [row, column] = [Math.floor(tap / columns.size), tap % columns.size];
    const x = row * rows.dilation * pitch + column * columns.dilation * pixel + 4 * (index % depth);
    return { x, k: 4 * filters * (turned ? taps - 1 - index : index) };
  });
}

/** Who needs a value of x: which of some neighbouring places, and where it stands under that one's window. */
interface Use {
  readonly place: number;
  readonly index: number;
}

/** The values under some neighbouring windows, each once, in the order in which every window's own follow each other. */
function thinReads(options: ThinOptions, places: number): readonly (readonly [x: number, uses: readonly Use[]])[] {
  const { sweep, pixel } = options.blocks;
  const uses = new Map<number, Use[]>();
  for (const [index, { x }] of thinOffsets(options).entries()) {
    for (let place = 0; place < places; place++) {
      const at = x + place * sweep.columns.stride * pixel;
      uses.set(at, [...(uses.get(at) ?? []), { place, index }]);
    }
  }
  return [...uses].sort(([a], [b]) => a - b);
}

/** Code for a row of places, several at a time: while (pointer != end) body(places), then the rest one by one. */
function eachPlace(
  f: FunctionBuilder,
  { blocks: { sweep } }: ThinOptions,
  together: number,
  pointer: Local<"i32">,
  body: (places: number) => void,
): void {
  const { columns, filters } = sweep;
  const end = f.local("i32");
  const rest = columns.output % together;
  for (const [places, count] of [
    [together, columns.output - rest],
    [1, rest],
  ] as const) {
    if (count === 0) continue;
    f.get(pointer)
      .plus(4 * filters * count)
      .set(end);
    f.until(pointer, end, () => body(places));
  }
}

/** Defines `row(x, kernel, y)`: a row of places of Y, `lanes` filters, whose weights stay in registers. */
export function defineThinRow(module: ModuleBuilder, options: ThinOptions): FunctionBuilder {
  const { blocks, lanes, relaxed, depthwise, epilogue } = options;
  const { columns, filters } = blocks.sweep;
  const load = depthwise ? "v128.load" : "v128.load32_splat";
  return module.define({ parameters: ["i32", "i32", "i32"] }, (f, a, k, y) => {
    const left = f.local("v128");
    const sums = Array.from({ length: FORWARD_PLACES }, () => f.local("v128"));
    const weights = thinOffsets(options).map((offset) => ({ ...offset, weight: f.local("v128") }));
    const resident = weights.length <= THIN;
    const fetch = ({ weight, k: offset }: (typeof weights)[number]): void =>
      void f.get(k).memory("v128.load", offset).set(weight);
    if (resident) for (const weight of weights) fetch(weight);
    const endRow = epilogue?.begin(f, y, vectorsOf(lanes));
    eachPlace(f, options, FORWARD_PLACES, y, (places) => {
      for (const [x, uses] of thinReads(options, places)) {
        f.get(a).memory(load, x).set(left);
        for (const { place, index } of uses) {
          const [weight, sum] = [weights[index], sums[place]];
          if (weight === undefined || sum === undefined) continue;
          if (!resident) fetch(weight);
          if (index === 0) f.get(left).get(weight.weight).op("f32x4.mul").set(sum);
          else accumulate(f, relaxed, sum, left, weight.weight);
        }
      }
      for (const sum of sums.slice(0, places)) {
        if (endRow === undefined) store(f, y, sum, 0, lanes);
        else endRow([sum]);
        f.increment(y, 4 * filters);
      }
      f.increment(a, places * columns.stride * blocks.pixel);
    });
  });
}

/** Defines `block(x, dy, dk, height, add)`: the sums of a block behind all of dK, `lanes` filters. */
export function defineThinKernel(module: ModuleBuilder, options: ThinOptions): FunctionBuilder {
  const { blocks, lanes, relaxed, depthwise } = options;
  const { columns, rows, filters } = blocks.sweep;
  const load = depthwise ? "v128.load" : "v128.load32_splat";
  return module.define({ parameters: ["i32", "i32", "i32", "i32", "i32"] }, (f, a, b, dk, height, add) => {
    const left = f.local("v128");
    const rights = Array.from({ length: GRADIENT_PLACES }, () => f.local("v128"));
    const sums = thinOffsets(options).map((offset) => ({ ...offset, sum: f.local("v128") }));
    f.get(add).if(() => {
      for (const { sum, k } of sums) f.get(dk).memory("v128.load", k).set(sum);
    });
    f.loop((next) => {
      eachPlace(f, options, GRADIENT_PLACES, b, (places) => {
        for (const [place, right] of rights.slice(0, places).entries())
          f.get(b)
            .memory("v128.load", 4 * filters * place)
            .set(right);
        for (const [x, uses] of thinReads(options, places)) {
          f.get(a).memory(load, x).set(left);
          for (const { place, index } of uses) {
            const [total, right] = [sums[index], rights[place]];
            if (total !== undefined && right !== undefined) accumulate(f, relaxed, total.sum, left, right);
          }
        }
        f.increment(a, places * columns.stride * blocks.pixel).increment(b, 4 * filters * places);
      });
      f.increment(a, rows.stride * blocks.pitch - columns.output * columns.stride * blocks.pixel);
      f.get(height).plus(-1).tee(height).branchIf(next);
    });
    for (const { sum, k } of sums) store(f, dk, sum, k, lanes);
  });
}
