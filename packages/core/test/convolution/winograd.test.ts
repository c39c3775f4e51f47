// Winograd's convolutions against direct ones in float64: values and both gradients, where tiles fit the images and where they reach
// beyond them, with filters and channels that fill no vector.

import { expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import { conv2d } from "../../src/convolution.ts";
import { Generator, normal, type Tensor, vjp, zeros } from "../../src/index.ts";
import { sweepBackward, sweepForward } from "../../src/wasm/convolution-blocks.ts";
import { suitsWinograd } from "../../src/wasm/winograd-tiles.ts";
import { slide } from "../../src/window.ts";
import { flat } from "../exam/reference.ts";

type Padding = "same" | "valid" | number;
type Row = readonly [images: readonly number[], filters: number, padding: Padding];

const rows: readonly Row[] = [
  [[4, 14, 14, 16], 32, "same"],
  [[2, 13, 15, 16], 16, "same"],
  [[3, 16, 11, 16], 24, "valid"],
  [[2, 12, 13, 18], 21, "same"],
  [[2, 15, 12, 19], 17, 2],
  [[1, 17, 17, 33], 20, 3],
  [[1, 40, 37, 64], 48, "same"],
  [[300, 2, 1, 16], 16, "same"],
];

/** The largest error of a result, as a share of its largest value. */
function error(found: Tensor, truth: Tensor): number {
  const [values, exact] = [flat(found), flat(truth)];
  const scale = exact.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return exact.reduce((most, value, at) => Math.max(most, Math.abs(value - (values[at] ?? Number.NaN))), 0) / scale;
}

test.each(rows)("%j by %i filters, padding %s", (images, filters, padding) => {
  const options = { size: 3, stride: 1, dilation: 1, padding };
  const convolution = { ...slide("test", images, options), filters, groups: 1 };
  const sweeps = [sweepForward(convolution), sweepBackward(convolution)];
  expect(sweeps.every(suitsWinograd)).toBe(true);
  const generator = new Generator(3);
  const [x, kernel] = [normal(images, { generator }), normal([3, 3, images[3] ?? 1, filters], { generator })];
  const run = (inputs: Tensor[], weights: Tensor): Tensor[] => {
    const { value, pullback } = vjp((a, k) => conv2d(a, k, { padding }), ...inputs);
    return [value, ...pullback(weights)];
  };
  const shape = conv2d(x, kernel, { padding }).shape;
  const weights = normal(shape, { generator });
  const truth = run([x.cast("float64"), kernel.cast("float64")], weights.cast("float64"));
  for (const [index, found] of compile(run)([x, kernel], weights).entries())
    expect(error(found, truth[index] ?? zeros([])), `result ${index}`).toBeLessThan(2e-6);
});
