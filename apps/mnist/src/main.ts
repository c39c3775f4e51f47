#!/usr/bin/env node
// The demo's entry: runs what the command line asks for, and says in one line what went wrong if something did.

import process from "node:process";
import { GradusError } from "@gradus/core";
import manifest from "../package.json" with { type: "json" };
import { parseCommandLine } from "./command-line.ts";
import { evaluate } from "./evaluate.ts";
import { Failure, oneLine } from "./failure.ts";
import { helpText } from "./help.ts";
import { predict } from "./predict.ts";
import { abortOnSignals, endWithReader, Interruption, print } from "./terminal.ts";
import { train } from "./train.ts";

async function run(words: readonly string[]): Promise<void> {
  const command = parseCommandLine(words);
  const signal = abortOnSignals();
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

endWithReader();
try {
  await run(process.argv.slice(2));
} catch (error) {
  process.exitCode = error instanceof Failure || error instanceof Interruption ? error.exitCode : 1;
  if (!(error instanceof Interruption)) process.stderr.write(`error: ${oneLine(messageOf(error))}\n`);
}

/** What to tell: the message of an error that was foreseen; any other is a fault of the program, and says so. */
function messageOf(error: unknown): string {
  if (error instanceof Failure || error instanceof GradusError) return error.message;
  return `the demo failed, which it should not: ${error instanceof Error ? error.message : String(error)}`;
}
