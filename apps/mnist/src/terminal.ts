// The terminal: whether it has colours, how wide it is, and how to leave it as it was found.

import process from "node:process";

/** Whether to colour what goes to stdout (https://no-color.org). */
export function hasColours(): boolean {
  const { NO_COLOR, TERM } = process.env;
  return process.stdout.isTTY === true && (NO_COLOR ?? "") === "" && TERM !== "dumb";
}

/** The width of the terminal in characters; 80 where there is none. */
export function columns(): number {
  return process.stdout.isTTY ? process.stdout.columns || 80 : 80;
}

const SHOW_CURSOR = "\x1b[?25h";

/** What shells report for a program that a signal ended: 128 and the signal's number. */
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** From now on a signal ends the program at once, with the cursor visible and on a line of its own. */
export function leaveCleanlyOnSignals(): void {
  for (const [signal, code] of Object.entries(exitCodes)) {
    process.once(signal, () => {
      if (process.stdout.isTTY) process.stdout.write(`${SHOW_CURSOR}\x1b[0m\n`);
      process.exit(code);
    });
  }
}

/** A reader that stops reading, such as `head`, ends the program quietly. */
export function endWithReader(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}
