// What the code of random graphs may use: the public interface, every operator of the register, and a few helpers.

import * as convolution from "../../src/convolution.ts";
import * as core from "../../src/index.ts";
import { elementwise, type Tensor, tensor, update } from "../../src/index.ts";
import { registry } from "../exam/registry.ts";

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** Indices below `limit`. */
const places = (shape: readonly number[], limit: number): Tensor =>
  tensor(
    Int32Array.from({ length: sizeOf(shape) }, (_, index) => (index * 7 + 2) % limit),
    { shape },
  );

/** The elements of `x` from one on, again from the start where they do not suffice, in another shape. */
const like = (x: Tensor, shape: readonly number[], first = 0): Tensor => {
  const wanted = sizeOf(shape) + (first % x.size);
  const line: Tensor = x.reshape([-1]);
  return core
    .tile(line, [Math.ceil(wanted / x.size)])
    .slice([first % x.size, wanted])
    .reshape(shape);
};

const own = {
  descend: update({ name: "descend", forward: (w, gradient, rate) => [w.sub(gradient.mul(rate))] }),
  silu: elementwise({ name: "silu", forward: (x) => x.mul(x.sigmoid()) }),
  blend: elementwise({ name: "blend", forward: (x, y) => x.mul(y.tanh()).add(y.square().mul(0.1)) }),
};

const scope: Readonly<Record<string, unknown>> = {
  ...Object.fromEntries(registry.map(({ name, call }) => [name, call])),
  ...core,
  ...convolution,
  ...own,
  places,
  like,
};

/** What code may name beyond that. */
export type Names = Readonly<Record<string, unknown>>;

interface Made {
  readonly used: readonly string[];
  readonly make: (...values: unknown[]) => unknown;
}

const KEPT = 500;
const made = new Map<string, Made>();

/** The code as a function of the names that it uses: to bind them all takes longer than most graphs. */
function functionOf(code: string, extra: Names): Made {
  const used = [...new Set(code.match(/[A-Za-z_]\w*/g) ?? [])].filter((name) => name in extra || name in scope);
  // cast: what it gives is for the caller to say
  return { used, make: new Function(...used, `"use strict"; return ${code};`) as Made["make"] };
}

/** What code gives: an expression, or the body of a function. A graph is run several times from the same code. */
export function evaluate<T = unknown>(code: string, extra: Names): T {
  const key = `${Object.keys(extra)} ${code}`;
  const known = made.get(key) ?? functionOf(code, extra);
  if (made.size >= KEPT) made.clear();
  made.set(key, known);
  // cast: the caller says what the code gives
  return known.make(...known.used.map((name) => extra[name] ?? scope[name])) as T;
}
