// The inner loops of a batch: rows picked from a column, converted and scaled on the way into one fresh array.
//
// Bytes become floats by a table of 256 values. Where rows are aligned they are read four at a time, and runs of zeros
// are skipped, as the fresh array holds their value already: four fifths of MNIST is background.

/** The typed arrays that a column can be made of. */
export type ColumnData =
  | Uint8Array
  | Uint8ClampedArray
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** Picks rows of a column and converts them, into a fresh array. */
export type Gather = (indices: ArrayLike<number>) => Float32Array | Float64Array | Int32Array | Uint8Array;

const littleEndian: boolean = /* @__PURE__ */ (() => new Uint8Array(new Uint16Array([1]).buffer)[0] === 1)();

/** The float that each byte becomes: `byte · scale + offset`, computed in float64 and rounded once. */
export function byteTable(scale: number, offset: number): Float32Array {
  return Float32Array.from({ length: 256 }, (_, byte) => byte * scale + offset);
}

/** The rows `indices` of `data`, `width` bytes each, through a table of 256 floats. */
export function gatherBytes(
  data: Uint8Array | Uint8ClampedArray,
  indices: ArrayLike<number>,
  width: number,
  table: Float32Array,
): Float32Array {
  const out = new Float32Array(indices.length * width);
  if (littleEndian && width % 4 === 0 && data.byteOffset % 4 === 0) {
    const words = new Uint32Array(data.buffer, data.byteOffset, data.length >>> 2);
    const background = table[0] ?? 0;
    if (background !== 0) out.fill(background);
    gatherWords(words, indices, width >>> 2, table, out);
    return out;
  }
  let to = 0;
  for (let row = 0; row < indices.length; row++) {
    const start = (indices[row] ?? 0) * width;
    for (let from = start; from < start + width; from++) out[to++] = table[data[from] ?? 0] ?? 0;
  }
  return out;
}

/** The same with rows of `width` words of four bytes, into an array that holds the value of byte 0 already. */
function gatherWords(
  words: Uint32Array,
  indices: ArrayLike<number>,
  width: number,
  table: Float32Array,
  out: Float32Array,
): void {
  let to = 0;
  for (let row = 0; row < indices.length; row++) {
    let from = (indices[row] ?? 0) * width;
    const end = from + width;
    for (; from + 4 <= end; from += 4, to += 16) {
      const a = words[from] ?? 0;
      const b = words[from + 1] ?? 0;
      const c = words[from + 2] ?? 0;
      const d = words[from + 3] ?? 0;
      if ((a | b | c | d) === 0) continue;
      if (a !== 0) putWord(a, table, out, to);
      if (b !== 0) putWord(b, table, out, to + 4);
      if (c !== 0) putWord(c, table, out, to + 8);
      if (d !== 0) putWord(d, table, out, to + 12);
    }
    for (; from < end; from++, to += 4) putWord(words[from] ?? 0, table, out, to);
  }
}

/** The four floats of a word, lowest byte first. */
function putWord(word: number, table: Float32Array, out: Float32Array, to: number): void {
  out[to] = table[word & 255] ?? 0;
  out[to + 1] = table[(word >>> 8) & 255] ?? 0;
  out[to + 2] = table[(word >>> 16) & 255] ?? 0;
  out[to + 3] = table[word >>> 24] ?? 0;
}

/** The rows `indices` of `data`, `width` elements each, as `value · scale + offset` in the type of `out`. */
export function gatherScaled<Out extends Float32Array | Float64Array>(
  data: ColumnData,
  indices: ArrayLike<number>,
  width: number,
  scale: number,
  offset: number,
  out: Out,
): Out {
  let to = 0;
  for (let row = 0; row < indices.length; row++) {
    const start = (indices[row] ?? 0) * width;
    for (let from = start; from < start + width; from++) out[to++] = (data[from] ?? 0) * scale + offset;
  }
  return out;
}

/** The rows `indices` of `data`, `width` elements each, converted to the type of `out` as the platform does. */
export function gatherRows<Out extends Uint8Array | Int32Array | Float32Array | Float64Array>(
  data: ColumnData,
  indices: ArrayLike<number>,
  width: number,
  out: Out,
): Out {
  for (let row = 0; row < indices.length; row++) {
    const start = (indices[row] ?? 0) * width;
    // For one element per row a view costs more than the copy.
    if (width === 1) out[row] = data[start] ?? 0;
    else out.set(data.subarray(start, start + width), row * width);
  }
  return out;
}
