// Errors of float32 results, counted in units in the last place.

const rounded = new Float32Array(1);
const bits = new Uint32Array(rounded.buffer);

/** |value − truth| in units in the last place of the truth as a float; ∞ counts as 2¹²⁸, and NaN must meet NaN. */
export function ulps(value: number, truth: number): number {
  if (Number.isNaN(truth)) return Number.isNaN(value) ? 0 : Number.POSITIVE_INFINITY;
  const limited = Math.max(-(2 ** 128), Math.min(2 ** 128, truth));
  rounded[0] = limited;
  const exponent = Math.min(254, Math.max(1, ((bits[0] ?? 0) >>> 23) & 255));
  const difference = Math.abs(Math.max(-(2 ** 128), Math.min(2 ** 128, value)) - limited);
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference / 2 ** (exponent - 150);
}
