// What compiled programs leave behind: nothing that grows, and nothing that keeps a process alive.

import { expect, test } from "vitest";
import { patience, program } from "../bundled.ts";

const long = process.env["GRADUS_LONG"] === "1";
const runProgram = program<number[]>(new URL("process.ts", import.meta.url));

/** What a process prints; an error if it does not end within two minutes (long: ten). */
function run(...args: readonly (string | number)[]): number[] {
  // V8 doubles its nursery now and then, by as much as 16 MB: held small, whatever grows is ours.
  const flags = ["--max-semi-space-size=1", ...(args[0] === "models" ? patience : [])];
  return runProgram(args, { flags, timeout: long ? 600_000 : 120_000 });
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** How many MB the last fifth of a loop takes beyond its middle fifth. */
const growth = (resident: readonly number[]): number => average(resident.slice(80)) - average(resident.slice(40, 60));

test("100,000 compiled steps in one synchronous loop", () => {
  const resident = run("steps", 100_000, 8, 6, 8, 5, 3);
  expect(resident.length).toBe(100);
  expect(growth(resident), `MB: ${resident.map(Math.round)}`).toBeLessThan(2);
});

test.each([[200, 8, 6, 8, 3], ...(long ? [[200, 64, 784, 256, 128, 64, 10]] : [])])(
  "%s models built, compiled, trained and dropped in one synchronous loop",
  (...sizes) => {
    const resident = run("models", ...sizes);
    // Memory of dropped models waits for the garbage collector: a few models' worth, however many there were.
    expect(growth(resident), `MB: ${resident.map(Math.round)}`).toBeLessThan(long ? 60 : 15);
  },
);

test("threads that are still there do not keep a process alive", () => {
  expect(run("threads", 20, 8, 6, 8, 5, 3)).toEqual([3, true]);
});
