// Random graphs as programs of a few lines: built from a list of numbers, so that fast-check makes them smaller, and printed as code.

import { Generator, Tensor, tensor, Variable } from "../../src/index.ts";
import { applications, views as mayBeViews } from "./random-ops.ts";
import type { Application, Choices, Known } from "./random-parts.ts";
import { evaluate } from "./random-scope.ts";

/** One operation of a random graph: which one, and what decides about its operands. */
export type Step = readonly [op: number, ...choices: number[]];

/** What a random graph begins with, and what it does. */
export interface Recipe {
  /** For each input the sizes of its axes, as places in {@link sizes}. */
  readonly inputs: readonly (readonly number[])[];
  readonly steps: readonly Step[];
}

/** The sizes of axes: alone, below, at and beyond vectors of four and eight, a long one. */
export const sizes: readonly number[] = [1, 3, 4, 5, 8, 17, 64];

const MOST_ELEMENTS = 3000;
const LARGEST = 30;

/** The largest size of an input: further axes are 1. */
function shapeOf(places: readonly number[]): number[] {
  let size = 1;
  return places.map((place) => {
    const wanted = sizes[place % sizes.length] ?? 1;
    if (size * wanted > 600) return 1;
    size *= wanted;
    return wanted;
  });
}

/** Numbers from −2 to 2 that float32 holds exactly, without two alike: all graphs begin with the same. */
function valuesOf(shape: readonly number[], seed: number): Float32Array {
  const size = shape.reduce((product, axis) => product * axis, 1);
  return Float32Array.from({ length: size }, (_, index) => (((index + 1) * (37 + 2 * seed) * 0.618034) % 1) * 4 - 2);
}

/** A value of a graph, in float64. */
const resultOf = (expression: string, known: readonly Known[]): unknown =>
  evaluate(expression, {
    ...Object.fromEntries(known.map(({ name, value }) => [name, value])),
    dtype: "float64",
    generator: new Generator(1),
  });

/** A random graph: its code, and its inputs' shapes. */
export interface RandomGraph {
  readonly code: string;
  readonly shapes: readonly (readonly number[])[];
  /** The operators in it on which a result depends. */
  readonly operators: readonly string[];
}

/** A value of a graph, and the operator that gives it. */
interface Line {
  readonly name: string;
  readonly expression: string;
  readonly operator: string;
}

const table: readonly (readonly [string, Application])[] = Object.entries(applications);

/** The graph that a recipe describes; steps that do not fit are left out. */
export function graphOf({ inputs, steps }: Recipe): RandomGraph {
  const shapes = inputs.map(shapeOf);
  const pool: Known[] = shapes.map((shape, index) => ({
    name: inputName(index),
    value: tensor(Float64Array.from(valuesOf(shape, index)), { shape }),
  }));
  const lines: Line[] = [];
  const views = new Set<string>();
  for (const [op, ...rest] of steps) {
    const [name, apply] = table[op % table.length] ?? ["", () => null];
    const expression = apply(choicesFrom(pool, rest));
    if (expression === null) continue;
    const value = resultOf(expression, pool);
    if (!(value instanceof Tensor) || !isTame(value, name)) continue;
    const known = { name: `t${lines.length}`, value };
    lines.push({ name: known.name, expression, operator: name });
    pool.push(known);
    if (mayBeViews.has(name)) views.add(known.name);
  }
  const code = codeOf(pool, shapes, lines, views);
  return { code, shapes, operators: neededOf(code, lines).map(({ operator }) => operator) };
}

/** The lines whose values reach the results: all others a compiler leaves out. */
function neededOf(code: string, lines: readonly Line[]): readonly Line[] {
  const namesIn = (text: string): readonly string[] => text.match(/\bt\d+\b/g) ?? [];
  const needed = new Set(namesIn(code.slice(code.indexOf("const results"))));
  return [...lines].reverse().filter(({ name, expression }) => {
    if (!needed.has(name)) return false;
    for (const used of namesIn(expression)) needed.add(used);
    return true;
  });
}

/** Even inputs are arguments, odd ones Variables. */
const inputName = (index: number): string => (index % 2 === 0 ? `x${index}` : `w${index}`);

/** Whether a result is small, of few elements, and no zero under a root. */
function isTame(value: Tensor, name: string): boolean {
  if (value.size === 0 || value.size > MOST_ELEMENTS || value.rank > 4) return false;
  const least = name === "std" || name === "norm" ? 0.1 : Number.NEGATIVE_INFINITY;
  return Array.from(value.toTypedArray()).every((number) => Math.abs(number) < LARGEST && number > least);
}

function choicesFrom(pool: readonly Known[], numbers: readonly number[]): Choices {
  let at = 0;
  const pick = (count: number): number => (count < 1 ? 0 : (numbers[at++] ?? 0) % count);
  const of = (dtypes: readonly string[]): readonly Known[] =>
    pool.filter(({ value }) => dtypes.includes(value.dtype)).reverse();
  const one = (known: readonly Known[]): Known | null => known[pick(known.length)] ?? null;
  return {
    pick,
    floats: () => one(of(["float64"])) ?? pool[0] ?? { name: "x0", value: tensor(0) },
    partner: (x) => one(of(["float64"]).filter(({ value }) => broadcasts(x.value.shape, value.shape))) ?? x,
    conditions: () => one(of(["bool"])),
    integers: () => one(of(["int32"])),
  };
}

function broadcasts(a: readonly number[], b: readonly number[]): boolean {
  const rank = Math.max(a.length, b.length);
  const joint = Array.from({ length: rank }, (_, axis) => [a.at(axis - rank) ?? 1, b.at(axis - rank) ?? 1] as const);
  const fits = joint.every(([m, n]) => m === n || m === 1 || n === 1);
  return fits && joint.reduce((size, [m, n]) => size * Math.max(m, n), 1) <= MOST_ELEMENTS;
}

const assigned = (name: string): string => `${name}.assign(${name}.sub(${name}.grad.mul(0.1)))`;
const updated = (name: string): string => `descend([${name}], [${name}.grad, 0.1])`;

/** Forward, backward from the last values, a step of each Variable, and every result. */
function codeOf(
  pool: readonly Known[],
  shapes: readonly (readonly number[])[],
  lines: readonly Line[],
  views: ReadonlySet<string>,
): string {
  const inner = pool.slice(shapes.length);
  const last = inner.filter(({ value }) => value.dtype === "float64").slice(-3);
  const losses = last.map(({ name }) => `${name}.square().sum().add(${name}.sum().mul(0.1))`);
  const variables = shapes.flatMap((_, index) => (index % 2 === 1 ? [inputName(index)] : []));
  const backward =
    losses.length === 0
      ? []
      : [
          `const loss = ${losses.reduce((sum, loss) => `${sum}.add(${loss})`)};`,
          ...variables.map((name) => `${name}.grad = null;`),
          "if (loss.requiresGrad) loss.backward();",
          ...variables.map(
            (name) => `if (${name}.grad !== null) ${(lines.length % 2 === 0 ? assigned : updated)(name)};`,
          ),
        ];
  // A view of a Variable is gone once that is assigned: what is returned then is a copy.
  const results = inner.slice(-4).map(({ name }) => (views.has(name) ? `${name}.clone()` : name));
  const steps = lines.map(({ name, expression }) => `const ${name} = ${expression};`);
  const found = `const results = [${results.join(", ")}];`;
  return [...steps, found, ...backward, `return [...results${losses.length === 0 ? "" : ", loss"}];`].join("\n");
}

/** A graph made to run: its function, and what it reads and writes. */
export interface Instance {
  readonly run: (...args: Tensor[]) => Tensor[];
  readonly args: readonly Tensor[];
  readonly variables: readonly Variable[];
  readonly initial: readonly Tensor[];
}

/** The graph in one dtype, with Variables of its own. */
export function instanceOf({ code, shapes }: RandomGraph, dtype: "float32" | "float64"): Instance {
  const starts = shapes.map((shape, index) => {
    const values = valuesOf(shape, index);
    return tensor(dtype === "float64" ? Float64Array.from(values) : values, { shape });
  });
  const isVariable = (index: number): boolean => index % 2 === 1;
  const initial = starts.filter((_, index) => isVariable(index));
  const variables = starts.flatMap((start, index) =>
    isVariable(index) ? [new Variable<readonly number[]>(start, { name: inputName(index) })] : [],
  );
  const args = starts.filter((_, index) => !isVariable(index));
  const free = shapes.flatMap((_, index) => (isVariable(index) ? [] : [inputName(index)]));
  const run = evaluate<Instance["run"]>(`(${free.join(", ")}) => {\n${code}\n}`, {
    ...Object.fromEntries(variables.map((variable) => [variable.name ?? "", variable])),
    dtype,
    generator: new Generator(1),
  });
  return { run, args, variables, initial };
}
