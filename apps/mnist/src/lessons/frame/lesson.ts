// What a lesson is: what the lecture says, claims with their bounds, and an experiment that gives a number for each claim. The bounds
// stand beside the claims, before any measurement; the frame judges, so that no lesson can assert what it did not measure.

import { manualSeed } from "@gradus/core";
import type { Chart } from "./chart.ts";
import type { Criterion } from "./criteria.ts";
import type { Laboratory } from "./laboratory.ts";

/** A sentence of the lecture that can be measured. */
interface Claim {
  /** The sentence. */
  readonly says: string;
  /** What is measured: "first layer's gradient ÷ last layer's". */
  readonly quantity: string;
  /** What it must be. */
  readonly criterion: Criterion;
  /** What to learn from it, shown where the claim does not hold. */
  readonly otherwise?: string;
}

/** What an experiment gives: a number for each claim, and charts to look at. */
interface Findings<Names extends string = string> {
  readonly measured: Readonly<Record<Names, number>>;
  readonly charts: readonly Chart[];
}

/** A lecture's topic as an experiment. */
export interface Lesson<Names extends string = string> {
  /** As on the command line: `vanishing-gradient`. */
  readonly name: string;
  readonly title: string;
  /** What the lecture says. */
  readonly lecture: string;
  /** The networks and the images with which it is tried. */
  readonly experiment: string;
  readonly claims: Readonly<Record<Names, Claim>>;
  readonly run: (laboratory: Laboratory) => Promise<Findings<Names>>;
}

/** A lesson, with a number for each of its claims by its type. */
export function lesson<const Names extends string>(parts: Lesson<Names>): Lesson {
  return parts as Lesson; // cast: whoever runs it goes through the names that it has
}

/** A claim with what was measured, and whether it holds. */
export interface Verdict extends Claim {
  readonly name: string;
  readonly measured: number;
  readonly holds: boolean;
}

/** What came of a lesson. */
export interface Outcome {
  readonly verdicts: readonly Verdict[];
  readonly charts: readonly Chart[];
}

/** Runs a lesson's experiment, from the same seed each time, and judges its claims. */
export async function examine({ claims, run }: Lesson, laboratory: Laboratory): Promise<Outcome> {
  manualSeed(0);
  const { measured, charts } = await run(laboratory);
  const verdicts = Object.entries(claims).map(([name, claim]) => {
    const value = measured[name];
    if (value === undefined) throw new Error(`the lesson measures nothing for its claim ${name}`);
    return { ...claim, name, measured: value, holds: claim.criterion.holds(value) };
  });
  return { verdicts, charts };
}
