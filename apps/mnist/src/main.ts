#!/usr/bin/env node
// The demo's entry: does what the command line asks for.

import process from "node:process";
import { runProgram } from "./run.ts";
import { abortOnSignals, endWithReader } from "./terminal.ts";

endWithReader();
process.exitCode = await runProgram(process.argv.slice(2), abortOnSignals);
