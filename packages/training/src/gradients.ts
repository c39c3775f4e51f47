// What happens to gradients between the backward pass and the optimizer: an average over batches, and bounds.
// Source of the bounds: R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training recurrent neural networks", ICML 2013; the
// 1e-6 in the quotient is PyTorch's, as in `clipGradNorm` of @gradus/optimizers.

import { noGrad, type Tensor, type Variable } from "@gradus/core";

/** Bounds for gradients; both together: elements first, then the norm of what is left. */
export interface GradientBounds {
  /** The greatest norm of all gradients taken as one vector; longer ones are scaled down to it. */
  readonly clipNorm: number | null;
  /** The greatest size of an element. */
  readonly clipValue: number | null;
}

/** Multiplies every gradient there is by a scalar. */
export function scaleGradients(parameters: Iterable<Variable>, factor: Tensor): void {
  noGrad(() => {
    for (const parameter of parameters) {
      if (parameter.grad !== null) parameter.grad = parameter.grad.mul(factor.cast(parameter.dtype));
    }
  });
}

/** Brings the gradients within the bounds: gᵢ ← clip(gᵢ, −v, v), then g ← g · min(1, c / (‖g‖ + 1e-6)). */
export function boundGradients(parameters: readonly Variable[], { clipNorm, clipValue }: GradientBounds): void {
  if (clipNorm === null && clipValue === null) return;
  noGrad(() => {
    const given = parameters.filter(({ grad }) => grad !== null);
    if (clipValue !== null) {
      for (const parameter of given) parameter.grad = parameter.grad?.clip(-clipValue, clipValue) ?? null;
    }
    if (clipNorm === null) return;
    const squares = given.flatMap(({ grad }): Tensor[] => (grad === null ? [] : [grad.square().sum()]));
    const [first, ...rest] = squares;
    if (first === undefined) return;
    const norm = rest.reduce((sum, square) => sum.add(square), first).sqrt();
    scaleGradients(given, norm.add(1e-6).reciprocal().mul(clipNorm).minimum(1));
  });
}
