// Random graphs of random operators, compiled against eager float64: a thousand, always the same, and in the long run a hundred
// thousand, others each time. A failure is shrunk and printed as code, with what brings it back: GRADUS_GRAPH=<seed>/<path> runs one
// graph, GRADUS_GRAPH=<seed> all from a seed on.

import fc from "fast-check";
import { expect, test } from "vitest";
import { registry } from "../exam/registry.ts";
import { problemOf } from "./random-examination.ts";
import { graphOf, type Step, sizes } from "./random-graph.ts";
import { applications } from "./random-ops.ts";

const long = process.env["GRADUS_LONG"] === "1";
const [first = String(long ? Date.now() % 1e9 : 20), path] = process.env["GRADUS_GRAPH"]?.split("/") ?? [];

/** The long run reports after each slice. */
const RUNS = path !== undefined ? 1 : long ? 5000 : 1000;
const seeds = Array.from({ length: path === undefined && long ? 20 : 1 }, (_, index) => Number(first) + index);

const axis = fc.nat(sizes.length - 1);
const step: fc.Arbitrary<Step> = fc
  .tuple(fc.nat(Object.keys(applications).length - 1), fc.array(fc.nat(99), { maxLength: 7 }))
  .map(([op, choices]): Step => [op, ...choices]);
const recipe = fc.record({
  inputs: fc.array(fc.array(axis, { maxLength: 4 }), { minLength: 2, maxLength: 4 }),
  steps: fc.array(step, { minLength: 1, maxLength: 11, size: "max" }),
});

const counts = new Map<string, number>();
let hasFailed = false;

const examined = fc.property(recipe, (made) => {
  const graph = graphOf(made);
  for (const name of graph.operators) counts.set(name, (counts.get(name) ?? 0) + 1);
  const problem = problemOf(graph);
  const inputs = graph.shapes.map((shape, index) => `${index % 2 === 0 ? "x" : "w"}${index}: [${shape}]`);
  if (problem !== null) throw new Error(`${problem}\n// ${inputs.join(", ")}\n${graph.code}`);
});

test.each(seeds)(
  `${RUNS} random graphs, seed %i`,
  (seed) => {
    const start = performance.now();
    const run = fc.check(examined, { numRuns: RUNS, seed, ...(path === undefined ? {} : { path }) });
    if (run.failed) {
      hasFailed = true;
      const found = `graph ${run.numRuns}, made smaller ${run.numShrinks} times`;
      const again = `GRADUS_GRAPH=${run.seed}/${run.counterexamplePath} npx vitest run --project core random-graphs`;
      const problem = run.errorInstance instanceof Error ? run.errorInstance.message : String(run.errorInstance);
      if (long) console.log(`seed ${seed}: failed at graph ${run.numRuns}`);
      throw new Error(`${problem}\n\n${found}; again: ${again}`);
    }
    console.log(`seed ${seed}: ${run.numRuns} graphs in ${Math.round((performance.now() - start) / 1000)} s`);
  },
  long ? 3_600_000 : 180_000, // room for a machine on which others have the right of way
);

test.skipIf(path !== undefined)("every operator appears", ({ skip }) => {
  skip(hasFailed, "the run ended early");
  console.log(
    [...counts]
      .map(([name, count]) => `${name} ${count}`)
      .sort()
      .join(", "),
  );
  const missing = registry.map(({ name }) => name).filter((name) => !counts.has(name));
  expect(missing).toEqual([]);
});
