// Numbers of twice a double's precision, as the unevaluated sum of two doubles. Each function returns the high part and leaves the
// low one in `low`, so that nothing is allocated. Only + − × ÷ and √ are used, which IEEE 754 rounds in one way.
// Source: T. J. Dekker, "A floating-point technique for extending the available precision", Numerische Mathematik 18, 1971.

/** The low part of the latest result. */
export let low = 0;

/** a + b, exactly. */
export function sum(a: number, b: number): number {
  const s = a + b;
  const v = s - a;
  low = a - (s - v) + (b - v);
  return s;
}

/** a · b, exactly unless it overflows or a part of it underflows. */
export function product(a: number, b: number): number {
  const p = a * b;
  const a1 = upper(a);
  const b1 = upper(b);
  const a2 = a - a1;
  const b2 = b - b1;
  low = a1 * b1 - p + a1 * b2 + a2 * b1 + a2 * b2;
  return p;
}

/** The upper 26 bits of a double below 2⁹⁹⁶. */
function upper(a: number): number {
  const c = 134217729 * a;
  return c - (c - a);
}

/** (a + aLow) + (b + bLow). */
export function addWide(a: number, aLow: number, b: number, bLow: number): number {
  const s = sum(a, b);
  return sum(s, low + (aLow + bLow));
}

/** (a + aLow) · (b + bLow). */
export function multiplyWide(a: number, aLow: number, b: number, bLow: number): number {
  const p = product(a, b);
  return sum(p, low + (a * bLow + aLow * b));
}

/** (a + aLow) / (b + bLow). */
export function divideWide(a: number, aLow: number, b: number, bLow: number): number {
  const q = a / b;
  const p = product(q, b);
  return sum(q, (a - p - low + (aLow - q * bLow)) / b);
}

/** √(a + aLow). */
export function rootWide(a: number, aLow: number): number {
  const r = Math.sqrt(a);
  if (r === 0) return sum(r, 0);
  const p = product(r, r);
  return sum(r, (a - p - low + aLow) / (2 * r));
}

const memory = /* @__PURE__ */ new ArrayBuffer(8);
const double = /* @__PURE__ */ new Float64Array(memory);
const words = /* @__PURE__ */ new Uint32Array(memory);
/** Where the word with the sign and the exponent stands: behind the other, except on big-endian machines. */
const HIGH = /* @__PURE__ */ highWord();

function highWord(): number {
  double[0] = 1;
  return words[1] === 0 ? 0 : 1;
}

/** ⌊log₂|x|⌋ of a normal double, from its bits. */
export function exponentOf(x: number): number {
  double[0] = x;
  return (((words[HIGH] ?? 0) >>> 20) & 0x7ff) - 1023;
}

/** 2ⁿ for n from −1022 to 1023. */
export function powerOfTwo(n: number): number {
  words[1 - HIGH] = 0;
  words[HIGH] = (n + 1023) << 20;
  return double[0] ?? 0;
}

/** x · 2ⁿ for n from −1085 to 1087, rounded once, also where it is below the smallest normal double. */
export function scale(x: number, n: number): number {
  if (n > 1000) return x * powerOfTwo(n - 64) * 18446744073709552000;
  return n < -1000 ? x * powerOfTwo(n + 64) * 5.421010862427522e-20 : x * powerOfTwo(n);
}

/** c₀ + c₁x + c₂x² + …, by Horner's rule. */
export function polynomial(x: number, coefficients: readonly number[]): number {
  let value = 0;
  for (let index = coefficients.length - 1; index >= 0; index--) value = value * x + (coefficients[index] ?? 0);
  return value;
}
