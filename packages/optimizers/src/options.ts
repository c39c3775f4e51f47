// The checks that the options of all optimizers pass: no unknown name, the right type, and the ranges that occur again and again.

import { checkOption, checkOptionNames } from "@gradus/core";

/**
 * `defaults` with the options that are given in their places.
 * @throws OptionError for a name that the defaults do not have, and for a value of another type
 */
export function withDefaults<D extends object>(owner: string, defaults: D, options: object): D {
  checkOption(typeof options === "object" && options !== null, owner, "options", "an object", options);
  checkOptionNames(owner, options, Object.keys(defaults));
  const known = new Map(Object.entries(defaults));
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const type = typeof known.get(name);
    checkOption(typeof value === type, owner, name, `a ${type}`, value);
    known.set(name, value);
  }
  return Object.fromEntries(known) as D; // cast: the names of the defaults, and values of their types
}

/** What remains of an average from step to step: from 0 to below 1. */
export function checkShares(owner: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values))
    checkOption(value >= 0 && value < 1, owner, name, "from 0 to below 1", value);
}

/** Sizes: finite and not negative. */
export function checkSizes(owner: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values))
    checkOption(value >= 0 && Number.isFinite(value), owner, name, "a finite number ≥ 0", value);
}

/** Numbers of steps: whole and at least 1. */
export function checkCounts(owner: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values))
    checkOption(Number.isSafeInteger(value) && value >= 1, owner, name, "a whole number ≥ 1", value);
}
