// Runs before every file of tests: random numbers begin anew, whatever files the worker had before.

import { setFlagsFromString } from "node:v8";
import { manualSeed } from "./packages/core/src/index.ts";

// V8 waits fifteen times as long as it is wont to before it optimizes a function: most code of a test runs once or twice, and the
// optimizing compiler took a fifth of the tests' processor time.
setFlagsFromString("--interrupt-budget=2000000");

manualSeed(0);
