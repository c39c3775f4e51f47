// A module worker for core.browser.ts: trains with one thread and with two, and posts the hashes of both.

import { getThreads, setThreads } from "../../src/threads.ts";
import { compiledHash } from "../deterministic/training.ts";

/** What the worker posts: the numbers of threads it got, and the hash of the training with each. */
export interface WorkerReport {
  readonly threads: readonly number[];
  readonly hashes: readonly string[];
}

const threads: number[] = [];
const hashes: string[] = [];
for (const count of [1, 2]) {
  await setThreads(count);
  threads.push(getThreads());
  hashes.push(compiledHash());
}
await setThreads(1);
postMessage({ threads, hashes } satisfies WorkerReport);
