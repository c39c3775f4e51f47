// The progress display: Keras's lines, drawn from the trainer's events. In a terminal a line is redrawn in place; elsewhere each
// is written once, when it is final. The cursor is never hidden, so that nothing has to be restored, whatever ends the process.

import type { Listeners, TrainerEvents } from "../events.ts";
import type { Verbosity } from "../options.ts";
import type { Logs } from "../tally.ts";
import { finalLines, type Progress, plainLine, runningLine } from "./layout.ts";
import type { Output } from "./output.ts";

/** Seconds between two drawings. */
const INTERVAL = 0.05;

/** What shows a run. */
export interface Display {
  readonly listeners: Listeners<TrainerEvents>;
  /** Ends a line that an error or a signal left open. */
  close(): void;
}

/** One line: an epoch, or an evaluation. */
class ProgressLine {
  readonly #output: Output;
  readonly #now: () => number;
  readonly #steps: number;
  readonly #start: number;
  #step = 0;
  #afterFirst = 0;
  #afterLast = 0;
  #drawn = Number.NEGATIVE_INFINITY;
  #logs: Logs = {};

  /** @param now the time in seconds */
  constructor(output: Output, steps: number, now: () => number) {
    this.#output = output;
    this.#now = now;
    this.#steps = steps;
    this.#start = now();
  }

  /** Notes that a step is done. */
  update(step: number, logs: Logs): void {
    this.#step = step;
    this.#logs = logs;
    this.#afterLast = this.#now();
    if (step === 1) this.#afterFirst = this.#afterLast;
  }

  /** Whether the last drawing is old enough. */
  get isDue(): boolean {
    return this.#afterLast - this.#drawn >= INTERVAL;
  }

  /** Redraws the line in place. */
  draw(): void {
    const { colors = false } = this.#output;
    this.#drawn = this.#now();
    this.#output.write(`\r${runningLine(this.#progress, this.#width, colors)}\x1b[K`);
  }

  /** The last drawing. */
  finish(logs: Logs): void {
    this.#logs = logs;
    const { isTerminal, colors = false } = this.#output;
    if (!isTerminal) this.#output.write(`${finalLines(this.#progress, Number.POSITIVE_INFINITY, false).join("\n")}\n`);
    else this.#output.write(`\r${finalLines(this.#progress, this.#width, colors).join("\x1b[K\n")}\x1b[K\n`);
  }

  finishPlain(logs: Logs): void {
    this.#logs = logs;
    this.#output.write(`${plainLine(this.#progress)}\n`);
  }

  /** One column less than there are: in the last one terminals differ about where the cursor is. */
  get #width(): number {
    const columns = this.#output.columns ?? 0;
    return columns > 0 ? columns - 1 : Number.POSITIVE_INFINITY;
  }

  get #progress(): Progress {
    const steps = this.#steps;
    return { step: this.#step, steps, elapsed: this.#now() - this.#start, stepTime: this.#stepTime, logs: this.#logs };
  }

  /** The mean time of a step, without the first, which warms up, and without validation. */
  get #stepTime(): number {
    if (this.#step === 0) return 0;
    return this.#step === 1 ? this.#afterLast - this.#start : (this.#afterLast - this.#afterFirst) / (this.#step - 1);
  }
}

/**
 * The display of a run.
 * @param now the time in seconds
 */
export function progressDisplay(
  output: Output,
  verbose: Verbosity,
  now: () => number = () => performance.now() / 1000,
): Display {
  if (verbose === 0) return { listeners: {}, close: () => undefined };
  let line: ProgressLine | null = null;
  const redraws = (): boolean => output.isTerminal && verbose !== 2;
  const begin = (steps: number): void => {
    line = new ProgressLine(output, steps, now);
  };
  const update = (step: number, logs: Logs): void => {
    line?.update(step, logs);
    if (redraws() && line?.isDue) line.draw();
  };
  const finish = (logs: Logs): void => {
    if (verbose === 2) line?.finishPlain(logs);
    else line?.finish(logs);
    line = null;
  };
  return {
    listeners: {
      epochStart: ({ epoch, epochs, steps }) => {
        if (epochs > 1) output.write(`Epoch ${epoch + 1}/${epochs}\n`);
        begin(steps);
      },
      stepEnd: ({ step, logs }) => update(step, logs),
      epochEnd: ({ logs }) => finish(logs),
      evaluateStart: ({ steps }) => begin(steps),
      evaluateStep: ({ step, logs }) => update(step, logs),
      evaluateEnd: ({ logs }) => finish(logs),
      warning: ({ message }) => {
        output.write(`${redraws() ? "\r\x1b[K" : ""}Warning: ${message}\n`);
        if (redraws()) line?.draw();
      },
    },
    close: () => {
      if (line !== null && redraws()) {
        line.draw();
        output.write("\n");
      }
      line = null;
    },
  };
}
