// A step as a compiled program. The compiler is loaded when the first step is about to run, so that a program which never trains,
// or trains eagerly, does not carry it.

import { GraphError } from "@gradus/core";
import type { Step } from "./step.ts";

/**
 * The step, captured at its first batch of each kind and compiled from then on. Work that cannot be captured runs eagerly instead,
 * and `warn` hears once why.
 */
export async function compiledStep(step: Step, warn: (message: string) => void): Promise<Step> {
  const { compile } = await import("@gradus/core/compile");
  const program = compile(step);
  let eager = false;
  return (inputs, targets) => {
    if (!eager) {
      try {
        return program(inputs, targets);
      } catch (error) {
        if (!(error instanceof GraphError)) throw error;
        eager = true;
        warn(`the step cannot be compiled and runs eagerly: ${error.message}`);
      }
    }
    return step(inputs, targets);
  };
}
