// Convolutions in compiled programs. The sums are those of a matrix product, but no matrix is made: blocks of padded image rows lie
// in the cache, and tiles of results are summed straight from them against filters packed in panels of eight. The gradient for the
// images is the same sweep over dY with the kernel turned around; the one for the kernel sums over places instead of taps. Where a
// window holds few values (gray images, one channel by itself) the weights stay in registers.

import type { Convolution } from "../engine/convolution.ts";
import { sizeOf } from "../shape.ts";
import type { Spec } from "../view.ts";
import type { FunctionBuilder, Local, ModuleBuilder } from "./assembler.ts";
import { type Blocks, blocksOf, eachBlock, type Sweep, sweepBackward, sweepForward } from "./convolution-blocks.ts";
import { defineForwardTile, defineKernelTile, defineThinKernel, defineThinRow, PANEL, runsOf, THIN, tilesOf } from "./convolution-tiles.ts";
import { features } from "./features.ts";
import type { NativeKernel, NativePlaces } from "./native.ts";
import { emitPack } from "./pack.ts";
import { emitShare, type Share } from "./share.ts";

/** Places that are summed before the sum goes to memory: long sums keep their digits, and dY stays in the cache. */
const PLACES = 512;
/** Values under a window of one channel beyond which the unrolled loops would be too long. */
const LONGEST = 64;

const aligned = (bytes: number): number => Math.ceil((bytes + 16) / 64) * 64;

/** Whether all is float32 and nothing empty. */
const suits = (inputs: readonly Spec[], output: Spec): boolean =>
  [...inputs, output].every(({ dtype, shape }) => dtype === "float32" && sizeOf(shape) > 0);

const isDepthwise = ({ channels, filters, groups }: Convolution): boolean => groups > 1 && channels === groups && filters === groups;
const tapsOf = ({ rows, columns }: Convolution): number => rows.size * columns.size;
const depthOf = ({ channels, groups }: Convolution): number => channels / groups;
const widthOf = ({ filters, groups }: Convolution): number => filters / groups;
const panelsOf = (convolution: Convolution): number => Math.ceil(widthOf(convolution) / PANEL);

/** Whether a window's weights stay in registers, or are read as vectors of channels. */
function isThin(sweep: Convolution): boolean {
  return isDepthwise(sweep) ? tapsOf(sweep) <= LONGEST : sweep.groups === 1 && tapsOf(sweep) * sweep.channels <= THIN;
}

/** Vectors or panels of filters: those that are whole, then what is left. */
function partsOf(width: number, step: number): readonly { readonly from: number; readonly to: number; readonly lanes: number }[] {
  const whole = width - (width % step);
  const parts = [
    { from: 0, to: whole, lanes: step },
    { from: whole, to: width, lanes: width - whole },
  ];
  return parts.filter(({ from, to }) => from < to);
}

type Body = (f: FunctionBuilder, places: NativePlaces, share: Share) => void;

// Y and dX ------------------------------------------------------------------------------------------------------------------

/** Y = X ∗ K. */
export function convolutionKernel(convolution: Convolution): NativeKernel {
  return sweepKernel(sweepForward(convolution), false);
}

/** dX from dY and K. */
export function inputGradientKernel(convolution: Convolution): NativeKernel {
  return sweepKernel(sweepBackward(convolution), true);
}

function sweepKernel(sweep: Sweep, turned: boolean): NativeKernel {
  const blocks = blocksOf(sweep);
  // The kernel of the adjoint has to be packed: only one channel by itself can be read backwards as it lies.
  const thin = isThin(sweep) && (!turned || isDepthwise(sweep));
  const packed = thin ? 0 : aligned(4 * PANEL * sweep.groups * panelsOf(sweep) * tapsOf(sweep) * depthOf(sweep));
  const scratchBytes = packed + aligned(blocks.bytes);
  return {
    suits,
    scratchBytes: () => scratchBytes,
    emit(module) {
      const pack = thin ? null : emitPacking(module, sweep, turned);
      const sweepBlock = thin ? thinBlock(module, blocks, turned) : panelBlock(module, blocks);
      return (f, { inputs: [images = 0, kernel = 0], output, scratch }, share) => {
        const [from, to] = emitShare(f, sweep.batch * blocks.count, share);
        const [weights, room, y] = f.locals("i32", "i32", "i32");
        f.i32(thin ? kernel : scratch);
        if (!thin) f.plus(share.part, scratchBytes);
        f.set(weights);
        f.i32(scratch + packed).plus(share.part, scratchBytes).set(room);
        if (pack !== null) f.get(from).get(to).op("i32.lt_u").if(() => pack(f, kernel, weights));
        eachBlock(f, blocks, { images, scratch: room, from, to }, ({ image, top, height, source }) => {
          const row = 4 * sweep.columns.output * sweep.filters;
          f.i32(output).plus(image, row * sweep.rows.output).plus(top, row).set(y);
          sweepBlock(f, { source, weights, y, height });
        });
      };
    },
  };
}

/** Where a block's work stands. */
interface BlockPlaces {
  readonly source: Local<"i32">;
  readonly weights: Local<"i32">;
  readonly y: Local<"i32">;
  readonly height: Local<"i32">;
}

/** Packs the kernel: for each group, panels of eight filters, each with a step for every value under a window, in that order. */
function emitPacking(module: ModuleBuilder, sweep: Sweep, turned: boolean): (f: FunctionBuilder, kernel: number, target: Local<"i32">) => void {
  const pack = emitPack(module, !turned, PANEL);
  const [taps, depth, width] = [tapsOf(sweep), depthOf(sweep), widthOf(sweep)];
  const panelBytes = 4 * PANEL * taps * depth;
  return (f, kernel, target) => {
    const [group, tap, panel, from, to] = f.locals("i32", "i32", "i32", "i32", "i32");
    f.for(group, 0, sweep.groups, 1, () => {
      f.get(target).plus(group, panelBytes * panelsOf(sweep)).set(to);
      if (!turned) {
        // K[tap, c, f]: one step of all filters after the other.
        f.i32(kernel).plus(group, 4 * width).get(to).push(taps * depth, width, 4 * sweep.filters).call(pack);
        return;
      }
      // K[tap, c, f], where now c are the results and f the values that are summed, from the last tap to the first.
      f.for(tap, 0, taps, 1, () => {
        f.i32(kernel + 4 * (taps - 1) * width * sweep.channels).plus(tap, -4 * width * sweep.channels).plus(group, 4 * depth).set(from);
        for (const { from: first, to: last, lanes } of partsOf(width, PANEL)) {
          f.for(panel, first, last, PANEL, () => {
            f.get(from).plus(panel, 4 * sweep.channels);
            f.get(to).plus(panel, panelBytes / PANEL).plus(tap, 4 * PANEL * depth);
            f.push(depth, lanes, 4 * sweep.channels).call(pack);
          });
        }
      });
    });
  };
}

/** A block against packed panels. */
function panelBlock(module: ModuleBuilder, blocks: Blocks): (f: FunctionBuilder, places: BlockPlaces) => void {
  const { sweep, pitch, pixel } = blocks;
  const [depth, width, { columns }] = [depthOf(sweep), widthOf(sweep), sweep];
  const relaxed = features().relaxedSimd;
  const kinds = partsOf(width, PANEL).map((part) => ({
    ...part,
    tiles: tilesOf(columns.output).map(({ rows, count }) => ({ rows, count, tile: defineForwardTile(module, { blocks, rows, lanes: part.lanes, relaxed }) })),
  }));
  return (f, { source, weights, y, height }) => {
    const [group, column, row, counter, a, b, c] = f.locals("i32", "i32", "i32", "i32", "i32", "i32", "i32");
    f.get(weights).set(b);
    f.for(group, 0, sweep.groups, 1, () => {
      for (const { from, to, tiles } of kinds) {
        f.for(column, from, to, PANEL, () => {
          f.for(row, 0, height, 1, () => {
            f.get(source).plus(row, sweep.rows.stride * pitch).plus(group, 4 * depth).set(a);
            f.get(y).plus(row, 4 * columns.output * sweep.filters).plus(group, 4 * width).plus(column, 4).set(c);
            for (const { rows, count, tile } of tiles) {
              f.for(counter, 0, count, 1, () => {
                f.push(a, b, c).call(tile);
                f.increment(a, rows * columns.stride * pixel).increment(c, 4 * rows * sweep.filters);
              });
            }
          });
          f.increment(b, 4 * PANEL * tapsOf(sweep) * depth);
        });
      }
    });
  };
}

/** A block against weights in registers. */
function thinBlock(module: ModuleBuilder, blocks: Blocks, turned: boolean): (f: FunctionBuilder, places: BlockPlaces) => void {
  const { sweep, pitch } = blocks;
  const depthwise = isDepthwise(sweep);
  const relaxed = features().relaxedSimd;
  const kinds = partsOf(sweep.filters, 4).map((part) => ({ ...part, line: defineThinRow(module, { blocks, lanes: part.lanes, relaxed, depthwise, turned }) }));
  return (f, { source, weights, y, height }) => {
    const [column, row] = f.locals("i32", "i32");
    f.for(row, 0, height, 1, () => {
      for (const { from, to, line } of kinds) {
        f.for(column, from, to, 4, () => {
          f.get(source).plus(row, sweep.rows.stride * pitch).plus(depthwise ? column : 0, 4);
          f.get(weights).plus(column, 4);
          f.get(y).plus(row, 4 * sweep.columns.output * sweep.filters).plus(column, 4).call(line);
        });
      }
    });
  };
}

// dK ------------------------------------------------------------------------------------------------------------------------

/** dK from X and dY. */
export function kernelGradientKernel(convolution: Convolution): NativeKernel {
  const sweep = sweepForward(convolution);
  const blocks = blocksOf(sweep, Math.max(1, Math.floor(PLACES / sweep.columns.output)));
  const thin = isThin(sweep);
  const panelBytes = 4 * PANEL * blocks.height * sweep.columns.output;
  const packed = thin ? 0 : aligned(panelBytes * panelsOf(sweep) * sweep.groups);
  const scratchBytes = packed + aligned(blocks.bytes);
  return {
    suits,
    scratchBytes: () => scratchBytes,
    emit: (module) => (thin ? thinGradient(module, blocks, scratchBytes) : panelGradient(module, blocks, { packed, scratchBytes, panelBytes })),
  };
}

/** Threads divide the panels of filters and, within them, the runs of dK's rows. */
function panelGradient(
  module: ModuleBuilder,
  blocks: Blocks,
  { packed, scratchBytes, panelBytes }: { readonly packed: number; readonly scratchBytes: number; readonly panelBytes: number },
): Body {
  const { sweep } = blocks;
  const { filters, groups, columns, rows } = sweep;
  const [depth, width, panels] = [depthOf(sweep), widthOf(sweep), panelsOf(sweep)];
  const { length, across, step, down, drop } = runsOf(blocks);
  const relaxed = features().relaxedSimd;
  const pack = emitPack(module, true, PANEL);
  const kinds = partsOf(width, PANEL).map(({ lanes }) => ({
    lanes,
    tiles: tilesOf(length).map(({ rows: height, count }) => ({ height, count, tile: defineKernelTile(module, { blocks, rows: height, lanes, relaxed }) })),
  }));
  const runs = across * down;
  return (f, { inputs: [images = 0, dy = 0], output, scratch }, share) => {
    const [from, to] = emitShare(f, groups * panels * runs, share);
    const [room, packs, unit, run, panel, group, a, b, c, places, counter, add] = f.locals(
      "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32",
    );
    f.i32(scratch).plus(share.part, scratchBytes).tee(packs).plus(packed).set(room);
    f.get(from).get(to).op("i32.lt_u").if(() => {
      eachBlock(f, blocks, { images, scratch: room, from: 0, to: sweep.batch * blocks.count }, ({ image, top, height, source }) => {
        f.get(height).i32(columns.output).op("i32.mul").set(places);
        f.for(group, 0, groups, 1, () => {
          f.i32(dy).plus(image, 4 * rows.output * columns.output * filters).plus(top, 4 * columns.output * filters).plus(group, 4 * width);
          f.get(packs).plus(group, panelBytes * panels).push(places, width, 4 * filters).call(pack);
        });
        f.for(unit, from, to, 1, () => {
          f.push(unit, runs).op("i32.rem_u").set(run);
          f.push(unit, runs).op("i32.div_u").tee(panel).i32(panels).op("i32.div_u").set(group);
          f.get(panel).i32(panels).op("i32.rem_u").set(panel);
          f.get(source).plus(group, 4 * depth);
          if (across === 1) f.plus(run, drop);
          else f.push(run, across).op("i32.div_u").push(drop).op("i32.mul").op("i32.add").push(run, across).op("i32.rem_u").push(step).op("i32.mul").op("i32.add");
          f.set(a);
          // A block with fewer rows than the others has shorter panels.
          f.get(packs).plus(group, panelBytes * panels).get(panel).get(places).op("i32.mul").i32(4 * PANEL).op("i32.mul").op("i32.add").set(b);
          f.i32(output).plus(run, 4 * length * filters).plus(group, 4 * width).plus(panel, 4 * PANEL).set(c);
          const strip = ({ tiles }: (typeof kinds)[number]): void => {
            for (const { height: lines, count, tile } of tiles) {
              f.for(counter, 0, count, 1, () => {
                f.push(a, b, c, height, add).call(tile);
                f.increment(a, 4 * lines).increment(c, 4 * lines * filters);
              });
            }
          };
          const [first, last] = kinds;
          if (first !== undefined && last !== undefined) f.get(panel).i32(panels - 1).op("i32.lt_u").if(() => strip(first), () => strip(last));
          else if (first !== undefined) strip(first);
        });
        f.i32(1).set(add);
      });
    });
  };
}

/** Threads divide the vectors of filters. */
function thinGradient(module: ModuleBuilder, blocks: Blocks, scratchBytes: number): Body {
  const { sweep } = blocks;
  const { filters, columns, rows } = sweep;
  const depthwise = isDepthwise(sweep);
  const relaxed = features().relaxedSimd;
  const kinds = partsOf(filters, 4).map(({ lanes }) => defineThinKernel(module, { blocks, lanes, relaxed, depthwise, turned: false }));
  const vectors = Math.ceil(filters / 4);
  return (f, { inputs: [images = 0, dy = 0], output, scratch }, share) => {
    const [from, to] = emitShare(f, vectors, share, 4);
    const [room, vector, add] = f.locals("i32", "i32", "i32");
    f.i32(scratch).plus(share.part, scratchBytes).set(room);
    f.get(from).get(to).op("i32.lt_u").if(() => {
      eachBlock(f, blocks, { images, scratch: room, from: 0, to: sweep.batch * blocks.count }, ({ image, top, height, source }) => {
        f.for(vector, from, to, 4, () => {
          const sum = (kernel: FunctionBuilder): void => {
            f.get(source).plus(depthwise ? vector : 0, 4);
            f.i32(dy).plus(image, 4 * rows.output * columns.output * filters).plus(top, 4 * columns.output * filters).plus(vector, 4);
            f.i32(output).plus(vector, 4).push(height, add).call(kernel);
          };
          const [first, last] = kinds;
          if (first !== undefined && last !== undefined) f.get(vector).i32(4 * (vectors - 1)).op("i32.lt_u").if(() => sum(first), () => sum(last));
          else if (first !== undefined) sum(first);
        });
        f.i32(1).set(add);
      });
    });
  };
}
