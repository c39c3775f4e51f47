// The terminal: whether it has colours, how wide it is, and how to leave it.

import process from "node:process";

/** Whether to colour what goes to stdout (https://no-color.org). */
export function hasColours(): boolean {
  const { NO_COLOR = "", TERM } = process.env;
  return process.stdout.isTTY === true && NO_COLOR === "" && TERM !== "dumb";
}

/** The width of the terminal in characters; 80 where there is none. */
export function columns(): number {
  return process.stdout.isTTY ? process.stdout.columns || 80 : 80;
}

/** Writes a text and ends the line. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What shells report for a program that a signal ended: 128 and the signal's number. */
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** How long a signal may take to stop the work, in milliseconds. */
const PATIENCE = 1000;

/** Why the work was stopped. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  /** What the process exits with. */
  readonly exitCode: number;

  constructor(signal: keyof typeof exitCodes) {
    super(`ended by ${signal}`);
    this.exitCode = exitCodes[signal];
  }
}

/**
 * Turns Ctrl-C and its kin into an abort, so that the work ends at the next batch with its line complete. A second one, or work
 * that does not listen, ends the program at once.
 */
export function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(exitCodes[name]);
      controller.abort(new Interruption(name));
      setTimeout(() => process.exit(exitCodes[name]), PATIENCE).unref();
    });
  }
  return controller.signal;
}

/** Ends the program quietly when whoever reads its output stops reading, as `head` does. */
export function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  }
}
