// The results of Winograd's convolutions: products of a few tiles are transformed back, and stored where they lie inside of the image.

import type { FunctionBuilder, Local } from "./assembler.ts";
import { PANEL, store } from "./convolution-tiles.ts";
import { type Epilogue, vectorsOf } from "./epilogue.ts";
import type { Tiling } from "./winograd-tiles.ts";
import { resultsOf, STEP, TILE } from "./winograd-transforms.ts";

type Counter = Local<"i32">;

/** Where tiles come from: the first row of a block's, the products of a few, and how many these are. */
interface TilePlaces {
  readonly top: Counter;
  readonly products: Counter;
  readonly together: number;
}

/** Goes through the tiles of a block, row by row. */
export class TileResults {
  readonly #f: FunctionBuilder;
  readonly #tiling: Tiling;
  readonly #places: TilePlaces;
  readonly #epilogue: Epilogue | undefined;
  /** The present tile's row and column, its first result, and its products. */
  readonly #row: Counter;
  readonly #column: Counter;
  readonly #y: Counter;
  readonly #from: Counter;

  constructor(f: FunctionBuilder, tiling: Tiling, places: TilePlaces, epilogue?: Epilogue) {
    this.#f = f;
    this.#tiling = tiling;
    this.#places = places;
    this.#epilogue = epilogue;
    [this.#row, this.#column, this.#y, this.#from] = f.locals("i32", "i32", "i32", "i32");
  }

  /** Begins at a block's first tile, whose first result is at y. */
  begin(y: Counter): void {
    this.#f.get(y).set(this.#y).get(this.#places.top).set(this.#row).i32(0).set(this.#column);
  }

  /** Stores so many filters' results of the tiles whose products are there, those before the last, or hands them to the epilogue. */
  store(tile: Counter, last: Counter, lanes: number): void {
    const f = this.#f;
    const { products, together } = this.#places;
    const { filters, columns } = this.#tiling.sweep;
    const [pixel, line] = [4 * filters, 4 * filters * columns.output];
    const [end, at] = f.locals("i32", "i32");
    const vectors = vectorsOf(lanes);
    const endRow = this.#epilogue?.begin(f.get(this.#y).set(at), at, vectors);
    f.push(last, tile).op("i32.sub").set(end).clamp(end, together);
    f.get(products)
      .plus(end, 4 * PANEL)
      .set(end);
    f.get(products).set(this.#from);
    f.until(this.#from, end, () => {
      const results = vectors.map(({ offset }) => this.#results(offset));
      for (const y of [0, 1]) {
        for (const x of [0, 1]) {
          this.#inside(y, x, () => {
            f.get(this.#y)
              .plus(y * line + x * pixel)
              .set(at);
            const row = results.flatMap((values) => values[2 * y + x] ?? []);
            if (endRow !== undefined) endRow(row);
            else
              for (const [vector, value] of row.entries())
                store(f, at, value, 16 * vector, vectors[vector]?.lanes ?? 4);
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
    const limits = [
      { tile: this.#row, offset: y, size: rows.output },
      { tile: this.#column, offset: x, size: columns.output },
    ].filter(({ offset, size }) => offset > 0 && size % STEP > 0);
    for (const [index, { tile, size }] of limits.entries()) {
      f.get(tile)
        .i32(Math.floor(size / STEP))
        .op("i32.lt_u");
      if (index > 0) f.op("i32.and");
    }
    if (limits.length === 0) body();
    else f.if(body);
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
