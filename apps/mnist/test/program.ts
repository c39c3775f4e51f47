// Runs the bundled program as a user does: words in, text and an exit code out.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../reports/program/main.js", import.meta.url));

/** What a run left. */
export interface Run {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** Runs the program. @param watch is called with all of the output so far whenever there is more */
export function demo(words: readonly string[], watch?: (stdout: string, program: ChildProcess) => void): Promise<Run> {
  return new Promise((resolve, reject) => {
    const program = spawn(process.execPath, [main, ...words], { stdio: ["ignore", "pipe", "pipe"] });
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
