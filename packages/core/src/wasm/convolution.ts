// Convolutions in compiled programs. The sums are those of a matrix product, but no matrix is made: blocks of padded image rows lie
// in the cache, and tiles of results are summed straight from them against filters packed in panels of eight. The gradient for the
// images is the same sweep over dY with the kernel turned around. Where a window holds few values (gray images, one channel by
// itself) the weights stay in registers.

import type { Convolution } from "../engine/convolution.ts";
import type { FunctionBuilder, Local, ModuleBuilder } from "./assembler.ts";
import { type Blocks, blocksOf, eachBlock, type Sweep, sweepBackward, sweepForward } from "./convolution-blocks.ts";
import {
  aligned,
  depthOf,
  flopsOf,
  isDepthwise,
  isThin,
  panelsOf,
  partsOf,
  suits,
  tapsOf,
  widthOf,
} from "./convolution-sizes.ts";
import { defineThinRow } from "./convolution-thin.ts";
import { defineForwardTile, PANEL, tilesOf } from "./convolution-tiles.ts";
import type { Epilogue } from "./epilogue.ts";
import { features } from "./features.ts";
import type { NativeKernel } from "./native.ts";
import { emitPack } from "./pack.ts";
import { emitShare } from "./share.ts";
import { winogradKernel } from "./winograd.ts";
import { suitsWinograd } from "./winograd-tiles.ts";

/** Y = X ∗ K. */
export function convolutionKernel(convolution: Convolution): NativeKernel {
  return sweepKernel(sweepForward(convolution), false, flopsOf(convolution));
}

/** dX from dY and K. */
export function inputGradientKernel(convolution: Convolution): NativeKernel {
  return sweepKernel(sweepBackward(convolution), true, flopsOf(convolution));
}

function sweepKernel(sweep: Sweep, turned: boolean, flops: number): NativeKernel {
  if (suitsWinograd(sweep)) return winogradKernel(sweep, turned);
  const blocks = blocksOf(sweep);
  // The kernel of the adjoint has to be packed: only one channel by itself can be read backwards as it lies.
  const thin = isThin(sweep) && (!turned || isDepthwise(sweep));
  const packed = thin ? 0 : aligned(4 * PANEL * sweep.groups * panelsOf(sweep) * tapsOf(sweep) * depthOf(sweep));
  const scratchBytes = packed + aligned(blocks.bytes);
  return {
    suits,
    flops,
    takesEpilogue: true,
    scratchBytes: () => scratchBytes,
    emit(module, _inputs, _output, epilogue) {
      const pack = thin ? null : emitPacking(module, sweep, turned);
      const sweepBlock = thin ? thinBlock(module, blocks, turned, epilogue) : panelBlock(module, blocks, epilogue);
      return (f, { inputs: [images = 0, kernel = 0], output, scratch }, share) => {
        const [from, to] = emitShare(f, sweep.batch * blocks.count, share);
        const [weights, room, y] = f.locals("i32", "i32", "i32");
        f.i32(thin ? kernel : scratch);
        if (!thin) f.plus(share.part, scratchBytes);
        f.set(weights);
        f.i32(scratch + packed)
          .plus(share.part, scratchBytes)
          .set(room);
        if (pack !== null)
          f.get(from)
            .get(to)
            .op("i32.lt_u")
            .if(() => pack(f, kernel, weights));
        eachBlock(f, blocks, { images, scratch: room, from, to }, ({ image, top, height, source }) => {
          const row = 4 * sweep.columns.output * sweep.filters;
          f.i32(output)
            .plus(image, row * sweep.rows.output)
            .plus(top, row)
            .set(y);
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
function emitPacking(
  module: ModuleBuilder,
  sweep: Sweep,
  turned: boolean,
): (f: FunctionBuilder, kernel: number, target: Local<"i32">) => void {
  const pack = emitPack(module, !turned, PANEL);
  const [taps, depth, width] = [tapsOf(sweep), depthOf(sweep), widthOf(sweep)];
  const panelBytes = 4 * PANEL * taps * depth;
  return (f, kernel, target) => {
    const [group, tap, panel, from, to] = f.locals("i32", "i32", "i32", "i32", "i32");
    f.for(group, 0, sweep.groups, 1, () => {
      f.get(target)
        .plus(group, panelBytes * panelsOf(sweep))
        .set(to);
      if (!turned) {
        // K[tap, c, f]: one step of all filters after the other.
        f.i32(kernel)
          .plus(group, 4 * width)
          .get(to)
          .push(taps * depth, width, 4 * sweep.filters)
          .call(pack);
        return;
      }
      // K[tap, c, f], where now c are the results and f the values that are summed, from the last tap to the first.
      f.for(tap, 0, taps, 1, () => {
        f.i32(kernel + 4 * (taps - 1) * width * sweep.channels)
          .plus(tap, -4 * width * sweep.channels)
          .plus(group, 4 * depth)
          .set(from);
        for (const { from: first, to: last, lanes } of partsOf(width, PANEL)) {
          f.for(panel, first, last, PANEL, () => {
            f.get(from).plus(panel, 4 * sweep.channels);
            f.get(to)
              .plus(panel, panelBytes / PANEL)
              .plus(tap, 4 * PANEL * depth);
            f.push(depth, lanes, 4 * sweep.channels).call(pack);
          });
        }
      });
    });
  };
}

/** A block against packed panels. */
function panelBlock(
  module: ModuleBuilder,
  blocks: Blocks,
  epilogue: Epilogue | undefined,
): (f: FunctionBuilder, places: BlockPlaces) => void {
  const { sweep, pitch, pixel } = blocks;
  const [depth, width, { columns }] = [depthOf(sweep), widthOf(sweep), sweep];
  const relaxed = features().relaxedSimd;
  const kinds = partsOf(width, PANEL).map((part) => ({
    ...part,
    tiles: tilesOf(columns.output, relaxed).map(({ rows, count }) => ({
      rows,
      count,
      tile: defineForwardTile(module, { blocks, rows, lanes: part.lanes, relaxed, epilogue }),
    })),
  }));
  return (f, { source, weights, y, height }) => {
    const [group, column, row, counter, a, b, c] = f.locals("i32", "i32", "i32", "i32", "i32", "i32", "i32");
    f.get(weights).set(b);
    f.for(group, 0, sweep.groups, 1, () => {
      for (const { from, to, tiles } of kinds) {
        f.for(column, from, to, PANEL, () => {
          f.for(row, 0, height, 1, () => {
            f.get(source)
              .plus(row, sweep.rows.stride * pitch)
              .plus(group, 4 * depth)
              .set(a);
            f.get(y)
              .plus(row, 4 * columns.output * sweep.filters)
              .plus(group, 4 * width)
              .plus(column, 4)
              .set(c);
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
function thinBlock(
  module: ModuleBuilder,
  blocks: Blocks,
  turned: boolean,
  epilogue: Epilogue | undefined,
): (f: FunctionBuilder, places: BlockPlaces) => void {
  const { sweep, pitch } = blocks;
  const depthwise = isDepthwise(sweep);
  const relaxed = features().relaxedSimd;
  const kinds = partsOf(sweep.filters, 4).map((part) => ({
    ...part,
    line: defineThinRow(module, { blocks, lanes: part.lanes, relaxed, depthwise, turned, epilogue }),
  }));
  return (f, { source, weights, y, height }) => {
    const [column, row] = f.locals("i32", "i32");
    f.for(row, 0, height, 1, () => {
      for (const { from, to, line } of kinds) {
        f.for(column, from, to, 4, () => {
          f.get(source)
            .plus(row, sweep.rows.stride * pitch)
            .plus(depthwise ? column : 0, 4);
          f.get(weights).plus(column, 4);
          f.get(y)
            .plus(row, 4 * sweep.columns.output * sweep.filters)
            .plus(column, 4)
            .call(line);
        });
      }
    });
  };
}
