// The elementwise operators: one formula each. The example after `//` is the entry's sample: the tests read and run it.

import { promote } from "../dtype.ts";
import {
  type BinaryOp,
  boolDType,
  branchDType,
  elementwise,
  floatDType,
  type TernaryOp,
  type UnaryOp,
} from "./constructors.ts";
import { finiteBounds, preparingIntegers, refuseNegative, refuseZero } from "./integers.ts";

// Arithmetic ----------------------------------------------------------------------------------------------------------------

/** −x. @example neg([1, -2]) // [-1, 2] */
export const neg: UnaryOp = /* @__PURE__ */ elementwise({ name: "neg", forward: (x) => x.neg() });
/** |x|; its gradient is the sign, 0 at 0. @example abs([-3, 0, 2]) // [3, 0, 2] */
export const abs: UnaryOp = /* @__PURE__ */ elementwise({ name: "abs", forward: (x) => x.abs() });
/** −1, 0 or 1; its gradient is 0. @example sign([-3, 0, 2]) // [-1, 0, 1] */
export const sign: UnaryOp = /* @__PURE__ */ elementwise({ name: "sign", forward: (x) => x.sign() });
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
export const add: BinaryOp<"add"> = /* @__PURE__ */ elementwise({ name: "add", forward: (a, b) => a.add(b) });
/** a − b. @example sub([1, 2], [10, 20]) // [-9, -18] */
export const sub: BinaryOp<"sub"> = /* @__PURE__ */ elementwise({ name: "sub", forward: (a, b) => a.sub(b) });
/** a · b. @example mul([1, 2], [10, 20]) // [10, 40] */
export const mul: BinaryOp<"mul"> = /* @__PURE__ */ elementwise({ name: "mul", forward: (a, b) => a.mul(b) });
/** a / b; integers give `float32`. @example div([1, 9], [4, 2]) // [0.25, 4.5] */
export const div: BinaryOp<"div"> = /* @__PURE__ */ elementwise({
  name: "div",
  result: floatDType,
  forward: (a, b) => a.div(b),
});
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
  /* @__PURE__ */ elementwise({ name: "mod", forward: (a, b) => a.mod(b) }),
  refuseZero,
);
/** The greater of a and b; equal ones share the gradient, NaN goes through. @example maximum([1, 5], [3, 2]) // [3, 5] */
export const maximum: BinaryOp<"maximum"> = /* @__PURE__ */ elementwise({
  name: "maximum",
  forward: (a, b) => a.maximum(b),
});
/** The smaller of a and b; equal ones share the gradient, NaN goes through. @example minimum([1, 5], [3, 2]) // [1, 2] */
export const minimum: BinaryOp<"minimum"> = /* @__PURE__ */ elementwise({
  name: "minimum",
  forward: (a, b) => a.minimum(b),
});

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
export const exp: UnaryOp = /* @__PURE__ */ elementwise({ name: "exp", result: floatDType, forward: (x) => x.exp() });
/** eˣ − 1, exact near 0. @example expm1([0, 1e-4]) // [0, 0.000100005] */
export const expm1: UnaryOp = /* @__PURE__ */ elementwise({
  name: "expm1",
  result: floatDType,
  forward: (x) => x.expm1(),
});
/** ln x. @example log([1, 10]) // [0, 2.302585] */
export const log: UnaryOp = /* @__PURE__ */ elementwise({ name: "log", result: floatDType, forward: (x) => x.log() });
/** ln(1 + x), exact near 0. @example log1p([0, 1e-4]) // [0, 0.000099995] */
export const log1p: UnaryOp = /* @__PURE__ */ elementwise({
  name: "log1p",
  result: floatDType,
  forward: (x) => x.log1p(),
});
/** The logarithm to base 2, whole for powers of two. @example log2([1, 8]) // [0, 3] */
export const log2: UnaryOp = /* @__PURE__ */ elementwise({
  name: "log2",
  result: floatDType,
  forward: (x) => x.log2(),
});
/** √x; its gradient at 0 is ∞. @example sqrt([4, 2]) // [2, 1.414214] */
export const sqrt: UnaryOp = /* @__PURE__ */ elementwise({
  name: "sqrt",
  result: floatDType,
  forward: (x) => x.sqrt(),
});
/** 1/√x. @example rsqrt([4, 16]) // [0.5, 0.25] */
export const rsqrt: UnaryOp = /* @__PURE__ */ elementwise({
  name: "rsqrt",
  result: floatDType,
  forward: (x) => x.rsqrt(),
  gradient: (dy, _, y) => [dy.mul(y.mul(y).mul(y)).mul(-0.5)],
});
/** sin x, in radians. @example sin([0, 1]) // [0, 0.841471] */
export const sin: UnaryOp = /* @__PURE__ */ elementwise({ name: "sin", result: floatDType, forward: (x) => x.sin() });
/** cos x, in radians. @example cos([0, 1]) // [1, 0.540302] */
export const cos: UnaryOp = /* @__PURE__ */ elementwise({ name: "cos", result: floatDType, forward: (x) => x.cos() });
/** tan x, in radians. @example tan([0, 1]) // [0, 1.557408] */
export const tan: UnaryOp = /* @__PURE__ */ elementwise({ name: "tan", result: floatDType, forward: (x) => x.tan() });
/** The angle whose sine is x, from −π/2 to π/2. @example asin([0, 0.5]) // [0, 0.523599] */
export const asin: UnaryOp = /* @__PURE__ */ elementwise({
  name: "asin",
  result: floatDType,
  forward: (x) => x.asin(),
});
/** The angle whose cosine is x, from 0 to π. @example acos([1, 0.5]) // [0, 1.047198] */
export const acos: UnaryOp = /* @__PURE__ */ elementwise({
  name: "acos",
  result: floatDType,
  forward: (x) => x.acos(),
});
/** The angle whose tangent is x, from −π/2 to π/2. @example atan([0, 1]) // [0, 0.785398] */
export const atan: UnaryOp = /* @__PURE__ */ elementwise({
  name: "atan",
  result: floatDType,
  forward: (x) => x.atan(),
});
/** The angle of the point (b, a), from −π to π. @example atan2([1, -1], [0, -1]) // [1.570796, -2.356194] */
export const atan2: BinaryOp<"atan2"> = /* @__PURE__ */ elementwise({
  name: "atan2",
  result: floatDType,
  forward: (a, b) => a.atan2(b),
});
/** The hyperbolic sine (eˣ − e⁻ˣ)/2. @example sinh([0, 1]) // [0, 1.175201] */
export const sinh: UnaryOp = /* @__PURE__ */ elementwise({
  name: "sinh",
  result: floatDType,
  forward: (x) => x.sinh(),
});
/** The hyperbolic cosine (eˣ + e⁻ˣ)/2. @example cosh([0, 1]) // [1, 1.543081] */
export const cosh: UnaryOp = /* @__PURE__ */ elementwise({
  name: "cosh",
  result: floatDType,
  forward: (x) => x.cosh(),
});
/** The error function 2/√π ∫₀ˣ e^(−t²) dt. @example erf([0, 1]) // [0, 0.842701] */
export const erf: UnaryOp = /* @__PURE__ */ elementwise({ name: "erf", result: floatDType, forward: (x) => x.erf() });

// Rounding ------------------------------------------------------------------------------------------------------------------

/** The greatest whole number ≤ x; its gradient is 0. @example floor([1.5, -1.5]) // [1, -2] */
export const floor: UnaryOp = /* @__PURE__ */ elementwise({ name: "floor", forward: (x) => x.floor() });
/** The smallest whole number ≥ x; its gradient is 0. @example ceil([1.5, -1.5]) // [2, -1] */
export const ceil: UnaryOp = /* @__PURE__ */ elementwise({ name: "ceil", forward: (x) => x.ceil() });
/** The nearest whole number, halves to the even one; its gradient is 0. @example round([0.5, 1.5, 2.4]) // [0, 2, 2] */
export const round: UnaryOp = /* @__PURE__ */ elementwise({ name: "round", forward: (x) => x.round() });
/** x without its fraction; its gradient is 0. @example trunc([1.5, -1.5]) // [1, -1] */
export const trunc: UnaryOp = /* @__PURE__ */ elementwise({ name: "trunc", forward: (x) => x.trunc() });

// Conditions ----------------------------------------------------------------------------------------------------------------

/** a = b. @example eq([1, 2], [1, 3]) // [true, false] */
export const eq: BinaryOp<"eq"> = /* @__PURE__ */ elementwise({
  name: "eq",
  result: boolDType,
  forward: (a, b) => a.eq(b),
});
/** a ≠ b. @example ne([1, 2], [1, 3]) // [false, true] */
export const ne: BinaryOp<"ne"> = /* @__PURE__ */ elementwise({
  name: "ne",
  result: boolDType,
  forward: (a, b) => a.ne(b),
});
/** a < b. @example lt([1, 2], [2, 2]) // [true, false] */
export const lt: BinaryOp<"lt"> = /* @__PURE__ */ elementwise({
  name: "lt",
  result: boolDType,
  forward: (a, b) => a.lt(b),
});
/** a ≤ b. @example le([1, 3], [2, 2]) // [true, false] */
export const le: BinaryOp<"le"> = /* @__PURE__ */ elementwise({
  name: "le",
  result: boolDType,
  forward: (a, b) => a.le(b),
});
/** a > b. @example gt([3, 2], [2, 2]) // [true, false] */
export const gt: BinaryOp<"gt"> = /* @__PURE__ */ elementwise({
  name: "gt",
  result: boolDType,
  forward: (a, b) => a.gt(b),
});
/** a ≥ b. @example ge([2, 1], [2, 2]) // [true, false] */
export const ge: BinaryOp<"ge"> = /* @__PURE__ */ elementwise({
  name: "ge",
  result: boolDType,
  forward: (a, b) => a.ge(b),
});
/** Both are not 0. @example logicalAnd([1, 1], [0, 2]) // [false, true] */
export const logicalAnd: BinaryOp<"logicalAnd"> = /* @__PURE__ */ elementwise({
  name: "logicalAnd",
  result: boolDType,
  forward: (a, b) => a.logicalAnd(b),
});
/** At least one is not 0. @example logicalOr([0, 0], [0, 2]) // [false, true] */
export const logicalOr: BinaryOp<"logicalOr"> = /* @__PURE__ */ elementwise({
  name: "logicalOr",
  result: boolDType,
  forward: (a, b) => a.logicalOr(b),
});
/** Exactly one is not 0. @example logicalXor([1, 1], [0, 2]) // [true, false] */
export const logicalXor: BinaryOp<"logicalXor"> = /* @__PURE__ */ elementwise({
  name: "logicalXor",
  result: boolDType,
  forward: (a, b) => a.logicalXor(b),
});
/** x = 0. @example logicalNot([0, 2]) // [true, false] */
export const logicalNot: UnaryOp = /* @__PURE__ */ elementwise({
  name: "logicalNot",
  result: boolDType,
  forward: (x) => x.logicalNot(),
});
/** Whether x is NaN. @example isNaN([1, NaN]) // [false, true] */
// biome-ignore lint/suspicious/noShadowRestrictedNames: the field's word, as in NumPy
export const isNaN: UnaryOp = /* @__PURE__ */ elementwise({
  name: "isNaN",
  result: boolDType,
  forward: (x) => x.isNaN(),
});
/** Whether x is neither NaN nor infinite. @example isFinite([1, Infinity]) // [true, false] */
// biome-ignore lint/suspicious/noShadowRestrictedNames: the field's word, as in NumPy
export const isFinite: UnaryOp = /* @__PURE__ */ elementwise({
  name: "isFinite",
  result: boolDType,
  forward: (x) => x.isFinite(),
});
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
export const sigmoid: UnaryOp = /* @__PURE__ */ elementwise({
  name: "sigmoid",
  result: floatDType,
  forward: (x) => x.sigmoid(),
});
/** The hyperbolic tangent; its gradient is 1 − y². @example tanh([0, 1]) // [0, 0.761594] */
export const tanh: UnaryOp = /* @__PURE__ */ elementwise({
  name: "tanh",
  result: floatDType,
  forward: (x) => x.tanh(),
});
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
