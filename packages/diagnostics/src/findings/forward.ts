// What may be wrong with weights as they start, and with what flows forward: units that are all alike, flat sigmoids, dead relus,
// signals that grow or fade from layer to layer, numbers that are none.

import { isNormalizer, isRectifier } from "../kinds.ts";
import { formatNumber, formatShare } from "../numbers.ts";
import type { Course, Observation } from "../observation.ts";
import { thresholds } from "../thresholds.ts";
import { activationAfter, bestInitializer, beyondChance, hasNormalization, lastWeighted } from "./context.ts";
import { lasting, others, pathAt, type Rule, rowsOf, type Spot } from "./finding.ts";

/** Hidden units that have the same weights get the same gradient, and stay the same. */
const identicalUnits: Rule = (course) => {
  const last = lastWeighted(course);
  const found = lasting(course, (observation) =>
    rowsOf(course, observation).flatMap(({ place, facts, seen }) =>
      facts.weighted && place !== last && (seen.weights?.identical ?? null) !== null
        ? [{ place, value: seen.weights?.weight ?? 0 }]
        : [],
    ),
  );
  if (found === null) return null;
  const [{ place, value }] = found.spots;
  const looks = value === 0 ? "all weights are 0" : "all units have the same weights";
  const cause = value === 0 ? "nothing passes, and no gradient either" : "they get the same gradient and stay alike";
  const rest = others(course, found.spots, (norm) => (norm === 0 ? "all 0" : "all alike"));
  return {
    kind: "identicalUnits",
    ...found,
    message: `${pathAt(course, found.spots[0])}: ${looks}: ${cause}, so that it learns nothing${rest}.`,
    advice: `Try random weights: ${bestInitializer(course, place)}.`,
  };
};

/** Most outputs of a hidden sigmoid or tanh lie where it is flat. */
const saturated: Rule = (course) => {
  const last = lastWeighted(course);
  const found = lasting(course, (observation) =>
    rowsOf(course, observation).flatMap(({ place, seen }) => {
      const flat = seen.activation?.flat ?? 0;
      return place < last && flat >= thresholds.saturated.value ? [{ place, value: flat }] : [];
    }),
  );
  if (found === null) return null;
  const [{ place, value }] = found.spots;
  const rest = others(course, found.spots, formatShare);
  const norm = hasNormalization(course) ? "" : ", a BatchNorm before it";
  return {
    kind: "saturated",
    ...found,
    message: `${pathAt(course, found.spots[0])}: saturates in ${formatShare(value)} of its outputs: its slope there is almost 0, and so is what it lets back${rest}.`,
    advice: `Try smaller weights (${bestInitializer(course, place)})${norm}, standardized inputs, or relu with heNormal.`,
  };
};

/** Most relus of a layer were 0 for everything: they get no gradient and stay so. */
const dead: Rule = (course) => {
  const found = lasting(course, (observation) =>
    rowsOf(course, observation).flatMap(({ place, facts, seen }) => {
      const units = seen.dead;
      if (units === null || !isRectifier(facts) || units.values < thresholds.deadValues.value) return [];
      return beyondChance(units.lately, units.units) ? [{ place, value: units.lately }] : [];
    }),
  );
  if (found === null) return null;
  const [{ place, value }] = found.spots;
  // It takes a while to be sure of it; it began when the batches first looked like that.
  const since = course.observations.findIndex(({ layers }) => {
    const units = layers[place]?.dead ?? null;
    return units !== null && beyondChance(units.now, units.units);
  });
  const units = course.observations.at(-1)?.layers[place]?.dead;
  const rest = others(course, found.spots, formatShare);
  return {
    kind: "dead",
    spots: found.spots,
    since: since < 0 ? found.since : Math.min(since, found.since),
    message: `${pathAt(course, found.spots[0])}: ${formatShare(value)} of its ${units?.units ?? 0} units are dead: 0 for all ${formatNumber(units?.values ?? 0)} values looked at, so that no gradient passes${rest}.`,
    advice:
      since <= 0
        ? "Try biases of 0 and weights from heNormal, standardized inputs, or LeakyReLU."
        : "Try a smaller learningRate, or LeakyReLU.",
  };
};

/** The signal grows from layer to layer. */
const explodingActivations: Rule = (course) => {
  const found = lasting(course, (observation) =>
    sizes(course, observation, true).filter(({ value }) => value >= thresholds.growth.value),
  );
  if (found === null) return null;
  const [first] = found.spots;
  const worst = Math.max(...found.spots.map(({ value }) => value));
  return {
    kind: "explodingActivations",
    ...found,
    message: `${pathAt(course, first)}: the signal is ${formatNumber(first.value)} times as large as what the first layer was given${found.spots.length > 1 ? `, and ${formatNumber(worst)} times in the end` : ""}: exploding, as if the weights were too large.`,
    advice: `Try ${bestInitializer(course, first.place)}${hasNormalization(course) ? "" : ", or a BatchNorm before each activation"}.`,
  };
};

/** The signal fades from layer to layer. */
const vanishingActivations: Rule = (course) => {
  const found = lasting(course, (observation) =>
    sizes(course, observation, false).filter(({ value }) => value > 0 && value < thresholds.decay.value),
  );
  if (found === null) return null;
  const [first] = found.spots;
  const least = Math.min(...found.spots.map(({ value }) => value));
  return {
    kind: "vanishingActivations",
    ...found,
    message: `${pathAt(course, first)}: what it is given is ${formatNumber(first.value)} of the size of the network's input${found.spots.length > 1 ? `, and ${formatNumber(least)} in the end` : ""}: vanishing, as if the weights were too small.`,
    advice: `Try ${bestInitializer(course, first.place)}${hasNormalization(course) ? "" : ", or a BatchNorm before each activation"}.`,
  };
};

/**
 * The size of what each layer with weights is given, as a multiple of what the first since the last normalization was given; at the end,
 * if asked for, also of what the last layer makes of it.
 */
function sizes(course: Course, observation: Observation, withOutput: boolean): readonly Spot[] {
  const last = lastWeighted(course);
  let base: number | null = null;
  return rowsOf(course, observation).flatMap(({ place, facts, seen }): Spot[] => {
    if (isNormalizer(facts)) base = null;
    if (!facts.weighted || seen.input === null) return [];
    base ??= seen.input > 0 ? seen.input : null;
    if (base === null) return [];
    const output = withOutput && place === last ? (seen.activation?.size ?? 0) : 0;
    return [{ place, value: Math.max(seen.input, output) / base }];
  });
}

/** The first layer whose output, or the first whose gradient, is no number. */
const notFinite: Rule = (course) => {
  for (const [since, observation] of course.observations.entries()) {
    const rows = rowsOf(course, observation);
    const bad = (value: number | null | undefined): boolean => typeof value === "number" && !Number.isFinite(value);
    const output = rows.find(({ seen }) => bad(seen.activation?.mean));
    const gradient = rows.find(({ seen }) => bad(seen.weights?.gradient) || bad(seen.weights?.weight));
    const row = output ?? gradient;
    if (row === undefined && !bad(observation.loss)) continue;
    const place = row?.place ?? course.layers.length - 1;
    const before = activationAfter(course, place);
    const what = output !== undefined ? "its output" : gradient !== undefined ? "its gradient" : "the loss";
    const start =
      since === 0
        ? "Look for NaN or infinity in the data, or find the operation with detectAnomaly"
        : "Try a smaller learningRate, clipNorm, or find the operation with detectAnomaly";
    return {
      kind: "notFinite",
      spots: [
        {
          place,
          value: output?.seen.activation?.mean ?? gradient?.seen.weights?.gradient ?? observation.loss ?? Number.NaN,
        },
      ],
      since,
      stage: output === undefined ? 2 : 1,
      message: `${course.layers[place]?.path ?? "the model"}: ${what} is no finite number${before === null ? "" : ` (${before} follows)`}.`,
      advice: `${start}.`,
    };
  }
  return null;
};

/** All rules about weights as they start and the forward pass. */
export const forwardRules: readonly Rule[] = [
  identicalUnits,
  saturated,
  dead,
  explodingActivations,
  vanishingActivations,
  notFinite,
];
