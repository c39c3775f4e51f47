// Operators that no table names, as random graphs use them: as their sample does, with values of the graph in place of the sample's
// numbers, in its shapes or in the value's own. What they can stand (a domain, jumps beside it) is found by trying.

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
  const tensors = sample.args.filter((argument) => argument instanceof Tensor);
  const path = sample.path.map((key) => (/^\d+$/.test(key) ? `[${key}]` : `.${key}`)).join("");
  // Tensors of one shape may have another: that of the value, which is the first of them.
  const isWhole = tensors.every((tensor) => isFloat(tensor) && String(tensor.shape) === String(tensors[0]?.shape));
  const shapes = isWhole && pick(3) > 0 ? [x.value.shape, null] : [null];
  const start = pick(x.value.size);
  for (const [whole, domain] of shapes.flatMap((shape) => domains.map((domain) => [shape, domain] as const))) {
    let first = whole === null ? start : 0;
    const args = sample.args.map((argument) =>
      written(argument, ({ shape, size }) => {
        const taken = whole !== null && first === 0 ? x.name : `like(${x.name}, [${whole ?? shape}], ${first})`;
        first += whole === null ? size : 1 + start;
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
