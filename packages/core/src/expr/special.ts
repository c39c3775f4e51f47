// Functions that JavaScript's Math lacks.

import { portable } from "./elementary.ts";

const exp = (x: number): number => portable()?.exp(x, 0) ?? Math.exp(x);
const log = (x: number): number => portable()?.log(x, 0) ?? Math.log(x);

/**
 * aᵇ of 32-bit integers, by squaring, with products that wrap at 2³¹: a double would lose the lowest bits. A negative power of anything
 * but ±1 is 0, as the fraction that it is rounds toward.
 */
export function integerPower(a: number, b: number): number {
  if (b < 0) return a === 1 ? 1 : a === -1 ? (b % 2 === 0 ? 1 : -1) : 0;
  let [power, base] = [1, a];
  for (let rest = b; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power = Math.imul(power, base);
    base = Math.imul(base, base);
  }
  return power;
}

/** 2/√π. */
const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

/**
 * The error function erf(x) = 2/√π ∫₀ˣ e^(−t²) dt, to a few units in the last place of a double.
 *
 * For |x| < 2.5 the all-positive series erf(x) = 2/√π · e^(−x²) · Σ 2ⁿ x²ⁿ⁺¹ / (1·3·5···(2n+1)) (Abramowitz & Stegun 7.1.6), which
 * loses nothing to cancellation; beyond, erfc by its continued fraction (7.1.14), evaluated from the inside out.
 */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a >= 6) return Math.sign(x);
  const square = a * a;
  if (a < 2.5) {
    let term = a;
    let sum = a;
    for (let n = 1; term > sum * 1e-17; n++) {
      term *= (2 * square) / (2 * n + 1);
      sum += term;
    }
    return Math.sign(x) * TWO_OVER_SQRT_PI * exp(-square) * sum;
  }
  return Number.isNaN(a) ? a : Math.sign(x) * (1 - upperTail(a));
}

/** 1 − erf(a) for a ≥ 2, where the difference would have lost its digits. */
function upperTail(a: number): number {
  let fraction = a;
  for (let k = 60; k >= 1; k--) fraction = a + k / 2 / fraction;
  return exp(-a * a) / (fraction * Math.sqrt(Math.PI));
}

/** Φ(x) = ½·(1 + erf(x/√2)), the share of a standard normal distribution below x; its lower tail keeps its digits. */
export function normalShare(x: number): number {
  const a = x / Math.SQRT2;
  return a > -2 ? 0.5 * (1 + erf(a)) : 0.5 * upperTail(-a);
}

/**
 * The quantile function of the standard normal distribution, Φ⁻¹(p) for p from 0 to 1, to double precision: the rational
 * approximation of P. J. Acklam (relative error 1.15e-9), then one step of Halley's method on Φ.
 */
export function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p);
  if (p === 0) return Number.NEGATIVE_INFINITY;
  const x = acklam(p);
  const error = normalShare(x) - p;
  const u = error * Math.sqrt(2 * Math.PI) * exp((x * x) / 2);
  return x - u / (1 + (x * u) / 2);
}

const A = [
  -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239,
];
const B = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1];
const C = [
  -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
];
const D = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1];

const polynomial = (coefficients: readonly number[], x: number): number =>
  coefficients.reduce((sum, c) => sum * x + c, 0);

/** For p up to ½. */
function acklam(p: number): number {
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * log(p));
    return polynomial(C, q) / polynomial(D, q);
  }
  const q = p - 0.5;
  return (polynomial(A, q * q) * q) / polynomial(B, q * q);
}
