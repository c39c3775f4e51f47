// What options may be. Everything is checked before anything is changed.

import { checkOption, DataError, describe, OptionError, sizeOf } from "@gradus/core";
import type { Dataset } from "@gradus/data";
import type { Model, Optimizer } from "./model.ts";
import type { Verbosity } from "./options.ts";

/** The value, or the default. @throws OptionError unless it is a whole number ≥ 1 */
export function checkCount<D>(owner: string, option: string, value: number | undefined, otherwise: D): number | D {
  if (value === undefined) return otherwise;
  checkOption(Number.isSafeInteger(value) && value >= 1, owner, option, "a whole number ≥ 1", value);
  return value;
}

/** @throws OptionError unless it is a number > 0 or undefined */
export function checkBound(owner: string, option: string, value: number | undefined): number | null {
  if (value === undefined) return null;
  checkOption(
    typeof value === "number" && value > 0 && Number.isFinite(value),
    owner,
    option,
    "a finite number > 0",
    value,
  );
  return value;
}

/** @throws OptionError for a level that there is not */
export function checkVerbosity(owner: string, verbose: Verbosity): void {
  checkOption([0, 1, 2, "auto"].includes(verbose), owner, "verbose", '0, 1, 2 or "auto"', verbose);
}

/** @throws OptionError for a name that is no option */
export function checkNames(owner: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const near = known.find((other) => other.toLowerCase() === name.toLowerCase().replaceAll("_", ""));
    const advice = near === undefined ? `there are ${known.join(", ")}` : `did you mean ${near}?`;
    throw new OptionError(`${owner}: there is no option ${name}; ${advice}`);
  }
}

/** @throws OptionError for what is neither a dataset nor batches, DataError for a dataset without samples */
export function checkSource(owner: string, option: string, data: unknown): void {
  if (isDataset(data)) {
    if (data.length === 0) throw new DataError(`${owner}: ${option} has no samples`);
    return;
  }
  const iterable =
    typeof data === "function" ||
    (typeof data === "object" && data !== null && (Symbol.iterator in data || Symbol.asyncIterator in data));
  if (iterable) return;
  const rule = "a Dataset, an iterable of batches, or a function that returns one";
  throw new OptionError(`${owner}: ${option} must be ${rule}, got ${describe(data)}`);
}

/** Whether these are samples by number. */
export function isDataset(data: unknown): data is Dataset {
  if (typeof data !== "object" || data === null) return false;
  // A stream has a method `batch` as well, but gives its batches by itself.
  return "batch" in data && typeof data.batch === "function" && "length" in data && !(Symbol.asyncIterator in data);
}

/** @throws OptionError for a model that has nothing to learn with, or an optimizer of another model's parameters */
export function checkTrainable(owner: string, model: Model, optimizer: Optimizer): void {
  const parameters = [...model.parameters()];
  if (parameters.reduce((count, { shape }) => count + sizeOf(shape), 0) === 0) {
    throw new OptionError(`${owner}: the model has no parameters, so there is nothing to train`);
  }
  if (parameters.every(({ requiresGrad }) => !requiresGrad)) {
    throw new OptionError(
      `${owner}: every parameter of the model is frozen (requiresGrad is false), so there is nothing to train`,
    );
  }
  if (optimizer.parameters === undefined) return;
  const known = new Set(optimizer.parameters);
  if (!parameters.some((parameter) => known.has(parameter))) {
    throw new OptionError(
      `${owner}: the optimizer has none of the model's parameters: make it with new Adam(model.parameters())`,
    );
  }
}
