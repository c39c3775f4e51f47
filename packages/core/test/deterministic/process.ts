// Prints the hashes of training.ts, for deterministic.test.ts, which starts it as a process of its own with a number of threads; a
// second argument "off" leaves the mode off.

import { setDeterministic } from "../../src/deterministic.ts";
import { setThreads } from "../../src/threads.ts";
import { hashes } from "./training.ts";

const threads = await setThreads(Number(process.argv[2]));
setDeterministic(process.argv[3] !== "off");
console.log(JSON.stringify({ threads, ...hashes() }));
