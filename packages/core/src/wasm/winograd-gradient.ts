// The gradient of a convolution of 3 × 3 windows for its kernel, by the adjoint of Winograd's filtering: Gᵀ[Σ (A dY Aᵀ) ⊙ (Bᵀ d B)]G, where
// the sum over all tiles is a matrix product of channels by filters for each of the 16 values. Gradients of results are transformed into
// panels of eight filters, and the sums of a block added to those before.

import type { Convolution } from "../engine/convolution.ts";
import type { FunctionBuilder, Local, ModuleBuilder } from "./assembler.ts";
import { eachBlock, sweepForward } from "./convolution-blocks.ts";
import { aligned, panelsOf, partsOf, suits } from "./convolution-sizes.ts";
import { accumulate, PANEL, store, tilesOf } from "./convolution-tiles.ts";
import { features } from "./features.ts";
import type { NativeKernel } from "./native.ts";
import { emitShare } from "./share.ts";
import { defineTileTransform, type Tiling, tilingOf } from "./winograd-tiles.ts";
import { gatherKernel, STEP, spreadResults, TILE, VALUES } from "./winograd-transforms.ts";

/** Bytes of a tile of eight filters, and from one to the next: a line more, so that they fall on different sets of the cache. */
const SPREAD: number = 4 * PANEL * VALUES;
const PITCH: number = SPREAD + 64;

/** dK from X and dY, for windows of 3 × 3. Threads divide the panels of filters. */
export function winogradGradientKernel(convolution: Convolution): NativeKernel {
  const sweep = sweepForward(convolution);
  const tiling = tilingOf(sweep);
  const { blocks, most, pitch, across } = tiling;
  const { batch, channels, filters, rows, columns } = sweep;
  const relaxed = features().relaxedSimd;
  // Scratch memory: the sums, transformed tiles, transformed gradients of a panel, and a block of the images.
  const panelBytes = SPREAD * channels;
  const sumBytes = aligned(panelsOf(sweep) * panelBytes);
  const tileBytes = aligned(most * pitch);
  const spreadBytes = aligned(most * PITCH);
  const scratchBytes = sumBytes + tileBytes + spreadBytes + aligned(blocks.bytes);
  return {
    suits,
    flops: 2 * VALUES * batch * tiling.count * (channels * filters + channels + filters),
    scratchBytes: () => scratchBytes,
    emit(module) {
      const transform = defineTileTransform(module, tiling);
      const kinds = partsOf(filters, PANEL).map((part) => {
        const vectors = Math.ceil(part.lanes / 4);
        return {
          ...part,
          spread: defineSpread(module, tiling, vectors),
          gather: defineGather(module, channels, filters, part.lanes),
          tiles: tilesOf(channels, relaxed).map(({ rows: lines, count }) => ({
            lines,
            count,
            sum: defineSums(module, tiling, { lines, vectors, relaxed }),
          })),
        };
      });
      return (f, { inputs: [images = 0, dy = 0], output, scratch }, share) => {
        const [from, to] = emitShare(f, panelsOf(sweep), share, PANEL);
        const [sums, tiles, spreads, room, panel, end, count, counter, a, c] = f.locals(
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
        f.i32(scratch).plus(share.part, scratchBytes).tee(sums);
        f.plus(sumBytes).tee(tiles).plus(tileBytes).tee(spreads).plus(spreadBytes).set(room);
        const eachPanel = (body: (kind: (typeof kinds)[number]) => void): void => {
          for (const kind of kinds) {
            f.get(to).set(end).clamp(end, kind.to);
            f.get(from).i32(kind.from).get(from).i32(kind.from).op("i32.gt_u").op("control.select").set(panel);
            f.for(panel, panel, end, PANEL, () => body(kind));
          }
        };
        f.get(sums).push(0, sumBytes).memoryFill();
        f.get(from)
          .get(to)
          .op("i32.lt_u")
          .if(() => {
            eachBlock(f, blocks, { images, scratch: room, from: 0, to: batch * blocks.count }, (block) => {
              const row = 4 * columns.output * filters;
              f.push(block.source, tiles, block.height).call(transform);
              f.push(block.height, across).op("i32.mul").set(count);
              eachPanel(({ spread, tiles: parts }) => {
                f.i32(dy)
                  .plus(block.image, row * rows.output)
                  .plus(block.top, STEP * row)
                  .plus(panel, 4)
                  .push(spreads, block.top, block.height)
                  .call(spread);
                f.get(tiles).set(a);
                f.get(sums)
                  .plus(panel, panelBytes / PANEL)
                  .set(c);
                for (const { lines, count: times, sum } of parts) {
                  f.for(counter, 0, times, 1, () => {
                    f.push(a, spreads, c, count).call(sum);
                    f.increment(a, 4 * lines).increment(c, 4 * PANEL * lines);
                  });
                }
              });
            });
          });
        eachPanel(({ gather }) => {
          f.get(sums).plus(panel, panelBytes / PANEL);
          f.i32(output).plus(panel, 4).call(gather);
        });
      };
    },
  };
}

/** Defines `spread(dy, target, top, rows)`: A dY Aᵀ of so many rows of tiles for one panel; places beyond the results count as zeros. */
function defineSpread(module: ModuleBuilder, { sweep, across }: Tiling, vectors: number): FunctionBuilder {
  const { rows, columns, filters } = sweep;
  const [pixel, line] = [4 * filters, 4 * filters * columns.output];
  return module.define({ parameters: ["i32", "i32", "i32", "i32"] }, (f, dy, target, top, height) => {
    const [row, column, from] = f.locals("i32", "i32", "i32");
    const zero = f.local("v128");
    const tile = (hasBottom: boolean, hasRight: boolean): void => {
      for (let vector = 0; vector < vectors; vector++) {
        const read = (y: number, x: number): Local<"v128"> => {
          if ((y > 0 && !hasBottom) || (x > 0 && !hasRight)) return zero;
          const value = f.local("v128");
          f.get(from)
            .memory("v128.load", y * line + x * pixel + 16 * vector)
            .set(value);
          return value;
        };
        spreadResults(f, read, (y, x, value) =>
          f
            .get(target)
            .get(value)
            .memory("v128.store", 4 * PANEL * (TILE * y + x) + 16 * vector),
        );
      }
      f.increment(target, PITCH).increment(from, STEP * pixel);
    };
    const tiles = (hasBottom: boolean): void => {
      const whole = Math.floor(columns.output / STEP);
      f.for(column, 0, whole, 1, () => tile(hasBottom, true));
      if (whole < across) tile(hasBottom, false);
    };
    f.for(row, 0, height, 1, () => {
      f.get(dy)
        .plus(row, STEP * line)
        .set(from);
      if (rows.output % STEP === 0) tiles(true);
      else
        f.get(top)
          .get(row)
          .op("i32.add")
          .i32(Math.floor(rows.output / STEP))
          .op("i32.lt_u")
          .if(
            () => tiles(true),
            () => tiles(false),
          );
    });
  });
}

/** Defines `sum(tiles, spreads, sums, count)`: for each of 16 values, the sums over tiles behind `lines` channels and a panel's filters. */
function defineSums(
  module: ModuleBuilder,
  { sweep: { channels }, value, pitch }: Tiling,
  { lines, vectors, relaxed }: { readonly lines: number; readonly vectors: number; readonly relaxed: boolean },
): FunctionBuilder {
  return module.define({ parameters: ["i32", "i32", "i32", "i32"] }, (f, tiles, spreads, target, count) => {
    const left = f.local("v128");
    const rights = Array.from({ length: vectors }, () => f.local("v128"));
    const sums = Array.from({ length: lines }, () => rights.map((right) => ({ right, sum: f.local("v128") })));
    const [a, b, end, last] = f.locals("i32", "i32", "i32", "i32");
    f.get(spreads).plus(SPREAD).set(last);
    f.until(spreads, last, () => {
      for (const { sum } of sums.flat()) f.v128().set(sum);
      f.get(tiles).set(a).get(spreads).tee(b).plus(count, PITCH).set(end);
      f.until(b, end, () => {
        for (const [index, right] of rights.entries())
          f.get(b)
            .memory("v128.load", 16 * index)
            .set(right);
        for (const [row, line] of sums.entries()) {
          f.get(a)
            .memory("v128.load32_splat", 4 * row)
            .set(left);
          for (const { sum, right } of line) accumulate(f, relaxed, sum, left, right);
        }
        f.increment(a, pitch).increment(b, PITCH);
      });
      for (const [row, line] of sums.entries()) {
        for (const [index, { sum }] of line.entries()) {
          const offset = 4 * PANEL * row + 16 * index;
          f.get(target).get(target).memory("v128.load", offset).get(sum).op("f32x4.add").memory("v128.store", offset);
        }
      }
      f.increment(tiles, value)
        .increment(spreads, 4 * PANEL)
        .increment(target, 4 * PANEL * channels);
    });
  });
}

/** Defines `gather(sums, dk)`: Gᵀ u G of a panel's sums, for each channel. */
function defineGather(module: ModuleBuilder, channels: number, filters: number, lanes: number): FunctionBuilder {
  return module.define({ parameters: ["i32", "i32"] }, (f, sums, dk) => {
    const channel = f.local("i32");
    f.for(channel, 0, channels, 1, () => {
      for (let first = 0; first < lanes; first += 4) {
        const read = (y: number, x: number): Local<"v128"> => {
          const value = f.local("v128");
          f.get(sums)
            .memory("v128.load", 4 * ((TILE * y + x) * channels * PANEL + first))
            .set(value);
          return value;
        };
        gatherKernel(f, read, (y, x, value) =>
          store(f, dk, value, 4 * ((3 * y + x) * channels * filters + first), Math.min(4, lanes - first)),
        );
      }
      f.increment(sums, 4 * PANEL).increment(dk, 4 * filters);
    });
  });
}
