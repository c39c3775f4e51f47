// What may be wrong with gradients and updates.

import { recentSteps } from "../dead-units.ts";
import { formatNumber, formatShare } from "../numbers.ts";
import { type Course, isSound, type Observation } from "../observation.ts";
import { thresholds } from "../thresholds.ts";
import {
  activationAfter,
  bestInitializer,
  beyondChance,
  flatAfter,
  hasNormalization,
  lastWeighted,
} from "./context.ts";
import { lasting, others, pathAt, type Rule, rowsOf, type Spot } from "./finding.ts";

/** The gradient of each layer's weights as a share of the last layer's. */
function gradientRatios(course: Course, observation: Observation): readonly Spot[] {
  const last = observation.layers[lastWeighted(course)]?.weights?.gradient ?? null;
  if (last === null || !(last > 0)) return [];
  return rowsOf(course, observation).flatMap(({ place, facts, seen }) => {
    const gradient = seen.weights?.gradient ?? null;
    return facts.weighted && gradient !== null ? [{ place, value: gradient / last }] : [];
  });
}

/** Little of the gradient is left when it arrives at the first layers. */
const vanishingGradient: Rule = (course) => {
  const found = lasting(course, (observation, index) =>
    gradientRatios(course, observation).filter(
      // Layers that start at 0 on purpose let nothing through in the first step alone.
      ({ value }) => value < thresholds.vanishing.value && (value > 0 || index > 0),
    ),
  );
  if (found === null) return null;
  const [first] = found.spots;
  const activation = activationAfter(course, first.place);
  const flat = flatAfter(course, course.observations.at(-1)?.layers ?? [], first.place);
  const cause =
    activation === null
      ? ""
      : flat !== null && flat > 0.1
        ? ` ${activation} saturates in ${formatShare(flat)} of its outputs.`
        : /sigmoid/.test(activation)
          ? ` The slope of ${activation} is at most ¼, and each layer takes its share.`
          : "";
  const cure = /sigmoid|tanh/.test(activation ?? "") ? "relu with heNormal" : bestInitializer(course, first.place);
  return {
    kind: "vanishingGradient",
    ...found,
    message: `${pathAt(course, first)}: its gradient is ${formatNumber(first.value)} of the last layer's: vanishing${others(course, found.spots, formatNumber)}.${cause}`,
    advice: `Try ${cure}${hasNormalization(course) ? ", or a Residual around some layers" : ", or a BatchNorm before the activation"}.`,
  };
};

/** The gradient grows on its way back. */
const explodingGradient: Rule = (course) => {
  const found = lasting(course, (observation) =>
    gradientRatios(course, observation).filter(({ value }) => value > thresholds.exploding.value),
  );
  if (found === null) return null;
  const [first] = found.spots;
  return {
    kind: "explodingGradient",
    ...found,
    message: `${pathAt(course, first)}: its gradient is ${formatNumber(first.value)} times the last layer's: exploding${others(course, found.spots, formatNumber)}.`,
    advice: `Try ${bestInitializer(course, first.place)}, clipNorm${hasNormalization(course) ? "" : ", or a BatchNorm before each activation"}.`,
  };
};

/** Weights that learn, but to which no way leads from the loss. */
const noGradient: Rule = (course) => {
  const found = lasting(course, (observation) => {
    const rows = rowsOf(course, observation).filter(({ seen }) => seen.weights !== null);
    if (rows.every(({ seen }) => seen.weights?.gradient === null)) return [];
    return rows.flatMap(({ place, seen }) => (seen.weights?.gradient === null ? [{ place, value: 0 }] : []));
  });
  if (found === null) return null;
  return {
    kind: "noGradient",
    ...found,
    message: `${pathAt(course, found.spots[0])}: its weights get no gradient: no way leads from the loss to them${others(course, found.spots, () => "none")}.`,
    advice: "Look for a detach() or noGrad on the way, use the layer's result, or freeze() it.",
  };
};

/** ‖Δw‖ / ‖w‖ of each layer with weights to which a gradient came. */
function updates(course: Course, observation: Observation): readonly Spot[] {
  return rowsOf(course, observation).flatMap(({ place, facts, seen }) => {
    const { update = null, gradient = null } = seen.weights ?? {};
    return facts.weighted && update !== null && gradient !== 0 ? [{ place, value: update }] : [];
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

/** Steps too long for the weights that take them. What they have done already is not undone, so that one such step is remembered. */
const largeUpdates: Rule = (course) => {
  const { observations } = course;
  const ratios = observations.map((observation) => median(updates(course, observation).map(({ value }) => value)));
  const { largeUpdate, hugeUpdate } = thresholds;
  const large = (ratio: number): boolean => ratio > largeUpdate.value;
  const recent = ratios.filter((_, index) => isSound(observations[index] as Observation)).slice(-recentSteps); // cast: as many as there are ratios
  const stays = recent.length > 1 && 2 * recent.filter(large).length > recent.length;
  const huge = ratios.some((ratio) => ratio > hugeUpdate.value);
  if (!stays && !huge && !(ratios.some(large) && (outOfHand(observations) || silenced(observations)))) return null;
  const since = ratios.findIndex((ratio) => ratio > (huge && !stays ? hugeUpdate.value : largeUpdate.value));
  const at = observations[since];
  if (at === undefined) return null;
  const spots = updates(course, at)
    .filter(({ value }) => large(value))
    .sort((a, b) => b.value - a.value);
  const [first, ...rest] = spots;
  if (first === undefined) return null;
  const loss = outOfHand(observations)
    ? `; the loss went from ${formatLoss(observations.at(0))} to ${formatLoss(observations.at(-1))}`
    : "";
  return {
    kind: "largeUpdates",
    spots: [first, ...rest],
    since,
    message: `${pathAt(course, first)}: a step changes its weights by ${formatNumber(first.value)} of their size, where about ${formatNumber(thresholds.update.value)} is usual: the learning rate is too large${loss}.`,
    advice: `Try a learningRate ${formatNumber(power(first.value / thresholds.update.value / 10))} times smaller, and clipNorm.`,
  };
};

const formatLoss = (observation: Observation | undefined): string =>
  observation?.loss === null || observation === undefined ? "?" : formatNumber(observation.loss);

/** The nearest power of ten, at least 10. */
const power = (value: number): number => Math.max(10, 10 ** Math.round(Math.log10(value)));

/** Whether the loss is no number any more, or three times what it was. */
function outOfHand(observations: readonly Observation[]): boolean {
  const [first, last] = [observations.at(0)?.loss ?? null, observations.at(-1)?.loss ?? null];
  return first !== null && last !== null && (Number.isNaN(last) || (last > 3 * first && last > first + 1));
}

/** Whether relus were silenced since the first step. */
function silenced(observations: readonly Observation[]): boolean {
  const silent = (observation: Observation | undefined): boolean =>
    observation?.layers.some(({ dead }) => dead !== null && beyondChance(dead.now, dead.units)) ?? false;
  return silent(observations.at(-1)) && !silent(observations[0]);
}

/** Steps so short that training would take for ever, from the start on. */
const smallUpdates: Rule = (course) => {
  const { observations } = course;
  const sound = observations.filter(isSound);
  const greatest = sound.map((observation) => Math.max(...updates(course, observation).map(({ value }) => value)));
  if (greatest.length < 2 || !greatest.every((ratio) => ratio < thresholds.smallUpdate.value && ratio >= 0))
    return null;
  const [before, now] = [sound[0]?.loss ?? null, sound.at(-1)?.loss ?? null];
  if (before !== null && now !== null && now < before / 10) return null;
  const latest = updates(course, sound.at(-1) ?? { step: 0, steps: 0, loss: null, layers: [] });
  const [first, ...rest] = [...latest].sort((a, b) => b.value - a.value);
  if (first === undefined) return null;
  return {
    kind: "smallUpdates",
    spots: [first, ...rest],
    since: 0,
    message: `${pathAt(course, first)}: a step changes its weights by ${formatNumber(first.value)} of their size, where about ${formatNumber(thresholds.update.value)} is usual, and no other layer by more: the learning rate is too small.`,
    advice:
      first.value > 0
        ? `Try a learningRate ${formatNumber(power(thresholds.update.value / first.value))} times larger.`
        : "Try a larger learningRate, and look whether the optimizer has the model's parameters.",
  };
};

/** A BatchNorm whose running statistics are not those of its batches: evaluation then differs from training. */
const batchNormDrift: Rule = (course) => {
  const found = lasting(course, (observation) =>
    rowsOf(course, observation).flatMap(({ place, facts, seen }) => {
      const { drift } = seen;
      if (drift === null || facts.memory === null) return [];
      if (observation.steps < thresholds.driftSteps.value * facts.memory) return [];
      const far = drift.mean > thresholds.driftMean.value || drift.variance > thresholds.driftVariance.value;
      return far ? [{ place, value: drift.mean }] : [];
    }),
  );
  if (found === null) return null;
  const [first] = found.spots;
  const variance = course.observations.at(-1)?.layers[first.place]?.drift?.variance ?? 0;
  return {
    kind: "batchNormDrift",
    ...found,
    message: `${pathAt(course, first)}: its running mean is ${formatNumber(first.value)} standard deviations from the batch's, its variance off by a factor of ${formatNumber(Math.exp(variance))}: evaluation will differ from training${others(course, found.spots, formatNumber)}.`,
    advice: "Try a smaller momentum (0.9), larger or better shuffled batches, or a smaller learningRate.",
  };
};

/** All rules about gradients and updates. */
export const backwardRules: readonly Rule[] = [
  vanishingGradient,
  explodingGradient,
  noGradient,
  largeUpdates,
  smallUpdates,
  batchNormDrift,
];
