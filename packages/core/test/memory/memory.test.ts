// Nothing to dispose: thousands of steps in one synchronous loop leave resident memory as it was.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "gradus-memory-"));

// A process without the test runner's own memory needs the script as plain JavaScript.
beforeAll(async () => {
  await build({
    configFile: false,
    logLevel: "error",
    build: {
      ssr: fileURLToPath(new URL("steps.ts", import.meta.url)),
      outDir: folder,
      minify: false,
      rolldownOptions: { treeshake: false, output: { entryFileNames: "steps.mjs" } },
    },
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The slope of a line through the points (0, y₀), (1, y₁) …, by least squares. */
function slope(values: readonly number[]): number {
  const center = (values.length - 1) / 2;
  const mean = values.reduce((sum, y) => sum + y, 0) / values.length;
  const [covariance, variance] = values.reduce(
    ([c = 0, v = 0], y, x) => [c + (x - center) * (y - mean), v + (x - center) ** 2],
    [0, 0],
  );
  return (covariance ?? 0) / (variance ?? 1);
}

/** Fails if steps of a network (their number, the batch, the widths) take 1 MB per 1,000 or more, after the first 500. */
function expectFlat(...args: readonly number[]): void {
  // V8 doubles its nursery now and then, by as much as 16 MB: held small, whatever grows is ours.
  const command = ["--max-semi-space-size=1", join(folder, "steps.mjs"), ...args.map(String)];
  const resident: number[] = JSON.parse(execFileSync(process.execPath, command, { encoding: "utf8" }));
  expect(resident.length).toBe((args[0] ?? 0) / 100);
  const perThousand = slope(resident.slice(5)) * 10;
  expect(perThousand, `MB at each hundred steps: ${resident.map(Math.round)}`).toBeLessThan(1);
}

test("10,000 steps of a small network", () => expectFlat(10_000, 8, 6, 8, 3));

const long = process.env["GRADUS_LONG"] === "1";
test.runIf(long)("10,000 steps of the lecture's network", () => expectFlat(10_000, 64, 784, 256, 128, 64, 10));
