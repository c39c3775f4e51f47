// Gradients examined against an independent truth: central differences in float64.

import { grad, type TensorFunction, vjp } from "./autograd.ts";
import { isFloat } from "./dtype.ts";
import { AutogradError, checkOption } from "./errors.ts";
import { tensor } from "./ops/creation.ts";
import { uniform } from "./ops/random.ts";
import { Generator } from "./random.ts";
import { formatShape } from "./shape.ts";
import { noGrad } from "./tape.ts";
import type { Tensor } from "./tensor.ts";

/** Options of {@link gradcheck}. */
export interface GradcheckOptions {
  /**
   * The step ε of the differences (f(x + ε) − f(x − ε)) / 2ε; 1e-6 by default, about where rounding and curvature
   * err equally.
   */
  readonly epsilon?: number;
  /** Allowed is a distance of absolute + relative · |difference quotient|; 1e-5 by default. */
  readonly absolute?: number;
  /** The part of the allowance that grows with the gradient; 1e-3 by default. */
  readonly relative?: number;
  /** 2 also checks the gradient of the gradient; 1 by default. */
  readonly order?: 1 | 2;
}

/**
 * Compares the gradients of `f` with (f(x + ε) − f(x − ε)) / 2ε, element by element, in float64. A result that is no scalar is
 * weighted by fixed random numbers first, so that every element of the Jacobian counts.
 *
 * @param inputs where to look; floats are brought to float64 and checked, others are passed as they are
 * @throws AutogradError with the input, the element and both values, if they differ
 * @example
 * gradcheck((x) => x.tanh(), [tensor([0.1, 0.5])]); // true
 */
export function gradcheck(f: TensorFunction, inputs: readonly Tensor[], options: GradcheckOptions = {}): true {
  const { epsilon = 1e-6, absolute = 1e-5, relative = 1e-3, order = 1 } = options;
  checkOption(epsilon > 0, "gradcheck", "epsilon", "> 0", epsilon);
  checkOption(order === 1 || order === 2, "gradcheck", "order", "1 or 2", order);
  const points = inputs.map((input) => (isFloat(input.dtype) ? input.detach().cast("float64") : input.detach()));
  const weighted = weigh(f, 0x5eed);
  const analytic = vjp(weighted, ...points);
  const gradients = analytic.pullback(tensor(1, { dtype: "float64" }));
  for (const [index, point] of points.entries()) {
    if (!isFloat(point.dtype)) continue;
    const found = gradients[index]?.toTypedArray() ?? [];
    for (let element = 0; element < point.size; element++) {
      const at = (step: number): number => evaluate(weighted, points, index, element, step);
      const quotient = (at(epsilon) - at(-epsilon)) / (2 * epsilon);
      const value = found[element] ?? Number.NaN;
      if (!(Math.abs(value - quotient) <= absolute + relative * Math.abs(quotient))) {
        throw new AutogradError(
          `gradcheck: input ${index} ${formatShape(point.shape)}, element ${element}: the gradient is ${value}, the difference quotient ${quotient}`,
        );
      }
    }
  }
  if (order === 2) {
    for (const [index, point] of points.entries()) {
      if (isFloat(point.dtype))
        gradcheck(
          (x) => grad((moved) => weighted(...points.map((p, other) => (other === index ? moved : p))))(x),
          [point],
          { epsilon, absolute, relative },
        );
    }
  }
  return true;
}

/** f, with a result that is no scalar weighted and summed. */
function weigh(f: TensorFunction, seed: number): TensorFunction {
  return (...inputs) => {
    const y = f(...inputs);
    if (y.size === 1 && y.rank === 0) return y;
    return y.mul(uniform(y.shape, { low: 0.5, high: 1.5, dtype: "float64", generator: new Generator(seed) })).sum();
  };
}

function evaluate(f: TensorFunction, points: readonly Tensor[], index: number, element: number, step: number): number {
  return noGrad(() => {
    const moved = points.map((point, other) => {
      if (other !== index) return point;
      const values = Float64Array.from(point.toTypedArray());
      values[element] = (values[element] ?? 0) + step;
      return tensor(values, { shape: point.shape });
    });
    return f(...moved).item();
  });
}
