// A batch learned: by a step of its own, or by adding its gradients to those of others for a step together.

import { type Tensor, tensor } from "@gradus/core";
import type { CountedBatch } from "./feed.ts";
import type { FitPlan } from "./fit-plan.ts";
import { setMode } from "./model.ts";
import type { Steps } from "./steps.ts";

/** How many batches have left gradients that the optimizer has not used yet. */
interface Gathered {
  accumulated: number;
}

/** Learns a batch. @returns its loss and the measures of the metrics */
export async function learn(
  steps: Steps,
  plan: Pick<FitPlan, "accumulate" | "bounds">,
  gathered: Gathered,
  { inputs, targets, weights }: CountedBatch,
): Promise<readonly Tensor[]> {
  const { model } = steps.parts;
  const alone = plan.accumulate === 1;
  const step = alone ? await steps.learning(plan.bounds) : await steps.gathering();
  // Just before the step, and each time: while others had their turn, they may have evaluated or predicted with the same model.
  setMode(model, true);
  const values = step(inputs, targets, weights, gathered.accumulated === 0);
  if (alone) return values;
  gathered.accumulated++;
  if (gathered.accumulated === plan.accumulate) await applyGathered(steps, plan, gathered);
  return values;
}

/** A step with the average of the gradients that were gathered. */
export async function applyGathered(
  steps: Steps,
  { bounds }: Pick<FitPlan, "bounds">,
  gathered: Gathered,
): Promise<void> {
  (await steps.applying(bounds))(tensor(1 / gathered.accumulated));
  gathered.accumulated = 0;
}
