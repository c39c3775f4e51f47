// Clipping of gradients: one large gradient must not throw away what was learnt.
// Source: R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training recurrent neural networks", ICML 2013; the 1e-6 in the
// quotient is PyTorch's.

import { checkOption, noGrad, type Tensor, tensor, type Variable } from "@gradus/core";
import { withDefaults } from "./options.ts";

/** Options of {@link clipGradNorm}. */
export interface ClipGradNormOptions {
  /** p of the norm (Σ|g|ᵖ)^(1/p), above 0; `Infinity` for the largest |g|. 2 by default. */
  readonly normType?: number;
}

/**
 * Scales all gradients by min(1, maxNorm / (norm + 1e-6)), where the norm is that of all gradients as one vector. A
 * NaN among them makes all of them NaN; `maxNorm` = Infinity only measures. It is called between `backward` and
 * `step`, in a compiled step too. Source: R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training
 * recurrent neural networks", ICML 2013.
 *
 * @returns the norm before clipping, a scalar; 0 if there are no gradients
 * @throws OptionError unless `maxNorm` and `normType` are above 0
 * @example
 * const w = new Variable(tensor([0, 0]));
 * w.grad = tensor([3, 4]);
 * clipGradNorm([w], 1).item(); // 5
 * w.grad.toArray(); // [0.6, 0.8]
 */
export function clipGradNorm(
  parameters: Iterable<Variable>,
  maxNorm: number,
  options: ClipGradNormOptions = {},
): Tensor {
  const { normType } = withDefaults("clipGradNorm", { normType: 2 }, options);
  checkOption(typeof maxNorm === "number" && maxNorm > 0, "clipGradNorm", "maxNorm", "above 0", maxNorm);
  checkOption(normType > 0, "clipGradNorm", "normType", "above 0", normType);
  return noGrad(() => {
    const withGradient = [...parameters].filter(({ grad }) => grad !== null);
    const norm = normOf(
      withGradient.flatMap(({ grad }) => (grad === null ? [] : [grad])),
      normType,
    );
    if (maxNorm === Number.POSITIVE_INFINITY) return norm;
    const factor = norm.add(1e-6).reciprocal().mul(maxNorm).minimum(1);
    for (const parameter of withGradient) {
      const { grad } = parameter;
      if (grad !== null) parameter.grad = grad.mul(factor.cast(grad.dtype));
    }
    return norm;
  });
}

/** (Σ |g|ᵖ)^(1/p) over all elements of all gradients. */
function normOf(gradients: readonly Tensor[], p: number): Tensor {
  const measure = (gradient: Tensor): Tensor => {
    if (p === Number.POSITIVE_INFINITY) return gradient.size === 0 ? tensor(0) : gradient.abs().max();
    return p === 2 ? gradient.square().sum() : gradient.abs().pow(p).sum();
  };
  let total: Tensor = tensor(0);
  for (const gradient of gradients) {
    const part = measure(gradient);
    total = p === Number.POSITIVE_INFINITY ? total.maximum(part) : total.add(part);
  }
  if (p === Number.POSITIVE_INFINITY) return total;
  return p === 2 ? total.sqrt() : total.pow(1 / p);
}

/**
 * Clips every element of every gradient to [−limit, limit]: the direction of the whole may change. NaN stays NaN.
 *
 * @throws OptionError unless `limit` is above 0
 * @example
 * const w = new Variable(tensor([0, 0, 0]));
 * w.grad = tensor([-3, 0.5, 4]);
 * clipGradValue([w], 1);
 * w.grad.toArray(); // [-1, 0.5, 1]
 */
export function clipGradValue(parameters: Iterable<Variable>, limit: number): void {
  checkOption(typeof limit === "number" && limit > 0, "clipGradValue", "limit", "above 0", limit);
  noGrad(() => {
    for (const parameter of parameters) {
      if (parameter.grad !== null) parameter.grad = parameter.grad.clip(-limit, limit);
    }
  });
}
