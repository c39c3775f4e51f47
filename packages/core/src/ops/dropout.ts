// Dropout: random zeros against overfitting.

import { isFloat } from "../dtype.ts";
import { fillUniformFast } from "../engine/random-wasm.ts";
import { checkOption, checkOptionNames, DTypeError, describe } from "../errors.ts";
import { defaultGenerator, type Generator } from "../random.ts";
import type { Shape } from "../shape.ts";
import { typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { type ElementwiseOp, elementwise } from "./constructors.ts";
import { drawing } from "./drawing.ts";

/** 0 where the random number is below the rate, else x scaled up. */
const dropBelow: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "dropout",
  forward: (x, chance, rate, scale) => chance.lt(rate).where(0, x.mul(scale)),
});

const drawChances = /* @__PURE__ */ drawing("randomUniform", fillUniformFast, true);

/**
 * Each element set to 0 with probability `rate`, the others scaled by 1/(1 − rate), so that the expected value
 * stays. Source: N. Srivastava et al., "Dropout", JMLR 2014.
 *
 * @param rate from 0 (nothing happens) to 1 (everything is 0, gradient included)
 * @throws OptionError for a rate outside [0, 1]
 * @throws DTypeError for an input that holds no floats
 * @example dropout([1, 2], 1) // [0, 0]
 */
export function dropout<S extends Shape>(
  x: Tensor<S>,
  rate: number,
  options: { readonly generator?: Generator } = {},
): Tensor<S> {
  checkOptionNames("dropout", options, ["generator"]);
  const { generator = defaultGenerator() } = options;
  checkOption(rate >= 0 && rate <= 1, "dropout", "rate", "from 0 to 1", rate);
  if (!isFloat(x.dtype)) throw new DTypeError(`dropout: the input is ${describe(x.dtype)}, not a float`);
  if (rate === 0) return x;
  const chance = drawChances({ shape: x.shape, dtype: "float32", generator });
  return typed(dropBelow(x, chance, rate, rate === 1 ? 0 : 1 / (1 - rate)));
}
