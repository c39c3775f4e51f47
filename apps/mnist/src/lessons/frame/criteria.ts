// When a claim holds: a bound that is stated before anything is measured, in words and as a test.

import { format } from "./numbers.ts";

/** What a measured number must be for its claim to hold. */
export interface Criterion {
  /** In words: `below 0.001`. */
  readonly text: string;
  readonly holds: (value: number) => boolean;
}

/** value < bound */
export const below = (bound: number): Criterion => ({
  text: `below ${format(bound)}`,
  holds: (value) => value < bound,
});

/** value > bound; Infinity is above every bound. */
export const above = (bound: number): Criterion => ({
  text: `above ${format(bound)}`,
  holds: (value) => value > bound,
});

/** low ≤ value ≤ high */
export const between = (low: number, high: number): Criterion => ({
  text: `between ${format(low)} and ${format(high)}`,
  holds: (value) => value >= low && value <= high,
});

/** value = wanted, to the last bit */
export const exactly = (wanted: number): Criterion => ({
  text: `exactly ${format(wanted)}`,
  holds: (value) => value === wanted,
});
