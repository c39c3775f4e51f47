// What a finding is, and in which order findings stand: what was there first is the cause. Within a step the order is that of the
// work: weights as they start, then the forward pass from the first layer to the last, then gradients, then updates.

import { recentSteps } from "../dead-units.ts";
import { type Course, isSound, type LayerFacts, type LayerObservation, type Observation } from "../observation.ts";

/** What can be found. */
export type FindingKind =
  | "identicalUnits"
  | "saturated"
  | "dead"
  | "explodingActivations"
  | "vanishingActivations"
  | "notFinite"
  | "vanishingGradient"
  | "explodingGradient"
  | "noGradient"
  | "largeUpdates"
  | "smallUpdates"
  | "batchNormDrift";

/** Something that is wrong, in words and as data. */
export interface Finding {
  /** What is wrong, as a name for programs: each kind has one rule, and its bounds in `thresholds`. */
  readonly kind: FindingKind;
  /** An error keeps the network from learning as it should; a warning may. */
  readonly severity: "error" | "warning";
  /** The layer where it begins, by its path. */
  readonly layer: string;
  /** All layers concerned, in the order in which they run. */
  readonly layers: readonly string[];
  /** The number that stands in the message. */
  readonly value: number;
  /** The step at which it was seen first. */
  readonly since: number;
  /** The layer, the number, the cause. */
  readonly message: string;
  /** What to try. */
  readonly advice: string;
}

/** A layer at which something was found. */
export interface Spot {
  /** The layer's place in the order of the forward pass. */
  readonly place: number;
  readonly value: number;
}

/** A finding before it has words. */
export interface Case {
  readonly kind: FindingKind;
  /** The layers concerned; the first is where it begins. */
  readonly spots: readonly [Spot, ...Spot[]];
  /** The observation at which it was seen first. */
  readonly since: number;
  /** When in the step, where the kind does not tell. */
  readonly stage?: number;
  readonly message: string;
  readonly advice: string;
}

/** A rule: what it finds in a course. */
export type Rule = (course: Course) => Case | null;

/** When in a step a kind of finding arises. */
const stages: Readonly<Record<FindingKind, number>> = {
  identicalUnits: 0,
  saturated: 1,
  dead: 1,
  explodingActivations: 1,
  vanishingActivations: 1,
  notFinite: 1, // or 2, where it is the gradient
  vanishingGradient: 2,
  explodingGradient: 2,
  noGradient: 2,
  largeUpdates: 3,
  smallUpdates: 3,
  batchNormDrift: 3,
};

const warnings: readonly FindingKind[] = ["noGradient", "batchNormDrift"];

/** Findings, causes before symptoms: errors first; then what was seen earlier; within a step, what arises earlier in it. */
export function ranked(course: Course, cases: readonly Case[]): readonly Finding[] {
  const key = ({ kind, since, stage, spots: [first] }: Case): readonly number[] => [
    warnings.includes(kind) ? 1 : 0,
    since,
    stage ?? stages[kind],
    first.place,
  ];
  const sorted = [...cases].sort((a, b) => {
    const [left, right] = [key(a), key(b)];
    const index = left.findIndex((value, at) => value !== right[at]);
    return index < 0 ? 0 : (left[index] ?? 0) - (right[index] ?? 0);
  });
  return sorted.map((one) => {
    const paths = one.spots.map(({ place }) => course.layers[place]?.path ?? "");
    return {
      kind: one.kind,
      severity: warnings.includes(one.kind) ? "warning" : "error",
      layer: paths[0] ?? "",
      layers: paths,
      value: one.spots[0].value,
      since: course.observations[one.since]?.step ?? 0,
      message: one.message,
      advice: one.advice,
    };
  });
}

/** What a rule found in one step, at which layers. */
export type Look = (observation: Observation, index: number) => readonly Spot[];

/** What lasts, and since when. */
export interface Lasting {
  readonly spots: readonly [Spot, ...Spot[]];
  readonly since: number;
}

/**
 * What a look finds in most of the last steps that are sound, at each layer: one odd batch is no finding. `since` is the first
 * observation of the first layer's in which it was seen.
 */
export function lasting({ observations }: Course, look: Look): Lasting | null {
  const all = observations.map((observation, index) => (isSound(observation) ? look(observation, index) : null));
  const sound = all.filter((spots) => spots !== null);
  const recent = sound.slice(-recentSteps);
  const latest = recent.at(-1) ?? [];
  const at = (spots: readonly Spot[] | null, place: number): boolean =>
    spots?.some((spot) => spot.place === place) ?? false;
  const [first, ...rest] = latest
    .filter(({ place }) => 2 * recent.filter((spots) => at(spots, place)).length > recent.length)
    .sort((a, b) => a.place - b.place);
  if (first === undefined) return null;
  return { spots: [first, ...rest], since: all.findIndex((spots) => at(spots, first.place)) };
}

/** The layers of an observation with what is known of them. */
export function rowsOf(
  { layers }: Course,
  observation: Observation,
): readonly { readonly place: number; readonly facts: LayerFacts; readonly seen: LayerObservation }[] {
  return layers.flatMap((facts, place) => {
    const seen = observation.layers[place];
    return seen === undefined ? [] : [{ place, facts, seen }];
  });
}

/** `, and so do dense_1 (93 %), dense_2 (90 %)`: the other layers of a finding, three at most. */
export function others(course: Course, [, ...rest]: readonly Spot[], format: (value: number) => string): string {
  if (rest.length === 0) return "";
  const named = rest.slice(0, 3).map(({ place, value }) => `${course.layers[place]?.path} (${format(value)})`);
  const more = rest.length - named.length;
  return `; likewise ${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** The path of the layer at a place. */
export function pathAt({ layers }: Course, { place }: Spot): string {
  return layers[place]?.path ?? "";
}
