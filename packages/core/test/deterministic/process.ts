// Prints the hashes of training.ts for each number of threads that it is given, for deterministic.test.ts, which starts it as a process
// of its own.

import { setDeterministic } from "../../src/deterministic.ts";
import { setThreads } from "../../src/threads.ts";
import { hashes } from "./training.ts";

const found: unknown[] = [];
for (const wanted of process.argv.slice(2)) {
  const threads = await setThreads(Number(wanted));
  setDeterministic(true);
  found.push({ threads, ...hashes() });
}
console.log(JSON.stringify(found));
