// Powers and remainders of four floats, in double precision inside, so that the result is rounded (almost) once.
// Source: the rules for special values are those of IEEE 754's pow and of C; log₂ by the series of (m − 1)/(m + 1), 2ˣ by a
// polynomial, both minimax.

import type { FunctionBuilder } from "./assembler.ts";
import { splitExponent } from "./simd-log.ts";
import { fromDoubles, polynomialDouble, signBits, splat, splatDouble, toDoubles, type Vector } from "./simd-parts.ts";

/** Added to a double below 2⁵¹ it leaves the nearest whole number in the lowest bits. */
const ROUNDER = 1.5 * 2 ** 52;

/** log₂((1 + t)/(1 − t)) / t in t², for (1 + t)/(1 − t) from √½ to √2: to 7.7e-14. */
const LOG2 = [
  0.282913172034282, 0.31990475929050693, 0.41220927609350366, 0.5770779421183413, 0.9617966941142584,
  2.8853900817778495,
];

/** 2ᵗ for t from −½ to ½: to 4.1e-11. */
const EXP2 = [
  1.5201727687215248e-5, 1.5469554278235085e-4, 1.3333925448421415e-3, 9.618026438726324e-3, 5.550410347313766e-2,
  0.24022651204171638, 0.6931471807311302, 0.9999999999610791,
];

/** Two doubles: 2^(y·(e + log₂ m)), which takes the place of m. */
function powerOfDoubles(f: FunctionBuilder, m: Vector, e: Vector, y: Vector): void {
  const [t, square, bits] = f.locals("v128", "v128", "v128");
  f.get(m);
  splatDouble(f, 1).op("f64x2.sub").get(m);
  splatDouble(f, 1).op("f64x2.add").op("f64x2.div").tee(t).get(t).op("f64x2.mul").set(square);
  polynomialDouble(f, square, LOG2);
  f.get(t).op("f64x2.mul").get(e).op("f64x2.add").get(y).op("f64x2.mul");
  // Beyond ±160 the result is 0 or ∞ as a float, but not yet as a double.
  splatDouble(f, 160).op("f64x2.pmin");
  splatDouble(f, -160).op("f64x2.pmax").tee(t);
  splatDouble(f, ROUNDER).op("f64x2.add").set(bits);
  f.get(t).get(bits);
  splatDouble(f, ROUNDER).op("f64x2.sub").op("f64x2.sub").set(t);
  polynomialDouble(f, t, EXP2);
  f.get(bits).i32(52).op("i64x2.shl").op("i64x2.add").set(m);
}

/** m and e of |x| = m·2^e, for all floats: e is −∞ for 0, and x itself for ∞ and NaN. */
function splitMagnitude(f: FunctionBuilder, x: Vector, m: Vector, e: Vector): void {
  const [a, tiny] = f.locals("v128", "v128");
  f.get(x).op("f32x4.abs").tee(a);
  splat(f, 2 ** -126)
    .op("f32x4.lt")
    .set(tiny);
  f.get(a);
  splat(f, 2 ** 23)
    .op("f32x4.mul")
    .get(a)
    .get(tiny)
    .op("v128.bitselect")
    .set(m);
  splitExponent(f, m, m, e);
  f.get(e);
  splat(f, 23).get(tiny).op("v128.and").op("f32x4.sub");
  splat(f, Number.POSITIVE_INFINITY).get(a).v128().op("f32x4.eq").op("v128.and").op("f32x4.sub").get(a).get(a);
  splat(f, Number.POSITIVE_INFINITY).op("f32x4.lt").op("v128.bitselect").set(e);
}

/**
 * xʸ. 1 for y = 0 and for x = 1, whatever the other is, and for −1 to an infinite power; NaN for a negative finite x with a y that
 * is not whole.
 */
export function pow(f: FunctionBuilder): void {
  const [x, y, m, e, whole, half] = f.locals("v128", "v128", "v128", "v128", "v128", "v128");
  f.set(y).set(x);
  splitMagnitude(f, x, m, e);
  f.get(m);
  const bases = toDoubles(f);
  f.get(e);
  const exponents = toDoubles(f);
  f.get(y);
  const powers = toDoubles(f);
  powerOfDoubles(f, bases[0], exponents[0], powers[0]);
  powerOfDoubles(f, bases[1], exponents[1], powers[1]);

  splat(f, 1);
  fromDoubles(f, bases);
  // The sign of x for odd y: y is whole, and half of it is not.
  f.get(y).get(y).op("f32x4.trunc").op("f32x4.eq").set(whole);
  f.get(y);
  splat(f, 0.5).op("f32x4.mul").tee(half).get(half).op("f32x4.trunc").op("f32x4.ne").get(whole).op("v128.and");
  signBits(f, x).op("v128.and").op("v128.xor");
  // All ones is a NaN.
  f.get(x).v128().op("f32x4.lt").get(x).op("f32x4.abs");
  splat(f, Number.POSITIVE_INFINITY).op("f32x4.lt").op("v128.and").get(whole).op("v128.andnot").op("v128.or");
  f.get(x).get(x).op("f32x4.ne").op("v128.or").get(y).get(y).op("f32x4.ne").op("v128.or");
  f.get(y).v128().op("f32x4.eq").get(x);
  splat(f, 1).op("f32x4.eq").op("v128.or").get(x);
  splat(f, -1).op("f32x4.eq").get(y).op("f32x4.abs");
  splat(f, Number.POSITIVE_INFINITY).op("f32x4.eq").op("v128.and").op("v128.or").op("v128.bitselect");
}

/** A quotient's sign, exponent and first 29 bits: its product with a float is exact in double precision. */
const QUOTIENT_BITS = BigUint64Array.of(~0n << 24n, ~0n << 24n);

/**
 * Replaces two doubles a, which are floats as b is, by a − b·⌊a/b⌋: exact multiples of |b| are taken from |a| until less than |b| is
 * left. That is one round where |a/b| < 2²⁹, and ten at the most.
 */
function remainderOfDoubles(f: FunctionBuilder, a: Vector, b: Vector): void {
  const [rest, active] = f.locals("v128", "v128");
  f.get(a).set(rest);
  f.block((done) => {
    f.loop((again) => {
      f.get(rest)
        .op("f64x2.abs")
        .get(b)
        .op("f64x2.abs")
        .op("f64x2.ge")
        .tee(active)
        .op("v128.any_true")
        .op("i32.eqz")
        .branchIf(done);
      f.get(rest)
        .get(rest)
        .get(b)
        .op("f64x2.div")
        .op("f64x2.trunc")
        .v128(QUOTIENT_BITS)
        .op("v128.and")
        .get(b)
        .op("f64x2.mul");
      f.get(active).op("v128.and").op("f64x2.sub").set(rest);
      f.branch(again);
    });
  });
  // b is added where the rest has the other sign.
  f.get(rest).get(b).get(rest).v128().op("f64x2.lt").get(b).v128().op("f64x2.lt").op("v128.xor").op("v128.and");
  f.get(rest).v128().op("f64x2.ne").op("v128.and").op("f64x2.add");
  // A rest of 0 has the sign of a; a NaN in b is not lost.
  f.get(a);
  splatDouble(f, -0).op("v128.and").get(rest).v128().op("f64x2.eq").op("v128.and").op("v128.or");
  f.get(b).get(b).op("f64x2.ne").op("v128.or").set(a);
}

/** a − b·⌊a/b⌋, the remainder with the sign of b: exact, and rounded once. */
export function mod(f: FunctionBuilder): void {
  const b = f.local("v128");
  f.set(b);
  const dividends = toDoubles(f);
  f.get(b);
  const divisors = toDoubles(f);
  remainderOfDoubles(f, dividends[0], divisors[0]);
  remainderOfDoubles(f, dividends[1], divisors[1]);
  fromDoubles(f, dividends);
}
