// What callers without types may get wrong: unknown options, dtypes that are none, axes and shapes of the wrong kind. Each is one typed
// error that names the operation, and nothing is accepted and ignored.

import { describe, expect, test } from "vitest";
import * as core from "../../src/index.ts";
import { GradusError, ones, tensor, Variable } from "../../src/index.ts";

/** An operator as a caller without types sees it. */
const untyped = (name: string): ((...args: readonly unknown[]) => unknown) => {
  const value: unknown = Reflect.get(core, name);
  if (typeof value !== "function") throw new Error(`${name} is no function`);
  return (...args) => Reflect.apply(value, undefined, args);
};

const matrix = ones([2, 3]);
const vector = ones([3]);
const unknown = { bogus: 1 };

/** The message of the typed error that `call` throws. */
function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof GradusError) return error.message;
    throw error;
  }
  return "accepted";
}

const reductions = ["sum", "mean", "prod", "max", "min", "any", "all", "variance", "std", "norm", "logSumExp"];

describe("options that an operation does not have", () => {
  test.each<[string, readonly unknown[]]>([
    ...[...reductions, "argMax", "argMin"].map((name): [string, readonly unknown[]] => [name, [matrix, 0, unknown]]),
    ["pad", [vector, [[1, 1]], unknown]],
    ["diagonal", [matrix, unknown]],
    ["dropout", [matrix, 0.5, unknown]],
    ["batchNorm", [matrix, 1, 0, unknown]],
    ["normalizeFeatures", [matrix, { mean: vector, variance: vector }, 1, 0, unknown]],
    ["tensor", [[1], { dType: "int32" }]],
    ["zeros", [[2], unknown]],
    ["ones", [[2], unknown]],
    ["full", [[2], 1, unknown]],
    ["arange", [3, unknown]],
    ["linspace", [0, 1, 3, unknown]],
    ["eye", [2, unknown]],
    ["uniform", [[2], unknown]],
    ["normal", [[2], unknown]],
    ["truncatedNormal", [[2], unknown]],
    ["bernoulli", [[2], 0.5, unknown]],
    ["randint", [[2], { high: 3, bogus: 1 }]],
    ["permutation", [3, unknown]],
    ["categorical", [vector, unknown]],
  ])("%s", (name, args) => {
    expect(refusal(() => untyped(name)(...args))).toMatch(/: unknown option "(bogus|dType)": the options are /);
  });

  test("Variable", () => {
    const options: object = { requireGrad: false };
    expect(refusal(() => new Variable(vector, options))).toMatch(/Variable: unknown option "requireGrad"/);
  });
});

test.each<[string, readonly unknown[]]>([
  ["zeros", [[2], { dtype: "float16" }]],
  ["tensor", [[1], { dtype: "int64" }]],
  ["cast", [vector, "double"]],
  ["full", [[2], 1, { dtype: "toString" }]],
])("%s refuses a dtype that is none", (name, args) => {
  expect(refusal(() => untyped(name)(...args))).toMatch(/dtype ".*" is unknown: the dtypes are float64, float32/);
});

describe("axes and shapes that are none", () => {
  test.each([...reductions, "argMax", "softmax", "logSoftmax", "flip"])("%s", (name) => {
    for (const axis of ["0", null, {}, 0.5, [0, 0], [0.5], 2, -3])
      expect(
        refusal(() => untyped(name)(matrix, axis)),
        String(axis),
      ).toMatch(/axis/);
  });

  test.each<[string, readonly unknown[], RegExp]>([
    ["reshape", [matrix, 6], /^reshape \[2,3\] to 6: the shape must be a list/],
    ["zeros", [3], /^zeros: the shape must be a list/],
    ["concat", [matrix], /^concat: expected a list of tensors/],
    ["stack", [[1, 2]], /^stack: expected a list of tensors/],
    ["matmul", [matrix, [[1], [2], [3]]], /^matmul: expected a tensor/],
    ["oneHot", [tensor([0], { dtype: "int32" }), 2, { values: [0] }], /^oneHot: values must be/],
    ["oneHot", [tensor([0], { dtype: "int32" }), 2, { values: [-1, 300], dtype: "uint8" }], /^oneHot: values must be/],
  ])("%s", (name, args, message) => {
    expect(refusal(() => untyped(name)(...args))).toMatch(message);
  });

  test("backward, given its options first", () => {
    const loss: { backward(...args: readonly unknown[]): void } = new Variable(vector).sum();
    expect(refusal(() => loss.backward({ createGraph: true }))).toMatch(/backward: the gradient must be a tensor/);
  });
});

describe("values that would be changed in silence", () => {
  test("linspace of integers takes whole numbers only", () => {
    expect(core.linspace(0, 4, 3, { dtype: "int32" }).toArray()).toEqual([0, 2, 4]);
    expect(refusal(() => core.linspace(0, 1, 3, { dtype: "int32" }))).toMatch(/0.5 .* is no int32/);
    expect(refusal(() => core.linspace(0, 1000, 3, { dtype: "uint8" }))).toMatch(/500 .* is no uint8/);
    expect(refusal(() => core.linspace(Number.NaN, 1, 3))).toMatch(/linspace: start and end must be finite/);
  });

  test("weights of a loss must not repeat the predictions", () => {
    for (const option of ["weights", "positiveWeight"])
      expect(refusal(() => core.binaryCrossEntropy(vector, vector, { [option]: matrix }))).toMatch(
        new RegExp(`binaryCrossEntropy: ${option} of shape \\[2,3\\] do not broadcast`),
      );
  });

  test("statistics and epsilon of normalization", () => {
    const variance = ones([3]);
    expect(refusal(() => core.normalizeFeatures(matrix, { mean: ones([2, 1]), variance }, 1, 0))).toMatch(
      /normalizeFeatures: mean is \[2,1\]/,
    );
    for (const epsilon of [-1, Number.NaN])
      expect(refusal(() => core.batchNorm(matrix, 1, 0, { epsilon }))).toMatch(/batchNorm: epsilon must be/);
  });
});
