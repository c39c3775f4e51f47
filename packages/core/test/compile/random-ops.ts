// Operators as random graphs use them: for each a way to apply it to values that are there, as a line of code. An operator whose
// value or gradient jumps is only applied where no value comes near the jump, so that rounding cannot decide.

import type { Tensor } from "../../src/index.ts";

/** A value of a graph: the name under which code knows it, and what it is in float64. */
export interface Known {
  readonly name: string;
  readonly value: Tensor;
}

/** Where a random graph's choices come from, and the values that are there. */
export interface Choices {
  /** A whole number from 0 to below `count`; small ones are simple. */
  pick(count: number): number;
  /** A value of floats, of conditions, or of integers; the latest first. */
  floats(): Known;
  /** A value of floats whose shape broadcasts with this one. */
  partner(of: Known): Known;
  conditions(): Known | null;
  integers(): Known | null;
}

/** An application of an operator: code that gives the result, or null where it does not fit. */
export type Application = (choices: Choices) => string | null;

/** How near a value may come to a place where something jumps. */
const NEAR = 1e-3;

const numbers = ({ value }: Known): readonly number[] => Array.from(value.toTypedArray());
const largest = (x: Known): number => numbers(x).reduce((most, number) => Math.max(most, Math.abs(number)), 0);
const off = (x: Known, jump: (number: number) => number): boolean =>
  numbers(x).every((number) => Math.abs(number - jump(number)) > NEAR);
const offZero = (x: Known): boolean => off(x, () => 0);

/** Whether no two values that meet are nearly equal. */
const apart = (a: Known, b: Known): boolean =>
  Array.from(a.value.sub(b.value).toTypedArray()).every((number) => Math.abs(number) > NEAR);

/** Whether along `axis` no two values are nearly equal. */
function distinct({ value }: Known): boolean {
  const sorted = Array.from(value.toTypedArray()).sort((a, b) => a - b);
  return sorted.every((number, index) => index === 0 || number - (sorted[index - 1] ?? 0) > NEAR);
}

const unary =
  (name: string, fits: (x: Known) => boolean = () => true, before = ""): Application =>
  (choices) => {
    const x = choices.floats();
    return fits(x) ? `${name}(${x.name}${before})` : null;
  };

const binary =
  (
    name: string,
    fits: (a: Known, b: Known) => boolean = () => true,
    before: readonly [string, string] = ["", ""],
  ): Application =>
  (choices) => {
    const a = choices.floats();
    const b = choices.partner(a);
    return fits(a, b) ? `${name}(${a.name}${before[0]}, ${b.name}${before[1]})` : null;
  };

const logical =
  (name: string): Application =>
  (choices) => {
    const a = choices.conditions() ?? choices.floats();
    if (a.value.dtype !== "bool" && !offZero(a)) return null;
    return name === "logicalNot" ? `${name}(${a.name})` : `${name}(${a.name}, ${a.name}.sum().gt(0.5))`;
  };

/** Axes of a shape: none, one, or several, some counted from the end. */
function axesOf({ pick }: Choices, rank: number): string {
  const all = Array.from({ length: rank }, (_, axis) => axis);
  const chosen = all.filter(() => pick(2) === 1);
  if (chosen.length === 0) return "undefined";
  const [first = 0] = chosen;
  return chosen.length === 1 ? String(pick(2) === 1 ? first - rank : first) : `[${chosen}]`;
}

const reduction =
  (name: string, fits: (x: Known) => boolean = () => true, options = ""): Application =>
  (choices) => {
    const x = choices.floats();
    if (!fits(x)) return null;
    const keepDims = choices.pick(2) === 1;
    return `${name}(${x.name}, ${axesOf(choices, x.value.rank)}, { keepDims: ${keepDims}${options} })`;
  };

const extreme =
  (name: string): Application =>
  (choices) => {
    const x = choices.floats();
    if (!distinct(x)) return null;
    const axis = choices.pick(x.value.rank + 1);
    return `${name}(${x.name}, ${axis === x.value.rank ? "undefined" : axis})`;
  };

const alongAxis =
  (name: string): Application =>
  (choices) => {
    const x = choices.floats();
    return x.value.rank === 0 ? null : `${name}(${x.name}, ${choices.pick(x.value.rank)})`;
  };

const formula =
  (make: (x: Known, choices: Choices) => string | null): Application =>
  (choices) =>
    make(choices.floats(), choices);

/** A number of shuffled axes. */
function shuffled({ pick }: Choices, rank: number): number[] {
  const order = Array.from({ length: rank }, (_, axis) => axis);
  for (let left = rank; left > 1; left--) {
    const [moved = 0] = order.splice(rank - 1 - pick(left), 1);
    order.unshift(moved);
  }
  return order;
}

const slices: readonly string[] = ["null", "0", "-1", "[1, null]", "[null, null, 2]", "[null, null, -1]", "[0, -1]"];

const elementwise: Readonly<Record<string, Application>> = {
  neg: unary("neg"),
  abs: unary("abs", offZero),
  sign: unary("sign", offZero),
  square: unary("square"),
  reciprocal: unary("reciprocal", undefined, ".square().add(0.5)"),
  add: binary("add"),
  sub: binary("sub"),
  mul: binary("mul"),
  div: binary("div", undefined, ["", ".square().add(0.5)"]),
  pow: binary("pow", undefined, [".square().add(0.5)", ".tanh()"]),
  mod: formula((x) => (off(x, (number) => 3 * Math.round(number / 3)) ? `mod(${x.name}, 3)` : null)),
  maximum: binary("maximum", apart),
  minimum: binary("minimum", apart),
  exp: unary("exp", (x) => largest(x) < 4),
  expm1: unary("expm1", (x) => largest(x) < 4),
  log: unary("log", undefined, ".square().add(0.5)"),
  log1p: unary("log1p", undefined, ".square()"),
  sqrt: unary("sqrt", undefined, ".square().add(0.5)"),
  rsqrt: unary("rsqrt", undefined, ".square().add(0.5)"),
  sin: unary("sin"),
  cos: unary("cos"),
  tan: unary("tan", undefined, ".tanh()"),
  asin: unary("asin", undefined, ".tanh().mul(0.9)"),
  acos: unary("acos", undefined, ".tanh().mul(0.9)"),
  atan: unary("atan"),
  atan2: binary("atan2", undefined, ["", ".square().add(0.5)"]),
  sinh: unary("sinh", (x) => largest(x) < 4),
  cosh: unary("cosh", (x) => largest(x) < 4),
  erf: unary("erf"),
  floor: unary("floor", (x) => off(x, Math.round)),
  ceil: unary("ceil", (x) => off(x, Math.round)),
  round: unary("round", (x) => off(x, (number) => Math.floor(number) + 0.5)),
  trunc: unary("trunc", (x) => off(x, Math.round)),
  eq: binary("eq", apart),
  ne: binary("ne", apart),
  lt: binary("lt", apart),
  le: binary("le", apart),
  gt: binary("gt", apart),
  ge: binary("ge", apart),
  logicalAnd: logical("logicalAnd"),
  logicalOr: logical("logicalOr"),
  logicalXor: logical("logicalXor"),
  logicalNot: logical("logicalNot"),
  isNaN: unary("isNaN"),
  isFinite: unary("isFinite"),
  where: (choices) => {
    const a = choices.floats();
    const b = choices.partner(a);
    return offZero(a) ? `where(gt(${a.name}, 0), ${a.name}, ${b.name})` : null;
  },
  clip: formula((x) => (off(x, () => -0.7) && off(x, () => 1.3) ? `clip(${x.name}, -0.7, 1.3)` : null)),
  sigmoid: unary("sigmoid"),
  tanh: unary("tanh"),
  relu: unary("relu", offZero),
  softplus: unary("softplus"),
  logSigmoid: unary("logSigmoid"),
  silu: unary("silu"),
  blend: binary("blend"),
};

/** Operators that fold axes. */
export const summaries: Readonly<Record<string, Application>> = {
  sum: reduction("sum"),
  prod: reduction("prod", (x) => x.value.size <= 8 && largest(x) < 3),
  max: reduction("max", distinct),
  min: reduction("min", distinct),
  any: reduction("any", offZero),
  all: reduction("all", offZero),
  mean: reduction("mean"),
  variance: reduction("variance"),
  std: reduction("std"),
  norm: reduction("norm"),
  logSumExp: reduction("logSumExp"),
  argMax: extreme("argMax"),
  argMin: extreme("argMin"),
  softmax: alongAxis("softmax"),
  logSoftmax: alongAxis("logSoftmax"),
};

/** Operators whose results may be views of what they are given. */
export const movements: Readonly<Record<string, Application>> = {
  reshape: formula(({ name, value }, { pick }) => {
    const divisors = [1, 2, 3, 4, 5, 8].filter((size) => value.size % size === 0);
    const first = divisors[pick(divisors.length)] ?? 1;
    return (
      [`reshape(${name}, [-1])`, `reshape(${name}, [${first}, -1])`, `reshape(${name}, [1, -1, ${first}])`][pick(3)] ??
      null
    );
  }),
  flatten: formula(({ name, value }, { pick }) => `flatten(${name}, ${value.rank === 0 ? 0 : pick(value.rank)})`),
  permute: formula(({ name, value }, choices) => `permute(${name}, [${shuffled(choices, value.rank)}])`),
  transpose: formula(({ name, value }) => (value.rank < 2 ? null : `transpose(${name})`)),
  broadcastTo: formula(({ name, value }, { pick }) => {
    const target = [...value.shape].map((size: number) => (size === 1 ? 1 + pick(4) : size));
    return `broadcastTo(${name}, [${[...(value.rank < 4 ? [1 + pick(3)] : []), ...target]}])`;
  }),
  squeeze: formula(({ name }) => `squeeze(${name})`),
  unsqueeze: formula(({ name, value }, { pick }) =>
    value.rank < 4 ? `unsqueeze(${name}, ${pick(value.rank + 1)})` : null,
  ),
  slice: formula(({ name, value }, { pick }) =>
    value.shape.some((size: number) => size < 2)
      ? null
      : `slice(${[name, ...value.shape.map(() => slices[pick(slices.length)])]})`,
  ),
  clone: unary("clone"),
  cast: (choices) => {
    const x = choices.pick(2) === 0 ? choices.conditions() : choices.integers();
    return x === null ? null : `cast(${x.name}, dtype)`;
  },
  concat: formula(({ name, value }, { pick }) =>
    value.rank === 0 ? null : `concat([${name}, neg(${name}), ${name}], ${pick(value.rank)})`,
  ),
  stack: formula(({ name, value }, { pick }) =>
    value.rank > 3 ? null : `stack([${name}, square(${name})], ${pick(value.rank + 1)})`,
  ),
};

const indexed: Readonly<Record<string, Application>> = {
  gather: formula(({ name, value }, { pick }) => {
    const axis = pick(value.rank);
    return value.rank === 0 ? null : `gather(${name}, places([${1 + pick(5)}], ${value.shape[axis]}), ${axis})`;
  }),
  scatterAdd: formula(({ name, value }) =>
    value.rank === 0
      ? null
      : `scatterAdd(${name}, places([${value.shape[0]}], 3), [${[3, ...value.shape.slice(1)]}], 0)`,
  ),
  takeAlongAxis: formula(({ name, value }) =>
    value.rank === 0 ? null : `takeAlongAxis(${name}, places([${[2, ...value.shape.slice(1)]}], ${value.shape[0]}), 0)`,
  ),
  oneHot: ({ pick }) => `cast(oneHot(places([${1 + pick(4)}], 3), 3), dtype)`,
};

/** The axes of a shape but the last. */
const leading = (rank: number): string => `[${Array.from({ length: rank - 1 }, (_, axis) => axis)}]`;

/** Whether all axes but the last two broadcast. */
function batchesMeet(a: readonly number[], b: readonly number[]): boolean {
  return [-3, -4].every((axis) => {
    const [m, n] = [a.at(axis) ?? 1, b.at(axis) ?? 1];
    return m === n || m === 1 || n === 1;
  });
}

/** Operators made of products and sums. */
export const larger: Readonly<Record<string, Application>> = {
  matmul: (choices) => {
    const a = choices.floats();
    const b = choices.floats();
    if (a.value.rank === 0 || b.value.rank === 0) return null;
    const inner = a.value.shape.at(-1) === b.value.shape.at(b.value.rank === 1 ? 0 : -2);
    if (inner && batchesMeet(a.value.shape, b.value.shape)) return `matmul(${a.name}, ${b.name})`;
    return a.value.rank < 2 ? null : `matmul(${a.name}, transpose(${a.name}))`;
  },
  batchNorm: formula(({ name, value }) => {
    if (value.rank < 2 || value.size / (value.shape.at(-1) ?? 1) < 3) return null;
    const spread = value.variance(value.shape.slice(1).map((_, axis) => axis));
    return Array.from(spread.toTypedArray()).every((number) => number > 0.05)
      ? `batchNorm(${name}, 1, 0).output`
      : null;
  }),
  normalizeFeatures: formula(({ name, value }) => {
    const axes = leading(value.rank);
    const parts = `{ mean: ${name}.mean(${axes}), variance: ${name}.square().mean(${axes}).add(0.1) }`;
    return value.rank < 2 ? null : `normalizeFeatures(${name}, ${parts}, 1, 0)`;
  }),
  dropout: formula(({ name }, { pick }) => `dropout(${name}, ${["0.5", "0.1", "1", "0"][pick(4)]}, { generator })`),
  crossEntropy: formula(({ name, value }) =>
    value.rank === 0 ? null : `crossEntropy(${name}, places([${value.shape.slice(0, -1)}], ${value.shape.at(-1)}))`,
  ),
  meanSquaredError: formula(({ name }) => `meanSquaredError(${name}, ${name}.tanh().detach())`),
};

/** Every operator, by its name. */
export const applications: Readonly<Record<string, Application>> = {
  ...elementwise,
  ...summaries,
  ...movements,
  ...indexed,
  ...larger,
};
