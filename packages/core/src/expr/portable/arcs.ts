// asin, acos, atan and atan2: all are the angle of a point (x, y), found in twice a double's precision. The point is turned back by
// the nearest arctan(k/8), and the small angle that is left is a series:
// arctan(y/x) = arctan c + arctan t with t = (y − c·x)/(x + c·y).

import {
  addWide,
  divideWide,
  exponentOf,
  low,
  multiplyWide,
  polynomial,
  powerOfTwo,
  product,
  rootWide,
  sum,
} from "./wide.ts";

const HALF_PI = 1.5707963267948966;
const HALF_PI_LOW = 6.123233995736766e-17;

/** arctan(k/8), and what rounding took from it. */
const STEPS = [
  0, 0.12435499454676144, 0.24497866312686414, 0.35877067027057225, 0.4636476090008061, 0.5585993153435624,
  0.6435011087932844, 0.7188299996216245, 0.7853981633974483,
];
const STEPS_LOW = [
  0, -3.1253241424539383e-18, 1.0698755618734451e-17, -2.4623815582638635e-17, 2.2698777452961687e-17,
  -5.4556305485916264e-18, 1.5834785051444286e-17, -2.1478388444456983e-17, 3.061616997868383e-17,
];
/** (−1)ᵏ/(2k + 1) from k = 1 on. */
const SERIES = [
  -0.3333333333333333, 0.2, -0.14285714285714285, 0.1111111111111111, -0.09090909090909091, 0.07692307692307693,
];

/** The angle of the point (x + xLow, y + yLow) for 0 ≤ y ≤ x, as a wide number. */
function octant(y: number, yLow: number, x: number, xLow: number): number {
  const k = Math.round((8 * y) / x);
  const c = k / 8;
  const up = multiplyWide(x, xLow, c, 0);
  const n = addWide(y, yLow, -up, -low);
  const nLow = low;
  const across = multiplyWide(y, yLow, c, 0);
  const d = addWide(x, xLow, across, low);
  const t = divideWide(n, nLow, d, low);
  const z = t * t;
  const tLow = low + t * z * polynomial(z, SERIES);
  return addWide(STEPS[k] ?? 0, STEPS_LOW[k] ?? 0, t, tLow);
}

/** The angle of a point with 0 ≤ x and 0 ≤ y, from 0 to π/2, as a wide number. */
function quadrant(y: number, yLow: number, x: number, xLow: number): number {
  if (y <= x) return octant(y, yLow, x, xLow);
  const a = octant(x, xLow, y, yLow);
  return addWide(HALF_PI, HALF_PI_LOW, -a, -low);
}

/** √(1 − a²) as a wide number, for 0 ≤ a ≤ 1. */
function cathetus(a: number): number {
  const square = product(a, a);
  const lost = low;
  const rest = sum(1, -square);
  return rootWide(rest, low - lost);
}

/** The angle whose sine is x, from −π/2 to π/2; NaN beyond ±1. */
export function asin(x: number): number {
  const a = Math.abs(x);
  if (!(a <= 1)) return Number.NaN;
  if (a < 1e-8) return x;
  const other = cathetus(a);
  return (x < 0 ? -1 : 1) * quadrant(a, 0, other, low);
}

/** The angle whose cosine is x, from 0 to π; NaN beyond ±1. */
export function acos(x: number): number {
  const a = Math.abs(x);
  if (!(a <= 1)) return Number.NaN;
  const other = cathetus(a);
  const angle = quadrant(other, low, a, 0);
  return x < 0 ? addWide(2 * HALF_PI, 2 * HALF_PI_LOW, -angle, -low) : angle;
}

/** The angle whose tangent is x, from −π/2 to π/2. */
export function atan(x: number): number {
  const a = Math.abs(x);
  if (a < 1e-8 || Number.isNaN(a)) return x;
  return (x < 0 ? -1 : 1) * (a > 1e17 ? HALF_PI : quadrant(a, 0, 1, 0));
}

/** The angle of the point (x, y), from −π to π. */
export function atan2(y: number, x: number): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  const left = x < 0 || Object.is(x, -0);
  const sign = y < 0 || Object.is(y, -0) ? -1 : 1;
  const [a, b] = [Math.abs(y), Math.abs(x)];
  if (a === 0) return sign * (left ? 2 * HALF_PI : 0);
  if (a === Number.POSITIVE_INFINITY) return sign * (b === a ? (left ? 1.5 * HALF_PI : 0.5 * HALF_PI) : HALF_PI);
  if (b === Number.POSITIVE_INFINITY) return sign * (left ? 2 * HALF_PI : 0);
  const slope = a / b;
  if (slope > 1e17) return sign * HALF_PI;
  if (slope < 1e-17) return sign * (left ? 2 * HALF_PI : slope);
  // Both near 1: the products of the wide numbers neither overflow nor vanish.
  const shift = Math.max(-1000, Math.min(1000, -exponentOf(Math.max(a, b))));
  const [y1, x1] = [a * powerOfTwo(shift), b * powerOfTwo(shift)];
  const angle = quadrant(y1, 0, x1, 0);
  return sign * (left ? addWide(2 * HALF_PI, 2 * HALF_PI_LOW, -angle, -low) : angle);
}
