// Normalization within samples, attention and recurrent networks: PyTorch's values and gradients (eager in both precisions, and
// compiled), difference quotients to the second order, invariances, and bad input by name.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import {
  concat,
  DTypeError,
  detectAnomaly,
  Generator,
  gradcheck,
  groupNorm,
  gru,
  layerNorm,
  lstm,
  noGrad,
  OptionError,
  ones,
  rmsNorm,
  rnn,
  ShapeError,
  scaledDotProductAttention,
  slice,
  Tensor,
  tensor,
  Variable,
  vjp,
  zeros,
} from "../../src/index.ts";
import { type GradientCase, type Recorded, recorded, weightsOf } from "../oracle/oracle.ts";
import { count, firstDifference, flat, scattered } from "./reference.ts";

type Name = "layerNorm" | "rmsNorm" | "groupNorm" | "attention" | "rnn" | "lstm" | "gru";

/** A recorded case, with all plain arguments that any of the operators takes. */
interface Case extends GradientCase {
  readonly op: Name;
  readonly options: {
    readonly axis?: number;
    readonly epsilon?: number;
    readonly groups?: number;
    readonly mask?: Recorded;
    readonly kind?: "bool" | "float";
    readonly causal?: boolean;
    readonly scale?: number;
    readonly activation?: "tanh" | "relu";
  };
}

const lines = readFileSync(new URL("../oracle/networks.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n");
const cases: readonly Case[] = lines.map((line) => JSON.parse(line));

const joined = (...parts: readonly Tensor[]): Tensor => concat(parts.map((part) => part.reshape([-1])));

/** The operator of a case as a function of its tensors. */
function functionOf({ op, options: { mask, kind, groups = 1, ...options } }: Case): (...xs: Tensor[]) => Tensor {
  const calls: Readonly<Record<Name, (...xs: readonly Tensor[]) => Tensor>> = {
    layerNorm: (x = ones([]), gamma = x, beta = x) => layerNorm(x, gamma, beta, options),
    rmsNorm: (x = ones([]), gamma = x) => rmsNorm(x, gamma, options),
    groupNorm: (x = ones([]), gamma = x, beta = x) => groupNorm(x, groups, gamma, beta, options),
    attention: (q = ones([]), k = q, v = q) => {
      const given = mask === undefined ? {} : { mask: recorded(mask).cast(kind === "bool" ? "bool" : q.dtype) };
      return scaledDotProductAttention(q, k, v, { ...options, ...given });
    },
    rnn: (x = ones([]), weight = x, recurrent = x, bias = x, hidden = x) => {
      const { output, hidden: last } = rnn(x, weight, recurrent, bias, { hidden, ...options });
      return joined(output, last);
    },
    lstm: (x = ones([]), weight = x, recurrent = x, bias = x, hidden = x, cell = x) => {
      const result = lstm(x, weight, recurrent, bias, { hidden, cell });
      return joined(result.output, result.hidden, result.cell);
    },
    gru: (x = ones([]), weight = x, recurrent = x, bias = x, hidden = x, second = x) => {
      const { output, hidden: last } = gru(x, weight, recurrent, bias, second, { hidden });
      return joined(output, last);
    },
  };
  return calls[op];
}

describe.each(cases)("$op $options", (record) => {
  const f = functionOf(record);
  const { inputs, output, gradients } = record;

  test("is PyTorch's in float64, gradients too", () => {
    const { value, pullback } = vjp(f, ...inputs.map(recorded));
    expect(value.shape).toEqual(output.shape);
    expect(firstDifference(flat(value), output.values, 1e-11)).toBeNull();
    for (const [index, gradient] of pullback(weightsOf(output.shape)).entries()) {
      expect(gradient.shape).toEqual(inputs[index]?.shape);
      expect(firstDifference(flat(gradient), gradients[index] ?? [], 1e-10), `gradient ${index}`).toBeNull();
    }
  });

  test("is PyTorch's in float32, eager and compiled", () => {
    const weights = weightsOf(output.shape).cast("float32");
    const both = (...xs: Tensor[]): Tensor => {
      const { value, pullback } = vjp(f, ...xs);
      return joined(value, ...pullback(weights));
    };
    const expected = [...output.values, ...gradients.flat()];
    const scale = Math.max(...expected.map(Math.abs), 1);
    const program = compile(both);
    const xs = inputs.map((input) => recorded(input).cast("float32"));
    for (const found of [both(...xs), program(...xs), program(...xs)]) {
      expect(found.dtype).toBe("float32");
      expect(firstDifference(flat(found), expected, 1e-5, 2e-6 * scale)).toBeNull();
    }
  });
});

test("all differentiate to the second order", () => {
  const second = new Map(cases.map((record) => [`${record.op}${record.options.activation ?? ""}`, record]));
  second.delete("rnnrelu"); // its kinks are no place for difference quotients
  for (const record of second.values()) gradcheck(functionOf(record), record.inputs.map(recorded), { order: 2 });
  expect([...second.keys()]).toHaveLength(7);
});

const random = (shape: readonly number[], seed = 1): Tensor =>
  tensor(Float64Array.from(scattered(count(shape), 2, seed)), { shape });
const same = (a: Tensor, b: Tensor, tolerance = 1e-9): void => {
  expect(a.shape).toEqual(b.shape);
  expect(firstDifference(flat(a), flat(b), tolerance)).toBeNull();
};

describe("normalization within samples", () => {
  const x = random([3, 2, 8]);
  const norms: readonly (readonly [string, (x: Tensor) => Tensor])[] = [
    ["layerNorm", (y) => layerNorm(y, 1, 0, { epsilon: 0 })],
    ["groupNorm", (y) => groupNorm(y, 2, 1, 0, { epsilon: 0 })],
  ];

  test.each(norms)("%s does not see scale and shift, and treats samples apart", (_, norm) => {
    same(norm(x.mul(3).add(7)), norm(x));
    same(slice(norm(x), [1, 2]), norm(slice(x, [1, 2])));
    same(rmsNorm(x.mul(5), 1, { epsilon: 0 }), rmsNorm(x, 1, { epsilon: 0 }));
  });

  test("one group is the whole sample, a group for each channel an instance", () => {
    const flatten = (y: Tensor): Tensor => y.reshape([3, 16]);
    same(flatten(groupNorm(x, 1)), layerNorm(flatten(x)));
    same(groupNorm(x, 8), layerNorm(x, 1, 0, { axis: 1 }));
  });

  test.each([4, 64, 1000])("a large mean costs %i features no digits, eager and compiled", (features) => {
    const values = Float32Array.from({ length: features }, (_, index) => 40_000 + ((index * 7) % 4));
    const row = tensor(values, { shape: [1, features] });
    const expected = layerNorm(row.cast("float64"), 1, 0);
    const program = compile((y: Tensor) => noGrad(() => layerNorm(y, 1, 0)));
    for (const found of [layerNorm(row), program(row)]) {
      expect(found.cast("float64").sub(expected).abs().max().item()).toBeLessThan(1e-4);
    }
  });

  test("constant rows give the shift, NaN stays in its sample, nothing gives nothing", () => {
    expect(layerNorm(ones([2, 3]), 1, tensor([1, 2, 3])).toArray()).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    const rows = tensor([
      [1, Number.NaN],
      [1, 3],
    ]);
    expect(flat(layerNorm(rows)).map(Number.isNaN)).toEqual([true, true, false, false]);
    for (const norm of [layerNorm, rmsNorm]) expect(norm(zeros([0, 3])).shape).toEqual([0, 3]);
    expect(groupNorm(zeros([0, 3, 4]), 2).shape).toEqual([0, 3, 4]);
    expect(layerNorm(zeros([3, 0])).shape).toEqual([3, 0]);
  });

  test("views are normalized as what they show", () => {
    const y = random([4, 3, 5]);
    same(
      layerNorm(y.transpose(0, 2), 1, 0, { axis: [0, 1] }),
      layerNorm(y.transpose(0, 2).clone(), 1, 0, { axis: [0, 1] }),
    );
    same(groupNorm(y.transpose(1, 2), 3), groupNorm(y.transpose(1, 2).clone(), 3));
  });
});

describe("scaledDotProductAttention", () => {
  const [q, k, v] = [random([2, 4, 3], 1), random([2, 4, 3], 2), random([2, 4, 5], 3)] as const;

  test("a causal query does not look ahead", () => {
    const before = scaledDotProductAttention(q, k, v, { causal: true });
    const later = tensor([0, 0, 9, -9], { dtype: "float64" }).unsqueeze(1);
    const after = scaledDotProductAttention(q, k.add(later), v.add(later), { causal: true });
    same(slice(before, null, [0, 2]), slice(after, null, [0, 2]));
    expect(firstDifference(flat(before), flat(after), 1e-3)).not.toBeNull();
    const triangle = tensor([1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 1], { shape: [4, 4] }).cast("bool");
    same(scaledDotProductAttention(q, k, v, { mask: triangle }), before);
  });

  test("a masked key is no anomaly", () => {
    const masked = (): Tensor => scaledDotProductAttention(q, k, v, { causal: true, mask: ones([4, 4]).cast("bool") });
    same(detectAnomaly(masked), masked());
  });

  test("the order of keys does not count, and equal keys share equally", () => {
    const turned = (x: Tensor): Tensor => concat([slice(x, null, [2]), slice(x, null, [0, 2])], 1);
    same(scaledDotProductAttention(q, turned(k), turned(v)), scaledDotProductAttention(q, k, v));
    same(
      scaledDotProductAttention(q, zeros([2, 4, 3], { dtype: "float64" }), v),
      v.mean(1, { keepDims: true }).broadcastTo([2, 4, 5]),
    );
  });

  test.each(["bool", "float64"] as const)(
    "a query that may look at nothing gets zeros and zero gradients (%s)",
    (dtype) => {
      const allowed = tensor([1, 0, 1, 1], { shape: [4, 1] }).cast("bool");
      const mask = dtype === "bool" ? allowed : allowed.where(zeros([4, 1], { dtype }), Number.NEGATIVE_INFINITY);
      const call = (...xs: Tensor[]): Tensor => {
        const { value, pullback } = vjp((a = q, b = k, c = v) => scaledDotProductAttention(a, b, c, { mask }), ...xs);
        return joined(
          slice(value, null, 1),
          slice(pullback(ones([2, 4, 5], { dtype: "float64" }))[0] ?? value, null, 1),
        );
      };
      expect(flat(call(q, k, v))).toEqual(new Array(16).fill(0));
      expect(flat(compile(call)(q, k, v))).toEqual(new Array(16).fill(0));
      gradcheck((a = q, b = k, c = v) => scaledDotProductAttention(a, b, c, { mask }), [q, k, v]);
    },
  );

  test("scores of any size, no keys, no queries, broadcast heads", () => {
    expect(flat(scaledDotProductAttention(q.mul(1e4), k, v)).every(Number.isFinite)).toBe(true);
    expect(
      scaledDotProductAttention(q, zeros([2, 0, 3]), zeros([2, 0, 5]))
        .sum()
        .item(),
    ).toBe(0);
    expect(scaledDotProductAttention(zeros([2, 0, 3]), k, v).shape).toEqual([2, 0, 5]);
    expect(scaledDotProductAttention(random([2, 1, 4, 3]), random([3, 4, 3]), random([3, 4, 5])).shape).toEqual([
      2, 3, 4, 5,
    ]);
  });

  test("dropout draws from its generator, and scales up what is left", () => {
    const run = (seed: number, rate: number): Tensor =>
      scaledDotProductAttention(q, k, v, { dropout: rate, generator: new Generator(seed) });
    same(run(1, 0.5), run(1, 0.5));
    expect(firstDifference(flat(run(1, 0.5)), flat(run(2, 0.5)), 1e-6)).not.toBeNull();
    expect(run(1, 1).abs().max().item()).toBe(0);
  });
});

describe("recurrent networks", () => {
  const x = random([2, 5, 3]);
  const [w1, r1, b1] = [random([3, 2], 4), random([2, 2], 5), random([2], 6)] as const;
  const [w4, r4, b4] = [random([3, 8], 4), random([2, 8], 5), random([8], 6)] as const;
  const [w3, r3, b3, c3] = [random([3, 6], 4), random([2, 6], 5), random([6], 6), random([6], 7)] as const;
  const runs = {
    rnn: (y: Tensor, hidden?: Tensor) => rnn(y, w1, r1, b1, hidden === undefined ? {} : { hidden }),
    lstm: (y: Tensor, hidden?: Tensor, cell?: Tensor) =>
      lstm(y, w4, r4, b4, hidden === undefined || cell === undefined ? {} : { hidden, cell }),
    gru: (y: Tensor, hidden?: Tensor) => gru(y, w3, r3, b3, c3, hidden === undefined ? {} : { hidden }),
  };

  test.each(Object.entries(runs))("%s in two parts is the same as in one, and does not look ahead", (_, run) => {
    const whole = run(x);
    const first = run(slice(x, null, [0, 2]));
    const cell = "cell" in first && first.cell instanceof Tensor ? first.cell : undefined;
    const second = run(slice(x, null, [2]), first.hidden, cell);
    same(concat([first.output, second.output], 1), whole.output);
    same(second.hidden, whole.hidden);
    same(slice(whole.output, null, -1), whole.hidden);
  });

  test.each(Object.entries(runs))("%s takes any leading axes, and empty batches", (_, run) => {
    same(run(x.reshape([1, 2, 5, 3])).output, run(x).output.reshape([1, 2, 5, 2]));
    same(run(slice(x, 1)).hidden, slice(run(x).hidden, 1));
    expect(run(zeros([0, 5, 3], { dtype: "float64" })).output.shape).toEqual([0, 5, 2]);
    const empty = new Variable(zeros([0, 5, 3], { dtype: "float64" }));
    run(empty).output.sum().backward();
    expect(empty.grad?.shape).toEqual([0, 5, 3]);
  });
});

test.each<[() => unknown, new (message: string) => Error, string]>([
  [
    () => layerNorm(zeros([2, 3]), zeros([2])),
    ShapeError,
    "layerNorm: gamma is [2], not [3] as the normalized axes of the input [2,3]",
  ],
  [() => layerNorm(zeros([2, 3]), 1, 0, { axis: 2 }), ShapeError, "layerNorm: axis 2 is out of range"],
  [
    () => layerNorm(zeros([2, 3]), 1, 0, { epsilon: -1 }),
    OptionError,
    "layerNorm: epsilon must be a finite number ≥ 0, got -1",
  ],
  [() => rmsNorm(zeros([2], { dtype: "int32" })), DTypeError, "rmsNorm: the input is int32, not a float"],
  [
    () => groupNorm(zeros([2, 6]), 4),
    OptionError,
    "groupNorm: groups must be a whole number that divides the 6 channels, got 4",
  ],
  [
    () => groupNorm(zeros([6]), 2),
    ShapeError,
    "groupNorm: the input [6] has no batch's axis before that of its channels",
  ],
  [() => groupNorm(zeros([2, 6]), 2, ones([2])), ShapeError, "groupNorm: gamma is [2], not [6]"],
  [
    () => Reflect.apply(scaledDotProductAttention, null, [zeros([4, 3]), zeros([5, 2]), zeros([5, 3])]),
    ShapeError,
    "scaledDotProductAttention: queries [4,3], keys [5,2], values [5,3]: queries have 3 features, keys 2",
  ],
  [
    () => Reflect.apply(scaledDotProductAttention, null, [zeros([4, 3]), zeros([5, 3]), zeros([6, 3])]),
    ShapeError,
    "there are 5 keys, and 6 values",
  ],
  [
    () => scaledDotProductAttention(zeros([4, 3]), zeros([5, 3]), zeros([5, 2]), { mask: ones([5, 4]) }),
    ShapeError,
    "scaledDotProductAttention: the mask [5,4] does not broadcast to [4,5], [..., queries, keys]",
  ],
  [
    () => scaledDotProductAttention(zeros([4, 3]), zeros([5, 3]), zeros([5, 2]), { mask: ones([2, 4, 5]) }),
    ShapeError,
    "the mask [2,4,5] does not broadcast to [4,5], [..., queries, keys]",
  ],
  [
    () =>
      scaledDotProductAttention(zeros([4, 3]), zeros([5, 3]), zeros([5, 2]), {
        mask: ones([4, 5], { dtype: "int32" }),
      }),
    DTypeError,
    'the mask must be bool or a float, got int32: write mask.cast("bool")',
  ],
  [
    () => scaledDotProductAttention(zeros([4, 3]), zeros([5, 3]), zeros([5, 2]), { dropout: 2 }),
    OptionError,
    "scaledDotProductAttention: dropout must be from 0 to 1, got 2",
  ],
  [() => rnn(zeros([2, 0, 3]), zeros([3, 2]), zeros([2, 2])), ShapeError, "rnn: the input [2,0,3] has no steps"],
  [
    () => rnn(zeros([3]), zeros([3, 2]), zeros([2, 2])),
    ShapeError,
    "rnn: the input [3] needs two axes, [..., time, features]",
  ],
  [
    () => lstm(zeros([2, 5, 3]), zeros([3, 6]), zeros([2, 8])),
    ShapeError,
    "lstm: the input [2,5,3] wants a weight [3,4·units], got [3,6]",
  ],
  [() => lstm(zeros([5, 3]), zeros([3, 8]), zeros([8, 2])), ShapeError, "recurrentWeight is [8,2], not [2,8]"],
  [
    () => gru(zeros([2, 5, 3]), zeros([3, 6]), zeros([2, 6]), 0, 0, { hidden: zeros([2, 3]) }),
    ShapeError,
    "gru: the input [2,5,3]: hidden is [2,3], not [2,2]",
  ],
  [
    () => Reflect.apply(rnn, null, [zeros([5, 3]), zeros([3, 2]), zeros([2, 2]), 0, { activation: "sin" }]),
    OptionError,
    'rnn: activation must be "tanh" or "relu", got "sin"',
  ],
])("%s is refused", (run, kind, message) => {
  expect(run).toThrow(kind);
  expect(run).toThrow(message);
});
