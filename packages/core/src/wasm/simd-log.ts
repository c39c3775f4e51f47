// Logarithms on four floats: x = m·2^e with m from √½ to √2, and a polynomial for ln m.
// Sources: S. Moshier's Cephes library (logf) for the scheme, the coefficients are minimax for the relative error; the compensated
// sum is D. Knuth's (The Art of Computer Programming, volume 2, 4.2.2).

import type { FunctionBuilder } from "./assembler.ts";
import { polynomial, signBits, splat, splatInteger, type Vector } from "./simd-parts.ts";

/** ln 2 in two parts, the first with so few bits that its product with an exponent is exact. */
const LN2_HIGH = 0.693359375;
const LN2_LOW = -2.1219444005469057e-4;

/** The bits of √½ as a float. */
const SQRT_HALF = 0x3f3504f3;

/** (ln(1 + t) − t + t²/2) / t³ for t from √½ − 1 to √2 − 1, to 5.9e-9 of ln(1 + t). */
const LOG = [
  -7.859517494e-2, 0.1288160689, -0.1312877764, 0.1418120221, -0.1662455254, 0.2000228555, -0.2500081043, 0.3333331674,
];

/** Splits positive normal floats x = m·2^e; both are floats, m from √½ to √2. */
export function splitExponent(f: FunctionBuilder, x: Vector, m: Vector, e: Vector): void {
  const bits = f.local("v128");
  f.get(x);
  splatInteger(f, SQRT_HALF).op("i32x4.sub").tee(bits).i32(23).op("i32x4.shr_s").op("f32x4.convert_i32x4_s").set(e);
  f.get(bits);
  splatInteger(f, 0x007fffff).op("v128.and");
  splatInteger(f, SQRT_HALF).op("i32x4.add").set(m);
}

/** Pushes ln(1 + t) + e·ln 2. */
function logOfParts(f: FunctionBuilder, t: Vector, e: Vector): void {
  const square = f.local("v128");
  f.get(t).get(t).op("f32x4.mul").set(square);
  polynomial(f, t, LOG);
  f.get(t).op("f32x4.mul").get(square).op("f32x4.mul").get(e);
  splat(f, LN2_LOW).op("f32x4.mul").op("f32x4.add").get(square);
  splat(f, 0.5).op("f32x4.mul").op("f32x4.sub").get(t).op("f32x4.add").get(e);
  splat(f, LN2_HIGH).op("f32x4.mul").op("f32x4.add");
}

/** Corrects the logarithm on the stack where its argument is 0 (−∞), negative (NaN), ∞ or NaN (itself). */
function logEdges(f: FunctionBuilder, x: Vector): void {
  f.get(x).v128().op("f32x4.eq");
  splat(f, Number.POSITIVE_INFINITY).op("v128.and").op("f32x4.sub");
  f.get(x).get(x);
  splat(f, Number.POSITIVE_INFINITY).op("f32x4.lt").op("v128.bitselect");
  f.get(x).v128().op("f32x4.lt").op("v128.or"); // all ones is a NaN
}

/** m − 1 and e of the argument x = m·2^e; numbers below the smallest normal float are scaled up by 2²³ first. */
function partsOf(f: FunctionBuilder, x: Vector, m: Vector, e: Vector): void {
  const tiny = f.local("v128");
  f.get(x);
  splat(f, 2 ** -126)
    .op("f32x4.lt")
    .set(tiny);
  f.get(x);
  splat(f, 2 ** 23)
    .op("f32x4.mul")
    .get(x)
    .get(tiny)
    .op("v128.bitselect")
    .set(m);
  splitExponent(f, m, m, e);
  f.get(e);
  splat(f, 23).get(tiny).op("v128.and").op("f32x4.sub").set(e);
  f.get(m);
  splat(f, 1).op("f32x4.sub").set(m);
}

/** ln x. */
export function log(f: FunctionBuilder): void {
  const [x, t, e] = f.locals("v128", "v128", "v128");
  f.set(x);
  partsOf(f, x, t, e);
  logOfParts(f, t, e);
  logEdges(f, x);
}

/** log₂ x = e + ln m / ln 2, whole for powers of two. */
export function log2(f: FunctionBuilder): void {
  const [x, t, e, none] = f.locals("v128", "v128", "v128", "v128");
  f.set(x);
  partsOf(f, x, t, e);
  f.v128().set(none);
  logOfParts(f, t, none);
  splat(f, Math.LOG2E).op("f32x4.mul").get(e).op("f32x4.add");
  logEdges(f, x);
}

/** ln(1 + x): the logarithm of u = 1 + x, with what rounding took from u added to its mantissa. */
export function log1p(f: FunctionBuilder): void {
  const [x, u, rest, t, e] = f.locals("v128", "v128", "v128", "v128", "v128");
  f.tee(x);
  splat(f, 1).op("f32x4.add").tee(u);
  splat(f, 1).op("f32x4.sub").set(t);
  splat(f, 1).get(u).get(t).op("f32x4.sub").op("f32x4.sub").get(x).get(t).op("f32x4.sub").op("f32x4.add").set(rest);
  splitExponent(f, u, t, e);
  f.get(t);
  splat(f, 1).op("f32x4.sub").get(rest);
  // rest · 2⁻ᵉ; from 2¹²⁷ on the factor is 0.
  splatInteger(f, 127)
    .get(e)
    .op("i32x4.trunc_sat_f32x4_s")
    .op("i32x4.sub")
    .v128()
    .op("i32x4.max_s")
    .i32(23)
    .op("i32x4.shl");
  f.op("f32x4.mul").op("f32x4.add").set(t);
  logOfParts(f, t, e);
  logEdges(f, u);
  signBits(f, x).op("v128.or"); // −0 stays, and negative results keep their sign
}
