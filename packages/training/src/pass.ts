// One pass that only looks: a step for each batch, its values into the averages, and turns of the event loop in between.

import { DataError } from "@gradus/core";
import type { Feed } from "./feed.ts";
import { setMode } from "./model.ts";
import type { Steps } from "./steps.ts";
import { Tally } from "./tally.ts";
import type { Turns } from "./turns.ts";

/** What a pass goes over, and how. */
export interface PassOptions {
  readonly feed: Feed;
  /** The number of batches to look at; null for all. */
  readonly limit: number | null;
  readonly turns: Turns;
  readonly signal: AbortSignal | undefined;
  /** Called after each step, which counts from 1; a promise is waited for. */
  readonly stepEnd?: (step: number, tally: Tally) => Promise<void> | undefined;
}

/** How many batches a pass will have, where that is known. */
export function passSteps(feed: Feed, limit: number | null): number | null {
  if (limit === null || feed.batches === null) return limit ?? feed.batches;
  return Math.min(limit, feed.batches);
}

/** Goes over the data once, in the mode of evaluation. The model's mode is put back. @throws DataError for data without batches */
export async function look(steps: Steps, { feed, limit, turns, signal, stepEnd }: PassOptions): Promise<Tally> {
  const { model, metrics } = steps.parts;
  const step = await steps.looking();
  const tally = new Tally(metrics);
  const before = model.training;
  let count = 0;
  try {
    while (limit === null || count < limit) {
      const next = feed.next();
      const batch = next instanceof Promise ? await next : next;
      if (batch === null) break;
      // Each time: while others had their turn, they may have trained with the same model.
      setMode(model, false);
      tally.add(step(batch.inputs, batch.targets, batch.weights), batch.samples);
      const told = stepEnd?.(++count, tally);
      if (told !== undefined) await told;
      if (turns.due) await turns.take();
      signal?.throwIfAborted();
    }
  } finally {
    setMode(model, before);
    await feed.close();
  }
  if (count === 0) throw new DataError("there are no batches to evaluate: a generator gives its batches only once");
  return tally;
}
