// The inner loops of convolutions. A tile of results stays in registers while the sum behind it runs; its operands are read where
// they lie, each pixel's values splatted and the filters' as vectors, so that no matrix of patches ever exists.

import type { FunctionBuilder, Local, ModuleBuilder } from "./assembler.ts";
import type { Blocks } from "./convolution-blocks.ts";
import { type Epilogue, vectorsOf } from "./epilogue.ts";

/** The floats of a packed panel's step. */
export const PANEL = 8;
/** The most rows of a tile: its sums and what feeds them fill the sixteen registers of x86; without a product of its own, more fit. */
export const tallest = (relaxed: boolean): number => (relaxed ? 6 : 4);

/** A row of `size` as nearly equal tiles: so many of the taller height, then the rest, one lower. */
export function tilesOf(size: number, relaxed: boolean): readonly { readonly rows: number; readonly count: number }[] {
  const tiles = Math.ceil(size / tallest(relaxed));
  const lower = Math.floor(size / tiles);
  const taller = size - lower * tiles;
  const list = [
    { rows: lower + 1, count: taller },
    { rows: lower, count: tiles - taller },
  ];
  return list.filter(({ count }) => count > 0);
}

/** sum += left · right, all three in locals. */
export function accumulate(
  f: FunctionBuilder,
  relaxed: boolean,
  sum: Local<"v128">,
  left: Local<"v128">,
  right: Local<"v128">,
): void {
  if (relaxed) f.get(left).get(right).get(sum).op("f32x4.relaxed_madd").set(sum);
  else f.get(sum).get(left).get(right).op("f32x4.mul").op("f32x4.add").set(sum);
}

/** Stores the first `lanes` of a vector. */
export function store(
  f: FunctionBuilder,
  address: Local<"i32">,
  value: Local<"v128">,
  offset: number,
  lanes: number,
): void {
  if (lanes >= 4) {
    f.get(address).get(value).memory("v128.store", offset);
    return;
  }
  if (lanes >= 2) f.get(address).get(value).laneMemory("v128.store64_lane", offset, 0);
  if (lanes !== 2)
    f.get(address)
      .get(value)
      .laneMemory("v128.store32_lane", offset + 4 * (lanes - 1), lanes - 1);
}

/** rows × ⌈lanes / 4⌉ sums, and the values that a row of them shares. */
function registers(f: FunctionBuilder, rows: number, lanes: number) {
  const vectors = vectorsOf(lanes).map((vector) => ({ ...vector, right: f.local("v128") }));
  const sums = Array.from({ length: rows }, () => vectors.map((vector) => ({ ...vector, sum: f.local("v128") })));
  return { vectors, sums, left: f.local("v128") };
}

/** What the code of a tile depends on. */
export interface TileOptions {
  readonly blocks: Blocks;
  readonly rows: number;
  /** Columns of the tile that exist: a panel's last may not. */
  readonly lanes: number;
  readonly relaxed: boolean;
  /** What is done with results instead of storing them. */
  readonly epilogue?: Epilogue | undefined;
}

/** Runs of neighbouring floats under a window: `across` of them `step` bytes apart, in `down` rows `drop` bytes apart. */
export interface Runs {
  readonly length: number;
  readonly across: number;
  readonly step: number;
  readonly down: number;
  readonly drop: number;
}

/** How the values under one window lie in a block. */
export function runsOf({ sweep, pixel, pitch }: Blocks): Runs {
  const { rows, columns, channels, groups } = sweep;
  const merged = groups === 1 && columns.dilation === 1;
  return {
    length: merged ? columns.size * channels : channels / groups,
    across: merged ? 1 : columns.size,
    step: columns.dilation * pixel,
    down: rows.size,
    drop: rows.dilation * pitch,
  };
}

/** Defines `tile(x, panel, y)`: `rows` neighbouring places of Y, `lanes` filters. */
export function defineForwardTile(
  module: ModuleBuilder,
  { blocks, rows, lanes, relaxed, epilogue }: TileOptions,
): FunctionBuilder {
  const { columns, filters } = blocks.sweep;
  const { length, across, step, down, drop } = runsOf(blocks);
  return module.define({ parameters: ["i32", "i32", "i32"] }, (f, a, b, y) => {
    const { vectors, sums, left } = registers(f, rows, lanes);
    const [end, column, row] = f.locals("i32", "i32", "i32");
    f.for(row, 0, down, 1, () => {
      f.for(column, 0, across, 1, () => {
        f.get(a)
          .plus(4 * length)
          .set(end);
        f.until(a, end, () => {
          for (const { right, offset } of vectors) f.get(b).memory("v128.load", offset).set(right);
          for (const [i, line] of sums.entries()) {
            f.get(a)
              .memory("v128.load32_splat", i * columns.stride * blocks.pixel)
              .set(left);
            for (const { sum, right } of line) accumulate(f, relaxed, sum, left, right);
          }
          f.increment(a, 4).increment(b, 4 * PANEL);
        });
        f.increment(a, step - 4 * length);
      });
      f.increment(a, drop - across * step);
    });
    const endRow = epilogue?.begin(f, y, vectors);
    for (const [i, line] of sums.entries()) {
      if (endRow === undefined)
        for (const { sum, offset, lanes: count } of line) store(f, y, sum, 4 * filters * i + offset, count);
      else {
        endRow(line.map(({ sum }) => sum));
        f.increment(y, 4 * filters);
      }
    }
  });
}

/** Defines `tile(x, panel, dk, height, add)`: the sums of a block behind `rows` neighbouring rows of dK, `lanes` filters. */
export function defineKernelTile(
  module: ModuleBuilder,
  { blocks, rows, lanes, relaxed }: TileOptions,
): FunctionBuilder {
  const { sweep, pixel, pitch } = blocks;
  const { columns, rows: lines, filters } = sweep;
  return module.define({ parameters: ["i32", "i32", "i32", "i32", "i32"] }, (f, a, b, dk, height, add) => {
    const { vectors, sums, left } = registers(f, rows, lanes);
    const end = f.local("i32");
    const each = (visit: (sum: Local<"v128">, offset: number, count: number) => void): void => {
      for (const [i, line] of sums.entries())
        for (const { sum, offset, lanes: count } of line) visit(sum, 4 * filters * i + offset, count);
    };
    f.get(add).if(() => each((sum, offset) => f.get(dk).memory("v128.load", offset).set(sum)));
    f.loop((next) => {
      f.get(b)
        .plus(4 * PANEL * columns.output)
        .set(end);
      f.until(b, end, () => {
        for (const { right, offset } of vectors) f.get(b).memory("v128.load", offset).set(right);
        for (const [i, line] of sums.entries()) {
          f.get(a)
            .memory("v128.load32_splat", 4 * i)
            .set(left);
          for (const { sum, right } of line) accumulate(f, relaxed, sum, left, right);
        }
        f.increment(a, columns.stride * pixel).increment(b, 4 * PANEL);
      });
      f.increment(a, lines.stride * pitch - columns.output * columns.stride * pixel);
      f.get(height).plus(-1).tee(height).branchIf(next);
    });
    each((sum, offset, count) => store(f, dk, sum, offset, count));
  });
}
