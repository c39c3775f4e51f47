// Functions that processors lack, on four floats. Each is emitted in place where a formula uses it; simd-exp.ts, simd-log.ts,
// simd-angles.ts, simd-arcs.ts and simd-power.ts say how they work, docs/accuracy.md how exact they are. No instruction here may
// round in more than one way, so the bits are the same on every engine and machine.

import type { SimdFunctions } from "./simd.ts";
import { cos, sin, tan } from "./simd-angles.ts";
import { acos, asin, atan, atan2 } from "./simd-arcs.ts";
import { cosh, erf, exp, expm1, sigmoid, sinh, tanh } from "./simd-exp.ts";
import { integers } from "./simd-integers.ts";
import { log, log1p, log2 } from "./simd-log.ts";
import { mod, pow } from "./simd-power.ts";

/** The functions that are approximated; the arguments are on the stack. */
export const functions: SimdFunctions = {
  integers,
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
  sinh,
  cosh,
  tanh,
  erf,
  sigmoid,
  pow,
  mod,
  atan2,
};
