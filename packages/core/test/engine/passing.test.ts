// Kernels that leave values in the workspace for the sum that comes next.

import { expect, test } from "vitest";
import { batchNorm, tensor } from "../../src/index.ts";
import { scattered } from "../exam/reference.ts";

test.each([
  [64, 128],
  [63, 65],
  [300, 32],
  [5, 4],
])("statistics of a batch of %i × %i", (rows, features) => {
  const values = Float32Array.from(scattered(rows * features, 4, rows));
  const x = tensor(values, { shape: [rows, features] });
  const wide = x.cast("float64");
  const { mean, variance } = batchNorm(x, 1, 0);
  const expected = wide.sub(wide.mean(0)).square().mean(0).toTypedArray();
  for (const [index, value] of expected.entries()) expect(variance.toTypedArray()[index]).toBeCloseTo(value, 4);
  expect(mean.toTypedArray()).toHaveLength(features);
  expect(x.toTypedArray()).toEqual(values);
});
