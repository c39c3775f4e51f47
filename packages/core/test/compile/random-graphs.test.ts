// Random graphs of random operators, compiled against eager float64. What a compiled graph may be wrong by is what eager float32
// itself is wrong by, four times, and a little more. A failure is shrunk and printed as code.

import fc from "fast-check";
import { expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import type { Tensor } from "../../src/index.ts";
import { registry } from "../exam/registry.ts";
import { graphOf, type Instance, instanceOf, type RandomGraph, type Step, sizes } from "./random-graph.ts";
import { applications } from "./random-ops.ts";

const long = process.env["GRADUS_LONG"] === "1";
const RUNS = long ? 100_000 : 1000;

const axis = fc.nat(sizes.length - 1);
const step: fc.Arbitrary<Step> = fc
  .tuple(fc.nat(Object.keys(applications).length - 1), fc.array(fc.nat(99), { maxLength: 7 }))
  .map(([op, choices]): Step => [op, ...choices]);
const recipe = fc.record({
  inputs: fc.array(fc.array(axis, { maxLength: 4 }), { minLength: 2, maxLength: 4 }),
  steps: fc.array(step, { minLength: 1, maxLength: 11, size: "max" }),
});

/** Compiled sums run in float32, in blocks, where eager ones run in float64: of equal numbers that costs so much. */
const SUMS = 4e-6;

const counts = new Map<string, number>();

/** All that a call gives: results, Variables and their gradients. */
function outcome({ variables }: Instance, results: readonly Tensor[]): (Float64Array | null)[] {
  const gradients = variables.map(({ grad }) => grad);
  return [...results, ...variables, ...gradients].map((value) =>
    value === null ? null : Float64Array.from(value.toTypedArray()),
  );
}

const scaleOf = (values: Float64Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;

/** The greatest difference. */
function error(found: Float64Array | null | undefined, expected: Float64Array): number {
  if (found === null || found === undefined || found.length !== expected.length) return Number.POSITIVE_INFINITY;
  return expected.reduce((most, value, index) => {
    const difference = Math.abs((found[index] ?? Number.NaN) - value);
    return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(most, difference);
  }, 0);
}

function moved(graph: RandomGraph, jitter: number): (Float64Array | null)[] {
  const instance = instanceOf(graph, "float64", jitter);
  return outcome(instance, instance.run(...instance.args));
}

type Outcome = readonly (Float64Array | null)[];

/** What differs by more than `others` are wrong by, or null. */
function difference(graph: RandomGraph, expected: Outcome, found: Outcome, others: readonly Outcome[]): string | null {
  const errors = expected.map((values, index) =>
    values === null ? 0 : Math.max(...others.map((other) => error(other[index], values))) / scaleOf(values),
  );
  const relative = 4 * Math.max(...errors) + 1e-6;
  for (const [index, values] of expected.entries()) {
    const other = found[index];
    if (values === null || other === null) {
      if (values !== null || other !== null) return `value ${index}: a gradient is there and not there`;
      continue;
    }
    const wrong = error(other, values);
    // A small result of large numbers has their rounding errors.
    const sums = graph.folds || index >= graph.forward;
    const lost = index >= graph.forward ? 5e-6 * graph.length : 1e-6 * (sums ? graph.length : graph.scale);
    const allowed = (relative + (sums ? SUMS : 0)) * scaleOf(values) + lost;
    if (!(wrong <= allowed)) return `value ${index} is wrong by ${wrong}, allowed ${allowed}`;
  }
  return null;
}

/** What is wrong with a compiled graph, or null. */
function examine(graph: RandomGraph): string | null {
  const [truth, eager, compiled] = [
    instanceOf(graph, "float64"),
    instanceOf(graph, "float32"),
    instanceOf(graph, "float32"),
  ];
  const run = compile(compiled.run);
  const expected = outcome(truth, truth.run(...truth.args));
  const own = outcome(eager, eager.run(...eager.args));
  const found = outcome(compiled, run(...compiled.args));
  if (difference(graph, expected, found, [own]) !== null) {
    // By luck float32 may be wrong by less than its inputs' last bits would make it: those are moved as well.
    const others = [own, ...[1e-7, -1e-7].map((jitter) => moved(graph, jitter))];
    const problem = difference(graph, expected, found, others);
    if (problem !== null) return problem;
  }
  if (graph.operators.includes("dropout")) return null;
  // Once more from the same start: the same bits.
  for (const [index, variable] of compiled.variables.entries()) variable.assign(compiled.initial[index] ?? []);
  const again = outcome(compiled, run(...compiled.args));
  const differs = again.findIndex((values, index) =>
    values?.some((value, place) => !Object.is(value, found[index]?.[place])),
  );
  return differs < 0 ? null : `value ${differs} differs at the second call`;
}

function problemOf(graph: RandomGraph): string | null {
  try {
    return examine(graph);
  } catch (thrown) {
    return String(thrown);
  }
}

test(
  `${RUNS} random graphs`,
  () => {
    fc.assert(
      fc.property(recipe, (made) => {
        const graph = graphOf(made);
        for (const name of graph.operators) counts.set(name, (counts.get(name) ?? 0) + 1);
        const problem = problemOf(graph);
        const inputs = graph.shapes.map((shape, index) => `${index % 2 === 0 ? "x" : "w"}${index}: [${shape}]`);
        if (problem !== null) throw new Error(`${problem}\n// ${inputs.join(", ")}\n${graph.code}`);
      }),
      { numRuns: RUNS, ...(long ? {} : { seed: 20 }), verbose: 0 },
    );
  },
  long ? 3_600_000 : 180_000,
);

test("every operator appears", () => {
  console.log(
    [...counts]
      .map(([name, count]) => `${name} ${count}`)
      .sort()
      .join(", "),
  );
  const missing = registry.map(({ name }) => name).filter((name) => !counts.has(name));
  expect(missing).toEqual([]);
});
