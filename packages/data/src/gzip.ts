// Gzip by the platform's own DecompressionStream, which Node and browsers share, with errors that say where and what.
//
// The platform does not say at which byte it gave up, and platforms differ on what may follow the end. So the bytes are
// fed in pieces, of which the failing one is known, and the output is held against the length in the trailer: a "bomb"
// that unpacks to more than it declares is stopped on the way.
// Source: RFC 1952, GZIP file format specification version 4.3.

import { DataError } from "@gradus/core";

/** The bytes fed at a time: the precision with which the place of an error is known. */
const pieceLength = 1 << 15;

/** What the caller of {@link gunzip} knows about the bytes. */
export interface GunzipOptions {
  /** What to call the bytes in errors, a path, an address; "gzip data" by default. */
  readonly name?: string;
}

/**
 * Whether the bytes start with gzip's magic number, 1f 8b.
 *
 * @example
 * isGzip(new Uint8Array([0x1f, 0x8b, 8, 0])); // true
 */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Decompresses a gzip file (of one member) that is in memory.
 *
 * @throws DataError for a truncated or corrupt file: what was expected, what was found, at which byte
 * @example
 * const bytes = await gunzip(await readFile("train-labels-idx1-ubyte.gz"));
 * parseIdx(bytes).shape; // [60000]
 */
export async function gunzip(bytes: Uint8Array, { name = "gzip data" }: GunzipOptions = {}): Promise<Uint8Array> {
  return inflate(bytes, name, 0, () => {});
}

/**
 * Decompresses, and shows `check` the first `headLength` bytes (or all, if there are fewer) and the declared length as
 * soon as they are known, so that a wrong file is refused before the rest is unpacked.
 * @internal
 */
export async function inflate(
  bytes: Uint8Array,
  name: string,
  headLength: number,
  check: (head: Uint8Array, length: number) => void,
): Promise<Uint8Array> {
  const length = declaredLength(bytes, name);
  const damaged = `${name}: truncated or corrupt gzip file of ${bytes.length} bytes`;
  const chunks: Uint8Array[] = [];
  let unpacked = 0;
  let checked = false;
  for await (const chunk of unpack(bytes, "gzip", damaged)) {
    chunks.push(chunk);
    unpacked += chunk.length;
    if (unpacked > length) {
      const trailer = `${length} bytes, as the trailer declares at byte ${bytes.length - 4}`;
      throw new DataError(`${damaged}: expected to unpack ${trailer}, found more than that`);
    }
    if (!checked && unpacked >= Math.min(headLength, length)) {
      checked = true;
      check(join(chunks, unpacked), length);
    }
  }
  if (unpacked !== length) {
    const trailer = `${length} bytes, as the trailer declares at byte ${bytes.length - 4}`;
    throw new DataError(`${damaged}: expected to unpack ${trailer}, found ${unpacked}`);
  }
  if (!checked) check(new Uint8Array(0), 0);
  return join(chunks, unpacked);
}

/** The length of the unpacked data from the last four bytes of the file, after a look at its first. */
function declaredLength(bytes: Uint8Array, name: string): number {
  const found = Array.from(bytes.subarray(0, 2), (byte) => byte.toString(16).padStart(2, "0")).join(" ") || "nothing";
  if (!isGzip(bytes))
    throw new DataError(`${name}: expected a gzip file, which starts with 1f 8b, found ${found} at byte 0`);
  if (bytes.length < 18) {
    throw new DataError(
      `${name}: expected a gzip file of at least 18 bytes, found the end of the file at byte ${bytes.length}`,
    );
  }
  if (bytes[2] !== 8) throw new DataError(`${name}: expected gzip's method 8 (deflate), found ${bytes[2]} at byte 2`);
  return new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4).getUint32(0, true);
}

/**
 * The unpacked chunks, or a DataError that starts with `damaged` and tells the piece at which the platform gave up.
 * @internal
 */
export async function* unpack(
  bytes: Uint8Array,
  format: "gzip" | "deflate",
  damaged: string,
): AsyncGenerator<Uint8Array, void, void> {
  let fed = 0;
  const pieces = new ReadableStream<BufferSource>(
    {
      pull(controller) {
        if (fed === bytes.length) return controller.close();
        const end = Math.min(fed + pieceLength, bytes.length);
        controller.enqueue(bytes.slice(fed, end));
        fed = end;
      },
    },
    { highWaterMark: 0 },
  );
  const reader = pieces.pipeThrough(new DecompressionStream(format)).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    const start = Math.max(0, fed - pieceLength);
    const place = fed === bytes.length && start > 0 ? `from byte ${start} to the end` : `from byte ${start} to ${fed}`;
    throw new DataError(`${damaged}: expected deflate data and a checksum, found ${reasonOf(error)} ${place}`, {
      cause: error,
    });
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** What the platform says; Node wraps zlib's words in a TypeError, and some platforms say nothing. */
function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const words = inner instanceof Error ? inner.message : String(inner);
  return words === "" ? "an error" : `"${words}"`;
}

/**
 * The chunks as one array of `length` bytes.
 * @internal
 */
export function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
