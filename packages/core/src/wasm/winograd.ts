// Convolutions of 3 × 3 windows in 16 products for four results instead of 36. Tiles of a block are transformed, then, for a few tiles and
// eight filters at a time, multiplied and transformed back while they are in the first-level cache. The gradient for the images is the
// same sweep over dY with the kernel turned around.

import type { FunctionBuilder, Local, ModuleBuilder } from "./assembler.ts";
import { eachBlock, type Sweep } from "./convolution-blocks.ts";
import { aligned, panelsOf, partsOf, suits } from "./convolution-sizes.ts";
import { accumulate, PANEL, store, tallest } from "./convolution-tiles.ts";
import { features } from "./features.ts";
import { loadLanes } from "./lanes.ts";
import type { NativeKernel } from "./native.ts";
import { emitShare } from "./share.ts";
import { defineTileTransform, type Tiling, tilingOf } from "./winograd-tiles.ts";
import { resultsOf, STEP, TILE, transformKernel, VALUES } from "./winograd-transforms.ts";

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
    scratchBytes: () => scratchBytes,
    emit(module) {
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
          const results = new Results(f, tiling, { top, products, together });
          for (const { from: first, to: last, lanes, vectors, multiply } of kinds) {
            f.for(panel, first, last, PANEL, () => {
              f.i32(output)
                .plus(image, row * sweep.rows.output)
                .plus(top, STEP * row)
                .plus(panel, 4)
                .set(y);
              results.begin(y);
              f.for(tile, 0, count, together, () => {
                f.get(tiles).plus(tile, pitch).push(panelWeights, products).call(multiply);
                results.store({ from: tile, to: count, lanes, vectors });
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

/** Transforms products back, tile after tile, and stores what lies inside of the results. */
class Results {
  readonly #f: FunctionBuilder;
  readonly #tiling: Tiling;
  readonly #places: { readonly top: Local<"i32">; readonly products: Local<"i32">; readonly together: number };
  /** Where the present tile stands: its row and column, and its first result. */
  readonly #row: Local<"i32">;
  readonly #column: Local<"i32">;
  readonly #y: Local<"i32">;
  readonly #from: Local<"i32">;
  readonly #end: Local<"i32">;
  readonly #at: Local<"i32">;

  constructor(
    f: FunctionBuilder,
    tiling: Tiling,
    places: { readonly top: Local<"i32">; readonly products: Local<"i32">; readonly together: number },
  ) {
    this.#f = f;
    this.#tiling = tiling;
    this.#places = places;
    [this.#row, this.#column, this.#y, this.#from, this.#end, this.#at] = f.locals(
      "i32",
      "i32",
      "i32",
      "i32",
      "i32",
      "i32",
    );
  }

  /** Begins at a block's first tile, whose first result is at y. */
  begin(y: Local<"i32">): void {
    this.#f.get(y).set(this.#y).get(this.#places.top).set(this.#row).i32(0).set(this.#column);
  }

  /** Stores the results of the tiles whose products are there. */
  store({
    from,
    to,
    lanes,
    vectors,
  }: {
    readonly from: Local<"i32">;
    readonly to: Local<"i32">;
    readonly lanes: number;
    readonly vectors: number;
  }): void {
    const f = this.#f;
    const { products, together } = this.#places;
    const { filters, columns } = this.#tiling.sweep;
    const [pixel, line] = [4 * filters, 4 * filters * columns.output];
    f.get(products).set(this.#from);
    f.push(to, from)
      .op("i32.sub")
      .set(this.#end)
      .clamp(this.#end, together)
      .get(products)
      .plus(this.#end, 4 * PANEL)
      .set(this.#end);
    f.until(this.#from, this.#end, () => {
      const results = Array.from({ length: vectors }, (_, vector) => this.#results(16 * vector));
      for (const y of [0, 1]) {
        for (const x of [0, 1]) {
          this.#inside(y, x, () => {
            f.get(this.#y)
              .plus(y * line + x * pixel)
              .set(this.#at);
            for (const [vector, values] of results.entries()) {
              const value = values[2 * y + x];
              if (value !== undefined) store(f, this.#at, value, 16 * vector, Math.min(4, lanes - 4 * vector));
            }
          });
        }
      }
      f.increment(this.#from, 4 * PANEL);
      this.#advance(pixel, line);
    });
  }

  /** Four filters' results of the present tile, row by row. */
  #results(offset: number): Local<"v128">[] {
    const f = this.#f;
    const results: Local<"v128">[] = [];
    resultsOf(
      f,
      (y, x) => {
        const value = f.local("v128");
        f.get(this.#from)
          .memory("v128.load", (TILE * y + x) * 4 * PANEL * this.#places.together + offset)
          .set(value);
        return value;
      },
      (_y, _x, value) => results.push(value),
    );
    return results;
  }

  /** Code for a result of a tile, where there is one: the last row and column of tiles may reach beyond the results. */
  #inside(y: number, x: number, body: () => void): void {
    const f = this.#f;
    const { rows, columns } = this.#tiling.sweep;
    const conditions: (() => void)[] = [];
    const isThere = (tile: Local<"i32">, size: number): void =>
      void f
        .get(tile)
        .i32(Math.floor(size / STEP))
        .op("i32.lt_u");
    if (y > 0 && rows.output % STEP > 0) conditions.push(() => isThere(this.#row, rows.output));
    if (x > 0 && columns.output % STEP > 0) conditions.push(() => isThere(this.#column, columns.output));
    const [first, second] = conditions;
    if (first === undefined) {
      body();
      return;
    }
    first();
    if (second !== undefined) {
      second();
      f.op("i32.and");
    }
    f.if(body);
  }

  /** Moves on to the next tile. */
  #advance(pixel: number, line: number): void {
    const f = this.#f;
    const { across } = this.#tiling;
    f.increment(this.#y, STEP * pixel);
    f.increment(this.#column, 1)
      .get(this.#column)
      .i32(across)
      .op("i32.eq")
      .if(() => {
        f.i32(0).set(this.#column);
        f.increment(this.#row, 1);
        // From beyond the last tile of a row to the first of the next.
        f.increment(this.#y, STEP * line - across * STEP * pixel);
      });
  }
}
