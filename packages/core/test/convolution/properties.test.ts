// What holds for all of the family: adjoints, patches times kernels, sequences as images, empty batches, integers; what a profile
// counts; and bad input by name.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import {
  adaptiveAvgPool2d,
  avgPool2d,
  conv1d,
  conv2d,
  convTranspose2d,
  fold,
  maxPool2d,
  unfold,
} from "../../src/convolution.ts";
import { ones, type Tensor, tensor, vjp, zeros } from "../../src/index.ts";
import { firstDifference, flat } from "../exam/reference.ts";
import { wave } from "./oracle/oracle.ts";

/** A value that the types refuse, as JavaScript may pass it. */
const wrong = (value: unknown): never => value as never;

/** Zeros of a shape that the compiler does not know: it would refuse what is to be refused at run time. */
const blank = (shape: readonly number[]): Tensor => zeros(shape);
const dot = (a: Tensor, b: Tensor): number => a.mul(b).sum().item();
const few = (low: number, high: number) => fc.integer({ min: low, max: high });
const pads = fc.tuple(fc.tuple(few(0, 2), few(0, 2)), fc.tuple(few(0, 2), few(0, 2)));

/** Images and windows that fit into them. */
const scenes = fc.record({
  image: fc.tuple(few(0, 2), few(5, 7), few(5, 7), few(1, 5)),
  size: fc.tuple(few(1, 3), few(1, 3)),
  stride: fc.tuple(few(1, 3), few(1, 3)),
  dilation: fc.tuple(few(1, 2), few(1, 2)),
  padding: fc.oneof(fc.constant("valid" as const), fc.constant("same" as const), few(0, 2), pads),
});

test("fold is the adjoint of unfold, and patches times a kernel are a convolution", () => {
  fc.assert(
    fc.property(scenes, few(1, 3), ({ image, size, stride, dilation, padding }, filters) => {
      const options = { size, stride, dilation, padding };
      const x = wave(image);
      const patches: Tensor = unfold(x, options);
      const u = wave(patches.shape, 1);
      const folded: Tensor = fold(u, [image[1], image[2]], options);
      expect(folded.shape).toEqual(image);
      expect(dot(patches, u)).toBeCloseTo(dot(x, folded), 9);
      const kernel = wave([...size, image[3], filters], 2);
      const product: Tensor = patches.matmul(kernel.reshape([size[0] * size[1] * image[3], filters]));
      const convolved: Tensor = conv2d(x, kernel, { stride, dilation, padding });
      expect(firstDifference(flat(product), flat(convolved), 1e-9, 1e-9)).toBeNull();
    }),
    { numRuns: 60 },
  );
});

test("convTranspose2d is the adjoint of conv2d, whatever the stride left out", () => {
  fc.assert(
    fc.property(scenes, few(1, 2), ({ image, size, stride, dilation, padding }, groups) => {
      const [batch, height, width] = image;
      const y = wave([batch, height, width, 2 * groups]);
      const kernel = wave([...size, 2, 3 * groups], 1);
      const options = { stride, dilation, groups } as const;
      const there: Tensor = conv2d(y, kernel, { ...options, padding });
      const x = wave(there.shape, 2);
      // The adjoint's size is known from the stride where padding is "same", else rows are added back.
      if (padding === "same" && (height % stride[0] !== 0 || width % stride[1] !== 0)) return;
      const plain: Tensor = convTranspose2d(x, kernel, { ...options, padding });
      const missing = [height - (plain.shape[1] ?? 0), width - (plain.shape[2] ?? 0)] as const;
      const extra = padding === "same" ? {} : { outputPadding: missing };
      const back: Tensor = convTranspose2d(x, kernel, { ...options, padding, ...extra });
      expect(back.shape).toEqual(y.shape);
      expect(dot(there, x)).toBeCloseTo(dot(y, back), 9);
    }),
    { numRuns: 60 },
  );
});

test("a mean over even windows is the mean over all, and each window counts once", () => {
  const x = wave([2, 6, 9, 3]);
  const pooled: Tensor = adaptiveAvgPool2d(x, [3, 3]);
  const all: Tensor = adaptiveAvgPool2d(x, 1);
  expect(firstDifference(flat(pooled.mean([1, 2])), flat(all), 1e-9, 1e-9)).toBeNull();
  expect(flat(adaptiveAvgPool2d(x, [null, null]))).toEqual(flat(x));
});

test("infinities stay in their windows", () => {
  const x = tensor([1, 2, Number.POSITIVE_INFINITY, 4, 5]).reshape([1, 1, 5, 1]);
  expect(flat(adaptiveAvgPool2d(x, [1, 3]))).toEqual([1.5, Number.POSITIVE_INFINITY, 4.5]);
  expect(flat(avgPool2d(x, { size: [1, 1] }))).toEqual([1, 2, Number.POSITIVE_INFINITY, 4, 5]);
});

test("empty batches give empty results and zero gradients", () => {
  const attempts: readonly (readonly [(x: Tensor) => Tensor, readonly number[], readonly number[]])[] = [
    [(x) => conv1d(x, ones([2, 3, 4])), [0, 5, 3], [0, 4, 4]],
    [(x) => convTranspose2d(x, ones([2, 2, 4, 3]), { stride: 2 }), [0, 3, 3, 3], [0, 6, 6, 4]],
    [(x) => unfold(x, { size: 2 }), [0, 3, 3, 2], [0, 4, 8]],
    [(x) => fold(x, [3, 3], { size: 2 }), [0, 4, 8], [0, 3, 3, 2]],
    [(x) => adaptiveAvgPool2d(x, [2, 3]), [0, 5, 5, 2], [0, 2, 3, 2]],
    [(x) => adaptiveAvgPool2d(x, 1), [0, 5, 5, 2], [0, 1, 1, 2]],
    [(x) => avgPool2d(x, { size: 2, stride: 3, ceilMode: true, countIncludePad: true }), [0, 5, 5, 2], [0, 2, 2, 2]],
  ];
  for (const [run, input, output] of attempts) {
    const { value, pullback } = vjp((x) => run(x ?? zeros([])), zeros(input));
    expect(value.shape).toEqual(output);
    expect(pullback(value)[0]?.shape).toEqual(input);
    expect(compile(run)(zeros(input)).shape).toEqual(output);
  }
});

test("integers stay integers, but for means", () => {
  const x: Tensor = ones([1, 4, 4, 1], { dtype: "int32" });
  expect(convTranspose2d(x, ones([2, 2, 1, 1], { dtype: "uint8" })).dtype).toBe("int32");
  expect(unfold(x, { size: 2 }).dtype).toBe("int32");
  expect(fold(unfold(x, { size: 2, stride: 2 }), [4, 4], { size: 2, stride: 2 }).toArray()).toEqual(x.toArray());
  expect(adaptiveAvgPool2d(x, 2).dtype).toBe("float32");
  expect(conv1d(ones([1, 3, 1], { dtype: "bool" }), ones([2, 1, 1])).dtype).toBe("float32");
});

test("a profile counts the same products for a convolution and for its gradients", () => {
  const [x, kernel] = [ones([2, 8, 8, 4]), ones([3, 3, 4, 8])];
  const step = compile((images: Tensor, weights: Tensor) => {
    const { value, pullback } = vjp((a = zeros([]), b = zeros([])) => conv2d(a, b), images, weights);
    return pullback(value);
  });
  step(x, kernel);
  const { kernels = [] } = step.programs[0]?.profile(() => void step(x, kernel)) ?? {};
  const convolutions = kernels.filter(({ operators }) => operators.some((name) => name.startsWith("conv2d")));
  // 2 images × 36 places × 8 filters × 9 taps × 4 channels, a product and a sum each.
  expect(convolutions.map(({ flops }) => flops)).toEqual(new Array(3).fill(2 * 2 * 36 * 8 * 36));
});

describe("bad input", () => {
  const x: Tensor = zeros([2, 5, 6, 4]);
  const rows: readonly (readonly [() => unknown, RegExp])[] = [
    [
      () => conv2d(x, zeros([3, 3, 4, 8]), wrong({ strides: 2 })),
      /conv2d: unknown option "strides": the options are stride, padding/,
    ],
    [() => conv1d(zeros([5, 3]), zeros([2, 3, 1])), /conv1d: sequences must be \[batch,length,channels\], got \[5,3\]/],
    [
      () => conv1d(zeros([1, 5, 3]), zeros([3, 1])),
      /conv1d \[1,5,3\] ∗ \[3,1\]: the kernel must be \[size,channels \/ groups,filters\], got rank 2/,
    ],
    [
      () => conv1d(zeros([1, 5, 3]), zeros([2, 2, 1])),
      /3 channels \(axis 2\), the kernel takes 2 \(axis 1\) × 1 groups = 2: the kernel's axis 1 should be 3/,
    ],
    [
      () => conv1d(zeros([1, 5, 4]), zeros([2, 2, 3]), { groups: 2 }),
      /3 filters \(axis 2 of the kernel\) do not fall into 2 groups/,
    ],
    [
      () => conv1d(blank([1, 2, 1]), zeros([3, 1, 1])),
      /conv1d \[1,2,1\]: axis 1: a window of 3 \(size 3, dilation 1\) does not fit into 2/,
    ],
    [() => conv1d(zeros([1, 5, 1]), zeros([0, 1, 1])), /axis 0 of the kernel is empty/],
    [
      () => conv1d(zeros([1, 5, 1]), zeros([2, 1, 1]), { stride: 0 }),
      /conv1d: stride must be a whole number ≥ 1, got 0/,
    ],
    [
      () => conv1d(blank([1, 5, 1]), zeros([2, 1, 1]), { padding: wrong([1, 2, 3]) }),
      /conv1d: padding must be .* got \[1,2,3\]/,
    ],
    [
      () => convTranspose2d(x, zeros([3, 3, 8, 3])),
      /the images have 4 channels \(axis 3\), the kernel takes 3 \(axis 3\)/,
    ],
    [() => convTranspose2d(x, zeros([3, 3, 8, 4]), { groups: 3 }), /4 channels \(axis 3\) do not fall into 3 groups/],
    [
      () => convTranspose2d(x, zeros([1, 1, 8, 4]), { padding: 3 }),
      /axis 1: nothing is left of 5 with padding 3 and 3/,
    ],
    [
      () => convTranspose2d(x, zeros([3, 3, 8, 4]), { outputPadding: 1 }),
      /outputPadding must be a whole number ≥ 0 and less than the stride/,
    ],
    [
      () => convTranspose2d(x, zeros([3, 3, 8, 4]), { outputPadding: [1, 0], stride: 2, padding: "same" }),
      /outputPadding must be 0 with padding "same"/,
    ],
    [
      () => convTranspose2d(x, zeros([3, 8, 4])),
      /the kernel must be \[height,width,filters \/ groups,channels\], got rank 3/,
    ],
    [() => unfold(x, wrong(undefined)), /unfold: a window's size is needed/],
    [() => unfold(x, { size: 7 }), /unfold \[2,5,6,4\]: axis 1: a window of 7/],
    [() => unfold(zeros([5, 6, 4]), { size: 2 }), /unfold: images must be/],
    [
      () => fold(zeros([1, 4, 4]), wrong(3), { size: 2 }),
      /fold: outputSize must be \[height, width\], whole numbers ≥ 0, got 3/,
    ],
    [() => fold(zeros([1, 4]), [3, 3], { size: 2 }), /fold \[1,4\]: patches must be .*, got rank 2/],
    [
      () => fold(zeros([1, 4, 6]), [3, 3], { size: 2 }),
      /6 values \(axis 2\) are no whole number of channels for 4 pixels/,
    ],
    [
      () => fold(zeros([1, 5, 4]), [3, 3], { size: 2 }),
      /5 windows \(axis 1\) were given, images of \[3,3\] have 2 × 2 = 4/,
    ],
    [() => maxPool2d(x, { dilation: 9 }), /maxPool2d \[2,5,6,4\]: axis 1: a window of 10 \(size 2, dilation 9\)/],
    [() => maxPool2d(x, { ceilMode: wrong(1) }), /maxPool2d: ceilMode must be true or false, got 1/],
    [
      () => avgPool2d(x, { countIncludePad: wrong("yes") }),
      /avgPool2d: countIncludePad must be true or false, got "yes"/,
    ],
    [() => avgPool2d(x, wrong({ dilation: 2 })), /avgPool2d: unknown option "dilation"/],
    [() => adaptiveAvgPool2d(x, 0), /adaptiveAvgPool2d: outputSize must be a whole number ≥ 1, .*, got 0/],
    [() => adaptiveAvgPool2d(x, wrong([1, 2, 3])), /outputSize must be .*, got \[1,2,3\]/],
    [() => adaptiveAvgPool2d(zeros([1, 0, 2, 1]), 1), /axis 1 is empty/],
    [() => adaptiveAvgPool2d(zeros([4, 4]), 1), /adaptiveAvgPool2d: images must be/],
  ];
  test.each(rows)("%#: says what is wrong", (attempt, message) => {
    expect(attempt).toThrow(message);
  });
});
