// Functions that processors lack, as polynomials on four floats. Arguments are brought into a small range, where a polynomial of
// low degree is exact to about a unit in the last place, and the result is scaled back through the exponent bits.
// Source: S. Moshier's Cephes library (expf, logf, tanhf), single precision.

import type { ScalarFunction } from "../expr/expr.ts";
import type { FunctionBuilder, Local } from "./assembler.ts";

type Vector = Local<"v128">;

const splat = (f: FunctionBuilder, value: number): FunctionBuilder => f.f32(value).op("f32x4.splat");

/** p(x) by Horner's rule, the highest coefficient first; the result is left on the stack. */
function polynomial(f: FunctionBuilder, x: Vector, coefficients: readonly number[]): void {
  for (const [index, coefficient] of coefficients.entries()) {
    if (index > 0) f.get(x).op("f32x4.mul");
    splat(f, coefficient);
    if (index > 0) f.op("f32x4.add");
  }
}

/** ln 2 in two parts, the first with few enough bits that its product with a small whole number is exact. */
const LN2_HIGH = 0.693359375;
const LN2_LOW = -2.12194440e-4;

/**
 * e^x = 2^n · e^r with n the nearest whole number to x/ln 2 and |r| ≤ ln 2 / 2. The power of 2 is applied in two halves, so that
 * results below the smallest normal float are right too. 0 below −104, ∞ above 88.73, NaN for NaN.
 */
function exp(f: FunctionBuilder): void {
  const [x, n, r, half] = f.locals("v128", "v128", "v128", "v128");
  f.set(x);
  splat(f, -104);
  f.get(x).op("f32x4.pmax"); // NaN stays: pmax gives its first operand unless the second is greater
  f.set(r);
  f.get(x).get(r).get(x).get(x).op("f32x4.ne").op("v128.bitselect");
  splat(f, 89).op("f32x4.min").set(r);
  f.get(r);
  splat(f, Math.LOG2E).op("f32x4.mul").op("f32x4.nearest").set(n);
  f.get(r).get(n);
  splat(f, LN2_HIGH).op("f32x4.mul").op("f32x4.sub").get(n);
  splat(f, LN2_LOW).op("f32x4.mul").op("f32x4.sub").set(r);
  polynomial(f, r, [1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1]);
  f.get(r).op("f32x4.mul").get(r).op("f32x4.mul").get(r).op("f32x4.add");
  splat(f, 1).op("f32x4.add").set(r);
  f.get(n).op("i32x4.trunc_sat_f32x4_s").tee(n).i32(1).op("i32x4.shr_s").set(half);
  f.get(r).get(half);
  powerOfTwo(f);
  f.op("f32x4.mul").get(n).get(half).op("i32x4.sub");
  powerOfTwo(f);
  f.op("f32x4.mul");
}

/** 2ⁿ for the whole numbers on the stack, by the exponent bits. */
function powerOfTwo(f: FunctionBuilder): void {
  f.i32(127).op("i32x4.splat").op("i32x4.add").i32(23).op("i32x4.shl");
}

/**
 * ln x = e·ln 2 + ln m with x = m·2^e and m from √½ to √2. −∞ at 0, NaN below, ∞ at ∞. Numbers below the smallest normal float are
 * scaled up first.
 */
function log(f: FunctionBuilder): void {
  const [x, m, e, z, tiny, low] = f.locals("v128", "v128", "v128", "v128", "v128", "v128");
  f.tee(x);
  splat(f, 2 ** -126).op("f32x4.lt").set(tiny);
  f.get(x);
  splat(f, 2 ** 24).op("f32x4.mul").get(x).get(tiny).op("v128.bitselect").set(m);
  // e and m from the bits, m from ½ to 1.
  f.get(m).i32(23).op("i32x4.shr_u").i32(255).op("i32x4.splat").op("v128.and").i32(126).op("i32x4.splat").op("i32x4.sub");
  f.op("f32x4.convert_i32x4_s");
  splat(f, 24).get(tiny).op("v128.and").op("f32x4.sub").set(e);
  f.get(m).i32(0x007fffff).op("i32x4.splat").op("v128.and").i32(0x3f000000).op("i32x4.splat").op("v128.or").set(m);
  // m < √½: twice m, and e less by 1; then m − 1.
  f.get(m);
  splat(f, Math.SQRT1_2).op("f32x4.lt").set(low);
  f.get(e);
  splat(f, 1).get(low).op("v128.and").op("f32x4.sub").set(e);
  f.get(m).get(m).get(low).op("v128.and").op("f32x4.add");
  splat(f, 1).op("f32x4.sub").set(m);
  f.get(m).get(m).op("f32x4.mul").set(z);
  polynomial(f, m, [
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1,
    -2.4999993993e-1, 3.3333331174e-1,
  ]);
  f.get(m).op("f32x4.mul").get(z).op("f32x4.mul");
  f.get(e);
  splat(f, LN2_LOW).op("f32x4.mul").op("f32x4.add").get(z);
  splat(f, 0.5).op("f32x4.mul").op("f32x4.sub").get(m).op("f32x4.add").get(e);
  splat(f, LN2_HIGH).op("f32x4.mul").op("f32x4.add").set(z);
  // The edges: ∞ and NaN pass through x + x, 0 gives −∞, what is below NaN.
  f.get(z).get(x).get(x).op("f32x4.add").get(x);
  splat(f, Number.POSITIVE_INFINITY).op("f32x4.lt").op("v128.bitselect").set(z);
  splat(f, Number.NEGATIVE_INFINITY).get(z).get(x).v128().op("f32x4.eq").op("v128.bitselect").set(z);
  splat(f, Number.NaN).get(z).get(x).v128().op("f32x4.lt").op("v128.bitselect");
}

/** 1 / (1 + e⁻ˣ). */
function sigmoid(f: FunctionBuilder): void {
  f.op("f32x4.neg");
  exp(f);
  const e = f.local("v128");
  splat(f, 1).op("f32x4.add").set(e);
  splat(f, 1).get(e).op("f32x4.div");
}

/** tanh x: a polynomial below 0.625, else 1 − 2/(e^2|x| + 1) with the sign of x. */
function tanh(f: FunctionBuilder): void {
  const [x, a, z, near] = f.locals("v128", "v128", "v128", "v128");
  f.tee(x).op("f32x4.abs").set(a);
  f.get(x).get(x).op("f32x4.mul").set(z);
  polynomial(f, z, [-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1]);
  f.get(z).op("f32x4.mul").get(x).op("f32x4.mul").get(x).op("f32x4.add").set(near);
  f.get(near);
  splat(f, 1);
  splat(f, 2).get(a).get(a).op("f32x4.add");
  exp(f);
  splat(f, 1).op("f32x4.add").op("f32x4.div").op("f32x4.sub");
  f.get(x).i32(-(2 ** 31)).op("i32x4.splat").op("v128.and").op("v128.or");
  f.get(a);
  splat(f, 0.625).op("f32x4.lt").op("v128.bitselect");
}

/** The functions that have a polynomial here; the argument is on the stack. */
export const functions: Partial<Record<ScalarFunction, (f: FunctionBuilder) => void>> = { exp, log, sigmoid, tanh };
