// A step as a compiled program. The compiler is loaded when the first step is about to run, so that a program which never trains,
// or trains eagerly, does not carry it.

import { GraphError, type Tensor } from "@gradus/core";

/**
 * The step, captured at its first batch of each kind and compiled from then on. Work that cannot be captured runs eagerly instead,
 * and `warn` hears once why.
 */
export async function compiledStep<A extends readonly unknown[]>(
  step: (...args: A) => readonly Tensor[],
  warn: (message: string) => void,
): Promise<(...args: A) => readonly Tensor[]> {
  const { compile } = await import("@gradus/core/compile");
  const program = compile(step);
  let eager = false;
  return (...args) => {
    if (!eager) {
      try {
        return program(...args);
      } catch (error) {
        if (!(error instanceof GraphError)) throw error;
        eager = true;
        warn(`the step cannot be compiled and runs eagerly: ${error.message}`);
      }
    }
    return step(...args);
  };
}
