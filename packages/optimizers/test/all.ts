// Every optimizer that the package exports, found among its exports.

import type { Parameters } from "../src/index.ts";
import * as optimizers from "../src/index.ts";

/** The names under which the package exports optimizers. */
export type OptimizerName = {
  [K in keyof typeof optimizers]: (typeof optimizers)[K] extends new (
    ...args: never
  ) => optimizers.Optimizer
    ? K
    : never;
}[keyof typeof optimizers];

/** Options by their names. */
export type Options = Readonly<Record<string, number | boolean>>;

type Constructor = new (parameters: Parameters, options?: Options) => optimizers.Optimizer;

/** The optimizers by their names. */
export const exported: ReadonlyMap<string, Constructor> = new Map(
  Object.entries(optimizers).flatMap(([name, value]) => (isOptimizer(value) ? [[name, value] as const] : [])),
);

function isOptimizer(value: unknown): value is Constructor {
  return typeof value === "function" && value.prototype instanceof optimizers.Optimizer;
}

/** An optimizer by its name. */
export function makeOptimizer(name: string, parameters: Parameters, options: Options = {}): optimizers.Optimizer {
  const Found = exported.get(name);
  if (Found === undefined) throw new Error(`the package exports no optimizer ${name}`);
  return new Found(parameters, options);
}
