// Operators that no table names, as random graphs use them: as their sample does, with the values of the graph in place of the
// sample's numbers. What they can stand (a domain, places where something jumps) is found by trying.

import { Generator, Tensor, vjp } from "../../src/index.ts";
import { type Argument, type Entry, registry } from "../exam/registry.ts";
import type { Application, Choices, Known } from "./random-parts.ts";
import { evaluate } from "./random-scope.ts";

/** What may bring values into an operator's domain, the mildest first. */
const domains: readonly string[] = ["", ".tanh()", ".sigmoid().mul(0.8).add(0.1)", ".square().add(0.5)"];

/** How far values are moved to see whether something jumps beside them. */
const STEP = 1e-3;
const LARGEST = 1e4;

const isFloat = (argument: Argument): argument is Tensor =>
  argument instanceof Tensor && (argument.dtype === "float32" || argument.dtype === "float64");

/** An argument as code: floats from a value of the graph, everything else as it stands in the sample. */
function written(argument: Argument, value: (of: Tensor) => string): string {
  if (isFloat(argument)) return value(argument);
  if (argument instanceof Tensor) {
    const { shape, dtype } = argument;
    return `tensor([${argument.toTypedArray()}], { dtype: "${dtype}" }).reshape([${shape}])`;
  }
  if (Array.isArray(argument)) return `[${argument.map((part) => written(part, value)).join(", ")}]`;
  if (typeof argument !== "object" || argument === null) return JSON.stringify(argument) ?? String(argument);
  const entries = Object.entries(argument).map(([key, part]) => `${key}: ${written(part, value)}`);
  return `{ ${entries.join(", ")} }`;
}

/** Whether values and gradients exist, and change little where the values do. */
function isSteady(code: string, { name, value }: Known): boolean {
  const shift: Tensor = value.mul(0).add(STEP);
  const outcomes = [value, value.add(shift), value.sub(shift)].map((at) => {
    let isSmooth = true;
    const { value: y, pullback } = vjp((x) => {
      const found = evaluate(code, { [name]: x, dtype: "float64", generator: new Generator(1) });
      if (!(found instanceof Tensor)) throw new Error("no tensor");
      isSmooth = isFloat(found);
      return isSmooth ? found : x.mul(0).sum().add(found);
    }, at);
    const slopes = pullback(y.mul(0).add(1)).flatMap((slope) => Array.from(slope.toTypedArray()));
    return { values: Array.from(y.toTypedArray()), slopes: isSmooth ? slopes : [] };
  });
  const [here, ...beside] = outcomes;
  if (here === undefined) return false;
  const scale = Math.max(1, ...here.slopes.map(Math.abs));
  const near = (a: readonly number[], b: readonly number[], most: number): boolean =>
    a.every((number, index) => Math.abs(number - (b[index] ?? Number.NaN)) <= most);
  return (
    [...here.values, ...here.slopes].every((number) => Math.abs(number) < LARGEST) &&
    beside.every(
      ({ values, slopes }) => near(values, here.values, 20 * STEP * scale) && near(slopes, here.slopes, 0.1 * scale),
    )
  );
}

/** The first way to apply an operator to a value that it can stand. */
function applied({ name, sample }: Entry, x: Known, { pick }: Choices): string | null {
  if (sample === null) return null;
  const floats = sample.args.filter(isFloat);
  const path = sample.path.map((key) => (/^\d+$/.test(key) ? `[${key}]` : `.${key}`)).join("");
  // An operator of one tensor of any shape takes the value as it is.
  const whole = floats.length === 1 && sample.args.length === 1 && pick(3) > 0;
  for (const domain of domains) {
    let first = pick(x.value.size);
    const args = sample.args.map((argument) =>
      written(argument, ({ shape }) => {
        const taken = whole ? x.name : `like(${x.name}, [${shape}], ${first})`;
        first += shape.reduce((product, size) => product * size, 1);
        return `${taken}${domain}`;
      }),
    );
    const code = `${name}(${args.join(", ")})${path}`;
    try {
      if (isSteady(code, x)) return code;
    } catch {
      // Refused: another domain, or none.
    }
  }
  return null;
}

/** An application for each operator of the register beside those known. */
export function sampled(known: Readonly<Record<string, Application>>): Record<string, Application> {
  const others = registry.filter(({ name }) => !(name in known));
  return Object.fromEntries(
    others.map((entry): [string, Application] => [entry.name, (choices) => applied(entry, choices.floats(), choices)]),
  );
}
