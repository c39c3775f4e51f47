// Folds over any axes, of elements that lie in any order, run in kernels: none is left to the eager operator.

import { expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import { type Tensor, uniform } from "../../src/index.ts";

const x = uniform([3, 5, 4, 6]);
const subsets = Array.from({ length: 15 }, (_, bits) => [0, 1, 2, 3].filter((axis) => ((bits + 1) >> axis) & 1));
const layouts: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  "as it lies": (x) => x,
  transposed: (x) => x.permute([2, 0, 3, 1]),
  computed: (x) => x.mul(2).exp(),
  broadcast: (x) => x.slice([0, 1]).broadcastTo([3, 5, 4, 6]),
};

test.each(Object.entries(layouts))("of a tensor %s", (_, layout) => {
  for (const axes of subsets) {
    for (const keepDims of [false, true]) {
      const fold = (x: Tensor): Tensor => layout(x).sum(axes, { keepDims }).add(layout(x).max(axes, { keepDims }));
      const run = compile(fold);
      const [found, wanted] = [run(x), fold(x)];
      expect(found.shape, `over [${axes}]`).toEqual(wanted.shape);
      const values = wanted.toTypedArray();
      for (const [index, value] of found.toTypedArray().entries())
        expect(Math.abs(value / (values[index] ?? Number.NaN) - 1), `over [${axes}]`).toBeLessThan(1e-5);
      expect(run.programs[0]?.explain(), `over [${axes}]`).not.toContain("eager");
    }
  }
});
