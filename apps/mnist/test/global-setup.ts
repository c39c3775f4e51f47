// Before all tests: bundles the programs, as the build does, to a place of their own.

import { fileURLToPath } from "node:url";
import { build } from "tsup";

/** Builds `reports/program/main.js` and `reports/program/lessons/main.js`. */
export default async function buildProgram(): Promise<void> {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const before = process.cwd();
  process.chdir(root); // where tsup looks for its configuration
  try {
    await build({ outDir: "reports/program", silent: true, sourcemap: false });
  } finally {
    process.chdir(before);
  }
}
