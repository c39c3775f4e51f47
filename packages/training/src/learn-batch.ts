// One step with one batch, outside of any epoch.

import { type Tensor, tensor } from "@gradus/core";
import { checkNames, checkTrainable } from "./checks.ts";
import { counted } from "./feed.ts";
import { checkBounds } from "./fit-plan.ts";
import { setMode } from "./model.ts";
import type { BatchOptions } from "./options.ts";
import { readClassWeight, readSampleWeight, withClassWeights } from "./sample-weights.ts";
import type { Steps } from "./steps.ts";
import { type Logs, Tally } from "./tally.ts";

/** Learns a batch. @throws OptionError for options out of range, DataError for a batch whose rows do not fit */
export async function learnBatch(
  steps: Steps,
  inputs: Tensor,
  targets: Tensor,
  options: BatchOptions,
): Promise<{ readonly logs: Logs; readonly samples: number }> {
  const owner = "trainOnBatch";
  const { model, optimizer, metrics } = steps.parts;
  checkNames(owner, options, ["classWeight", "sampleWeight", "clipNorm", "clipValue"]);
  const bounds = checkBounds(owner, options);
  checkTrainable(owner, model, optimizer);
  const { sampleWeight, classWeight } = options;
  const given = counted({ inputs, targets });
  const own = sampleWeight === undefined ? null : readSampleWeight(owner, sampleWeight, given.samples);
  const byClass = classWeight === undefined ? null : readClassWeight(owner, classWeight);
  const { weights, samples } = withClassWeights(owner, { ...given, weights: own && tensor(own) }, byClass);
  const step = await steps.learning(bounds);
  setMode(model, true);
  const tally = new Tally(metrics);
  tally.add(step(inputs, targets, weights), samples);
  return { logs: tally.logs(), samples };
}
