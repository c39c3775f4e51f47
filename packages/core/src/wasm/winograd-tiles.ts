// The tiles of Winograd's convolutions: 4 × 4 pixels every two pixels, so that a block of image rows is one of windows like any other. A
// transformed tile holds for each of its 16 values all channels: what follows are 16 small matrix products.

import type { Axis } from "../window.ts";
import type { FunctionBuilder, ModuleBuilder } from "./assembler.ts";
import { type Blocks, blocksOf, type Sweep } from "./convolution-blocks.ts";
import { STEP, TILE, transformTile, VALUES } from "./winograd-transforms.ts";

/** Channels and filters from which the saved products outweigh the transforms, and tiles from which they outweigh the kernel's. */
const LEAST = 16;
const WORTH = 64;
/** Bytes of transformed tiles that are worked on at a time: they stay in the second-level cache. */
const BLOCK = 1 << 18;

/** Whether a convolution has 3 × 3 neighbouring taps at each place, and enough of everything. */
export function suitsWinograd({ rows, columns, gap, groups, channels, filters, batch }: Sweep): boolean {
  const plain = [rows, columns].every(({ size, stride, dilation }) => size === 3 && stride === 1 && dilation === 1);
  const places = batch * rows.output * columns.output;
  return (
    plain && gap[0] === 1 && gap[1] === 1 && groups === 1 && Math.min(channels, filters) >= LEAST && places >= 4 * WORTH
  );
}

/** The tiles of a convolution. */
export interface Tiling {
  readonly sweep: Sweep;
  /** Blocks of rows of tiles. */
  readonly blocks: Blocks;
  /** Tiles side by side, in an image, and in a block. */
  readonly across: number;
  readonly count: number;
  readonly most: number;
  /** Bytes between the values of a transformed tile, and between tiles: a line more, so that they fall on different sets of the cache. */
  readonly value: number;
  readonly pitch: number;
}

/** Divides the images of a convolution into tiles. */
export function tilingOf(sweep: Sweep): Tiling {
  const apart = (axis: Axis): Axis => ({ ...axis, size: TILE, stride: STEP, output: Math.ceil(axis.output / STEP) });
  const tiles: Sweep = { ...sweep, rows: apart(sweep.rows), columns: apart(sweep.columns) };
  const across = tiles.columns.output;
  const value = 16 * Math.ceil(sweep.channels / 4);
  const pitch = VALUES * value + 64;
  const blocks = blocksOf(tiles, Math.max(1, Math.floor(BLOCK / (across * pitch))));
  return { sweep, blocks, across, count: across * tiles.rows.output, most: across * blocks.height, value, pitch };
}

/** Defines `transform(source, tiles, rows)`: Bᵀ d B of so many rows of tiles, four channels at a time. */
export function defineTileTransform(module: ModuleBuilder, tiling: Tiling): FunctionBuilder {
  const { blocks, across, value, pitch } = tiling;
  return module.define({ parameters: ["i32", "i32", "i32"] }, (f, source, target, height) => {
    const [row, column, from, to, end] = f.locals("i32", "i32", "i32", "i32", "i32");
    f.for(row, 0, height, 1, () => {
      f.for(column, 0, across, 1, () => {
        f.get(source)
          .plus(column, STEP * blocks.pixel)
          .set(from);
        f.get(target).tee(to).plus(value).set(end);
        f.until(to, end, () => {
          transformTile(
            f,
            (y, x) => {
              const pixel = f.local("v128");
              f.get(from)
                .memory("v128.load", y * blocks.pitch + x * blocks.pixel)
                .set(pixel);
              return pixel;
            },
            (y, x, transformed) =>
              f
                .get(to)
                .get(transformed)
                .memory("v128.store", (TILE * y + x) * value),
          );
          f.increment(from, 16).increment(to, 16);
        });
        f.increment(target, pitch);
      });
      f.increment(source, STEP * blocks.pitch);
    });
  });
}
