// Whole powers from products alone. The language leaves the last bits of `**` to each engine; training with the same seed should give
// the same weights on all of them.

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
