// Programs of the tests as plain JavaScript, for processes without the test runner's own memory and settings.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { afterAll, beforeAll } from "vitest";

/** The test runner's flags for programs that end before V8's optimizing compiler could win back its time (vitest.shared.ts). */
export const patience: readonly string[] = process.execArgv.filter((flag) => flag.startsWith("--interrupt-budget"));

/** How a program is started: with flags for Node and a limit in milliseconds, beside its arguments. */
interface Start {
  readonly flags?: readonly string[];
  readonly timeout?: number;
}

/** A program from its source: runs it with arguments and gives what it prints, from JSON. */
export function program<T>(source: URL): (args: readonly (string | number)[], start?: Start) => T {
  const folder = mkdtempSync(join(tmpdir(), "gradus-program-"));
  beforeAll(async () => {
    await build({
      configFile: false,
      logLevel: "error",
      build: {
        ssr: fileURLToPath(source),
        outDir: folder,
        minify: false,
        rolldownOptions: { treeshake: false, output: { entryFileNames: "program.mjs" } },
      },
    });
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  return (args, { flags = [], ...options } = {}) => {
    const command = [...flags, join(folder, "program.mjs"), ...args.map(String)];
    return JSON.parse(execFileSync(process.execPath, command, { encoding: "utf8", ...options }));
  };
}
