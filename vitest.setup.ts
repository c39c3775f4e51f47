// Runs before every file of tests: random numbers begin anew, whatever files the worker had before.

import { manualSeed } from "./packages/core/src/index.ts";

manualSeed(0);
