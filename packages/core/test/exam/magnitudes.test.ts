// Gradients where a formula's parts vanish or overflow in float32 though the whole does not, and at NaN and infinities: eagerly and
// compiled, against the values of PyTorch in float64.

import { expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import { atan2, clip, elu, gelu, ones, softsign, type Tensor, tensor, Variable } from "../../src/index.ts";
import { firstDifference, flat } from "./reference.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

const slopes = (f: (...xs: Tensor[]) => Tensor, inputs: readonly (readonly number[])[]): (Tensor | null)[] => {
  const xs = inputs.map((values) => new Variable(tensor(values)));
  const y = f(...xs);
  y.backward(ones(y.shape));
  return xs.map(({ grad }) => grad);
};

test.each<[string, (...xs: Tensor[]) => Tensor, number[][], number[][]]>([
  [
    "atan2",
    (a, b = a) => atan2(a, b),
    [
      [1e-30, 0, 3e20, 1e-30, 3, 1, 0, inf],
      [1e-30, 1e-30, 4e20, -1, 4, inf, -2, 1],
    ],
    [
      [5e29, 1e30, 1.6e-21, -1, 0.16, nan, -0.5, 0],
      [-5e29, 0, -1.2e-21, -1e-30, -0.12, 0, 0, nan],
    ],
  ],
  [
    "gelu by tanh",
    (x) => gelu(x, { approximate: "tanh" }),
    [[-1e30, -1e15, -1000, 0, 1000, 1e15, 1e30]],
    [[0, 0, 0, 0.5, 1, 1, 1]],
  ],
  ["softsign, which has no value at ∞", (x) => softsign(x), [[-inf, -1, 3, inf, nan]], [[nan, 0.25, 0.0625, nan, nan]]],
  ["clip of NaN", (x) => clip(x, -1, 2), [[nan, 0, 3]], [[0, 1, 0]]],
  ["elu of NaN", (x) => elu(x), [[nan, 2, -inf]], [[nan, 1, 0]]],
])("%s", (_, f, inputs, expected) => {
  for (const found of [slopes(f, inputs), compile(() => slopes(f, inputs))()]) {
    for (const [index, wanted] of expected.entries()) {
      const gradient = found[index];
      expect(
        firstDifference(gradient ? flat(gradient) : wanted.map(() => 0), wanted, 2e-6, 1e-37),
        `input ${index}`,
      ).toBeNull();
    }
  }
});
