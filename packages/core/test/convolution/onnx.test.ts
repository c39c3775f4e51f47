// The node tests that ONNX publishes for convolutions and pooling (in its specification, Operators.md), as far as they state their
// numbers: gray images, which are the same channels first and last. SAME_UPPER is "same"; pads are written out.

import { expect, test } from "vitest";
import { adaptiveAvgPool2d, avgPool2d, conv2d, convTranspose2d, maxPool2d } from "../../src/convolution.ts";
import { ones, type Tensor, tensor } from "../../src/index.ts";
import { flat } from "../exam/reference.ts";

/** first, first + 1, … as one gray image. */
const counted = (height: number, width: number, first = 0): Tensor =>
  tensor(
    Float32Array.from({ length: height * width }, (_, index) => first + index),
    { shape: [1, height, width, 1] },
  );

const gray = (rows: readonly (readonly number[])[]): Tensor =>
  tensor(Float32Array.from(rows.flat()), { shape: [1, rows.length, rows[0]?.length ?? 0, 1] });

const box: Tensor = ones([3, 3, 1, 1]);
const transposedBox: Tensor = ones([3, 3, 2, 1]);
const five = counted(5, 5, 1);

const nodes: Readonly<Record<string, readonly [() => Tensor, readonly (readonly number[])[]]>> = {
  basic_conv_with_padding: [
    () => conv2d(counted(5, 5), box, { padding: 1 }),
    [
      [12, 21, 27, 33, 24],
      [33, 54, 63, 72, 51],
      [63, 99, 108, 117, 81],
      [93, 144, 153, 162, 111],
      [72, 111, 117, 123, 84],
    ],
  ],
  basic_conv_without_padding: [
    () => conv2d(counted(5, 5), box),
    [
      [54, 63, 72],
      [99, 108, 117],
      [144, 153, 162],
    ],
  ],
  conv_with_autopad_same: [
    () => conv2d(counted(5, 5), box, { stride: 2, padding: "same" }),
    [
      [12, 27, 24],
      [63, 108, 81],
      [72, 117, 84],
    ],
  ],
  conv_with_strides_padding: [
    () => conv2d(counted(7, 5), box, { stride: 2, padding: 1 }),
    [
      [12, 27, 24],
      [63, 108, 81],
      [123, 198, 141],
      [112, 177, 124],
    ],
  ],
  conv_with_strides_no_padding: [
    () => conv2d(counted(7, 5), box, { stride: 2 }),
    [
      [54, 72],
      [144, 162],
      [234, 252],
    ],
  ],
  conv_with_strides_and_asymmetric_padding: [
    () => conv2d(counted(7, 5), box, { stride: 2, padding: [1, 0] }),
    [
      [21, 33],
      [99, 117],
      [189, 207],
      [171, 183],
    ],
  ],
  convtranspose: [
    () => convTranspose2d(counted(3, 3), transposedBox),
    [
      [0, 1, 3, 3, 2],
      [3, 8, 15, 12, 7],
      [9, 21, 36, 27, 15],
      [9, 20, 33, 24, 13],
      [6, 13, 21, 15, 8],
    ],
  ],
  convtranspose_autopad_same: [
    () => convTranspose2d(counted(3, 3), transposedBox, { stride: 2, padding: "same" }),
    [
      [0, 0, 1, 1, 3, 2],
      [0, 0, 1, 1, 3, 2],
      [3, 3, 8, 5, 12, 7],
      [3, 3, 7, 4, 9, 5],
      [9, 9, 20, 11, 24, 13],
      [6, 6, 13, 7, 15, 8],
    ],
  ],
  convtranspose_dilations: [
    () =>
      convTranspose2d(
        gray([
          [3, 8, 1],
          [9, 5, 7],
          [3, 2, 6],
        ]),
        tensor([7, 2, 1, 9]).reshape([2, 2, 1, 1]),
        { dilation: 2 },
      ),
    [
      [21, 56, 13, 16, 2],
      [63, 35, 67, 10, 14],
      [24, 22, 76, 76, 21],
      [9, 5, 88, 45, 63],
      [3, 2, 33, 18, 54],
    ],
  ],
  convtranspose_pads: [
    () => convTranspose2d(counted(3, 3), transposedBox, { stride: [3, 2], padding: [1, 2] }),
    [
      [1, 1, 3],
      [1, 1, 3],
      [7, 4, 9],
      [7, 4, 9],
      [7, 4, 9],
      [13, 7, 15],
      [13, 7, 15],
    ],
  ],
  convtranspose_pad: [
    () => convTranspose2d(counted(3, 3), transposedBox, { stride: [3, 2], outputPadding: 1 }),
    [
      [0, 0, 1, 1, 3, 2, 2, 0],
      [0, 0, 1, 1, 3, 2, 2, 0],
      [0, 0, 1, 1, 3, 2, 2, 0],
      [3, 3, 7, 4, 9, 5, 5, 0],
      [3, 3, 7, 4, 9, 5, 5, 0],
      [3, 3, 7, 4, 9, 5, 5, 0],
      [6, 6, 13, 7, 15, 8, 8, 0],
      [6, 6, 13, 7, 15, 8, 8, 0],
      [6, 6, 13, 7, 15, 8, 8, 0],
      [0, 0, 0, 0, 0, 0, 0, 0],
    ],
  ],
  maxpool_2d_precomputed_pads: [
    () => maxPool2d(five, { size: 5, stride: 1, padding: 2 }),
    [
      [13, 14, 15, 15, 15],
      [18, 19, 20, 20, 20],
      [23, 24, 25, 25, 25],
      [23, 24, 25, 25, 25],
      [23, 24, 25, 25, 25],
    ],
  ],
  maxpool_2d_precomputed_same_upper: [
    () => maxPool2d(five, { size: 3, stride: 2, padding: "same" }),
    [
      [7, 9, 10],
      [17, 19, 20],
      [22, 24, 25],
    ],
  ],
  maxpool_2d_precomputed_strides: [
    () => maxPool2d(five, { size: 2, stride: 2 }),
    [
      [7, 9],
      [17, 19],
    ],
  ],
  maxpool_2d_ceil: [
    () => maxPool2d(counted(4, 4, 1), { size: 3, stride: 2, ceilMode: true }),
    [
      [11, 12],
      [15, 16],
    ],
  ],
  maxpool_2d_dilations: [
    () => maxPool2d(counted(4, 4, 1), { size: 2, stride: 1, dilation: 2 }),
    [
      [11, 12],
      [15, 16],
    ],
  ],
  averagepool_2d_precomputed_pads: [
    () => avgPool2d(five, { size: 5, stride: 1, padding: 2 }),
    [
      [7, 7.5, 8, 8.5, 9],
      [9.5, 10, 10.5, 11, 11.5],
      [12, 12.5, 13, 13.5, 14],
      [14.5, 15, 15.5, 16, 16.5],
      [17, 17.5, 18, 18.5, 19],
    ],
  ],
  averagepool_2d_precomputed_pads_count_include_pad: [
    () => avgPool2d(five, { size: 5, stride: 1, padding: 2, countIncludePad: true }),
    [
      [2.52, 3.6, 4.8, 4.08, 3.24],
      [4.56, 6.4, 8.4, 7.04, 5.52],
      [7.2, 10, 13, 10.8, 8.4],
      [6.96, 9.6, 12.4, 10.24, 7.92],
      [6.12, 8.4, 10.8, 8.88, 6.84],
    ],
  ],
  averagepool_2d_precomputed_same_upper: [
    () => avgPool2d(five, { size: 3, stride: 2, padding: "same" }),
    [
      [4, 5.5, 7],
      [11.5, 13, 14.5],
      [19, 20.5, 22],
    ],
  ],
  averagepool_2d_precomputed_strides: [
    () => avgPool2d(five, { size: 2, stride: 2 }),
    [
      [4, 6],
      [14, 16],
    ],
  ],
  averagepool_2d_ceil: [
    () => avgPool2d(counted(4, 4, 1), { size: 3, stride: 2, ceilMode: true }),
    [
      [6, 7.5],
      [12, 13.5],
    ],
  ],
  globalaveragepool_precomputed: [() => adaptiveAvgPool2d(counted(3, 3, 1), 1), [[5]]],
  globalmaxpool_precomputed: [() => counted(3, 3, 1).max([1, 2], { keepDims: true }), [[9]]],
};

test.each(Object.entries(nodes))("%s", (_, [run, expected]) => {
  const found = run();
  const filters = found.shape[3] ?? 1;
  expect(found.shape).toEqual([1, expected.length, expected[0]?.length, filters]);
  const wanted = expected.flat().flatMap((value) => new Array<number>(filters).fill(value));
  for (const [index, value] of flat(found).entries()) expect(value).toBeCloseTo(wanted[index] ?? Number.NaN, 5);
});
