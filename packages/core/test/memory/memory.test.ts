// Nothing to dispose: thousands of steps in one synchronous loop leave resident memory as it was.

import { expect, test } from "vitest";
import { program } from "../bundled.ts";

const run = program<number[]>(new URL("steps.ts", import.meta.url));

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
  const resident = run(args, { flags: ["--max-semi-space-size=1"] });
  expect(resident.length).toBe((args[0] ?? 0) / 100);
  const perThousand = slope(resident.slice(5)) * 10;
  expect(perThousand, `MB at each hundred steps: ${resident.map(Math.round)}`).toBeLessThan(1);
}

test("10,000 steps of a small network", () => expectFlat(10_000, 8, 6, 8, 3));

const long = process.env["GRADUS_LONG"] === "1";
test.runIf(long)("10,000 steps of the lecture's network", () => expectFlat(10_000, 64, 784, 256, 128, 64, 10));
