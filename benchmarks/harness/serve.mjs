// The child's side: one contender in a process of its own, so that no library disturbs another's memory or compiler.
// It sleeps until a line on its standard input tells it to run a case some times, and answers with one line of JSON.
//   node serve.mjs CONTENDER QUESTION SETTINGS
// The contender's module exports `version` and a function per question, which returns the cases:
// `{ [name]: { run, values?, flops? } }`, where `run` makes one call from its inputs to its finished result (a number, if
// there is a loss to report), `values` gives a result to be checked, and `flops` what a call computes where only it knows.
import { createInterface } from "node:readline";

// Peers greet on the console: the answers have standard output for themselves.
console.log = console.info = console.debug = console.error;
const answer = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

/** Times each of `count` calls by itself; a call that returns a promise has ended when the promise has. */
const time = async (run, count) => {
  const times = [];
  let value;
  for (let index = 0; index < count; index++) {
    const start = performance.now();
    const result = run();
    value = result instanceof Promise ? await result : result;
    times.push(performance.now() - start);
  }
  return { times, value: typeof value === "number" ? value : undefined };
};

/** The elements of a result at the given places, as plain numbers. */
const pick = async (read, places) => {
  const values = await read();
  return places.map((place) => values[place]);
};

const [contender, question, json] = process.argv.slice(2);
try {
  const module = await import(`../contenders/${contender}.mjs`);
  const settings = JSON.parse(json);
  const cases = await module[question](settings);
  const flops = Object.fromEntries(Object.entries(cases).map(([name, each]) => [name, each.flops]));
  answer({ version: module.version, threads: module.threads?.() ?? 1, cases: Object.keys(cases), flops });
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    const chosen = cases[command.case];
    answer(command.pick ? { values: await pick(chosen.values, command.pick) } : await time(chosen.run, command.count));
  }
} catch (error) {
  answer({ error: String(error?.message ?? error).split("\n")[0], stack: error?.stack });
}
process.exit();
