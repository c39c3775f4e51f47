// The order of elements: a stable radix sort of the places in each line (of short ones by insertion), by keys in which NaN comes after everything. Keys are the
// bits of the numbers, changed so that they order as whole numbers do: M. Herf, "Radix tricks", 2001.

import type { TypedArray } from "../dtype.ts";
import { around, type Shape } from "../shape.ts";

/** Keys of 32 bits, or of 64 in two words, the lower first. */
type Words = readonly Uint32Array[];

/** Where each line's elements stand when sorted along an axis: equal ones keep their order, NaN counts as the greatest. */
export function sortPlaces(values: TypedArray, shape: Shape, axis: number, descending: boolean, out: Int32Array): void {
  const { outer, size, inner } = around(shape, axis);
  const line = values.slice(0, size);
  const words: Words = Array.from({ length: values instanceof Float64Array ? 2 : 1 }, () => new Uint32Array(size));
  const [places, spare] = [new Int32Array(size), new Int32Array(size)];
  for (let index = 0; index < outer * inner; index++) {
    const start = Math.floor(index / inner) * size * inner + (index % inner);
    for (let place = 0; place < size; place++) line[place] = values[start + place * inner] ?? 0;
    writeKeys(line, words);
    if (descending)
      for (const word of words) for (let place = 0; place < size; place++) word[place] = ~(word[place] ?? 0);
    const sorted = size <= SHORT ? insertionSort(words, places) : radixSort(words, places, spare);
    for (let rank = 0; rank < size; rank++) out[start + rank * inner] = sorted[rank] ?? 0;
  }
}

/** Bits that order as the numbers do: negative floats are turned over, others get the highest bit. */
function writeKeys(line: TypedArray, words: Words): void {
  const [first, second = first] = words;
  if (first === undefined || second === undefined) return;
  const isFloat = line instanceof Float32Array || line instanceof Float64Array;
  if (isFloat) for (let place = 0; place < line.length; place++) line[place] = (line[place] ?? 0) + 0; // −0 equals 0
  const bits = isFloat ? new Uint32Array(line.buffer, line.byteOffset, line.length * words.length) : line;
  const high = words.length - 1;
  for (let place = 0; place < line.length; place++) {
    const value = line[place] ?? 0;
    const top = bits[place * words.length + high] ?? 0;
    const turned = isFloat && value < 0;
    second[place] = Number.isNaN(value) ? 0xffffffff : turned ? ~top : top ^ 0x80000000;
    if (high === 0) continue;
    const low = bits[place * 2] ?? 0;
    first[place] = Number.isNaN(value) ? 0xffffffff : turned ? ~low : low;
  }
}

/** Lines of so many elements are sorted sooner by insertion than byte by byte. */
const SHORT = 48;

/** Sorts places by their keys: each moves to the left past those with greater keys. */
function insertionSort(words: Words, places: Int32Array): Int32Array {
  const [low, high = low] = words;
  if (low === undefined || high === undefined) return places;
  for (let place = 0; place < places.length; place++) {
    const [top, bottom] = [high[place] ?? 0, low[place] ?? 0];
    let rank = place;
    for (; rank > 0; rank--) {
      const left = places[rank - 1] ?? 0;
      const above = high[left] ?? 0;
      if (above < top || (above === top && (low[left] ?? 0) <= bottom)) break;
      places[rank] = left;
    }
    places[rank] = place;
  }
  return places;
}

/** Sorts places by their keys, byte by byte from the lowest; gives that of the two arrays in which they end. */
function radixSort(words: Words, places: Int32Array, spare: Int32Array): Int32Array {
  let [from, to] = [places, spare];
  for (let place = 0; place < from.length; place++) from[place] = place;
  const ends = new Uint32Array(257);
  for (const word of words) {
    for (let shift = 0; shift < 32; shift += 8) {
      ends.fill(0);
      for (let place = 0; place < word.length; place++) {
        const next = (((word[place] ?? 0) >>> shift) & 255) + 1;
        ends[next] = (ends[next] ?? 0) + 1;
      }
      if (ends.includes(word.length)) continue; // all alike
      for (let byte = 1; byte < 257; byte++) ends[byte] = (ends[byte] ?? 0) + (ends[byte - 1] ?? 0);
      for (let rank = 0; rank < from.length; rank++) {
        const place = from[rank] ?? 0;
        const byte = ((word[place] ?? 0) >>> shift) & 255;
        const target = ends[byte] ?? 0;
        to[target] = place;
        ends[byte] = target + 1;
      }
      [from, to] = [to, from];
    }
  }
  return from;
}
