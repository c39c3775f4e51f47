// How tensors look: as NumPy prints arrays, with the dtype where it is not float32.

import { inspect } from "node:util";
import { describe, expect, test, vi } from "vitest";
import { arange, print, type Tensor, tensor, Variable, zeros } from "../../src/index.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const double = (values: number[]): Tensor => tensor(values, { dtype: "float64" });

describe("what NumPy prints", () => {
  // Each text is NumPy 1.24's repr with `tensor` for `array`, which is one column wider.
  test.each<[string, Tensor, string]>([
    [
      "whole numbers",
      tensor([
        [1, 2],
        [3, 40],
      ]),
      "tensor([[ 1.,  2.],\n        [ 3., 40.]])",
    ],
    ["fractions", tensor([0.1, 0.25, -3]), "tensor([ 0.1 ,  0.25, -3.  ])"],
    ["thirds", tensor([1 / 3, 2 / 3]), "tensor([0.33333334, 0.6666667 ])"],
    ["probabilities", tensor([0.09003057, 0.24472848, 0.66524094]), "tensor([0.09003057, 0.24472848, 0.66524094])"],
    ["signs", tensor([-1.5, 2]), "tensor([-1.5,  2. ])"],
    ["a negative zero", tensor([0, -0]), "tensor([ 0., -0.])"],
    ["a scalar", tensor(3.5), "tensor(3.5)"],
    ["NaN and infinities", tensor([1, nan, inf, -inf]), "tensor([  1.,  nan,  inf, -inf])"],
    ["NaN among fractions", tensor([1.5, nan, -inf]), "tensor([ 1.5,  nan, -inf])"],
    ["small numbers", tensor([1e-5, 1]), "tensor([1.e-05, 1.e+00])"],
    ["tiny numbers", tensor([1e-10, 2e-10]), "tensor([1.e-10, 2.e-10])"],
    ["great numbers", tensor([1e10, 1]), "tensor([1.e+10, 1.e+00])"],
    ["great and fractional", tensor([1e6, 1.5]), "tensor([1.0e+06, 1.5e+00])"],
    ["far apart", tensor([1234.5678, 0.001]), "tensor([1.2345677e+03, 1.0000000e-03])"],
    [
      "a cube",
      arange(8).reshape([2, 2, 2]),
      "tensor([[[0., 1.],\n         [2., 3.]],\n\n        [[4., 5.],\n         [6., 7.]]])",
    ],
  ])("%s", (_, x, text) => expect(String(x)).toBe(text));
});

describe("what differs from it", () => {
  test.each<[string, Tensor, string]>([
    ["doubles say so", double([1 / 3, 0.1 + 0.2]), "tensor([0.33333333, 0.3       ], dtype=float64)"],
    ["integers say so", tensor([1, -20], { dtype: "int32" }), "tensor([  1, -20], dtype=int32)"],
    ["bytes say so", tensor(new Uint8Array([1, 255])), "tensor([  1, 255], dtype=uint8)"],
    ["booleans say so", tensor([true, false]), "tensor([ true, false], dtype=bool)"],
    ["nothing shows its shape", zeros([0, 3]), "tensor([], shape=[0,3], dtype=float32)"],
    ["rows of nothing", zeros([2, 0]), "tensor([[],\n        []], shape=[2,0], dtype=float32)"],
    ["whole numbers stay plain up to 10⁸", tensor([16777216, 3]), "tensor([16777216.,        3.])"],
  ])("%s", (_, x, text) => expect(String(x)).toBe(text));
});

test("long lists are wrapped, longer ones are cut in the middle", () => {
  const lines = String(arange(30)).split("\n");
  expect(lines.length).toBe(2);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(88);
  expect(String(arange(1200))).toBe("tensor([   0.,    1.,    2., ..., 1197., 1198., 1199.])");
  expect(String(arange(1600).reshape([40, 40]))).toBe(
    [
      "tensor([[   0.,    1.,    2., ...,   37.,   38.,   39.],",
      "        [  40.,   41.,   42., ...,   77.,   78.,   79.],",
      "        [  80.,   81.,   82., ...,  117.,  118.,  119.],",
      "        ...,",
      "        [1480., 1481., 1482., ..., 1517., 1518., 1519.],",
      "        [1520., 1521., 1522., ..., 1557., 1558., 1559.],",
      "        [1560., 1561., 1562., ..., 1597., 1598., 1599.]])",
    ].join("\n"),
  );
});

test("views print what they show, variables like tensors, in the console too", () => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ]);
  expect(String(x.transpose().slice(1))).toBe("tensor([2., 4.])");
  expect(String(new Variable(tensor([1])))).toBe("tensor([1.])");
  expect(inspect(x)).toBe(String(x));
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  print("x =", tensor([1]), 3);
  expect(log).toHaveBeenCalledWith("x = tensor([1.]) 3");
  log.mockRestore();
});
