// Programs in a process of their own, for processes.test.ts: no test runner's memory, no other reason to stay alive. The first
// argument says what to do. Memory is looked at within one synchronous loop: no turn of the event loop, no finalizers.

import { compile } from "../../src/compile.ts";
import { Generator, randint, type Tensor, uniform } from "../../src/index.ts";
import { setThreads } from "../../src/threads.ts";
import { Network } from "./lecture.ts";

const [task = "", count = 100, batch = 8, ...widths] = process.argv
  .slice(2)
  .map((text, index) => (index === 0 ? text : Number(text)));
const sizes = widths.map(Number);
const generator = new Generator(1);
const x: Tensor = uniform([Number(batch), sizes[0] ?? 1], { generator });
const labels: Tensor = randint([Number(batch)], { high: sizes.at(-1) ?? 1, generator });

/** Calls `turn` so often, and looks at the resident memory a hundred times, in MB. */
function residentWhile(turn: () => void): number[] {
  const resident: number[] = [];
  for (let call = 1; call <= Number(count); call++) {
    turn();
    if (call % Math.ceil(Number(count) / 100) === 0) resident.push(process.memoryUsage().rss / 2 ** 20);
  }
  return resident;
}

function trainer(): () => number {
  const network = new Network({ widths: sizes });
  const step = compile(network.step);
  return () => step(x, labels).item();
}

if (task === "steps") {
  const step = trainer();
  console.log(JSON.stringify(residentWhile(step)));
} else if (task === "models") {
  console.log(
    JSON.stringify(
      residentWhile(() => {
        const step = trainer();
        for (let call = 0; call < 5; call++) step();
      }),
    ),
  );
} else {
  // Threads that nobody ends: the process ends by itself.
  const threads = await setThreads(3);
  const step = trainer();
  for (let call = 0; call < Number(count); call++) step();
  console.log(JSON.stringify([threads, Number.isFinite(step())]));
}
