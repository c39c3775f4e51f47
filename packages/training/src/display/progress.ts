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
  readonly #steps: number | null;
  readonly #start: number;
  #step: number;
  readonly #firstStep: number;
  #afterFirst = 0;
  #afterLast = 0;
  #drawn = Number.NEGATIVE_INFINITY;
  #logs: Logs = {};
  #ended = false;

  /** @param done the steps that were done before; @param now the time in seconds */
  constructor(output: Output, steps: number | null, done: number, now: () => number) {
    this.#output = output;
    this.#step = done;
    this.#firstStep = done + 1;
    this.#now = now;
    this.#steps = steps;
    this.#start = now();
  }

  /** Notes that a step is done. */
  update(step: number, logs: Logs): void {
    this.#step = step;
    this.#logs = logs;
    this.#afterLast = this.#now();
    if (step === this.#firstStep) this.#afterFirst = this.#afterLast;
  }

  /** Notes further values. */
  add(logs: Logs): void {
    this.#logs = { ...this.#logs, ...logs };
  }

  /** Whether the last drawing is old enough. */
  get isDue(): boolean {
    return this.#afterLast - this.#drawn >= INTERVAL;
  }

  /** Redraws the line in place. */
  draw(): void {
    const { colors = false } = this.#output;
    this.#drawn = this.#now();
    // With room for the ^C that a terminal writes: wrapped, the line could not be redrawn.
    this.#output.write(`\r${runningLine(this.#progress, this.#width - 2, colors)}\x1b[K`);
  }

  /** The last drawing. */
  finish(logs: Logs): void {
    this.#logs = logs;
    this.#ended = true;
    const { isTerminal, colors = false } = this.#output;
    if (!isTerminal) this.#output.write(`${finalLines(this.#progress, Number.POSITIVE_INFINITY, false).join("\n")}\n`);
    else this.#output.write(`\r${finalLines(this.#progress, this.#width, colors).join("\x1b[K\n")}\x1b[K\n`);
  }

  /** The one line of an epoch at `verbose: 2`. */
  finishPlain(logs: Logs): void {
    this.#logs = logs;
    this.#ended = true;
    this.#output.write(`${plainLine(this.#progress)}\n`);
  }

  /** One column less than there are: in the last one terminals differ about where the cursor is. */
  get #width(): number {
    const columns = this.#output.columns ?? 0;
    return columns > 0 ? columns - 1 : Number.POSITIVE_INFINITY;
  }

  get #progress(): Progress {
    // At the end everyone knows how many steps there were.
    const steps = this.#ended ? (this.#steps ?? this.#step) : this.#steps;
    return { step: this.#step, steps, elapsed: this.#now() - this.#start, stepTime: this.#stepTime, logs: this.#logs };
  }

  /** The mean time of a step, without the first, which warms up, and without validation. */
  get #stepTime(): number {
    const done = this.#step - this.#firstStep + 1;
    if (done === 0) return 0;
    return done === 1 ? this.#afterLast - this.#start : (this.#afterLast - this.#afterFirst) / (done - 1);
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
  let values: Logs = {};
  const begin = (steps: number | null, done = 0): void => {
    values = {};
    line = new ProgressLine(output, steps, done, now);
  };
  const update = (step: number, logs: Logs): void => {
    // As they are, where nothing is added: some values are only computed when they are read.
    line?.update(step, Object.keys(values).length === 0 ? logs : { ...logs, ...values });
    if (redraws() && line?.isDue) line.draw();
  };
  const finish = (logs: Logs): void => {
    if (verbose === 2) line?.finishPlain(logs);
    else line?.finish(logs);
    line = null;
  };
  /** A line of its own, above that of the epoch. */
  const say = (text: string): void => {
    output.write(`${redraws() && line !== null ? "\r\x1b[K" : ""}${text}\n`);
    if (redraws()) line?.draw();
  };
  return {
    listeners: {
      epochStart: ({ epoch, epochs, steps, step }) => {
        if (epochs > 1) output.write(`Epoch ${epoch + 1}/${epochs}\n`);
        begin(steps, step);
      },
      stepEnd: ({ step, logs }) => update(step, logs),
      // Values of a validation within an epoch stay on its line.
      validationEnd: ({ logs }) => {
        values = logs;
        line?.add(logs);
      },
      epochEnd: ({ logs }) => finish(logs),
      evaluateStart: ({ steps }) => begin(steps),
      evaluateStep: ({ step, logs }) => update(step, logs),
      evaluateEnd: ({ logs }) => finish(logs),
      stop: ({ reason, epoch }) => say(`Epoch ${epoch + 1}: training stops: ${reason}`),
      warning: ({ message }) => say(`Warning: ${message}`),
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
