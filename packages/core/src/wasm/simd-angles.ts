// Sine, cosine and tangent of four floats. The argument is brought to r = x − n·π/2 with |r| ≤ π/4 in double precision, and rounded
// to a float once; there polynomials of low degree are exact to a fraction of a unit in the last place.
// Sources: W. Cody and W. Waite, Software Manual for the Elementary Functions (π/2 in parts); M. Payne and R. Hanek, Radian
// Reduction for Trigonometric Functions (large arguments, from the bits of 2/π).

import type { FunctionBuilder } from "./assembler.ts";
import {
  fromDoubles,
  oddPolynomial,
  polynomial,
  signBits,
  splat,
  splatDouble,
  splatInteger,
  toDoubles,
  type Vector,
} from "./simd-parts.ts";

/** π/2 in three parts; products of the first two with whole numbers below 2³¹ are exact. */
const HALF_PI = [1.570796012878418, 3.139164164167596e-7, 6.223372171896613e-14] as const;

/** 2/π in pieces of 24 bits: enough for the largest float. */
const TWO_OVER_PI = [10680707, 7228996, 1387004, 2578385, 16069853, 12639074, 9804092, 4427841, 16666979].map(
  (piece, index) => piece * 2 ** (-24 * (index + 1)),
);

/** From here on arguments are reduced by the bits of 2/π. */
const LARGE = 2 ** 30;

/** Added to a double below 2⁵¹ it leaves the nearest whole number in the lowest bits. */
const ROUNDER = 1.5 * 2 ** 52;

/** (sin r / r − 1) / r², and (cos r − 1 + r²/2) / r⁴, in r². */
const SIN = [-1.951665582e-4, 8.332173543e-3, -0.1666665487];
const COS = [2.443773096e-5, -1.388736146e-3, 4.166664675e-2];

/** An angle as r + q·π/2; of the whole number q the lowest bits are right. */
interface Angle {
  readonly r: Vector;
  readonly quadrant: Vector;
}

/** Two doubles: r = x − n·π/2, and n in the lowest bits of `rounded`. */
function reduceDoubles(f: FunctionBuilder, x: Vector, r: Vector, rounded: Vector): void {
  const n = f.local("v128");
  f.get(x);
  splatDouble(f, 2 / Math.PI).op("f64x2.mul");
  splatDouble(f, ROUNDER).op("f64x2.add").tee(rounded);
  splatDouble(f, ROUNDER).op("f64x2.sub").set(n);
  f.get(x);
  for (const part of HALF_PI) {
    f.get(n);
    splatDouble(f, part).op("f64x2.mul").op("f64x2.sub");
  }
  f.set(r);
}

/**
 * The same for lanes from 2³⁰ on. The products of x and the pieces of 2/π are exact; of each only the rest modulo 4 counts, and
 * the rests are added without loss, as a sum and what rounding took from it.
 */
function reduceLarge(f: FunctionBuilder, x: Vector, r: Vector, rounded: Vector): void {
  const [sum, low, rest, next, part, large] = f.locals("v128", "v128", "v128", "v128", "v128", "v128");
  f.v128().set(sum).v128().set(low);
  for (const piece of TWO_OVER_PI) {
    f.get(x);
    splatDouble(f, piece).op("f64x2.mul").tee(rest).get(rest);
    splatDouble(f, 0.25).op("f64x2.mul").op("f64x2.nearest");
    splatDouble(f, 4).op("f64x2.mul").op("f64x2.sub").tee(rest);
    f.get(sum).op("f64x2.add").tee(next).get(sum).op("f64x2.sub").set(part);
    f.get(low).get(sum).get(next).get(part).op("f64x2.sub").op("f64x2.sub").op("f64x2.add");
    f.get(rest).get(part).op("f64x2.sub").op("f64x2.add").set(low);
    f.get(next).set(sum);
  }
  f.get(x).op("f64x2.abs");
  splatDouble(f, LARGE).op("f64x2.ge").set(large);
  f.get(sum);
  splatDouble(f, ROUNDER).op("f64x2.add").tee(next);
  f.get(rounded).get(large).op("v128.bitselect").set(rounded);
  f.get(sum).get(next);
  splatDouble(f, ROUNDER).op("f64x2.sub").op("f64x2.sub").get(low).op("f64x2.add");
  splatDouble(f, Math.PI / 2)
    .op("f64x2.mul")
    .get(r)
    .get(large)
    .op("v128.bitselect")
    .set(r);
}

/** Reduces the floats on the stack. */
function reduce(f: FunctionBuilder): Angle {
  const [x, r, quadrant] = f.locals("v128", "v128", "v128");
  f.tee(x);
  const doubles = toDoubles(f);
  const [lowRest, highRest, lowBits, highBits] = f.locals("v128", "v128", "v128", "v128");
  const halves = [
    [doubles[0], lowRest, lowBits],
    [doubles[1], highRest, highBits],
  ] as const;
  for (const half of halves) reduceDoubles(f, ...half);
  f.get(x).op("f32x4.abs");
  splat(f, LARGE).op("f32x4.ge").op("v128.any_true");
  f.if(() => {
    for (const half of halves) reduceLarge(f, ...half);
  });
  fromDoubles(f, [lowRest, highRest]);
  f.set(r).get(lowBits).get(highBits).shuffle([0, 2, 4, 6]).set(quadrant);
  return { r, quadrant };
}

/** sin r and cos r for |r| ≤ π/4. */
function sineAndCosine(f: FunctionBuilder, r: Vector): readonly [Vector, Vector] {
  const [s, sine, cosine] = f.locals("v128", "v128", "v128");
  f.get(r).get(r).op("f32x4.mul").set(s);
  oddPolynomial(f, r, s, SIN);
  signBits(f, r).op("v128.or").set(sine); // −0 stays
  polynomial(f, s, COS);
  f.get(s).op("f32x4.mul");
  splat(f, 0.5).op("f32x4.sub").get(s).op("f32x4.mul");
  splat(f, 1).op("f32x4.add").set(cosine);
  return [sine, cosine];
}

/** Pushes which quadrants are odd. */
function odd(f: FunctionBuilder, quadrant: Vector): FunctionBuilder {
  return f.get(quadrant).i32(31).op("i32x4.shl").i32(31).op("i32x4.shr_s");
}

/** sin (x + turns·π/2): sine or cosine of r by the quadrant's lowest bit, its sign by the next. */
function turned(turns: number): (f: FunctionBuilder) => void {
  return (f) => {
    const { r, quadrant } = reduce(f);
    if (turns !== 0) {
      f.get(quadrant);
      splatInteger(f, turns).op("i32x4.add").set(quadrant);
    }
    const [sine, cosine] = sineAndCosine(f, r);
    f.get(cosine).get(sine);
    odd(f, quadrant).op("v128.bitselect").get(quadrant);
    splatInteger(f, 2).op("v128.and").i32(30).op("i32x4.shl").op("v128.xor");
  };
}

/** sin x, for all floats. */
export const sin: (f: FunctionBuilder) => void = turned(0);

/** cos x, for all floats. */
export const cos: (f: FunctionBuilder) => void = turned(1);

/** tan x = sin r / cos r, or −cos r / sin r in odd quadrants; for all floats. */
export function tan(f: FunctionBuilder): void {
  const { r, quadrant } = reduce(f);
  const [sine, cosine] = sineAndCosine(f, r);
  const isOdd = f.local("v128");
  odd(f, quadrant).set(isOdd);
  f.get(cosine).get(sine).get(isOdd).op("v128.bitselect");
  f.get(sine).get(cosine).get(isOdd).op("v128.bitselect").op("f32x4.div");
  f.get(quadrant).i32(31).op("i32x4.shl").op("v128.xor");
}
