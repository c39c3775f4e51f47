// An IDX file from wherever it is, plain or gzip.

import { type ByteSource, nameOf, readBytes } from "./bytes.ts";
import { inflate, isGzip } from "./gzip.ts";
import { type IdxArray, type IdxOptions, longestHeader, parseIdx, readIdxHeader } from "./idx.ts";

/**
 * Reads an IDX file, plain or gzip (told by its first bytes, not by its name), from memory, a path or an address.
 * A compressed file whose header is wrong is refused before it is unpacked.
 *
 * @throws DataError for a file that cannot be read or is damaged: which one, what was expected and found, at which byte
 * @example
 * const labels = await readIdx("data/train-labels-idx1-ubyte.gz", { rank: 1 });
 * labels.shape; // [60000]
 */
export async function readIdx(source: ByteSource, options: IdxOptions = {}): Promise<IdxArray> {
  const named = { ...options, name: options.name ?? nameOf(source, "IDX data") };
  const bytes = await readBytes(source, named.name);
  if (!isGzip(bytes)) return parseIdx(bytes, named);
  const unpacked = await inflate(bytes, named.name, longestHeader, (head, length) => {
    readIdxHeader(head, length, { ...named, name: `${named.name} (unpacked)`, trailer: bytes.length - 4 });
  });
  return parseIdx(unpacked, named);
}
