// Angles from ratios, on four floats: arcsine and arccosine by half angles, arctangents by the smaller of a ratio and its inverse.
// Source: S. Moshier's Cephes library (asinf, atanf) for the schemes; the coefficients are minimax for the relative error.

import type { FunctionBuilder } from "./assembler.ts";
import { oddPolynomial, signBits, splat, type Vector } from "./simd-parts.ts";

/** (asin x / x − 1) / x² up to ½, and (atan x / x − 1) / x² up to 1, in x². */
const ASIN = [4.216633468e-2, 2.417949828e-2, 4.547037966e-2, 7.495297607e-2, 0.1666675248];
const ATAN = [
  2.92067601e-3, -1.636784775e-2, 4.321170211e-2, -7.552198132e-2, 0.1066599561, -0.1421105259, 0.1999377244,
  -0.3333315272,
];

/** π/2 as a float, and the rest of it. */
const HALF_PI = Math.fround(Math.PI / 2);
const HALF_PI_REST = Math.PI / 2 - HALF_PI;

/** Pushes turns·π/2 − p for the p on the stack. */
function minusFrom(f: FunctionBuilder, turns: number): FunctionBuilder {
  const p = f.local("v128");
  splat(f, turns * HALF_PI_REST)
    .op("f32x4.sub")
    .set(p);
  return splat(f, turns * HALF_PI)
    .get(p)
    .op("f32x4.sub");
}

/** asin |x| up to ½, asin √((1 − |x|)/2) beyond, where asin x = π/2 − 2·asin √((1 − x)/2). */
function halfAngle(f: FunctionBuilder, x: Vector): { readonly angle: Vector; readonly beyond: Vector } {
  const [a, s, t, beyond, angle] = f.locals("v128", "v128", "v128", "v128", "v128");
  f.get(x).op("f32x4.abs").tee(a);
  splat(f, 0.5).op("f32x4.gt").set(beyond);
  splat(f, 1).get(a).op("f32x4.sub");
  splat(f, 0.5).op("f32x4.mul").tee(s).op("f32x4.sqrt").get(a).get(beyond).op("v128.bitselect").set(t);
  f.get(s).get(a).get(a).op("f32x4.mul").get(beyond).op("v128.bitselect").set(s);
  oddPolynomial(f, t, s, ASIN);
  f.set(angle);
  return { angle, beyond };
}

/** asin x; NaN beyond ±1. */
export function asin(f: FunctionBuilder): void {
  const x = f.local("v128");
  f.set(x);
  const { angle, beyond } = halfAngle(f, x);
  f.get(angle).get(angle).op("f32x4.add");
  minusFrom(f, 1).get(angle).get(beyond).op("v128.bitselect");
  signBits(f, x).op("v128.or");
}

/** acos x; NaN beyond ±1. */
export function acos(f: FunctionBuilder): void {
  const [x, double] = f.locals("v128", "v128");
  f.set(x);
  const { angle, beyond } = halfAngle(f, x);
  f.get(angle).get(angle).op("f32x4.add").tee(double);
  minusFrom(f, 2).get(double).get(x).v128().op("f32x4.lt").op("v128.bitselect");
  f.get(angle);
  signBits(f, x).op("v128.or");
  minusFrom(f, 1).get(beyond).op("v128.bitselect");
}

/** Pushes atan t for t from 0 to 1, and π/2 minus it where `inverted` holds. */
function arcOfRatio(f: FunctionBuilder, t: Vector, inverted: Vector): void {
  const [s, angle] = f.locals("v128", "v128");
  f.get(t).get(t).op("f32x4.mul").set(s);
  oddPolynomial(f, t, s, ATAN);
  f.tee(angle);
  minusFrom(f, 1).get(angle).get(inverted).op("v128.bitselect");
}

/** atan x. */
export function atan(f: FunctionBuilder): void {
  const [x, a, t, inverted] = f.locals("v128", "v128", "v128", "v128");
  f.tee(x).op("f32x4.abs").tee(a);
  splat(f, 1).op("f32x4.gt").set(inverted);
  f.get(a);
  splat(f, 1).op("f32x4.pmin").get(a);
  splat(f, 1).op("f32x4.pmax").op("f32x4.div").set(t);
  arcOfRatio(f, t, inverted);
  signBits(f, x).op("v128.or");
}

/** The angle of the point (x, y), of which y comes first; signs of zeros count, and of infinities. */
export function atan2(f: FunctionBuilder): void {
  const [y, x, small, large, t, inverted] = f.locals("v128", "v128", "v128", "v128", "v128", "v128");
  f.set(x).tee(y).op("f32x4.abs").get(x).op("f32x4.abs").op("f32x4.gt").set(inverted);
  f.get(y).op("f32x4.abs").get(x).op("f32x4.abs").op("f32x4.pmin").set(small);
  f.get(y).op("f32x4.abs").get(x).op("f32x4.abs").op("f32x4.pmax").set(large);
  // Equal sides are 1 to 1, infinite ones too; two zeros are 0.
  splat(f, 1).get(large).v128().op("f32x4.gt").op("v128.and").get(small).get(large).op("f32x4.div");
  f.get(small).get(large).op("f32x4.eq").op("v128.bitselect").set(t);
  arcOfRatio(f, t, inverted);
  f.tee(t);
  minusFrom(f, 2).get(t).get(x).i32(31).op("i32x4.shr_s").op("v128.bitselect");
  signBits(f, y).op("v128.or");
  f.get(x).get(x).op("f32x4.ne").op("v128.or").get(y).get(y).op("f32x4.ne").op("v128.or");
}
