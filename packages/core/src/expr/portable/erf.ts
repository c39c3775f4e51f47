// The error function. Up to 1, its Maclaurin series; beyond, 1 − erfc with erfc's integral summed by the trapezoidal rule, which for
// this integrand is exact to a double:
// erfc x = h/π · x·e^(−x²) · (1/x² + 2 Σ e^(−k²h²)/(x² + k²h²)) − 2/(e^(2πx/h) − 1).
// Source: C. Chiarella, A. Reichel, "On the evaluation of integrals related to the error function", Mathematics of Computation 22, 1968.

import { expm1, expWide } from "./exponential.ts";
import { low, polynomial, product } from "./wide.ts";

/** 2/√π · (−1)ᵏ/(k!·(2k + 1)), the first less 1: x itself is added last, and loses nothing. */
const SERIES = [
  0.1283791670955126, -0.37612638903183754, 0.11283791670955126, -0.026866170645131252, 0.005223977625442188,
  -0.0008548327023450853, 0.00012055332981789664, -1.492565035840625e-5, 1.6462114365889248e-6, -1.6365844691234924e-7,
  1.4807192815879218e-8, -1.2290555301717928e-9, 9.422759064650411e-11, -6.7113668551641105e-12, 4.4632242632864775e-13,
  -2.7835162072109215e-14, 1.6342614095367152e-15, -9.063970842808673e-17, 4.763348040515068e-18,
];

/** e^(−k²/4) from k = 1 on: the weights of the rule with h = ½. */
const WEIGHTS = [
  0.7788007830714049, 0.36787944117144233, 0.10539922456186433, 0.01831563888873418, 0.0019304541362277093,
  0.00012340980408667956, 4.785117392129009e-6, 1.1253517471925912e-7, 1.6052280551856116e-9, 1.3887943864964021e-11,
  7.287724095819692e-14, 2.3195228302435696e-16,
];

/** 2/√π ∫₀ˣ e^(−t²) dt. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (Number.isNaN(a)) return x;
  if (a <= 1) return x + x * polynomial(a * a, SERIES);
  const sign = x < 0 ? -1 : 1;
  return a >= 6 ? sign : sign * (1 - complement(a));
}

/** erfc x for 1 < x < 6. */
function complement(x: number): number {
  const square = product(x, x);
  const gauss = expWide(-square, -low, 0);
  let total = 0;
  for (let k = WEIGHTS.length; k >= 1; k--) total += (WEIGHTS[k - 1] ?? 0) / (square + 0.25 * k * k);
  return (x / (2 * Math.PI)) * gauss * (1 / square + 2 * total) - 2 / expm1(4 * Math.PI * x);
}
