// An end where the loss is no number any more: nothing comes back from there.

import type { TrainerEvents } from "../events.ts";
import type { Callback, Run } from "./callback.ts";

/**
 * Ends training at the first step whose loss is NaN or infinite.
 *
 * @example
 * await trainer.fit(train, { epochs: 100, callbacks: [new TerminateOnNaN()] });
 */
export class TerminateOnNaN implements Callback {
  readonly name: string = "TerminateOnNaN";

  /** Ends training if the step's loss is NaN or infinite. */
  stepEnd({ loss, step }: TrainerEvents["stepEnd"], run: Run): Promise<void> | undefined {
    return Number.isFinite(loss) ? undefined : run.stop(`the loss is ${loss} at step ${step}`);
  }
}
