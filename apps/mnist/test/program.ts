// Runs the bundled program as a user does: words in, text and an exit code out. Or the same here, where no program of its own is needed.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import { runProgram } from "../src/run.ts";

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

/** Runs the demo in this process, which is quick: for what is refused before any work begins. */
export async function demoHere(words: readonly string[]): Promise<Run> {
  const written = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      written[name] += String(text);
      return true;
    }),
  );
  try {
    return { code: await runProgram(words, () => new AbortController().signal), ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

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
