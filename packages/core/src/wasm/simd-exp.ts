// The exponential and what is made of it, on four floats: e^x = 2ⁿ·e^r with n the nearest whole number to x/ln 2 and |r| ≤ ln 2 / 2,
// where a polynomial of low degree is exact to a fraction of a unit in the last place.
// Sources: S. Moshier's Cephes library (expf, tanhf) for the schemes; N. Juffa's erff (public, forums.developer.nvidia.com) for the
// error function. The other coefficients are minimax for the relative error.

import type { FunctionBuilder } from "./assembler.ts";
import {
  negativeMagnitude,
  oddPolynomial,
  polynomial,
  signBits,
  splat,
  splatInteger,
  type Vector,
} from "./simd-parts.ts";

/** ln 2 in two parts, the first with so few bits that its product with an exponent is exact. */
const LN2_HIGH = 0.693145751953125;
const LN2_LOW = 1.4286068203094173e-6;

/** Added to a float below 2²² it leaves the nearest whole number, plus twice the exponent's bias, in the lowest bits. */
const ROUNDER = 1.5 * 2 ** 23 + 254;

/** (e^r − 1 − r) / r². */
const EXP = [1.395088485e-3, 8.369096417e-3, 4.16661999e-2, 0.1666651712, 0.5];

/** r = high − low, rounded; the difference of the two is what x − n·ln 2 is. */
interface Rest {
  readonly r: Vector;
  readonly high: Vector;
  readonly low: Vector;
}

/** x − n·ln 2; the first difference is exact. */
function restOf(f: FunctionBuilder, x: Vector, n: Vector): Rest {
  const [r, high, low] = f.locals("v128", "v128", "v128");
  f.get(x).get(n);
  splat(f, LN2_HIGH).op("f32x4.mul").op("f32x4.sub").tee(high).get(n);
  splat(f, LN2_LOW).op("f32x4.mul").tee(low).op("f32x4.sub").set(r);
  return { r, high, low };
}

/** x = n·ln 2 + r, and 2ⁿ as the product of two powers, so that results below the smallest normal float are right too. */
interface Reduced {
  readonly rest: Rest;
  readonly first: Vector;
  readonly second: Vector;
}

/** Reduces the argument on the stack, which is between −104 and 90 (or NaN). */
function reduce(f: FunctionBuilder): Reduced {
  const [x, n, first, second] = f.locals("v128", "v128", "v128", "v128");
  f.tee(x);
  splat(f, Math.LOG2E).op("f32x4.mul");
  splat(f, ROUNDER).op("f32x4.add").tee(second);
  splat(f, ROUNDER).op("f32x4.sub").set(n);
  const rest = restOf(f, x, n);
  // The biased exponents ⌊n/2⌋ + 127 and ⌈n/2⌉ + 127; shifting drops the bits above.
  f.get(second).get(second).i32(1).op("i32x4.shr_u").tee(first).op("i32x4.sub").i32(23).op("i32x4.shl").set(second);
  f.get(first).i32(23).op("i32x4.shl").set(first);
  return { rest, first, second };
}

/** Pushes e^r − 1. */
function expm1OfRest(f: FunctionBuilder, { r, high, low }: Rest): void {
  polynomial(f, r, EXP);
  f.get(r).get(r).op("f32x4.mul").op("f32x4.mul").get(low).op("f32x4.sub").get(high).op("f32x4.add");
}

/** Limits the argument on the stack to where e^x is neither 0 nor ∞, or just beyond; NaN stays. */
function limit(f: FunctionBuilder): void {
  splat(f, 90).op("f32x4.pmin"); // the first operand unless the second is smaller
  splat(f, -104).op("f32x4.pmax");
}

/** e^x. */
export function exp(f: FunctionBuilder): void {
  limit(f);
  expOfLimited(f);
}

/** e^x for x from −104 to 90, times `scale`. */
function expOfLimited(f: FunctionBuilder, scale = 1): void {
  const { rest, first, second } = reduce(f);
  expm1OfRest(f, rest);
  splat(f, 1).op("f32x4.add").get(first).op("f32x4.mul");
  if (scale !== 1) splat(f, scale).op("f32x4.mul");
  f.get(second).op("f32x4.mul");
}

/** e^x − 1 = 2ⁿ·(e^r − 1) + (2ⁿ − 1). */
export function expm1(f: FunctionBuilder): void {
  const x = f.local("v128");
  f.tee(x);
  splat(f, 90).op("f32x4.pmin");
  splat(f, -30).op("f32x4.pmax");
  const { rest, first, second } = reduce(f);
  expm1OfRest(f, rest);
  // ((e^r − 1)·a + (a − 1/b))·b with 2ⁿ = a·b; 1/b by its exponent.
  f.get(first).op("f32x4.mul").get(first);
  splatInteger(f, 254 << 23)
    .get(second)
    .op("i32x4.sub")
    .op("f32x4.sub")
    .op("f32x4.add")
    .get(second)
    .op("f32x4.mul");
  signBits(f, x).op("v128.or"); // −0 stays
}

/**
 * 1 / (1 + e⁻ˣ), as e^−|x| / (1 + e^−|x|) for negative x, so that the lower tail keeps its digits. What rounding takes from the sum,
 * relative to 1, is taken from the quotient.
 */
export function sigmoid(f: FunctionBuilder): void {
  const [x, e, sum, quotient] = f.locals("v128", "v128", "v128", "v128");
  f.set(x);
  negativeMagnitude(f, x);
  splat(f, -104).op("f32x4.pmax");
  expOfLimited(f);
  f.tee(e);
  splat(f, 1).get(x).v128().op("f32x4.lt").op("v128.bitselect");
  splat(f, 1).get(e).op("f32x4.add").tee(sum).op("f32x4.div").tee(quotient);
  f.get(quotient).get(e).get(sum);
  splat(f, 1).op("f32x4.sub").op("f32x4.sub").op("f32x4.mul").op("f32x4.sub");
}

/** (tanh x / x − 1) / x² up to 0.625. */
const TANH = [-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1];

/** tanh x: a polynomial below 0.625, else 1 − 2 / (e^(2|x|) + 1) with the sign of x. */
export function tanh(f: FunctionBuilder): void {
  const [x, a, s, n] = f.locals("v128", "v128", "v128", "v128");
  f.tee(x).op("f32x4.abs").set(a);
  f.get(x).get(x).op("f32x4.mul").set(s);
  oddPolynomial(f, x, s, TANH);
  splat(f, 1);
  splat(f, 2);
  // From 9.1 on the result is 1; e^18.2 is far from overflow, so 2ⁿ is one addition to the exponent.
  f.get(a);
  splat(f, 9.2).op("f32x4.pmin").tee(a).get(a).op("f32x4.add").tee(s);
  splat(f, Math.LOG2E).op("f32x4.mul");
  splat(f, ROUNDER - 254)
    .op("f32x4.add")
    .set(n);
  const whole = f.local("v128");
  f.get(n);
  splat(f, ROUNDER - 254)
    .op("f32x4.sub")
    .set(whole);
  expm1OfRest(f, restOf(f, s, whole));
  splat(f, 1).op("f32x4.add").get(n).i32(23).op("i32x4.shl").op("i32x4.add");
  splat(f, 1).op("f32x4.add").op("f32x4.div").op("f32x4.sub");
  // What is not beyond is near, NaN too: far from 0 the bits of a NaN would go into the exponent.
  f.get(a);
  splat(f, 0.625).op("f32x4.ge").op("v128.not").op("v128.bitselect");
  signBits(f, x).op("v128.or");
}

/** (sinh x / x − 1) / x² up to 1. */
const SINH = [2.816951569e-6, 1.983615971e-4, 8.333350059e-3, 0.166666665];

/** Pushes E = e^|x| / 2 twice: itself, and 1 / (4E) = e^−|x| / 2. */
function halves(f: FunctionBuilder, x: Vector): void {
  const e = f.local("v128");
  f.get(x).op("f32x4.abs");
  splat(f, 90).op("f32x4.pmin");
  expOfLimited(f, 0.5);
  f.tee(e);
  splat(f, 0.25).get(e).op("f32x4.div");
}

/** sinh x: a polynomial up to 1, else (e^|x| − e^−|x|) / 2 with the sign of x. */
export function sinh(f: FunctionBuilder): void {
  const [x, s] = f.locals("v128", "v128");
  f.tee(x).get(x).op("f32x4.mul").set(s);
  oddPolynomial(f, x, s, SINH);
  halves(f, x);
  f.op("f32x4.sub").get(s);
  splat(f, 1).op("f32x4.le").op("v128.bitselect");
  signBits(f, x).op("v128.or");
}

/** cosh x = (e^|x| + e^−|x|) / 2. */
export function cosh(f: FunctionBuilder): void {
  const x = f.local("v128");
  f.set(x);
  halves(f, x);
  f.op("f32x4.add");
}

/** erf x / x − 1 in x², up to 0.9277; and ln(1 − erf x) in x from there on. */
const ERF = [-5.96761703e-4, 4.99119423e-3, -2.67681349e-2, 1.12819925e-1, -3.76125336e-1, 1.28379166e-1];
const ERF_TAIL = [
  -1.7285347e-5, 3.83197126e-4, -3.88396438e-3, 2.42546219e-2, -1.06777877e-1, -6.34846687e-1, -1.28717512e-1,
];

/** erf x: a polynomial up to 0.9277, else 1 − e^p(|x|) with the sign of x. */
export function erf(f: FunctionBuilder): void {
  const [x, s, a] = f.locals("v128", "v128", "v128");
  f.tee(x).get(x).op("f32x4.mul").set(s);
  polynomial(f, s, ERF);
  f.get(x).op("f32x4.mul").get(x).op("f32x4.add");
  splat(f, 1).get(x).op("f32x4.abs");
  splat(f, 4).op("f32x4.pmin").set(a); // erf 4 is 1
  polynomial(f, a, ERF_TAIL);
  f.get(a).op("f32x4.mul").get(a).op("f32x4.sub");
  expOfLimited(f);
  f.op("f32x4.sub");
  f.get(a);
  splat(f, 0.927734375).op("f32x4.le").op("v128.bitselect");
  signBits(f, x).op("v128.or");
}
