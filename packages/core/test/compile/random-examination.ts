// One random graph, compiled, against eager float64. What it may be wrong by is what eager float32 itself is wrong by, four times, and
// a millionth of the largest number there. One eager run may come out right by luck, and it adds up in double precision within an
// operator: so what float32 is wrong by is the most that any of several runs is wrong by, which round everywhere, at random.

import { compile } from "../../src/compile.ts";
import type { Tensor } from "../../src/index.ts";
import { type Instance, instanceOf, type RandomGraph } from "./random-graph.ts";
import { random } from "./random-ops.ts";
import { rounding } from "./random-rounding.ts";

/** The runs that round at random. */
const SEEDS: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

/** All that a call gives: results, Variables and their gradients. */
type Outcome = readonly (Float64Array | null)[];

function outcomeOf({ variables }: Instance, results: readonly Tensor[]): Outcome {
  const gradients = variables.map(({ grad }) => grad);
  return [...results, ...variables, ...gradients].map((value) =>
    value === null ? null : Float64Array.from(value.toTypedArray()),
  );
}

function eager(graph: RandomGraph, dtype: "float32" | "float64"): Outcome {
  const instance = instanceOf(graph, dtype);
  return outcomeOf(instance, instance.run(...instance.args));
}

function rounded(graph: RandomGraph, seed: number): Outcome {
  const instance = instanceOf(graph, "float64");
  return outcomeOf(
    instance,
    rounding(seed, () => instance.run(...instance.args)),
  );
}

const largest = (values: Float64Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;

/** The greatest difference. */
function error(found: Float64Array | null | undefined, expected: Float64Array): number {
  if (found === null || found === undefined || found.length !== expected.length) return Number.POSITIVE_INFINITY;
  return expected.reduce((most, value, index) => {
    const difference = Math.abs((found[index] ?? Number.NaN) - value);
    return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(most, difference);
  }, 0);
}

/** What differs by more than `others`, which are float32's, allow. */
function differenceOf(expected: Outcome, found: Outcome, others: readonly Outcome[]): string | null {
  for (const [index, values] of expected.entries()) {
    const other = found[index];
    if (values === null || other === null) {
      if (values !== null || other !== null) return `value ${index}: a gradient is there and not there`;
      continue;
    }
    // A run that ends in NaN says nothing.
    const own = Math.max(0, ...others.map((outcome) => error(outcome[index], values)).filter(Number.isFinite));
    const wrong = error(other, values);
    const allowed = 4 * own + 1e-6 * largest(values);
    if (!(wrong <= allowed)) return `value ${index} is wrong by ${wrong}, allowed ${allowed}`;
  }
  return null;
}

/** What is wrong with a compiled graph, or null. */
function examine(graph: RandomGraph): string | null {
  const compiled = instanceOf(graph, "float32");
  const run = compile(compiled.run);
  const found = outcomeOf(compiled, run(...compiled.args));
  const expected = eager(graph, "float64");
  const others = [eager(graph, "float32")];
  // More runs can only allow more: most graphs do without, and others with few.
  let difference = differenceOf(expected, found, others);
  for (const seed of SEEDS) {
    if (difference === null) break;
    others.push(rounded(graph, seed));
    difference = differenceOf(expected, found, others);
  }
  if (difference !== null) return difference;
  if (graph.operators.some((name) => random.has(name))) return null;
  // Once more from the same start: the same bits.
  for (const [index, variable] of compiled.variables.entries()) variable.assign(compiled.initial[index] ?? []);
  const again = outcomeOf(compiled, run(...compiled.args));
  const differs = again.findIndex((values, index) =>
    values?.some((value, place) => !Object.is(value, found[index]?.[place])),
  );
  return differs < 0 ? null : `value ${differs} differs at the second call`;
}

/** What is wrong with a compiled graph, errors included, or null. */
export function problemOf(graph: RandomGraph): string | null {
  try {
    return examine(graph);
  } catch (thrown) {
    return String(thrown);
  }
}
