// Checks of what a user passes to a layer: one table of rules per layer, which the types prove complete. An option
// that is unknown or out of range is refused with its name and value, before anything is made.

import { checkOption, checkOptionNames, Generator } from "@gradus/core";

/** What one option must be: a sentence for the message, and the test. */
export interface OptionRule {
  readonly rule: string;
  readonly valid: (value: unknown) => boolean;
}

/** A rule for every option of a layer. */
export type OptionRules<Options> = { readonly [Name in keyof Options]-?: OptionRule };

/** `true` or `false`. */
export const flag: OptionRule = { rule: "true or false", valid: (value) => typeof value === "boolean" };

/** A function that makes a tensor of a given shape. */
export const initializerRule: OptionRule = {
  rule: "an initializer, a function such as initializers.heNormal",
  valid: (value) => typeof value === "function",
};

/** A source of random numbers. */
export const generatorRule: OptionRule = {
  rule: "a Generator, as new Generator(0)",
  valid: (value) => value instanceof Generator,
};

/** The types that parameters can have. */
export const floatRule: OptionRule = {
  rule: '"float32" or "float64"',
  valid: (value) => value === "float32" || value === "float64",
};

/** A number from `low` to `high`, both included. */
export function between(low: number, high: number): OptionRule {
  return {
    rule: `from ${low} to ${high}`,
    valid: (value) => typeof value === "number" && value >= low && value <= high,
  };
}

/** A finite number. */
export const finite: OptionRule = { rule: "a finite number", valid: (value) => Number.isFinite(value) };

/** A finite number above 0. */
export const positive: OptionRule = {
  rule: "a finite number > 0",
  valid: (value) => typeof value === "number" && Number.isFinite(value) && value > 0,
};

/** A finite number of 0 or more. */
export const notNegative: OptionRule = {
  rule: "a finite number ≥ 0",
  valid: (value) => typeof value === "number" && Number.isFinite(value) && value >= 0,
};

/** A whole number. */
export const whole: OptionRule = { rule: "a whole number", valid: (value) => Number.isInteger(value) };

/** The rule, or null. */
export function orNull({ rule, valid }: OptionRule): OptionRule {
  return { rule: `${rule}, or null`, valid: (value) => value === null || valid(value) };
}

/**
 * Checks the options of `owner` against their rules; those left out or undefined are fine.
 * @throws OptionError `Dense(2, 3): unknown option "activation": the options are bias, initializer, …`
 */
export function checkOptions<Options extends object>(
  owner: string,
  options: Options,
  rules: OptionRules<Options>,
): void {
  checkOption(typeof options === "object" && options !== null, owner, "options", "an object", options);
  checkOptionNames(owner, options, Object.keys(rules));
  const given = new Map<string, unknown>(Object.entries(options));
  for (const [name, { rule, valid }] of Object.entries<OptionRule>(rules)) {
    const value = given.get(name);
    if (value !== undefined) checkOption(valid(value), owner, name, rule, value);
  }
}

/**
 * Checks that a size is a whole number of 1 or more.
 * @throws OptionError `Dense(0, 5): inputs must be a whole number ≥ 1, got 0`
 */
export function checkSize(owner: string, name: string, value: number): void {
  checkOption(Number.isInteger(value) && value >= 1, owner, name, "a whole number ≥ 1", value);
}
