// sin, cos and tan. x = n·π/2 + r with |r| ≤ π/4, and Taylor's series for r. Up to a million quarter turns π/2 is subtracted in four
// parts; beyond, the quarter turns are x · 2/π in whole numbers, with all bits of 2/π that matter.
// Sources: W. J. Cody, W. Waite, "Software Manual for the Elementary Functions", 1980; M. Payne, R. Hanek, "Radian reduction for
// trigonometric functions", SIGNUM Newsletter 18, 1983.

import { divideWide, exponentOf, low, multiplyWide, polynomial, scale, sum } from "./wide.ts";

/** π/2 in parts of 33 bits, and what is left. */
const QUARTER = [1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21, 8.4784276603689e-32] as const;
const QUARTER_HIGH = 1.5707963267948966;
const QUARTER_LOW = 6.123233995736766e-17;

/** ⌊2/π · 2¹²¹⁶⌋. */
const TWO_OVER_PI = /* @__PURE__ */ BigInt(
  "0xa2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e006492eea09d1921cfe1deb1cb129a73ee88235f52ebb" +
    "4484e99c7026b45f7e413991d639835339f49c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d7527bac7ebe5" +
    "f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b6bab",
);
const TWO_OVER_PI_BITS = 1216;

const SIN = [
  -0.16666666666666666, 0.008333333333333333, -0.0001984126984126984, 2.7557319223985893e-6, -2.505210838544172e-8,
  1.6059043836821613e-10, -7.647163731819816e-13, 2.8114572543455206e-15,
];
const COS = [
  0.041666666666666664, -0.001388888888888889, 2.48015873015873e-5, -2.755731922398589e-7, 2.08767569878681e-9,
  -1.1470745597729725e-11, 4.779477332387385e-14, -1.5619206968586225e-16,
];

/** The remainder of the latest {@link reduce}, r + rLow. */
let r = 0;
let rLow = 0;

/** Leaves x less its nearest multiple of π/2 in r and rLow; gives how many quarter turns that was, modulo 4. */
function reduce(x: number): number {
  rLow = 0;
  r = x;
  const a = Math.abs(x);
  if (a <= 0.7853981633974483) return 0;
  if (a >= 1.5e6) return reduceLarge(x);
  const n = Math.round(x / QUARTER_HIGH);
  const first = sum(x - n * QUARTER[0], -n * QUARTER[1]);
  const firstLow = low;
  const second = sum(first, -n * QUARTER[2]);
  r = sum(second, low + firstLow - n * QUARTER[3]);
  rLow = low;
  return n & 3;
}

function reduceLarge(x: number): number {
  const exponent = exponentOf(x) - 52;
  const digits = BigInt(scale(Math.abs(x), -exponent));
  // Quarter turns with 192 bits behind the point; whole fours of them do not matter.
  const point = 192n;
  const turns = (digits * TWO_OVER_PI) >> BigInt(TWO_OVER_PI_BITS - exponent - 192);
  const fraction = turns & ((1n << (point + 2n)) - 1n);
  const n = (fraction + (1n << (point - 1n))) >> point;
  const rest = fraction - (n << point);
  // The rest in two doubles: its upper 53 bits, and the next.
  const high = Number(rest);
  const highLow = Number(rest - BigInt(high));
  const unit = 1.5930919111324523e-58; // 2⁻¹⁹²
  r = multiplyWide(high * unit, highLow * unit, QUARTER_HIGH, QUARTER_LOW);
  rLow = low;
  const quarter = Number(n) & 3;
  if (x > 0) return quarter;
  r = -r;
  rLow = -rLow;
  return -quarter & 3;
}

/** sin(r + rLow), its low part in `low`. */
function sine(): number {
  const z = r * r;
  return sum(r, r * z * polynomial(z, SIN) + rLow * (1 - 0.5 * z));
}

/** cos(r + rLow), its low part in `low`. */
function cosine(): number {
  const z = r * r;
  const half = 0.5 * z;
  const w = 1 - half;
  return sum(w, 1 - w - half + (z * z * polynomial(z, COS) - r * rLow));
}

/** The sine of an angle in radians. */
export function sin(x: number): number {
  if (!Number.isFinite(x)) return Number.NaN;
  if (Math.abs(x) < 1e-8) return x;
  const quarter = reduce(x);
  const value = quarter & 1 ? cosine() : sine();
  return quarter & 2 ? -value : value;
}

/** The cosine of an angle in radians. */
export function cos(x: number): number {
  if (!Number.isFinite(x)) return Number.NaN;
  const quarter = reduce(x);
  const value = quarter & 1 ? sine() : cosine();
  return quarter === 1 || quarter === 2 ? -value : value;
}

/** sin x / cos x. */
export function tan(x: number): number {
  if (!Number.isFinite(x)) return Number.NaN;
  if (Math.abs(x) < 1e-8) return x;
  const quarter = reduce(x);
  const s = sine();
  const sLow = low;
  const c = cosine();
  return quarter & 1 ? -divideWide(c, low, s, sLow) : divideWide(s, sLow, c, low);
}
