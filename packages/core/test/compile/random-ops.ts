// Operators as random graphs use them: summaries, movements, indexing, products, losses; and the whole table.

import { arranged, contracted } from "./random-arranged.ts";
import { elementwise } from "./random-elementwise.ts";
import { drawing, images, sequences } from "./random-layers.ts";
import {
  type Application,
  type Choices,
  distinct,
  formula,
  type Known,
  largest,
  offZero,
  unary,
} from "./random-parts.ts";
import { sampled } from "./random-sampled.ts";

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
  (name: string, fits: (x: Known) => boolean = () => true, options = ""): Application =>
  (choices) => {
    const x = choices.floats();
    if (x.value.rank === 0 || !fits(x)) return null;
    const axis = choices.pick(x.value.rank);
    return `${name}(${x.name}, ${axis}${options !== "" && choices.pick(2) === 1 ? `, ${options}` : ""})`;
  };

/** An order of values along an axis. */
const ordered = (name: string, result: string, options = ""): Application =>
  formula((x, { pick }) =>
    x.value.rank === 0 || !distinct(x)
      ? null
      : `${name}(${x.name}, { axis: ${pick(x.value.rank)}${options} })${result}`,
  );

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

const summaries: Readonly<Record<string, Application>> = {
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
  cumSum: alongAxis("cumSum", () => true, "{ reverse: true }"),
  cumProd: alongAxis("cumProd", (x) => x.value.size <= 8 && largest(x) < 3, "{ exclusive: true }"),
  softmax: alongAxis("softmax"),
  logSoftmax: alongAxis("logSoftmax"),
};

/** Operators whose results may be views of what they are given. */
const movements: Readonly<Record<string, Application>> = {
  ...arranged,
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
  addAlongAxis: formula(({ name, value }) =>
    value.rank === 0 ? null : `addAlongAxis(${name}, places([${value.shape}], ${value.shape[0]}), neg(${name}), 0)`,
  ),
  putAlongAxis: formula(({ name, value }) =>
    value.rank === 0 ? null : `putAlongAxis(${name}, places([${value.shape}], ${value.shape[0]}), neg(${name}), 0)`,
  ),
  embedding: formula(({ name, value }) =>
    value.rank !== 2 ? null : `embedding(${name}, places([2, 2], ${value.shape[0]}), { paddingIndex: 0 })`,
  ),
  sort: ordered("sort", ".values", ", descending: true"),
  argSort: ordered("argSort", ""),
  topK: formula((x) =>
    x.value.rank === 0 || !distinct(x) ? null : `topK(${x.name}, 1, { axis: 0, largest: false }).values`,
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

const larger: Readonly<Record<string, Application>> = {
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
  crossEntropy: formula(({ name, value }) =>
    value.rank === 0 ? null : `crossEntropy(${name}, places([${value.shape.slice(0, -1)}], ${value.shape.at(-1)}))`,
  ),
  meanSquaredError: formula(({ name }) => `meanSquaredError(${name}, ${name}.tanh().detach())`),
};

const named: Readonly<Record<string, Application>> = {
  ...elementwise,
  ...summaries,
  ...movements,
  ...contracted,
  ...indexed,
  ...larger,
  ...images,
  ...sequences,
  ...drawing,
};

/** The operators that no table here names. */
const others = sampled(named);

/** Every operator, by its name. */
export const applications: Readonly<Record<string, Application>> = { ...named, ...others };

/** Operators whose results may be views of what they are given, as a dropout of rate 0 is. */
export const views: ReadonlySet<string> = new Set(
  [movements, contracted, images, sequences, drawing, others].flatMap(Object.keys),
);

/** Operators that give something else at each call. */
export const random: ReadonlySet<string> = new Set(Object.keys(drawing));
