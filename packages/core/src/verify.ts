// compile(f, { verify: true }): every call runs as a program and once more eagerly, from the same state, and the first difference is
// an error. This finds what capturing has fixed although it changes: a number that f counts up itself, a branch on a value from
// elsewhere, a list that grew.

import type { TypedArray } from "./dtype.ts";
import { GraphError } from "./errors.ts";
import { type Generator, type GeneratorState, watchDraws } from "./random.ts";
import { formatShape, sameShape } from "./shape.ts";
import { flatten } from "./structure.ts";
import type { Tensor, Variable } from "./tensor.ts";
import { withoutEffects } from "./tracing.ts";
import type { Storage } from "./view.ts";

/** Float32 sums in another order differ by this share of the largest element. */
const TOLERANCE = 1e-5;

/** What a program touches: the memory of Variables, and the Variables whose gradients it reads or leaves. */
export interface Touched {
  readonly storages: readonly Storage[];
  readonly graded: readonly Variable[];
}

/** The values and gradients there. */
interface State {
  readonly values: readonly TypedArray[];
  readonly gradients: readonly (Tensor | null)[];
}

/**
 * Runs a call both ways and gives the program's result; the Variables, gradients and generators are left as the program left them.
 *
 * @param program the call as a program; @param eager the same call, run by itself
 * @throws GraphError that names the first result, gradient or Variable that differs by more than 1e-5 of its largest element
 */
export function verified<R>(program: () => R, eager: () => R, touched: Touched): R {
  const before = new Map<Generator, GeneratorState>();
  const start = stateOf(touched);
  const result = watchDraws((generator) => {
    if (!before.has(generator)) before.set(generator, generator.state);
  }, program);
  const end = stateOf(touched);
  const drawn = [...before.keys()].map((generator) => [generator, generator.state] as const);
  restore(touched, start);
  for (const [generator, state] of before) generator.state = state;
  let second: R;
  let eagerEnd: State;
  try {
    second = withoutEffects(eager);
    eagerEnd = stateOf(touched);
  } finally {
    restore(touched, end);
    for (const [generator, state] of drawn) generator.state = state;
  }
  const difference = differenceOf(result, second) ?? stateDifference(touched, end, eagerEnd);
  if (difference !== null) {
    throw new GraphError(
      `compile: the program and the function differ: ${difference}. What f reads besides tensors and Variables was fixed when it was ` +
        "captured: pass it as an argument, or keep it in a Variable",
    );
  }
  return result;
}

function stateOf({ storages, graded }: Touched): State {
  return { values: storages.map(({ array }) => array.slice()), gradients: graded.map(({ grad }) => grad) };
}

function restore({ storages, graded }: Touched, { values, gradients }: State): void {
  for (const [index, storage] of storages.entries()) {
    storage.array.set(values[index] ?? storage.array);
    storage.version++;
  }
  for (const [index, variable] of graded.entries()) variable.grad = gradients[index] ?? null;
}

function differenceOf(result: unknown, second: unknown): string | null {
  const names = new Map<object, number>();
  const [found, wanted] = [flatten(result, names), flatten(second, names)];
  if (found.key !== wanted.key) return `the results are ${found.key} of the program, ${wanted.key} of the function`;
  for (const [index, tensor] of found.tensors.entries()) {
    const label = found.tensors.length === 1 ? "the result" : `result ${index}`;
    const difference = elementDifference(label, tensor, wanted.tensors[index] ?? null);
    if (difference !== null) return difference;
  }
  return null;
}

function stateDifference({ storages, graded }: Touched, end: State, eager: State): string | null {
  for (const [index, { name }] of graded.entries()) {
    const [found = null, wanted = null] = [end.gradients[index], eager.gradients[index]];
    const difference = elementDifference(`the gradient of ${name || "a Variable"}`, found, wanted);
    if (difference !== null) return difference;
  }
  for (const [index, { owner }] of storages.entries()) {
    const [found, wanted] = [end.values[index], eager.values[index]];
    if (found === undefined || wanted === undefined) continue;
    const difference = firstDifference(found, wanted, [found.length]);
    if (difference !== null) return `Variable ${owner?.name || "(unnamed)"}${difference}`;
  }
  return null;
}

function elementDifference(label: string, found: Tensor | null, wanted: Tensor | null): string | null {
  if (found === null || wanted === null) {
    if (found === wanted) return null;
    return `${label} is ${found === null ? "missing in" : "there only in"} the program`;
  }
  if (!sameShape(found.shape, wanted.shape))
    return `${label} is ${formatShape(found.shape)} in the program, ${formatShape(wanted.shape)} in the function`;
  const difference = firstDifference(found.toTypedArray(), wanted.toTypedArray(), found.shape);
  return difference === null ? null : `${label}${difference}`;
}

/** ` at [1,2] is 3 in the program, 4 in the function`, or null. */
function firstDifference(found: TypedArray, wanted: TypedArray, shape: readonly number[]): string | null {
  let scale = 0;
  for (const value of wanted) if (Number.isFinite(value)) scale = Math.max(scale, Math.abs(value));
  const slack = wanted instanceof Float32Array || wanted instanceof Float64Array ? TOLERANCE * scale : 0;
  for (const [index, value] of wanted.entries()) {
    const other = found[index] ?? Number.NaN;
    if (Object.is(value, other) || Math.abs(value - other) <= slack) continue;
    return `${placeOf(index, shape)} is ${other} in the program, ${value} in the function`;
  }
  return null;
}

function placeOf(index: number, shape: readonly number[]): string {
  if (shape.length === 0) return "";
  const place: number[] = [];
  let rest = index;
  for (const size of [...shape].reverse()) {
    place.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return ` at [${place}]`;
}
