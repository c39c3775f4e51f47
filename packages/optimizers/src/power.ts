// Powers, exponentials and cosines from sums and products alone. The language leaves the last bits of `**`, `Math.exp` and
// `Math.cos` to each engine; training with the same seed should give the same weights on all of them.

/** base^exponent for a whole exponent ≥ 0, by repeated squaring. @example power(0.5, 3) // 0.125 */
export function power(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}

/** eˣ for x ≤ 0, by its series at x/2ᵏ and k squarings. @example expOfNegative(-0.5) // 0.6065306597 */
export function expOfNegative(x: number): number {
  let [reduced, squarings] = [x, 0];
  for (; reduced < -0.5 && squarings < 12; squarings++) reduced /= 2;
  if (reduced < -0.5) return 0; // e^-2048
  let sum = 0;
  for (let n = 20; n >= 1; n--) sum = (reduced / n) * (1 + sum);
  let result = 1 + sum;
  for (; squarings > 0; squarings--) result *= result;
  return result;
}

/** cos(π·x) for 0 ≤ x ≤ 1, by its series on [0, 1/2]. @example cosOfPi(0.25) // 0.7071067812 */
export function cosOfPi(x: number): number {
  if (x > 0.5) return -cosOfPi(1 - x);
  const square = Math.PI * x * (Math.PI * x);
  let sum = 0;
  for (let n = 11; n >= 1; n--) sum = (-square / ((2 * n - 1) * (2 * n))) * (1 + sum);
  return x === 0.5 ? 0 : 1 + sum;
}
