// The elementwise operators: one formula each, or one function of the scalar language. The example after `//` is the entry's sample: the tests read and run it.

import { promote } from "../dtype.ts";
import {
  type BinaryOp,
  branchDType,
  elementwise,
  floatDType,
  scalarFunction,
  type TernaryOp,
  type UnaryOp,
} from "./constructors.ts";
import { finiteBounds, preparingIntegers, refuseNegative, refuseZero } from "./integers.ts";

// Arithmetic ----------------------------------------------------------------------------------------------------------------

/** −x. @example neg([1, -2]) // [-1, 2] */
export const neg: UnaryOp = /* @__PURE__ */ scalarFunction("neg");
/** |x|; its gradient is the sign, 0 at 0. @example abs([-3, 0, 2]) // [3, 0, 2] */
export const abs: UnaryOp = /* @__PURE__ */ scalarFunction("abs");
/** −1, 0 or 1; its gradient is 0. @example sign([-3, 0, 2]) // [-1, 0, 1] */
export const sign: UnaryOp = /* @__PURE__ */ scalarFunction("sign");
/** x². @example square([3, -2]) // [9, 4] */
export const square: UnaryOp = /* @__PURE__ */ elementwise({ name: "square", forward: (x) => x.square() });
/** 1/x. @example reciprocal([2, 4]) // [0.5, 0.25] */
export const reciprocal: UnaryOp = /* @__PURE__ */ elementwise({
  name: "reciprocal",
  result: floatDType,
  forward: (x) => x.reciprocal(),
  gradient: (dy, _, y) => [dy.mul(y.square()).neg()],
});
/** a + b. @example add([1, 2], [10, 20]) // [11, 22] */
export const add: BinaryOp<"add"> = /* @__PURE__ */ scalarFunction("add");
/** a − b. @example sub([1, 2], [10, 20]) // [-9, -18] */
export const sub: BinaryOp<"sub"> = /* @__PURE__ */ scalarFunction("sub");
/** a · b. @example mul([1, 2], [10, 20]) // [10, 40] */
export const mul: BinaryOp<"mul"> = /* @__PURE__ */ scalarFunction("mul");
/** a / b; integers give `float32`. @example div([1, 9], [4, 2]) // [0.25, 4.5] */
export const div: BinaryOp<"div"> = /* @__PURE__ */ scalarFunction("div");
/**
 * aᵇ; 0⁰ = 1 with gradient 0, and a negative base with a fractional exponent is NaN. Powers of integers wrap at 2³¹.
 * @throws DataError for integers and a negative number
 * @example pow([-2, 3], [3, 2]) // [-8, 9]
 */
export const pow: BinaryOp<"pow"> = /* @__PURE__ */ preparingIntegers(
  /* @__PURE__ */ elementwise({ name: "pow", forward: (a, b) => a.pow(b) }),
  refuseNegative,
);
/**
 * a − b·⌊a/b⌋, the remainder with the sign of b; |a| mod |b| with the sign of a is C's fmod.
 * @throws DataError for integers and a divisor of 0
 * @example mod([-1, 5], [3, 3]) // [2, 2]
 */
export const mod: BinaryOp<"mod"> = /* @__PURE__ */ preparingIntegers(
  /* @__PURE__ */ scalarFunction("mod"),
  refuseZero,
);
/** The greater of a and b; equal ones share the gradient, NaN goes through. @example maximum([1, 5], [3, 2]) // [3, 5] */
export const maximum: BinaryOp<"maximum"> = /* @__PURE__ */ scalarFunction("maximum");
/** The smaller of a and b; equal ones share the gradient, NaN goes through. @example minimum([1, 5], [3, 2]) // [1, 2] */
export const minimum: BinaryOp<"minimum"> = /* @__PURE__ */ scalarFunction("minimum");

/** (a − b)². @example squaredDifference([1, 5], [3, 2]) // [4, 9] */
export const squaredDifference: BinaryOp<"squaredDifference"> = /* @__PURE__ */ elementwise({
  name: "squaredDifference",
  forward: (a, b) => a.sub(b).square(),
});
/**
 * a + t·(b − a), from a at t = 0 to b at t = 1, both exact: it starts from whichever end is nearer. Outside, it goes on.
 * @example lerp([0, 10], [10, 20], 0.5) // [5, 15]
 */
export const lerp: TernaryOp = /* @__PURE__ */ elementwise({
  name: "lerp",
  forward: (a, b, t) =>
    t
      .abs()
      .lt(0.5)
      .where(a.add(t.mul(b.sub(a))), b.sub(b.sub(a).mul(t.neg().add(1)))),
  gradient: (dy, [a = dy, b = dy, t = dy]) => [dy.mul(t.neg().add(1)), dy.mul(t), dy.mul(b.sub(a))],
});

// Exponentials, roots, angles -----------------------------------------------------------------------------------------------

/** eˣ. @example exp([0, 1]) // [1, 2.718282] */
export const exp: UnaryOp = /* @__PURE__ */ scalarFunction("exp");
/** eˣ − 1, exact near 0. @example expm1([0, 1e-4]) // [0, 0.000100005] */
export const expm1: UnaryOp = /* @__PURE__ */ scalarFunction("expm1");
/** ln x. @example log([1, 10]) // [0, 2.302585] */
export const log: UnaryOp = /* @__PURE__ */ scalarFunction("log");
/** ln(1 + x), exact near 0. @example log1p([0, 1e-4]) // [0, 0.000099995] */
export const log1p: UnaryOp = /* @__PURE__ */ scalarFunction("log1p");
/** The logarithm to base 2, whole for powers of two. @example log2([1, 8]) // [0, 3] */
export const log2: UnaryOp = /* @__PURE__ */ scalarFunction("log2");
/** √x; its gradient at 0 is ∞. @example sqrt([4, 2]) // [2, 1.414214] */
export const sqrt: UnaryOp = /* @__PURE__ */ scalarFunction("sqrt");
/** 1/√x. @example rsqrt([4, 16]) // [0.5, 0.25] */
export const rsqrt: UnaryOp = /* @__PURE__ */ elementwise({
  name: "rsqrt",
  result: floatDType,
  forward: (x) => x.rsqrt(),
  gradient: (dy, _, y) => [dy.mul(y.mul(y).mul(y)).mul(-0.5)],
});
/** sin x, in radians. @example sin([0, 1]) // [0, 0.841471] */
export const sin: UnaryOp = /* @__PURE__ */ scalarFunction("sin");
/** cos x, in radians. @example cos([0, 1]) // [1, 0.540302] */
export const cos: UnaryOp = /* @__PURE__ */ scalarFunction("cos");
/** tan x, in radians. @example tan([0, 1]) // [0, 1.557408] */
export const tan: UnaryOp = /* @__PURE__ */ scalarFunction("tan");
/** The angle whose sine is x, from −π/2 to π/2. @example asin([0, 0.5]) // [0, 0.523599] */
export const asin: UnaryOp = /* @__PURE__ */ scalarFunction("asin");
/** The angle whose cosine is x, from 0 to π. @example acos([1, 0.5]) // [0, 1.047198] */
export const acos: UnaryOp = /* @__PURE__ */ scalarFunction("acos");
/** The angle whose tangent is x, from −π/2 to π/2. @example atan([0, 1]) // [0, 0.785398] */
export const atan: UnaryOp = /* @__PURE__ */ scalarFunction("atan");
/** The angle of the point (b, a), from −π to π. @example atan2([1, -1], [0, -1]) // [1.570796, -2.356194] */
export const atan2: BinaryOp<"atan2"> = /* @__PURE__ */ scalarFunction("atan2");
/** The hyperbolic sine (eˣ − e⁻ˣ)/2. @example sinh([0, 1]) // [0, 1.175201] */
export const sinh: UnaryOp = /* @__PURE__ */ scalarFunction("sinh");
/** The hyperbolic cosine (eˣ + e⁻ˣ)/2. @example cosh([0, 1]) // [1, 1.543081] */
export const cosh: UnaryOp = /* @__PURE__ */ scalarFunction("cosh");
/** The error function 2/√π ∫₀ˣ e^(−t²) dt. @example erf([0, 1]) // [0, 0.842701] */
export const erf: UnaryOp = /* @__PURE__ */ scalarFunction("erf");

// Rounding ------------------------------------------------------------------------------------------------------------------

/** The greatest whole number ≤ x; its gradient is 0. @example floor([1.5, -1.5]) // [1, -2] */
export const floor: UnaryOp = /* @__PURE__ */ scalarFunction("floor");
/** The smallest whole number ≥ x; its gradient is 0. @example ceil([1.5, -1.5]) // [2, -1] */
export const ceil: UnaryOp = /* @__PURE__ */ scalarFunction("ceil");
/** The nearest whole number, halves to the even one; its gradient is 0. @example round([0.5, 1.5, 2.4]) // [0, 2, 2] */
export const round: UnaryOp = /* @__PURE__ */ scalarFunction("round");
/** x without its fraction; its gradient is 0. @example trunc([1.5, -1.5]) // [1, -1] */
export const trunc: UnaryOp = /* @__PURE__ */ scalarFunction("trunc");

// Conditions ----------------------------------------------------------------------------------------------------------------

/** a = b. @example eq([1, 2], [1, 3]) // [true, false] */
export const eq: BinaryOp<"eq"> = /* @__PURE__ */ scalarFunction("eq");
/** a ≠ b. @example ne([1, 2], [1, 3]) // [false, true] */
export const ne: BinaryOp<"ne"> = /* @__PURE__ */ scalarFunction("ne");
/** a < b. @example lt([1, 2], [2, 2]) // [true, false] */
export const lt: BinaryOp<"lt"> = /* @__PURE__ */ scalarFunction("lt");
/** a ≤ b. @example le([1, 3], [2, 2]) // [true, false] */
export const le: BinaryOp<"le"> = /* @__PURE__ */ scalarFunction("le");
/** a > b. @example gt([3, 2], [2, 2]) // [true, false] */
export const gt: BinaryOp<"gt"> = /* @__PURE__ */ scalarFunction("gt");
/** a ≥ b. @example ge([2, 1], [2, 2]) // [true, false] */
export const ge: BinaryOp<"ge"> = /* @__PURE__ */ scalarFunction("ge");
/** Both are not 0. @example logicalAnd([1, 1], [0, 2]) // [false, true] */
export const logicalAnd: BinaryOp<"logicalAnd"> = /* @__PURE__ */ scalarFunction("logicalAnd");
/** At least one is not 0. @example logicalOr([0, 0], [0, 2]) // [false, true] */
export const logicalOr: BinaryOp<"logicalOr"> = /* @__PURE__ */ scalarFunction("logicalOr");
/** Exactly one is not 0. @example logicalXor([1, 1], [0, 2]) // [true, false] */
export const logicalXor: BinaryOp<"logicalXor"> = /* @__PURE__ */ scalarFunction("logicalXor");
/** x = 0. @example logicalNot([0, 2]) // [true, false] */
export const logicalNot: UnaryOp = /* @__PURE__ */ scalarFunction("logicalNot");
/** Whether x is NaN. @example isNaN([1, NaN]) // [false, true] */
// biome-ignore lint/suspicious/noShadowRestrictedNames: the field's word, as in NumPy
export const isNaN: UnaryOp = /* @__PURE__ */ scalarFunction("isNaN");
/** Whether x is neither NaN nor infinite. @example isFinite([1, Infinity]) // [true, false] */
// biome-ignore lint/suspicious/noShadowRestrictedNames: the field's word, as in NumPy
export const isFinite: UnaryOp = /* @__PURE__ */ scalarFunction("isFinite");
/** a where the condition holds, b elsewhere; the branch not taken gets gradient 0. @example where([true, false], [1, 2], [3, 4]) // [1, 4] */
export const where: TernaryOp = /* @__PURE__ */ elementwise({
  name: "where",
  result: branchDType,
  forward: (c, a, b) => c.where(a, b),
  gradient: (dy, [c = dy]) => [null, c.where(dy, 0), c.where(0, dy)],
});
/**
 * `value` where the mask holds, x elsewhere; a masked element gets gradient 0, whatever it is.
 * @example maskedFill([1, 2], [false, true], 9) // [1, 9]
 */
export const maskedFill: TernaryOp = /* @__PURE__ */ elementwise({
  name: "maskedFill",
  result: ([x = "float32", , value = x]) => promote(x, value),
  forward: (x, mask, value) => mask.where(value, x),
  gradient: (dy, [, mask = dy]) => [mask.where(0, dy), null, mask.where(dy, 0)],
});
/** x limited to [low, high]; inside, bounds included, the gradient is 1. @example clip([-2, 0, 5], -1, 3) // [-1, 0, 3] */
export const clip: TernaryOp = /* @__PURE__ */ preparingIntegers(
  /* @__PURE__ */ elementwise({
    name: "clip",
    forward: (x, low, high) => x.maximum(low).minimum(high),
    gradient: (dy, [x = dy, low = dy, high = dy]) => [
      x.ge(low).logicalAnd(x.le(high)).where(dy, 0),
      x.lt(low).logicalAnd(low.le(high)).where(dy, 0),
      x.gt(high).logicalOr(low.gt(high)).where(dy, 0),
    ],
  }),
  finiteBounds,
);

// Activations ---------------------------------------------------------------------------------------------------------------

/** 1 / (1 + e⁻ˣ). @example sigmoid([0, 2]) // [0.5, 0.880797] */
export const sigmoid: UnaryOp = /* @__PURE__ */ scalarFunction("sigmoid");
/** The hyperbolic tangent; its gradient is 1 − y². @example tanh([0, 1]) // [0, 0.761594] */
export const tanh: UnaryOp = /* @__PURE__ */ scalarFunction("tanh");
/** max(x, 0); its gradient at 0 is 0, NaN goes through. @example relu([-1, 0, 2]) // [0, 0, 2] */
export const relu: UnaryOp = /* @__PURE__ */ elementwise({
  name: "relu",
  forward: (x) => x.maximum(0),
  gradient: (dy, _, y) => [y.le(0).where(0, dy)],
});
/** ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|), exact for every x. @example softplus([0, 1000]) // [0.693147, 1000] */
export const softplus: UnaryOp = /* @__PURE__ */ elementwise({
  name: "softplus",
  result: floatDType,
  forward: (x) => x.maximum(0).add(x.abs().neg().exp().log1p()),
  gradient: (dy, [x = dy]) => [dy.mul(x.sigmoid())],
});
/** ln σ(x) = min(x, 0) − ln(1 + e^−|x|), exact for every x. @example logSigmoid([0, -1000]) // [-0.693147, -1000] */
export const logSigmoid: UnaryOp = /* @__PURE__ */ elementwise({
  name: "logSigmoid",
  result: floatDType,
  forward: (x) => x.minimum(0).sub(x.abs().neg().exp().log1p()),
  gradient: (dy, [x = dy]) => [dy.mul(x.neg().sigmoid())],
});
