// Operators whose value and gradient the user computes, for what no formula of other operators says well.

import { AutogradError } from "./errors.ts";
import { composite } from "./ops/constructors.ts";
import type { Operand } from "./ops/op.ts";
import { Tensor } from "./tensor.ts";

/** The parts of a {@link customOp}. */
export interface CustomOpDefinition {
  /** What messages, graphs and profiles call it; "customOp" by default. */
  readonly name?: string;
  /** The result; it may be computed in any way, and nothing of it is recorded. */
  readonly forward: (...inputs: Tensor[]) => Tensor;
  /**
   * The gradients of the inputs, each of its input's shape, from `dy`, that of the result; null for inputs that have
   * none. Made of ordinary operators, it can be differentiated in turn.
   */
  readonly backward: (parts: {
    readonly dy: Tensor;
    readonly inputs: readonly Tensor[];
    readonly output: Tensor;
  }) => readonly (Tensor | null)[];
}

/**
 * An operator with a gradient of your own, for what no formula of other operators says well. It runs, differentiates
 * and compiles like the built-in ones.
 *
 * @throws AutogradError when it is called, if `forward` gives no tensor; in backward, unless there is a gradient or
 * null for each input
 * @example
 * const clamped = customOp({ name: "straightThrough", forward: (x) => x.round(), backward: ({ dy }) => [dy] });
 * clamped(tensor([0.4, 1.6])).toArray(); // [0, 2]
 */
export function customOp({
  name = "customOp",
  forward,
  backward,
}: CustomOpDefinition): (...inputs: Operand[]) => Tensor {
  const apply = composite<null>({
    name,
    forward: (inputs) => {
      const result = forward(...inputs);
      if (!(result instanceof Tensor)) throw new AutogradError(`${name}: forward must return a tensor`);
      return result;
    },
    gradient: ({ dy, inputs, y }) => {
      const gradients = backward({ dy, inputs, output: y });
      const fits = Array.isArray(gradients) && gradients.length === inputs.length;
      if (!fits || gradients.some((gradient) => gradient !== null && !(gradient instanceof Tensor))) {
        throw new AutogradError(
          `${name}: backward must return one gradient (or null) for each of the ${inputs.length} inputs`,
        );
      }
      return gradients;
    },
  });
  return (...inputs) => apply(inputs, null).output;
}
