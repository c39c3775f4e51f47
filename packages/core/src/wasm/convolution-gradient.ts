// The gradient of a convolution for its kernel, in compiled programs: dK[tap, c, f] = Σ over places of X[pixel, c] · dY[place, f]. Tiles
// of dK stay in registers while the places of a block go by; blocks lie in the cache, dY in panels of eight filters.

import type { Convolution } from "../engine/convolution.ts";
import type { FunctionBuilder, ModuleBuilder } from "./assembler.ts";
import { type Blocks, blocksOf, eachBlock, sweepForward } from "./convolution-blocks.ts";
import {
  aligned,
  depthOf,
  flopsOf,
  isDepthwise,
  isThin,
  panelsOf,
  partsOf,
  suits,
  widthOf,
} from "./convolution-sizes.ts";
import { defineThinKernel } from "./convolution-thin.ts";
import { defineKernelTile, PANEL, runsOf, tilesOf } from "./convolution-tiles.ts";
import { features } from "./features.ts";
import type { NativeKernel, NativePlaces } from "./native.ts";
import { emitPack } from "./pack.ts";
import { emitShare, type Share } from "./share.ts";
import { winogradGradientKernel } from "./winograd-gradient.ts";
import { suitsWinograd } from "./winograd-tiles.ts";

/** Places that are summed before the sum goes to memory: long sums keep their digits, and dY stays in the cache. */
const PLACES = 512;
type Body = (f: FunctionBuilder, places: NativePlaces, share: Share) => void;

/** dK from X and dY. */
export function kernelGradientKernel(convolution: Convolution): NativeKernel {
  const sweep = sweepForward(convolution);
  if (suitsWinograd(sweep)) return winogradGradientKernel(convolution);
  const blocks = blocksOf(sweep, Math.max(1, Math.floor(PLACES / sweep.columns.output)));
  const thin = isThin(sweep);
  const panelBytes = 4 * PANEL * blocks.height * sweep.columns.output;
  const packed = thin ? 0 : aligned(panelBytes * panelsOf(sweep) * sweep.groups);
  const scratchBytes = packed + aligned(blocks.bytes);
  return {
    suits,
    flops: flopsOf(convolution),
    scratchBytes: () => scratchBytes,
    emit: (module) =>
      thin
        ? thinGradient(module, blocks, scratchBytes)
        : panelGradient(module, blocks, { packed, scratchBytes, panelBytes }),
  };
}

/** Threads divide the panels of filters and, within them, the runs of dK's rows. */
function panelGradient(
  module: ModuleBuilder,
  blocks: Blocks,
  {
    packed,
    scratchBytes,
    panelBytes,
  }: { readonly packed: number; readonly scratchBytes: number; readonly panelBytes: number },
): Body {
  const { sweep } = blocks;
  const { filters, groups, columns, rows } = sweep;
  const [depth, width, panels] = [depthOf(sweep), widthOf(sweep), panelsOf(sweep)];
  const { length, across, step, down, drop } = runsOf(blocks);
  const relaxed = features().relaxedSimd;
  const pack = emitPack(module, true, PANEL);
  const kinds = partsOf(width, PANEL).map(({ lanes }) => ({
    lanes,
    tiles: tilesOf(length, relaxed).map(({ rows: height, count }) => ({
      height,
      count,
      tile: defineKernelTile(module, { blocks, rows: height, lanes, relaxed }),
    })),
  }));
  const runs = across * down;
  return (f, { inputs: [images = 0, dy = 0], output, scratch }, share) => {
    const [from, to] = emitShare(f, groups * panels * runs, share);
    const [room, packs, unit, run, panel, group, a, b, c, places, counter, add] = f.locals(
      "i32",
      "i32",
      "i32",
      "i32",
      "i32",
      "i32",
      "i32",
      "i32",
      "i32",
      "i32",
      "i32",
      "i32",
    );
    f.i32(scratch).plus(share.part, scratchBytes).tee(packs).plus(packed).set(room);
    f.get(from)
      .get(to)
      .op("i32.lt_u")
      .if(() => {
        eachBlock(
          f,
          blocks,
          { images, scratch: room, from: 0, to: sweep.batch * blocks.count },
          ({ image, top, height, source }) => {
            f.get(height).i32(columns.output).op("i32.mul").set(places);
            f.for(group, 0, groups, 1, () => {
              f.i32(dy)
                .plus(image, 4 * rows.output * columns.output * filters)
                .plus(top, 4 * columns.output * filters)
                .plus(group, 4 * width);
              f.get(packs)
                .plus(group, panelBytes * panels)
                .push(places, width, 4 * filters)
                .call(pack);
            });
            f.for(unit, from, to, 1, () => {
              f.push(unit, runs).op("i32.rem_u").set(run);
              f.push(unit, runs).op("i32.div_u").tee(panel).i32(panels).op("i32.div_u").set(group);
              f.get(panel).i32(panels).op("i32.rem_u").set(panel);
              f.get(source).plus(group, 4 * depth);
              if (across === 1) f.plus(run, drop);
              else
                f.push(run, across)
                  .op("i32.div_u")
                  .push(drop)
                  .op("i32.mul")
                  .op("i32.add")
                  .push(run, across)
                  .op("i32.rem_u")
                  .push(step)
                  .op("i32.mul")
                  .op("i32.add");
              f.set(a);
              // A block with fewer rows than the others has shorter panels.
              f.get(packs)
                .plus(group, panelBytes * panels)
                .get(panel)
                .get(places)
                .op("i32.mul")
                .i32(4 * PANEL)
                .op("i32.mul")
                .op("i32.add")
                .set(b);
              f.i32(output)
                .plus(run, 4 * length * filters)
                .plus(group, 4 * width)
                .plus(panel, 4 * PANEL)
                .set(c);
              const strip = ({ tiles }: (typeof kinds)[number]): void => {
                for (const { height: lines, count, tile } of tiles) {
                  f.for(counter, 0, count, 1, () => {
                    f.push(a, b, c, height, add).call(tile);
                    f.increment(a, 4 * lines).increment(c, 4 * lines * filters);
                  });
                }
              };
              const [first, last] = kinds;
              if (first !== undefined && last !== undefined)
                f.get(panel)
                  .i32(panels - 1)
                  .op("i32.lt_u")
                  .if(
                    () => strip(first),
                    () => strip(last),
                  );
              else if (first !== undefined) strip(first);
            });
            f.i32(1).set(add);
          },
        );
      });
  };
}

/** Threads divide the vectors of filters. */
function thinGradient(module: ModuleBuilder, blocks: Blocks, scratchBytes: number): Body {
  const { sweep } = blocks;
  const { filters, columns, rows } = sweep;
  const depthwise = isDepthwise(sweep);
  const relaxed = features().relaxedSimd;
  const kinds = partsOf(filters, 4).map(({ lanes }) =>
    defineThinKernel(module, { blocks, lanes, relaxed, depthwise, turned: false }),
  );
  const vectors = Math.ceil(filters / 4);
  return (f, { inputs: [images = 0, dy = 0], output, scratch }, share) => {
    const [from, to] = emitShare(f, vectors, share, 4);
    const [room, vector, add] = f.locals("i32", "i32", "i32");
    f.i32(scratch).plus(share.part, scratchBytes).set(room);
    f.get(from)
      .get(to)
      .op("i32.lt_u")
      .if(() => {
        eachBlock(
          f,
          blocks,
          { images, scratch: room, from: 0, to: sweep.batch * blocks.count },
          ({ image, top, height, source }) => {
            f.for(vector, from, to, 4, () => {
              const sum = (kernel: FunctionBuilder): void => {
                f.get(source).plus(depthwise ? vector : 0, 4);
                f.i32(dy)
                  .plus(image, 4 * rows.output * columns.output * filters)
                  .plus(top, 4 * columns.output * filters)
                  .plus(vector, 4);
                f.i32(output).plus(vector, 4).push(height, add).call(kernel);
              };
              const [first, last] = kinds;
              if (first !== undefined && last !== undefined)
                f.get(vector)
                  .i32(4 * (vectors - 1))
                  .op("i32.lt_u")
                  .if(
                    () => sum(first),
                    () => sum(last),
                  );
              else if (first !== undefined) sum(first);
            });
            f.i32(1).set(add);
          },
        );
      });
  };
}
