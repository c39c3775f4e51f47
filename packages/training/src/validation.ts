// A validation within a fit: looked at, recorded, told.

import type { TrainerEvents } from "./events.ts";
import type { FitPlan } from "./fit-plan.ts";
import { look, passSteps } from "./pass.ts";
import type { Progress } from "./position.ts";
import type { Steps } from "./steps.ts";
import type { Tally } from "./tally.ts";
import type { Turns } from "./turns.ts";

/** Tells of an event. */
type Emit = <K extends "validationStart" | "validationStep" | "validationEnd">(
  name: K,
  event: TrainerEvents[K],
) => Promise<void> | undefined;

/** Goes over the data for validation, if there are any. */
export async function validate(
  steps: Steps,
  plan: Pick<FitPlan, "validation" | "validationSteps" | "signal">,
  { epoch, totalSteps, recorder }: Pick<Progress, "epoch" | "totalSteps" | "recorder">,
  turns: Turns,
  emit: Emit,
): Promise<void> {
  if (plan.validation === null) return;
  const feed = plan.validation();
  const limit = plan.validationSteps;
  const count = passSteps(feed, limit);
  await emit("validationStart", { epoch, totalSteps, steps: count });
  const stepEnd = (step: number, tally: Tally): Promise<void> | undefined =>
    emit("validationStep", { step, steps: count, logs: tally.logs() });
  const tally = await look(steps, { feed, limit, turns, signal: plan.signal, stepEnd });
  const logs = tally.logs("val_");
  recorder.validation(epoch, totalSteps, logs);
  await emit("validationEnd", { epoch, totalSteps, logs });
}
