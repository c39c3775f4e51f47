// Convolutions of 3 × 3 windows in 16 products for four results instead of 36. Tiles of a block are transformed, then, for a few tiles and
// eight filters at a time, multiplied and transformed back while they are in the first-level cache. The gradient for the images is the
// same sweep over dY with the kernel turned around.

import type { FunctionBuilder, Local, ModuleBuilder } from "./assembler.ts";
import { eachBlock, type Sweep } from "./convolution-blocks.ts";
import { aligned, panelsOf, partsOf, suits } from "./convolution-sizes.ts";
import { accumulate, PANEL, tallest } from "./convolution-tiles.ts";
import { features } from "./features.ts";
import { loadLanes } from "./lanes.ts";
import type { NativeKernel } from "./native.ts";
import { emitShare } from "./share.ts";
import { TileResults } from "./winograd-results.ts";
import { defineTileTransform, type Tiling, tilingOf } from "./winograd-tiles.ts";
import { STEP, TILE, transformKernel, VALUES } from "./winograd-transforms.ts";

/** The sums of a sweep whose windows are 3 × 3; `turned` reads the kernel as the adjoint does. */
export function winogradKernel(sweep: Sweep, turned: boolean): NativeKernel {
  const tiling = tilingOf(sweep);
  const { blocks, most, pitch } = tiling;
  const { batch, channels, filters } = sweep;
  const relaxed = features().relaxedSimd;
  const together = tallest(relaxed);
  // Scratch memory: the kernel, transformed tiles, the products of a few, and a block of the images.
  const panelBytes = 4 * PANEL * VALUES * channels;
  const kernelBytes = aligned(panelsOf(sweep) * panelBytes);
  const tileBytes = aligned((most + together) * pitch);
  const productBytes = aligned(4 * PANEL * VALUES * together);
  const scratchBytes = kernelBytes + tileBytes + productBytes + aligned(blocks.bytes);
  return {
    suits,
    flops: 2 * VALUES * batch * tiling.count * (channels * filters + channels + filters),
    takesEpilogue: true,
    scratchBytes: () => scratchBytes,
    emit(module, _inputs, _output, epilogue) {
      const transform = defineTileTransform(module, tiling);
      const kinds = partsOf(filters, PANEL).map((part) => {
        const vectors = Math.ceil(part.lanes / 4);
        return { ...part, vectors, multiply: defineProducts(module, tiling, { together, vectors, relaxed }) };
      });
      return (f, { inputs: [images = 0, kernel = 0], output, scratch }, share) => {
        const [from, to] = emitShare(f, batch * blocks.count, share);
        const [weights, tiles, products, room, y, panel, panelWeights, tile, count] = f.locals(
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
        f.i32(scratch).plus(share.part, scratchBytes).tee(weights);
        f.plus(kernelBytes).tee(tiles).plus(tileBytes).tee(products).plus(productBytes).set(room);
        f.get(from)
          .get(to)
          .op("i32.lt_u")
          .if(() => packKernel(f, sweep, { kernel, turned, weights }));
        eachBlock(f, blocks, { images, scratch: room, from, to }, ({ image, top, height, source }) => {
          const row = 4 * sweep.columns.output * filters;
          f.push(source, tiles, height).call(transform);
          f.push(height, tiling.across).op("i32.mul").set(count);
          f.get(weights).set(panelWeights);
          const results = new TileResults(f, tiling, { top, products, together }, epilogue);
          for (const { from: first, to: last, lanes, multiply } of kinds) {
            f.for(panel, first, last, PANEL, () => {
              f.i32(output)
                .plus(image, row * sweep.rows.output)
                .plus(top, STEP * row)
                .plus(panel, 4)
                .set(y);
              results.begin(y);
              f.for(tile, 0, count, together, () => {
                f.get(tiles).plus(tile, pitch).push(panelWeights, products).call(multiply);
                results.store(tile, count, lanes);
              });
              f.increment(panelWeights, panelBytes);
            });
          }
        });
      };
    },
  };
}

/** Transforms the kernel: for each panel of eight filters and each value of a tile, a step for each channel. */
function packKernel(
  f: FunctionBuilder,
  { channels, filters }: Sweep,
  { kernel, turned, weights }: { readonly kernel: number; readonly turned: boolean; readonly weights: Local<"i32"> },
): void {
  const [panel, channel, from, to] = f.locals("i32", "i32", "i32", "i32");
  // K[tap, c, f]; where it is turned, c are the results and f the channels that are summed, from the last tap to the first.
  const [alongFilters, alongChannels] = turned ? [channels, 1] : [1, filters];
  for (const { from: first, to: last, lanes } of partsOf(filters, PANEL)) {
    f.for(panel, first, last, PANEL, () => {
      f.for(channel, 0, channels, 1, () => {
        f.i32(0)
          .plus(panel, 4 * alongFilters)
          .plus(channel, 4 * alongChannels)
          .set(from);
        f.get(weights)
          .plus(panel, 4 * VALUES * channels)
          .plus(channel, 4 * PANEL)
          .set(to);
        for (let first = 0; first < lanes; first += 4) {
          const count = Math.min(4, lanes - first);
          const read = (y: number, x: number): Local<"v128"> => {
            const tap = turned ? 8 - (3 * y + x) : 3 * y + x;
            const address = kernel + 4 * (tap * channels * filters + first * alongFilters);
            return loadLanes(f, { base: from, address, dtype: "float32", stride: alongFilters }, count).local;
          };
          transformKernel(f, read, (y, x, value) =>
            f
              .get(to)
              .get(value)
              .memory("v128.store", 4 * ((TILE * y + x) * channels * PANEL + first)),
          );
        }
      });
    });
  }
}

/** Defines `multiply(tiles, kernel, products)`: for each of 16 values the products of a few tiles with a panel's filters. */
function defineProducts(
  module: ModuleBuilder,
  { sweep: { channels }, value, pitch }: Tiling,
  { together, vectors, relaxed }: { readonly together: number; readonly vectors: number; readonly relaxed: boolean },
): FunctionBuilder {
  return module.define({ parameters: ["i32", "i32", "i32"] }, (f, a, b, target) => {
    const left = f.local("v128");
    const rights = Array.from({ length: vectors }, () => f.local("v128"));
    const sums = Array.from({ length: together }, () => rights.map((right) => ({ right, sum: f.local("v128") })));
    const [last, end] = f.locals("i32", "i32");
    f.get(target)
      .plus(4 * PANEL * VALUES * together)
      .set(last);
    f.until(target, last, () => {
      for (const { sum } of sums.flat()) f.v128().set(sum);
      f.get(a)
        .plus(4 * channels)
        .set(end);
      f.until(a, end, () => {
        for (const [index, right] of rights.entries())
          f.get(b)
            .memory("v128.load", 16 * index)
            .set(right);
        for (const [row, line] of sums.entries()) {
          f.get(a)
            .memory("v128.load32_splat", row * pitch)
            .set(left);
          for (const { sum, right } of line) accumulate(f, relaxed, sum, left, right);
        }
        f.increment(a, 4).increment(b, 4 * PANEL);
      });
      for (const [row, line] of sums.entries())
        for (const [index, { sum }] of line.entries())
          f.get(target)
            .get(sum)
            .memory("v128.store", 4 * PANEL * row + 16 * index);
      f.increment(target, 4 * PANEL * together).increment(a, value - 4 * channels);
    });
  });
}
