// The end of a product whose results do not go to memory: an epilogue takes them, tile by tile.
import type { FunctionBuilder } from "./assembler.ts";
import { type Epilogue, type TileVector, vectorsOf } from "./epilogue.ts";
import { type Ending, eachRow, type Output } from "./gemm-panel.ts";

/** The ending that hands all tiles over to an epilogue; `n` columns are given to the kernel, and `k` is the depth of the sums. */
export function endingOf(epilogue: Epilogue, n: number, k: number): Ending {
  return { k, emit: (f, output) => endTile(f, output, epilogue, n) };
}

/** Hands the tile over to the epilogue, row by row: all of its columns, or those of C's last ones. */
function endTile(f: FunctionBuilder, output: Output, epilogue: Epilogue, n: number): void {
  const at = f.local("i32");
  const width = 4 * (output.sums[0]?.length ?? 0);
  const end = (vectors: readonly TileVector[]): void => {
    f.get(output.c).plus(-epilogue.origin).set(at);
    const endRow = epilogue.begin(f, at, vectors);
    eachRow(f, output, (row) => {
      endRow(row.slice(0, vectors.length).map(({ sum }) => sum));
      f.increment(at, output.stride);
    });
  };
  const rest = n % width;
  if (rest === 0) end(vectorsOf(width));
  else if (n < width) end(vectorsOf(rest));
  else
    f.push(output.columns, width)
      .op("i32.lt_s")
      .if(
        () => end(vectorsOf(rest)),
        () => end(vectorsOf(width)),
      );
}
