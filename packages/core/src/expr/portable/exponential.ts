// eˣ and what is made of it. x = n·ln 2 + r with |r| ≤ ½ ln 2, eʳ by its Taylor series, and 2ⁿ through the exponent bits. The parts
// that rounding takes away are carried along, so that results are within about a unit in the last place.
// Source: W. J. Cody, W. Waite, "Software Manual for the Elementary Functions", 1980.

import { addWide, divideWide, low, polynomial, powerOfTwo, scale, sum } from "./wide.ts";

/** ln 2 in two parts, the first with 32 bits, so that its product with a small whole number is exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** 1/k! from k = 2 on. */
const INVERSE_FACTORIALS = [
  0.5, 0.16666666666666666, 0.041666666666666664, 0.008333333333333333, 0.001388888888888889, 0.0001984126984126984,
  2.48015873015873e-5, 2.7557319223985893e-6, 2.755731922398589e-7, 2.505210838544172e-8, 2.08767569878681e-9,
  1.6059043836821613e-10,
];

/** r of the latest {@link reduce}, and e^(r + what rounding took from r) − 1 − r. */
let r = 0;
let rest = 0;

/** Brings x + xLow into the range of the series; gives n. */
function reduce(x: number, xLow: number): number {
  const n = Math.round(x * Math.LOG2E);
  const high = x - n * LN2_HIGH;
  const correction = n * LN2_LOW - xLow;
  r = high - correction;
  const lost = high - r - correction;
  rest = r * r * polynomial(r, INVERSE_FACTORIALS) + (lost + lost * r);
  return n;
}

/** e^(x + xLow) · 2^shift, the shift −1 or 0. */
export function expWide(x: number, xLow: number, shift: number): number {
  if (x > 711) return Number.POSITIVE_INFINITY;
  if (x < -746) return 0;
  const n = reduce(x, xLow);
  return scale(1 + (r + rest), n + shift);
}

/** eˣ. */
export function exp(x: number): number {
  return expWide(x, 0, 0);
}

/** eˣ − 1 as a wide number, for −40 < x < 710. */
function expm1Wide(x: number): number {
  const n = reduce(x, 0);
  if (n === 0) return sum(r, rest);
  const e = r + rest;
  const eLow = r - e + rest;
  const p = powerOfTwo(Math.min(n, 1023));
  const s = sum(p - 1, p * e);
  return sum(s, low + p * eLow);
}

/** eˣ − 1, exact near 0. */
export function expm1(x: number): number {
  if (Math.abs(x) < 1e-17) return x;
  if (x < -40) return -1;
  return x > 709 ? exp(x) : Number.isNaN(x) ? x : expm1Wide(x);
}

/** (eˣ − e⁻ˣ) / 2 = (t + t / (t + 1)) / 2 with t = eˣ − 1. */
export function sinh(x: number): number {
  const a = Math.abs(x);
  if (a < 1e-8 || Number.isNaN(a)) return x;
  const sign = x < 0 ? -1 : 1;
  if (a > 22) return sign * expWide(a, 0, -1);
  const t = expm1Wide(a);
  const tLow = low;
  const d = sum(t, 1);
  const quotient = divideWide(t, tLow, d, low + tLow);
  return sign * 0.5 * addWide(t, tLow, quotient, low);
}

/** (eˣ + e⁻ˣ) / 2. */
export function cosh(x: number): number {
  const a = Math.abs(x);
  if (a > 22) return expWide(a, 0, -1);
  const e = exp(a);
  return 0.5 * e + 0.5 / e;
}

/** tanh x = t / (t + 2) with t = e²ˣ − 1. */
export function tanh(x: number): number {
  const a = Math.abs(x);
  if (a < 1e-8 || Number.isNaN(a)) return x;
  const sign = x < 0 ? -1 : 1;
  if (a > 20) return sign;
  const t = expm1Wide(2 * a);
  const tLow = low;
  const s = sum(t, 2);
  return sign * divideWide(t, tLow, s, low + tLow);
}

/** 1 / (1 + e⁻ˣ), from the side on which the exponential is at most 1. */
export function sigmoid(x: number): number {
  const e = exp(-Math.abs(x));
  const d = sum(1, e);
  return divideWide(x < 0 ? e : 1, 0, d, low);
}
