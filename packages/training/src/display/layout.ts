// The progress line, laid out as Keras 3 does:
//
//     750/750 ━━━━━━━━━━━━━━━━━━━━ 2s 3ms/step - accuracy: 0.9572 - loss: 0.1401 - val_accuracy: 0.9723 - val_loss: 0.0907
//
// and, unlike Keras's, fitted to the terminal: a line that wraps cannot be redrawn. While it runs, the bar shrinks and the last
// values are left out; the final one is broken before a value, so that nothing is lost.

import type { Logs } from "../tally.ts";

/** What a progress line shows. */
export interface Progress {
  readonly step: number;
  /** Null where nobody knows. */
  readonly steps: number | null;
  /** Seconds since the first step began. */
  readonly elapsed: number;
  /** Seconds per step. */
  readonly stepTime: number;
  readonly logs: Logs;
}

const barWidth = 20;
const shortestBar = 5;

/** The line of a run that goes on, with the time that is left, in at most `width` columns. */
export function runningLine(progress: Progress, width: number, colors: boolean): string {
  const { step, steps, stepTime, elapsed } = progress;
  // Without a number of steps, there is no time left to tell, but that which has passed.
  const time = steps === null ? `${elapsed.toFixed(0)}s` : formatRemaining(stepTime * (steps - step));
  const timing = ` ${time} ${formatStepTime(stepTime)}`;
  const count = formatCount(progress);
  const values = formatValues(progress.logs);
  for (let shown = values.length; shown >= 0; shown--) {
    const rest =
      timing +
      values
        .slice(0, shown)
        .map((value) => ` - ${value}`)
        .join("");
    if (steps === null && count.length + rest.length <= width) return `${count}${rest}`;
    const bar = Math.min(barWidth, width - count.length - 1 - rest.length);
    if (steps !== null && bar >= shortestBar) return `${count} ${formatBar(progress, bar, colors)}${rest}`;
  }
  return (count + timing).slice(0, Math.max(0, width));
}

/** The lines of a run that is over, with the time it took: one, where `width` columns are enough. */
export function finalLines(progress: Progress, width: number, colors: boolean): string[] {
  const count = formatCount(progress);
  const timing = ` ${progress.elapsed.toFixed(0)}s ${formatStepTime(progress.stepTime)}`;
  const bar = Math.max(shortestBar, Math.min(barWidth, width - count.length - 1 - timing.length));
  const [first = "", ...more] = packed(`${count} ${"━".repeat(bar)}${timing}`, formatValues(progress.logs), width);
  return [first.replace("━".repeat(bar), formatBar(progress, bar, colors)), ...more];
}

/** The one line of an epoch at `verbose: 2`. */
export function plainLine({ elapsed, stepTime, logs, ...count }: Progress): string {
  return [formatCount(count), `${elapsed.toFixed(0)}s`, formatStepTime(stepTime), ...formatValues(logs)].join(" - ");
}

/** Appends values to a line, and goes on in a next one, set off by two spaces, where one does not fit. */
function packed(start: string, values: readonly string[], width: number): string[] {
  const lines = [start];
  for (const value of values) {
    const line = lines.at(-1) ?? "";
    if (line.length + 3 + value.length <= width) lines[lines.length - 1] = `${line} - ${value}`;
    else lines.push(`  ${value}`);
  }
  return lines;
}

/** `  7/750`: as wide as it will be at the end; without an end, `step 7`. */
function formatCount({ step, steps }: Pick<Progress, "step" | "steps">): string {
  if (steps === null) return `step ${step}`;
  return `${String(step).padStart(String(steps).length)}/${steps}`;
}

/** The bar: what is done in green, the rest dimmed; without colours the rest is thin. */
function formatBar({ step, steps }: Progress, width: number, colors: boolean): string {
  const done = Math.min(width, Math.floor((width * step) / Math.max(1, steps ?? step)));
  const rest = width - done;
  if (!colors) return "━".repeat(done) + "─".repeat(rest);
  return (done > 0 ? `\x1b[32m${"━".repeat(done)}\x1b[0m` : "") + (rest > 0 ? `\x1b[2m${"━".repeat(rest)}\x1b[0m` : "");
}

function formatValues(logs: Logs): string[] {
  return Object.entries(logs).map(([name, value]) => `${name}: ${formatValue(value)}`);
}

/** Four decimals, or an exponent where those would show little: `0.9572`, `3.1000e-05`, `NaN`. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) > 1e-3) return value.toFixed(4);
  return value.toExponential(4).replace(/([+-])(\d)$/, "$10$2");
}

/** `3ms/step`, in seconds, milliseconds or microseconds. */
export function formatStepTime(seconds: number): string {
  if (seconds >= 1 || seconds === 0) return `${seconds.toFixed(0)}s/step`;
  if (seconds >= 1e-3) return `${(seconds * 1e3).toFixed(0)}ms/step`;
  return `${(seconds * 1e6).toFixed(0)}us/step`;
}

/** The time that is left: `42s`, `1:05`, `2:00:07`. */
export function formatRemaining(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (value: number): string => String(value).padStart(2, "0");
  if (seconds > 3600) return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return seconds > 60 ? `${Math.floor(whole / 60)}:${two(whole % 60)}` : `${whole}s`;
}
