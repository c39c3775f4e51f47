#!/usr/bin/env node
// `lessons`: the claims of the lecture as experiments on MNIST. The same numbers at every run and on every machine.

import process from "node:process";
import { GradusError } from "@gradus/core";
import { setDeterministic } from "@gradus/core/deterministic";
import { readData } from "../data-sets.ts";
import { Failure, oneLine } from "../failure.ts";
import { columns, endWithReader, hasColours, print } from "../terminal.ts";
import { parseRequest } from "./command-line.ts";
import { Laboratory } from "./frame/laboratory.ts";
import { examine, type Lesson, type Outcome } from "./frame/lesson.ts";
import { json, Report } from "./frame/report.ts";
import { styleOf } from "./frame/style.ts";
import { lessons } from "./index.ts";

const help = `The claims of a lecture on deep learning as experiments: what it says, what is measured, and whether it holds.

Usage:
  lessons              all of them
  lessons NAME …       some of them
  lessons --list       their names
  lessons … --json     the numbers, for machines

Examples:
  npx -y pnpm@10.34.9 lessons vanishing-gradient
  npx -y pnpm@10.34.9 --silent lessons dead-relu --json`;

function listing(): string {
  const width = Math.max(...lessons.map(({ name }) => name.length));
  return lessons.map(({ name, title }) => `${name.padEnd(width)}  ${title}`).join("\n");
}

async function run(wanted: readonly Lesson[], asJson: boolean): Promise<void> {
  setDeterministic(true);
  const laboratory = new Laboratory(await readData(null, [784]));
  const report = new Report(columns(), styleOf(hasColours()));
  const outcomes = new Map<Lesson, Outcome>();
  const start = performance.now();
  for (const lesson of wanted) {
    if (!asJson) print(report.opening(lesson));
    const outcome = await examine(lesson, laboratory);
    outcomes.set(lesson, outcome);
    if (!asJson) print(report.findings(outcome));
  }
  print(asJson ? json(outcomes) : report.closing(outcomes, (performance.now() - start) / 1000));
}

endWithReader();
try {
  const request = parseRequest(process.argv.slice(2), lessons);
  if (request.kind === "help") print(help);
  else if (request.kind === "list") print(listing());
  else await run(request.lessons, request.json);
} catch (error) {
  process.exitCode = error instanceof Failure ? error.exitCode : 1;
  const known = error instanceof Failure || error instanceof GradusError;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`error: ${oneLine(known ? message : `a lesson failed, which it should not: ${message}`)}\n`);
}
