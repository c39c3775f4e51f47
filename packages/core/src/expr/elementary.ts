// The elementary functions whose last bits JavaScript leaves to each engine, and the seam through which others take their place:
// eager code asks here before it calls Math. What stands behind the seam is carried only by programs that put it there.

/** The functions of the scalar language that engines compute each in their own way. */
export const elementaryFunctions = [
  "exp",
  "expm1",
  "log",
  "log1p",
  "log2",
  "sin",
  "cos",
  "tan",
  "asin",
  "acos",
  "atan",
  "atan2",
  "sinh",
  "cosh",
  "tanh",
  "pow",
  "erf",
  "sigmoid",
] as const;

/** The name of one of {@link elementaryFunctions}. */
export type ElementaryFunction = (typeof elementaryFunctions)[number];

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
export function isElementary(fn: string): fn is ElementaryFunction {
  return elementaryFunctions.some((name) => name === fn);
}
