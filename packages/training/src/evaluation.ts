// Evaluation: the loss and the metrics over data, and everyone told.

import { OptionError } from "@gradus/core";
import { checkCount, checkNames, checkSource, checkVerbosity, isDataset } from "./checks.ts";
import type { TrainerEvents } from "./events.ts";
import type { BatchSource, Feed } from "./feed.ts";
import { evaluationFeed } from "./fit-plan.ts";
import type { EvaluateOptions, Verbosity } from "./options.ts";
import { look, passSteps } from "./pass.ts";
import { readSampleWeight } from "./sample-weights.ts";
import type { Steps } from "./steps.ts";
import type { Logs, Tally } from "./tally.ts";
import { Turns } from "./turns.ts";

/** Options of an evaluation, checked. */
export interface EvaluationPlan {
  readonly feed: Feed;
  readonly limit: number | null;
  readonly verbose: Verbosity;
  readonly signal: AbortSignal | undefined;
}

/** Tells of an event. */
type Emit = <K extends "evaluateStart" | "evaluateStep" | "evaluateEnd">(
  name: K,
  event: TrainerEvents[K],
) => Promise<void> | undefined;

/** @throws OptionError for options out of range, DataError for a dataset without samples */
export function planEvaluation(data: BatchSource, options: EvaluateOptions): EvaluationPlan {
  const owner = "evaluate";
  checkNames(owner, options, ["batchSize", "steps", "signal", "verbose", "sampleWeight"]);
  const { verbose = "auto", signal, sampleWeight } = options;
  const size = checkCount(owner, "batchSize", options.batchSize, 32);
  const limit = checkCount(owner, "steps", options.steps, null);
  checkVerbosity(owner, verbose);
  checkSource(owner, "data", data);
  if (!isDataset(data)) {
    const given = (["batchSize", "sampleWeight"] as const).find((name) => options[name] !== undefined);
    if (given) throw new OptionError(`evaluate: ${given} is for a Dataset; batches bring { inputs, targets, weights }`);
  }
  const weights = sampleWeight && isDataset(data) ? readSampleWeight(owner, sampleWeight, data.length) : null;
  signal?.throwIfAborted();
  return { feed: evaluationFeed(data, size, weights), limit, verbose, signal };
}

/** The averages over all batches. */
export async function evaluateAll(steps: Steps, { feed, limit, signal }: EvaluationPlan, emit: Emit): Promise<Logs> {
  const count = passSteps(feed, limit);
  await emit("evaluateStart", { steps: count, samples: feed.samples });
  const stepEnd = (step: number, tally: Tally): Promise<void> | undefined =>
    emit("evaluateStep", { step, steps: count, logs: tally.logs() });
  const tally = await look(steps, { feed, limit, turns: new Turns(), signal, stepEnd });
  const logs = tally.logs();
  await emit("evaluateEnd", { logs });
  return logs;
}
