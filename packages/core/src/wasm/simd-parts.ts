// What approximations on vectors are made of: constants in all lanes, polynomials, signs, choices, and the way to doubles and back.

import type { FunctionBuilder, Local } from "./assembler.ts";

/** Four floats or integers, or two doubles, in a local. */
export type Vector = Local<"v128">;

/** The bit of a float's sign. */
const SIGN = -(2 ** 31);

/** Pushes a float in all lanes. */
export const splat = (f: FunctionBuilder, value: number): FunctionBuilder => f.f32(value).op("f32x4.splat");

/** Pushes an integer in all lanes. */
export const splatInteger = (f: FunctionBuilder, value: number): FunctionBuilder => f.i32(value).op("i32x4.splat");

/** Pushes a double in both lanes. */
export const splatDouble = (f: FunctionBuilder, value: number): FunctionBuilder => f.f64(value).op("f64x2.splat");

/** Pushes p(x) by Horner's rule, the highest coefficient first. */
export function polynomial(f: FunctionBuilder, x: Vector, coefficients: readonly number[]): void {
  for (const [index, coefficient] of coefficients.entries()) {
    if (index > 0) f.get(x).op("f32x4.mul");
    splat(f, coefficient);
    if (index > 0) f.op("f32x4.add");
  }
}

/** Pushes p(x) for two doubles. */
export function polynomialDouble(f: FunctionBuilder, x: Vector, coefficients: readonly number[]): void {
  for (const [index, coefficient] of coefficients.entries()) {
    if (index > 0) f.get(x).op("f64x2.mul");
    splatDouble(f, coefficient);
    if (index > 0) f.op("f64x2.add");
  }
}

/** Pushes x + x·s·p(s), the shape of odd functions; s = x². */
export function oddPolynomial(f: FunctionBuilder, x: Vector, s: Vector, coefficients: readonly number[]): void {
  polynomial(f, s, coefficients);
  f.get(s).op("f32x4.mul").get(x).op("f32x4.mul").get(x).op("f32x4.add");
}

/** Pushes the sign bits of x: −0 where x is negative or −0, else 0. */
export function signBits(f: FunctionBuilder, x: Vector): FunctionBuilder {
  f.get(x);
  return splatInteger(f, SIGN).op("v128.and");
}

/** Pushes −|x|. */
export function negativeMagnitude(f: FunctionBuilder, x: Vector): FunctionBuilder {
  f.get(x);
  return splatInteger(f, SIGN).op("v128.or");
}

/** Makes the floats on the stack two vectors of doubles: the lower and the upper two lanes. */
export function toDoubles(f: FunctionBuilder): readonly [Vector, Vector] {
  const [x, low, high] = f.locals("v128", "v128", "v128");
  f.tee(x).op("f64x2.promote_low_f32x4").set(low);
  f.get(x).get(x).shuffle([2, 3, 2, 3]).op("f64x2.promote_low_f32x4").set(high);
  return [low, high];
}

/** Pushes two vectors of doubles as one of floats, each rounded once. */
export function fromDoubles(f: FunctionBuilder, [low, high]: readonly [Vector, Vector]): void {
  f.get(low).op("f32x4.demote_f64x2_zero").get(high).op("f32x4.demote_f64x2_zero").shuffle([0, 1, 4, 5]);
}
