// Convolutions and pooling, eager: PyTorch's values and gradients, difference quotients to the second order, empty batches,
// integers, the policy for ties, padding and NaN, and bad input by name.

import { describe, expect, test } from "vitest";
import { avgPool2d, conv2d, maxPool2d, type PoolingOptions } from "../../src/convolution.ts";
import { gradcheck, ones, type Tensor, tensor, vjp, zeros } from "../../src/index.ts";
import { firstDifference, flat } from "../exam/reference.ts";
import { type Case, cases, inputsOf, titleOf, wave, weightsOf } from "./oracle/oracle.ts";

type Pool = (x: Tensor, options?: PoolingOptions) => Tensor;
const pools: readonly Pool[] = [maxPool2d, avgPool2d];

/** Zeros of a shape that the compiler does not know: it would refuse what is to be refused at run time. */
const blank = (shape: readonly number[]): Tensor => zeros(shape);

function operationOf(record: Case): (...inputs: Tensor[]) => Tensor {
  if (record.op === "conv2d") return (x, kernel) => conv2d(x ?? zeros([]), kernel ?? zeros([]), record.options);
  const pool: Pool = record.op === "maxPool2d" ? maxPool2d : avgPool2d;
  return (x) => pool(x ?? zeros([]), record.options);
}

const named = cases.map((record) => [titleOf(record), record] as const);

test.each(named)("%s is PyTorch's", (_, record) => {
  const { value, pullback } = vjp(operationOf(record), ...inputsOf(record));
  expect(value.shape).toEqual(record.shape);
  expect(firstDifference(flat(value), record.y, 1e-10, 1e-11)).toBeNull();
  for (const [index, gradient] of pullback(weightsOf(record.shape)).entries()) {
    expect(
      firstDifference(flat(gradient), record.gradients[index] ?? [], 1e-10, 1e-11),
      `gradient ${index}`,
    ).toBeNull();
  }
});

test.each(named)("%s in float32 is as good as float32 can be", (_, record) => {
  const single = inputsOf(record).map((input) => input.cast("float32"));
  const { value, pullback } = vjp(operationOf(record), ...single);
  expect(value.dtype).toBe("float32");
  expect(firstDifference(flat(value), record.y, 1e-5, 1e-5)).toBeNull();
  for (const [index, gradient] of pullback(weightsOf(record.shape).cast("float32")).entries()) {
    expect(firstDifference(flat(gradient), record.gradients[index] ?? [], 1e-4, 1e-4), `gradient ${index}`).toBeNull();
  }
});

describe("gradients", () => {
  test("of convolutions differentiate to the second order", () => {
    const small = [
      { kernel: [2, 2, 2, 2], options: {} },
      { kernel: [2, 1, 2, 2], options: { stride: 2, padding: "same" } },
      { kernel: [2, 2, 1, 2], options: { groups: 2, dilation: [1, 2], padding: 1 } },
    ] as const;
    for (const { kernel, options } of small) {
      gradcheck((x, k) => conv2d(x ?? zeros([]), k ?? zeros([]), options), [wave([1, 3, 4, 2]), wave(kernel, 1)], {
        order: 2,
      });
    }
  });

  test("of pooling differentiate to the second order", () => {
    for (const pool of pools) {
      for (const options of [
        {},
        { size: 3, stride: 1, padding: 1 },
        { size: [1, 2], stride: 3, padding: "same" },
      ] as const) {
        gradcheck((x) => pool((x ?? zeros([])).square(), options), [wave([1, 4, 5, 2])], { order: 2 });
      }
    }
  });

  test("of maxima go to the first one", () => {
    const { pullback } = vjp((x) => maxPool2d(x ?? zeros([])), ones([1, 2, 4, 1]));
    expect(flat(pullback(tensor([[[[3], [5]]]]))[0] ?? zeros([]))).toEqual([3, 0, 5, 0, 0, 0, 0, 0]);
  });
});

describe("policy", () => {
  test("padding never is a maximum, and NaN always is", () => {
    expect(flat(maxPool2d(ones([1, 2, 2, 1]).neg(), { padding: 1 }))).toEqual([-1, -1, -1, -1]);
    expect(
      flat(
        maxPool2d(
          tensor([
            [
              [[1], [Number.NaN]],
              [[3], [Number.NaN]],
            ],
          ]),
        ),
      ),
    ).toEqual([Number.NaN]);
    const { pullback } = vjp(
      (x) => maxPool2d(x ?? zeros([])),
      tensor([
        [
          [[1], [Number.NaN]],
          [[3], [Number.NaN]],
        ],
      ]),
    );
    expect(flat(pullback(ones([1, 1, 1, 1]))[0] ?? zeros([]))).toEqual([0, 1, 0, 0]);
  });

  test("means leave padding out", () => {
    expect(flat(avgPool2d(ones([1, 3, 3, 1]), { size: 3, stride: 1, padding: "same" }))).toEqual(new Array(9).fill(1));
  });

  test("empty batches and no channels give empty results and zero gradients", () => {
    for (const [images, kernel] of [
      [
        [0, 4, 4, 2],
        [3, 3, 2, 5],
      ],
      [
        [2, 4, 4, 2],
        [3, 3, 2, 0],
      ],
    ] as const) {
      const { value, pullback } = vjp((x, k) => conv2d(x ?? zeros([]), k ?? zeros([])), zeros(images), zeros(kernel));
      expect(value.shape).toEqual([images[0], 2, 2, kernel[3]]);
      expect(pullback(value).map(({ shape }) => shape)).toEqual([images, kernel]);
    }
    expect(flat(conv2d(zeros([1, 2, 2, 0]), zeros([2, 2, 0, 3])))).toEqual([0, 0, 0]);
    for (const pool of pools) {
      const { value, pullback } = vjp((x) => pool(x ?? zeros([])), zeros([0, 4, 4, 2]));
      expect(value.shape).toEqual([0, 2, 2, 2]);
      expect(pullback(value)[0]?.shape).toEqual([0, 4, 4, 2]);
    }
  });

  test("integers stay integers, but for means", () => {
    const x = tensor(
      [
        [
          [[1], [2]],
          [[3], [4]],
        ],
      ],
      { dtype: "uint8" },
    );
    expect(conv2d(x, ones([2, 2, 1, 1], { dtype: "int32" })).dtype).toBe("int32");
    expect(conv2d(x, ones([2, 2, 1, 1])).dtype).toBe("float32");
    expect(maxPool2d(x).dtype).toBe("int32");
    expect(flat(avgPool2d(x))).toEqual([2.5]);
  });

  test("views are read as they are", () => {
    const x = wave([2, 5, 4, 3]);
    const turned = x.permute([0, 2, 1, 3]);
    const kernel = wave([2, 2, 4, 3], 1).permute([0, 1, 3, 2]);
    expect(flat(conv2d(turned, kernel))).toEqual(flat(conv2d(turned.clone(), kernel.clone())));
    expect(flat(maxPool2d(turned))).toEqual(flat(maxPool2d(turned.clone())));
  });
});

describe("bad input", () => {
  const [x, kernel] = [zeros([2, 5, 6, 4]), zeros([3, 3, 4, 8])];
  test.each([
    [
      () => conv2d(zeros([5, 6, 4]), kernel),
      /conv2d: images must be \[batch,height,width,channels\], got \[5,6,4\]: add missing axes/,
    ],
    [
      () => conv2d(x, zeros([3, 4, 8])),
      /conv2d \[2,5,6,4\] ∗ \[3,4,8\]: the kernel must be \[height,width,channels \/ groups,filters\], got rank 3/,
    ],
    [
      () => conv2d(x, zeros([3, 3, 3, 8])),
      /the images have 4 channels \(axis 3\), the kernel takes 3 \(axis 2\) × 1 groups = 3: the kernel's axis 2 should be 4/,
    ],
    [() => conv2d(x, kernel, { groups: 3 }), /groups must divide 4/],
    [
      () => conv2d(x, zeros([3, 3, 2, 7]), { groups: 2 }),
      /7 filters \(axis 3 of the kernel\) do not fall into 2 groups/,
    ],
    [() => conv2d(x, kernel, { groups: 0 }), /conv2d: groups must be a whole number ≥ 1, got 0/],
    [
      () => conv2d(x, kernel, { stride: 0 }),
      /conv2d: stride must be a whole number ≥ 1, or \[height, width\] of such, got 0/,
    ],
    [() => conv2d(x, kernel, { dilation: [1, 1.5] }), /conv2d: dilation must be .*, got \[1,1.5\]/],
    [
      () => conv2d(x, kernel, { padding: -1 }),
      /conv2d: padding must be "valid", "same", a whole number ≥ 0, .*, got -1/,
    ],
    [
      () => conv2d(blank(x.shape), kernel, { dilation: 3 }),
      /conv2d \[2,5,6,4\]: axis 1: a window of 7 \(size 3, dilation 3\) does not fit into 5 with padding 0 and 0/,
    ],
    [() => conv2d(x, zeros([0, 3, 4, 8])), /axis 0 of the kernel is empty/],
    [() => maxPool2d(zeros([4, 4])), /maxPool2d: images must be/],
    [() => avgPool2d(blank(x.shape), { size: 9 }), /avgPool2d \[2,5,6,4\]: axis 1: a window of 9/],
    [() => maxPool2d(x, { padding: 2 }), /maxPool2d: padding along axis 1 must be less than the window's size 2/],
    [() => maxPool2d(zeros([1, 0, 4, 1]), { padding: 1 }), /axis 1 is empty/],
  ])("%#: says what is wrong", (attempt, message) => {
    expect(attempt).toThrow(message);
  });
});
