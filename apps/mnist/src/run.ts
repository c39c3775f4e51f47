// A run of the demo: what the command line asks for, or in one line what went wrong.

import process from "node:process";
import { GradusError } from "@gradus/core";
import manifest from "../package.json" with { type: "json" };
import { parseCommandLine } from "./command-line.ts";
import { evaluate } from "./evaluate.ts";
import { Failure, oneLine } from "./failure.ts";
import { helpText } from "./help.ts";
import { predict } from "./predict.ts";
import { Interruption, print } from "./terminal.ts";
import { train } from "./train.ts";

/**
 * Runs a command line, and says on stderr what went wrong if something did.
 * @param interruptions gives the signal that stops the work, once the command line makes sense
 * @returns what the process exits with
 */
export async function runProgram(words: readonly string[], interruptions: () => AbortSignal): Promise<number> {
  try {
    await run(words, interruptions);
    return 0;
  } catch (error) {
    if (error instanceof Interruption) return error.exitCode;
    process.stderr.write(`error: ${oneLine(messageOf(error))}\n`);
    return error instanceof Failure ? error.exitCode : 1;
  }
}

async function run(words: readonly string[], interruptions: () => AbortSignal): Promise<void> {
  const command = parseCommandLine(words);
  const signal = interruptions();
  switch (command.name) {
    case "help":
      return print(helpText());
    case "version":
      return print(manifest.version);
    case "train":
      return train(command, signal);
    case "evaluate":
      return evaluate(command.file, command.data, signal);
    case "predict":
      return predict(command.file, command.image);
  }
}

/** What to tell: the message of an error that was foreseen; any other is a fault of the program, and says so. */
function messageOf(error: unknown): string {
  if (error instanceof Failure || error instanceof GradusError) return error.message;
  return `the demo failed, which it should not: ${error instanceof Error ? error.message : String(error)}`;
}
