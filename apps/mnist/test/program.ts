// Runs the bundled program as a user does: words in, text and an exit code out.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const programs = fileURLToPath(new URL("../reports/program/", import.meta.url));

/** What a run left. */
export interface Run {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** Sees all of the output so far whenever there is more. */
type Watch = (stdout: string, program: ChildProcess) => void;

/** Runs the demo. */
export const demo = (words: readonly string[], watch?: Watch): Promise<Run> => run("main.js", words, watch);

/** Runs the lessons. */
export const lessons = (words: readonly string[]): Promise<Run> => run("lessons/main.js", words);

function run(name: string, words: readonly string[], watch?: Watch): Promise<Run> {
  return new Promise((resolve, reject) => {
    const command = [...process.execArgv, join(programs, name), ...words];
    const program = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    program.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      watch?.(stdout, program);
    });
    program.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    program.on("error", reject);
    program.on("close", (code) => resolve({ stdout, stderr, code }));
  });
}

/** A fresh folder for a test's files. */
export function scratchFolder(): string {
  return mkdtempSync(join(tmpdir(), "gradus-mnist-"));
}
