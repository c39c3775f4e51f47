// Interleaving. Machines are shared and change their clock: the contenders take turns, only one runs at any moment, and
// each round starts with another one, so that a slow minute is slow for all. What is compared was measured in one run.
import { start } from "./contender.mjs";
import { summarize } from "./statistics.mjs";

/**
 * Runs a question.
 * @param entries the rows: `{ name, contender, settings?, cases? }`
 * @param plan `{ question, settings, rounds, warmUpMs, turn: { calls, atMostMs }, expected?, progress }`: each contender
 *   warms up, then in every round gets a turn of at most so many calls or milliseconds for each of its cases. `expected`
 *   maps a case to `{ places, values, tolerance }`, and a contender that computes something else has no times.
 * @returns `{ name, case, threads, medianMs, …, version }` for every contender and case, or `{ name, error }`
 */
export const race = async (entries, plan) => {
  const errors = new Map();
  /** Does one thing with a contender; what goes wrong there is told in its row and stops nobody else. */
  const attempt = async (entry, action) => {
    if (errors.has(entry.name)) return undefined;
    try {
      return await action();
    } catch (error) {
      errors.set(entry.name, error.message);
    }
  };

  const lanes = [];
  for (const entry of entries) {
    plan.progress(`starting ${entry.name}`);
    await attempt(entry, async () => lanes.push(...(await enter(entry, plan))));
  }
  for (const lane of lanes) {
    plan.progress(`warming up ${lane.entry.name}`);
    await attempt(lane.entry, () => warmUp(lane, plan));
  }
  const cases = [...new Set(lanes.map((lane) => lane.case))].map((name) => lanes.filter((lane) => lane.case === name));
  for (let round = 0; round < plan.rounds; round++) {
    plan.progress(`round ${round + 1} of ${plan.rounds}`);
    for (const rivals of cases) {
      for (let place = 0; place < rivals.length; place++) {
        const lane = rivals[(place + round) % rivals.length];
        await attempt(lane.entry, () => turn(lane));
      }
    }
  }
  for (const lane of lanes) lane.contender.stop();
  plan.progress("");
  const finished = lanes.filter((lane) => !errors.has(lane.entry.name));
  return [...finished.map((lane) => report(lane)), ...[...errors].map(([name, error]) => ({ name, error }))];
};

/** Starts a contender, refuses one whose results are not the expected ones, and returns a lane for each of its cases. */
const enter = async (entry, { question, settings, expected = {} }) => {
  const contender = await start(entry, question, settings);
  const names = contender.about.cases.filter((name) => entry.cases === undefined || entry.cases.includes(name));
  for (const name of names.filter((each) => expected[each] !== undefined)) {
    const { places, values: wanted, tolerance } = expected[name];
    const { values } = await contender.ask({ case: name, pick: places });
    const wrong = values.findIndex((value, index) => !(Math.abs(value - wanted[index]) <= tolerance));
    if (wrong < 0) continue;
    contender.stop();
    throw new Error(`${name}: element ${places[wrong]} is ${values[wrong]}, and should be ${wanted[wrong]}`);
  }
  return names.map((name) => ({ entry, contender, case: name, times: [] }));
};

/** Calls until `warmUpMs` have gone by, five at least; the fastest tells how many calls fit into a turn. */
const warmUp = async (lane, { warmUpMs, turn: { calls, atMostMs } }) => {
  const end = performance.now() + warmUpMs;
  let fastest = Number.POSITIVE_INFINITY;
  for (let done = 0; done < 5 || performance.now() < end; done++) {
    const { times, value } = await lane.contender.ask({ case: lane.case, count: done < 5 ? 1 : 10 });
    lane.first ??= value;
    fastest = Math.min(fastest, ...times);
  }
  lane.calls = Math.max(1, Math.min(calls, Math.floor(atMostMs / fastest)));
};

const turn = async (lane) => {
  const { times, value } = await lane.contender.ask({ case: lane.case, count: lane.calls });
  lane.times.push(...times);
  lane.last = value;
};

const report = ({ entry, contender: { about }, case: name, times, first, last }) => ({
  name: entry.name,
  case: name,
  threads: about.threads,
  ...summarize(times),
  ...(about.flops?.[name] === undefined ? {} : { flops: about.flops[name] }),
  ...(first === undefined ? {} : { firstValue: first, lastValue: last }),
  version: about.version,
  ...(about.note === undefined ? {} : { note: about.note }),
});
