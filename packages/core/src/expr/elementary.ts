// The elementary functions whose last bits JavaScript leaves to each engine, and the seam through which others take their place:
// eager code asks here before it calls Math. What stands behind the seam is carried only by programs that put it there.

import { type ScalarFunction, signatures } from "./expr.ts";

/** The name of a function that engines compute each in their own way. */
export type ElementaryFunction = ScalarFunction<"elementary">;

/** One function for each name; those of one argument ignore the second. */
export type Elementary = Readonly<Record<ElementaryFunction, (a: number, b: number) => number>>;

let installed: Elementary | null = null;

/** The functions to call instead of Math's, or null for Math's own. */
export function portable(): Elementary | null {
  return installed;
}

/** Sets the functions that eager code calls from now on; null for Math's own. */
export function installElementary(functions: Elementary | null): void {
  installed = functions;
}

/** Whether engines differ in this function's last bits. */
export function isElementary(fn: ScalarFunction): fn is ElementaryFunction {
  return signatures[fn].kind === "elementary";
}
