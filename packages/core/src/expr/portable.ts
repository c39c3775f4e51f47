// The elementary functions from + − × ÷, √, comparisons and the bits of doubles alone. The language fixes all of these, so the results
// are the same on every machine and engine, to within two units in the last place of a double.

import type { Elementary } from "./elementary.ts";
import { cos, sin, tan } from "./portable/angles.ts";
import { acos, asin, atan, atan2 } from "./portable/arcs.ts";
import { erf } from "./portable/erf.ts";
import { cosh, exp, expm1, sigmoid, sinh, tanh } from "./portable/exponential.ts";
import { log, log1p, log2, pow } from "./portable/logarithm.ts";

/** One function for each name of the scalar language that engines compute each in their own way. */
export const portableFunctions: Elementary = {
  exp,
  expm1,
  log,
  log1p,
  log2,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  atan2,
  sinh,
  cosh,
  tanh,
  pow,
  erf,
  sigmoid,
};
