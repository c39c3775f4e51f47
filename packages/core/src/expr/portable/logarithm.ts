// ln and powers. x = 2ᵉ·m with m from √½ to √2, and ln m = 2 artanh s = 2s + 2s³/3 + … with s = (m − 1)/(m + 1), the first two terms
// in twice a double's precision: a power needs the logarithm to 64 bits.

import { expWide } from "./exponential.ts";
import { addWide, divideWide, exponentOf, low, multiplyWide, polynomial, scale, sum } from "./wide.ts";

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const LN2_LOWEST = 1.1612227229362532e-26;
const THIRD = 0.3333333333333333;
const THIRD_LOW = 1.850371707708594e-17;
/** 1/(2k + 1) from k = 2 on. */
const ODD = [
  0.2, 0.14285714285714285, 0.1111111111111111, 0.09090909090909091, 0.07692307692307693, 0.06666666666666667,
  0.058823529411764705, 0.05263157894736842, 0.047619047619047616, 0.043478260869565216,
];

/** ln(x + xLow) as a wide number, for finite x > 0. */
function logWide(x: number, xLow: number): number {
  let e = 0;
  let [m, mLow] = [x, xLow];
  if (m < 2.2250738585072014e-308) {
    m *= 18014398509481984;
    e = -54;
  }
  const exponent = exponentOf(m);
  m = scale(m, -exponent);
  mLow = exponent > 1000 ? 0 : scale(mLow, -exponent);
  e += exponent;
  if (m > Math.SQRT2) {
    m *= 0.5;
    mLow *= 0.5;
    e += 1;
  }
  const f = sum(m - 1, mLow);
  const fLow = low;
  const d = sum(f, 2);
  const s = divideWide(f, fLow, d, low + fLow);
  const sLow = low;
  const z = multiplyWide(s, sLow, s, sLow);
  const zLow = low;
  // 1 + z/3 + z²/5 + …
  let t = multiplyWide(z, zLow, THIRD, THIRD_LOW);
  t = addWide(1, 0, t, low + z * z * polynomial(z, ODD));
  t = multiplyWide(t, low, 2 * s, 2 * sLow);
  if (e === 0) return t;
  const tLow = low;
  const high = sum(e * LN2_HIGH, e * LN2_LOW);
  return addWide(high, low + e * LN2_LOWEST, t, tLow);
}

/** ln x. */
export function log(x: number): number {
  if (x > 0 && x < Number.POSITIVE_INFINITY) return logWide(x, 0);
  return x === 0 ? Number.NEGATIVE_INFINITY : x > 0 ? x : Number.NaN;
}

/** ln(1 + x), exact near 0. */
export function log1p(x: number): number {
  if (Math.abs(x) < 1e-17) return x;
  if (!(x > -1 && x < Number.POSITIVE_INFINITY)) return log(x + 1);
  const u = sum(1, x);
  return logWide(u, low);
}

/** What 1/ln 2 is beyond Math.LOG2E. */
const LOG2E_LOW = 2.0355273740931033e-17;

/** log₂ x = ln x / ln 2; of powers of two it is whole. */
export function log2(x: number): number {
  if (!(x > 0 && x < Number.POSITIVE_INFINITY)) return log(x);
  const l = logWide(x, 0);
  return multiplyWide(l, low, Math.LOG2E, LOG2E_LOW);
}

/** xʸ = e^(y ln x), as in C: 1 to any power is 1, and −1 to an infinite one. */
export function pow(x: number, y: number): number {
  if (y === 0 || x === 1) return 1;
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  const whole = y % 1 === 0;
  const odd = whole && Math.abs(y % 2) === 1;
  const sign = odd && (x < 0 || Object.is(x, -0)) ? -1 : 1;
  const a = Math.abs(x);
  if (y === Number.POSITIVE_INFINITY || y === Number.NEGATIVE_INFINITY) {
    return a === 1 ? 1 : a > 1 === y > 0 ? Number.POSITIVE_INFINITY : 0;
  }
  if (a === 0 || a === Number.POSITIVE_INFINITY) return sign * ((a === 0) === y > 0 ? 0 : Number.POSITIVE_INFINITY);
  if (a === 1) return whole ? sign : Number.NaN;
  if (x < 0 && !whole) return Number.NaN;
  const l = logWide(a, 0);
  const lLow = low;
  // Beyond these sizes the result is 0, 1 or ∞, and the wide product would overflow or vanish.
  if (Math.abs(y) > 1e25) return sign * (l > 0 === y > 0 ? Number.POSITIVE_INFINITY : 0);
  if (Math.abs(y) < 1e-30) return sign;
  const power = multiplyWide(y, 0, l, lLow);
  return sign * expWide(power, low, 0);
}
