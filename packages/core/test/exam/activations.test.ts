// Activations beside PyTorch, with their options: values and slopes in float64, in float32, and compiled; their kinks, their tails,
// and what they refuse.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import {
  celu,
  type DType,
  elu,
  gelu,
  gradcheck,
  hardSigmoid,
  hardSwish,
  hardTanh,
  leakyRelu,
  mish,
  OptionError,
  ones,
  prelu,
  relu6,
  ShapeError,
  selu,
  silu,
  softsign,
  type Tensor,
  tensor,
  vjp,
} from "../../src/index.ts";
import { firstDifference, flat } from "./reference.ts";
import { apply, operatorsOf } from "./registry.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

interface Case {
  readonly options: Readonly<Record<string, unknown>>;
  readonly inputs: readonly (readonly number[])[];
  readonly y: readonly number[];
  readonly dx: readonly (readonly number[])[];
}

const special: Readonly<Record<string, number>> = { nan, inf, "-inf": -inf };
const cases: readonly (readonly [string, Case])[] = readFileSync(
  new URL("../oracle/activations.jsonl", import.meta.url),
  "utf8",
)
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line, (_, value) => (typeof value === "string" ? (special[value] ?? value) : value)));

const operators = operatorsOf("elementwise", "activations", "gated-activations");

test("every activation is recorded", () => {
  const recorded = new Set(cases.map(([name]) => name));
  expect(
    operatorsOf("activations", "gated-activations")
      .map(({ name }) => name)
      .filter((name) => !recorded.has(name)),
  ).toEqual([]);
});

describe.each(cases.map(([name, record]) => ({ name, record, title: JSON.stringify(record.options) })))(
  "$name $title",
  ({ name, record: { options, inputs, y, dx } }) => {
    const entry = operators.find((candidate) => candidate.name === name);
    if (entry === undefined) throw new Error(`${name} is recorded, and no operator`);
    const more = Object.keys(options).length === 0 ? [] : [options];
    const f = (...xs: Tensor[]): Tensor => apply(entry, ...xs, ...more);
    const given = (dtype: DType): Tensor[] => inputs.map((values) => tensor(values, { dtype }));
    const pulled = (...xs: Tensor[]): Tensor[] => {
      const { value, pullback } = vjp(f, ...xs);
      return [value, ...pullback(ones(value.shape, { dtype: value.dtype }))];
    };
    // The truth for float32: the same float32 inputs in double precision.
    const rounded = given("float32").map((x) => x.cast("float64"));

    test("has PyTorch's values and slopes", () => {
      const [value, ...slopes] = pulled(...given("float64"));
      expect(firstDifference(flat(value ?? tensor(0)), y, 1e-12, 1e-15)).toBeNull();
      for (const [index, slope] of slopes.entries()) {
        const outside = (at: number): boolean => Number.isNaN(y[at]); // log2 of what is negative
        const settled = (list: readonly number[]): number[] => list.filter((_, at) => !outside(at));
        expect(firstDifference(settled(flat(slope)), settled(dx[index] ?? []), 1e-12, 1e-15), `${index}`).toBeNull();
      }
    });

    test.each<[string, (...xs: Tensor[]) => Tensor[]]>([
      ["float32", pulled],
      ["a program", compile(pulled)],
    ])("%s is right to its last places", (_, run) => {
      const wanted = pulled(...rounded);
      for (const [index, found] of run(...given("float32")).entries()) {
        expect(found.dtype).toBe("float32");
        expect(
          firstDifference(flat(found), flat(wanted[index] ?? found).map(Math.fround), 2e-6, 1e-7),
          `${index}`,
        ).toBeNull();
      }
    });

    test("has slopes that are differentiated right", () => {
      const away = [-4.1, -1.7, -0.6, 0.4, 0.8, 1.3, 2.2, 4.4];
      const xs = inputs.map((_, index) => tensor(away.map((x, at) => x + 0.01 * (at + index) * index)));
      gradcheck(
        f,
        xs.map((x) => (name === "log2" ? x.abs() : x).cast("float64")),
        { order: 2 },
      );
    });
  },
);

describe("far out", () => {
  const [far, farther] = [
    [-1000, 1000],
    [-inf, inf],
  ] as const;
  test.each<[string, (x: Tensor) => Tensor, readonly number[], readonly number[]]>([
    ["softsign", softsign, [-1000 / 1001, 1000 / 1001], [nan, nan]],
    ["relu6", relu6, [0, 6], [0, 6]],
    ["hardTanh", hardTanh, [-1, 1], [-1, 1]],
    ["hardSigmoid", hardSigmoid, [0, 1], [0, 1]],
    ["hardSwish", hardSwish, [-0, 1000], [nan, inf]],
    ["leakyRelu", leakyRelu, [-10, 1000], [-inf, inf]],
    ["elu", elu, [-1, 1000], [-1, inf]],
    ["selu", selu, [-1.7580993408473766, 1050.7009873554805], [-1.7580993408473766, inf]],
    ["celu", (x) => celu(x, { alpha: 2 }), [-2, 1000], [-2, inf]],
    ["gelu", gelu, [0, 1000], [nan, inf]],
    ["gelu by tanh", (x) => gelu(x, { approximate: "tanh" }), [0, 1000], [nan, inf]],
    ["silu", silu, [0, 1000], [nan, inf]],
    ["mish", mish, [0, 1000], [nan, inf]],
    ["prelu", (x) => prelu(x, 0.5), [-500, 1000], [-inf, inf]],
  ])("%s is what PyTorch says, with finite slopes", (_, f, atThousand, atInfinity) => {
    for (const dtype of ["float64", "float32"] as const) {
      const tolerance = dtype === "float64" ? 1e-15 : 1e-7;
      for (const run of [f, compile(f)]) {
        expect(firstDifference(flat(run(tensor(far, { dtype }))), atThousand, tolerance)).toBeNull();
        expect(firstDifference(flat(run(tensor(farther, { dtype }))), atInfinity, tolerance)).toBeNull();
        expect(flat(run(tensor([nan, 1], { dtype })))[0]).toBeNaN();
      }
      const { value, pullback } = vjp(f, tensor(far, { dtype }));
      expect(pullback(ones(value.shape, { dtype })).every((slope) => flat(slope).every(Number.isFinite))).toBe(true);
    }
  });
});

describe("slopes at kinks", () => {
  const slopes = (f: (x: Tensor) => Tensor, at: number[]): number[] => {
    const x = tensor(at, { dtype: "float64" });
    return vjp(f, x)
      .pullback(ones(x.shape, { dtype: "float64" }))
      .flatMap(flat);
  };
  test.each<[string, (x: Tensor) => Tensor, number[], number[]]>([
    ["leakyRelu", (x) => leakyRelu(x, { negativeSlope: 0.2 }), [-1, 0, 1], [0.2, 0.2, 1]],
    ["relu6", relu6, [0, 3, 6], [0, 1, 0]],
    ["hardTanh", hardTanh, [-1, 0, 1], [0, 1, 0]],
    ["hardSigmoid", hardSigmoid, [-3, 0, 3], [0, 1 / 6, 0]],
    ["hardSwish", hardSwish, [-3, 3], [-0.5, 1.5]],
    ["elu", (x) => elu(x, { alpha: 0.5 }), [0], [0.5]],
    ["celu", (x) => celu(x, { alpha: 0.5 }), [0], [1]],
    ["prelu", (x) => prelu(x, 0.3), [0], [0.3]],
  ])("of %s", (_, f, at, expected) => {
    expect(slopes(f, at)).toEqual(expected);
  });
});

describe("prelu", () => {
  const x = tensor([
    [-1, -2, 3],
    [-4, 5, -6],
  ]);

  test("has a slope for each channel, the last axis, and gives it a gradient", () => {
    const weight = tensor([0.5, 0.25, 2]);
    const { value, pullback } = vjp((a, w = a) => prelu(a, w), x, weight);
    expect(value.toArray()).toEqual([
      [-0.5, -0.5, 3],
      [-2, 5, -12],
    ]);
    expect(pullback(ones([2, 3]))[1]?.toArray()).toEqual([-5, -2, -6]);
  });

  test.each([[[]], [[1]], [[3]], [[2, 1]], [[1, 3]], [[2, 3]]])("takes a slope of shape %j", (shape) => {
    expect(prelu(x, ones(shape)).toArray()).toEqual(x.toArray());
  });

  test.each([[[2]], [[3, 1]], [[1, 2, 3]], [[2, 2, 3]]])("refuses a slope of shape %j", (shape) => {
    expect(() => prelu(x, ones(shape))).toThrow(ShapeError);
  });
});

/** The examples of ONNX's node tests, as its operators are said here. */
test.each<[string, () => Tensor, readonly number[]]>([
  ["Elu", () => elu(tensor([-1, 0, 1]), { alpha: 2 }), [-1.2642411176571153, 0, 1]],
  ["Selu", () => selu(tensor([-1, 0, 1]), { alpha: 2, scale: 3 }), [-3.79272335297135, 0, 3]],
  ["HardSigmoid", () => hardSigmoid(tensor([-1, 0, 1]), { slope: 0.5, offset: 0.6 }), [0.1, 0.6, 1]],
  ["LeakyRelu", () => leakyRelu(tensor([-1, 0, 1]), { negativeSlope: 0.1 }), [-0.1, 0, 1]],
  ["Softsign", () => softsign(tensor([-1, 0, 1])), [-0.5, 0, 0.5]],
  ["PRelu with a slope that broadcasts", () => prelu(tensor([[-1, -2]]), tensor([[3]])), [-3, -6]],
])("ONNX's %s", (_, run, expected) => {
  expect(firstDifference(flat(run()), expected, 1e-7)).toBeNull();
});

describe("bad options", () => {
  const x = tensor([1]);
  test.each<[string, () => Tensor, string]>([
    ["no number", () => elu(x, { alpha: nan }), "elu: alpha must be a finite number, got NaN"],
    ["infinite", () => leakyRelu(x, { negativeSlope: inf }), "leakyRelu: negativeSlope must be a finite number, got"],
    ["zero", () => celu(x, { alpha: 0 }), "celu: alpha must be other than 0, got 0"],
    [
      "unknown",
      () => Reflect.apply(hardTanh, undefined, [x, { low: 0 }]),
      'hardTanh: unknown option "low": the options are min,max',
    ],
    [
      "unknown approximation",
      () => Reflect.apply(gelu, undefined, [x, { approximate: "erf" }]),
      'gelu: approximate must be "none" or "tanh", got "erf"',
    ],
    ["unknown to gelu", () => Reflect.apply(gelu, undefined, [x, { tanh: true }]), 'gelu: unknown option "tanh"'],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(OptionError);
    expect(call).toThrow(message);
  });
});
