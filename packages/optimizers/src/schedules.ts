// Schedules: by what factor the learning rate is multiplied at a step. They are pure functions of the step, counted from 0, so that
// they can be drawn, combined and resumed; a LearningRateScheduler applies them.

import { checkOption } from "@gradus/core";
import { checkCounts, checkSizes, withDefaults } from "./options.ts";
import { cosOfPi, power } from "./power.ts";

/** The factor of the learning rate at a step (or an epoch: whatever is counted), from 0. */
export type Schedule = (step: number) => number;

/**
 * The same factor at every step; 1 by default.
 *
 * @throws OptionError for a factor that is negative or not finite
 * @example constant(0.5)(7) // 0.5
 */
export function constant(factor = 1): Schedule {
  checkSizes("constant", { factor });
  return () => factor;
}

/**
 * γ^⌊t/every⌋: a fall after every so many steps. γ is 0.1 by default.
 *
 * @throws OptionError unless `every` is a whole number ≥ 1 and γ finite and ≥ 0
 * @example step({ every: 10, gamma: 0.5 })(25) // 0.25
 */
export function step(options: { readonly every: number; readonly gamma?: number }): Schedule {
  const { every, gamma } = withDefaults("step", { every: 0, gamma: 0.1 }, options);
  checkCounts("step", { every });
  checkSizes("step", { gamma });
  return (t) => power(gamma, Math.floor(t / every));
}

/**
 * γ^k after k of the milestones. γ is 0.1 by default.
 *
 * @throws OptionError unless the milestones are rising whole numbers ≥ 1 and γ is finite and ≥ 0
 * @example multiStep({ milestones: [3, 5], gamma: 0.5 })(5) // 0.25
 */
export function multiStep(options: { readonly milestones: readonly number[]; readonly gamma?: number }): Schedule {
  const { milestones, gamma } = withDefaults("multiStep", { milestones: [] as readonly number[], gamma: 0.1 }, options);
  checkMilestones("multiStep", milestones);
  checkSizes("multiStep", { gamma });
  return (t) => power(gamma, milestones.filter((milestone) => milestone <= t).length);
}

/**
 * γᵗ: every step multiplies the rate by γ.
 *
 * @throws OptionError unless γ is finite and ≥ 0
 * @example exponential({ gamma: 0.5 })(3) // 0.125
 */
export function exponential(options: { readonly gamma: number }): Schedule {
  const { gamma } = withDefaults("exponential", { gamma: Number.NaN }, options);
  checkSizes("exponential", { gamma });
  return (t) => power(gamma, t);
}

/**
 * From 1 to `end` (0 by default) in so many steps: end + (1 − end)·(1 − t/steps)^power, and then it stays. The power
 * is 1 by default: a line.
 *
 * @throws OptionError unless `steps` is a whole number ≥ 1, the power above 0, and `end` finite and ≥ 0
 * @example polynomial({ steps: 10, power: 2 })(5) // 0.25
 */
export function polynomial(options: {
  readonly steps: number;
  readonly power?: number;
  readonly end?: number;
}): Schedule {
  const { steps, power: exponent, end } = withDefaults("polynomial", { steps: 0, power: 1, end: 0 }, options);
  checkCounts("polynomial", { steps });
  checkOption(exponent > 0 && Number.isFinite(exponent), "polynomial", "power", "a finite number above 0", exponent);
  checkSizes("polynomial", { end });
  return (t) => {
    const rest = 1 - Math.min(t, steps) / steps;
    return mix(end, 1, Number.isInteger(exponent) ? power(rest, exponent) : rest ** exponent);
  };
}

/**
 * From 1 to `end` (0 by default) along half a cosine: end + (1 − end)·(1 + cos(π·t/steps))/2, and then it stays.
 * Source: I. Loshchilov, F. Hutter, "SGDR", ICLR 2017.
 *
 * @throws OptionError unless `steps` is a whole number ≥ 1 and `end` finite and ≥ 0
 * @example cosine({ steps: 100 })(50) // 0.5
 */
export function cosine(options: { readonly steps: number; readonly end?: number }): Schedule {
  const { steps, end } = withDefaults("cosine", { steps: 0, end: 0 }, options);
  checkCounts("cosine", { steps });
  checkSizes("cosine", { end });
  return (t) => mix(end, 1, fall(Math.min(t, steps) / steps));
}

/**
 * Cosines from 1 to `end` (0 by default) that begin again: the first has so many steps, each next `growth` times as
 * many (1 by default). Source: I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts",
 * ICLR 2017.
 *
 * @throws OptionError unless `steps` and `growth` are whole numbers ≥ 1 and `end` is finite and ≥ 0
 * @example warmRestarts({ steps: 10, growth: 2 })(10) // 1
 */
export function warmRestarts(options: {
  readonly steps: number;
  readonly growth?: number;
  readonly end?: number;
}): Schedule {
  const { steps, growth, end } = withDefaults("warmRestarts", { steps: 0, growth: 1, end: 0 }, options);
  checkCounts("warmRestarts", { steps, growth });
  checkSizes("warmRestarts", { end });
  return (t) => {
    let [since, length] = [growth === 1 ? t % steps : t, steps];
    for (; since >= length; length *= growth) since -= length;
    return mix(end, 1, fall(since / length));
  };
}

/**
 * From `start` (0 by default) to 1 along a line, in so many steps, and then it stays: start + (1 − start)·t/steps.
 * Source: P. Goyal and others, "Accurate, large minibatch SGD", 2017.
 *
 * @throws OptionError unless `steps` is a whole number ≥ 1 and `start` finite and ≥ 0
 * @example linearWarmup({ steps: 4 })(1) // 0.25
 */
export function linearWarmup(options: { readonly steps: number; readonly start?: number }): Schedule {
  const { steps, start } = withDefaults("linearWarmup", { steps: 0, start: 0 }, options);
  checkCounts("linearWarmup", { steps });
  checkSizes("linearWarmup", { start });
  return (t) => mix(start, 1, Math.min(t, steps) / steps);
}

/**
 * One cycle of so many steps, the last of which is steps − 1: from `start` (1/25 by default) up to 1 within the
 * share `warmup` (0.3) of them, and down to `end` (4e-6), along cosines or, with `anneal: "linear"`, lines. The
 * optimizer's rate is the peak. Source: L. N. Smith, N. Topin, "Super-convergence", 2018; phases and defaults are
 * PyTorch's.
 *
 * @throws OptionError unless `steps` is a whole number ≥ 1, `warmup` from 0 to 1, and `start` and `end` finite and ≥
 * 0
 * @example oneCycle({ steps: 11, warmup: 0.5 })(0) // 0.04
 */
export function oneCycle(options: {
  readonly steps: number;
  readonly warmup?: number;
  readonly start?: number;
  readonly end?: number;
  readonly anneal?: "cosine" | "linear";
}): Schedule {
  const defaults = { steps: 0, warmup: 0.3, start: 1 / 25, end: 1 / 25e4, anneal: "cosine" };
  const { steps, warmup, start, end, anneal } = withDefaults("oneCycle", defaults, options);
  checkCounts("oneCycle", { steps });
  checkOption(warmup >= 0 && warmup <= 1, "oneCycle", "warmup", "from 0 to 1", warmup);
  checkSizes("oneCycle", { start, end });
  checkOption(anneal === "cosine" || anneal === "linear", "oneCycle", "anneal", '"cosine" or "linear"', anneal);
  const [peak, last] = [warmup * steps - 1, steps - 1];
  const way = (share: number): number => (anneal === "linear" ? 1 - share : fall(share));
  return (t) => {
    if (t < peak) return mix(1, start, way(t / peak));
    return mix(end, 1, last <= peak ? 1 : way((Math.min(t, last) - peak) / (last - peak)));
  };
}

/**
 * One schedule after another: the second begins at the first milestone, and so on; each counts from 0.
 *
 * @throws OptionError unless the milestones are rising whole numbers ≥ 1, one fewer than the schedules
 * @example sequence([linearWarmup({ steps: 5 }), cosine({ steps: 95 })], [5])(5) // 1
 */
export function sequence(schedules: readonly Schedule[], milestones: readonly number[]): Schedule {
  checkMilestones("sequence", milestones);
  const fits = schedules.length === milestones.length + 1;
  checkOption(fits, "sequence", "milestones", `one fewer than the ${schedules.length} schedules`, milestones);
  return (t) => {
    const place = milestones.filter((milestone) => milestone <= t).length;
    return schedules[place]?.(t - (milestones[place - 1] ?? 0)) ?? 1;
  };
}

/** a + (b − a)·share */
function mix(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}

/** From 1 to 0 along half a cosine. */
function fall(share: number): number {
  return (1 + cosOfPi(share)) / 2;
}

function checkMilestones(owner: string, milestones: readonly number[]): void {
  const rising = milestones.every((milestone, index) => {
    return Number.isSafeInteger(milestone) && milestone >= 1 && milestone > (milestones[index - 1] ?? 0);
  });
  checkOption(Array.isArray(milestones) && rising, owner, "milestones", "rising whole numbers ≥ 1", milestones);
}
