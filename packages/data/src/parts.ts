// Which samples a part of a dataset has: bounds that may count from the end, and the last of each class.

import { checkOption, OptionError } from "@gradus/core";

/**
 * The numbers of `count` samples, the last of each class, in proportion: class c gives ⌊count · n_c / n⌋, and the classes with
 * the largest remainders one more.
 */
export function lastOfEachClass(classes: Int32Array, count: number): ReadonlySet<number> {
  const members = new Map<number, number[]>();
  for (const [index, number] of classes.entries()) {
    const own = members.get(number);
    if (own === undefined) members.set(number, [index]);
    else own.push(index);
  }
  const shares = [...members.values()].map((indices) => (count * indices.length) / classes.length);
  const missing = count - shares.reduce((sum, share) => sum + Math.floor(share), 0);
  const byRemainder = [...shares.keys()].sort((a, b) => ((shares[b] ?? 0) % 1) - ((shares[a] ?? 0) % 1) || a - b);
  const more = new Set(byRemainder.slice(0, missing));
  const parts = [...members.values()].map((indices, place) => {
    const size = Math.floor(shares[place] ?? 0) + (more.has(place) ? 1 : 0);
    return indices.slice(indices.length - size);
  });
  return new Set(parts.flat());
}

/**
 * The bounds of a part as numbers from 0 to `length`.
 * @throws OptionError for a bound that is fractional or out of range, and for an end before the start
 * @internal
 */
export function sliceBounds(length: number, start: number, end: number): readonly [number, number] {
  const within = (bound: number): boolean => Number.isInteger(bound) && bound >= -length && bound <= length;
  checkOption(within(start), "slice", "start", `a whole number from ${-length} to ${length}`, start);
  checkOption(within(end), "slice", "end", `a whole number from ${-length} to ${length}`, end);
  const from = start < 0 ? start + length : start;
  const to = end < 0 ? end + length : end;
  if (to < from) throw new OptionError(`slice: end must not stand before start, got start ${start} and end ${end}`);
  return [from, to];
}
