// Convolutions of images, channels last. Y = X ∗ K is linear in X and in K, and so are its two adjoints in their operands: each of
// the three operators has the other two as its gradients, and all differentiate again to any order.

import { allocate, arithmetic, promote, type TypedArray } from "../dtype.ts";
import { type Convolution, convolve, convolveInput, convolveKernel } from "../engine/convolution.ts";
import {
  type ConvolutionOptions,
  type ConvolutionTransposeOptions,
  convolutionOf,
  transposedOf,
} from "../engine/convolution-operands.ts";
import { contiguousView } from "../engine/copy.ts";
import type { Shape } from "../shape.ts";
import {
  type Check,
  type KernelSize,
  type KnownOptions,
  type PaintedImages,
  type Result,
  typed,
  type WindowedImages,
} from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { elements, type View, viewOf } from "../view.ts";
import { convolutionKernel, inputGradientKernel } from "../wasm/convolution.ts";
import { kernelGradientKernel } from "../wasm/convolution-gradient.ts";
import { type PrimitiveOp, primitive } from "./constructors.ts";

export type { ConvolutionOptions, ConvolutionTransposeOptions };

/** The last size of a shape. */
export type Last<S extends Shape> = S extends readonly [...Shape, infer C extends number] ? C : number;

/** The filters of a transposed convolution: known where there are no groups. */
type Filters<K extends Shape, O> = "groups" extends keyof O
  ? number
  : K extends readonly [number, number, infer F extends number, number]
    ? F
    : number;

const inputShape = ({ batch, rows, columns, channels }: Convolution): Shape => [
  batch,
  rows.input,
  columns.input,
  channels,
];
const outputShape = ({ batch, rows, columns, filters }: Convolution): Shape => [
  batch,
  rows.output,
  columns.output,
  filters,
];
const kernelShape = ({ rows, columns, channels, filters, groups }: Convolution): Shape => [
  rows.size,
  columns.size,
  channels / groups,
  filters,
];

/** The elements of an operand, which its operator has brought to its dtype. */
const read = (view: View | undefined): TypedArray =>
  view === undefined ? allocate("float32", 0) : elements(contiguousView(view));

// Y[n, p, f] = Σ over taps t and channels c of X[n, p · stride + t · dilation − before, c] · K[t, c, f]
const forward: PrimitiveOp<Convolution> = /* @__PURE__ */ primitive({
  name: "conv2d",
  infer: ([x], convolution) => ({ shape: outputShape(convolution), dtype: x?.dtype ?? "float32" }),
  kernel: ([x, kernel], { shape, dtype }, convolution) =>
    viewOf(convolve(convolution, read(x), read(kernel), dtype), dtype, shape),
  lowering: { kind: "native", kernel: convolutionKernel },
  gradient: ({ dy, input, needs }, convolution) => [
    needs[0] ? toInput([dy, input(1)], convolution) : null,
    needs[1] ? toKernel([input(0), dy], convolution) : null,
  ],
});

const toInput: PrimitiveOp<Convolution> = /* @__PURE__ */ primitive({
  name: "conv2dInputGradient",
  infer: ([dy], convolution) => ({ shape: inputShape(convolution), dtype: dy?.dtype ?? "float32" }),
  kernel: ([dy, kernel], { shape, dtype }, convolution) =>
    viewOf(convolveInput(convolution, read(dy), read(kernel), dtype), dtype, shape),
  lowering: { kind: "native", kernel: inputGradientKernel },
  gradient: ({ dy: dx, input, needs }, convolution) => [
    needs[0] ? forward([dx, input(1)], convolution) : null,
    needs[1] ? toKernel([dx, input(0)], convolution) : null,
  ],
});

const toKernel: PrimitiveOp<Convolution> = /* @__PURE__ */ primitive({
  name: "conv2dKernelGradient",
  infer: ([x], convolution) => ({ shape: kernelShape(convolution), dtype: x?.dtype ?? "float32" }),
  kernel: ([x, dy], { shape, dtype }, convolution) =>
    viewOf(convolveKernel(convolution, read(x), read(dy), dtype), dtype, shape),
  lowering: { kind: "native", kernel: kernelGradientKernel },
  gradient: ({ dy: dk, input, needs }, convolution) => [
    needs[0] ? toInput([input(1), dk], convolution) : null,
    needs[1] ? forward([input(0), dk], convolution) : null,
  ],
});

/**
 * The convolution (as networks mean it: the kernel is not flipped) of images `[batch, height, width, channels]` with a kernel
 * `[height, width, channels / groups, filters]`: images `[batch, height', width', filters]`. A bias is added by `.add(bias)`.
 *
 * With `groups`, filters f of the g-th part see only the channels of the g-th part; `groups` = channels is a depthwise convolution.
 * Float and integer operands are brought to their common dtype.
 *
 * @throws ShapeError where axes are missing, channels and groups do not fit, or no window fits into the image
 * @throws OptionError for a stride, dilation, padding or number of groups out of range
 * @example conv2d([[[[1], [2]], [[3], [4]]]], [[[[1]], [[10]]]]) // [[[[21]], [[43]]]]
 * @example conv2d([[[[1], [2]], [[3], [4]]]], [[[[1]], [[10]]]], { padding: "same" }) // [[[[21], [2]], [[43], [4]]]]
 */
export function conv2d<X extends Shape, K extends Shape, const O extends ConvolutionOptions = Record<never, never>>(
  x: Tensor<X> & Check<WindowedImages<X, Last<K>, KernelSize<K>, O, "conv2d">>,
  kernel: Tensor<K>,
  options?: O & KnownOptions<O, ConvolutionOptions>,
): Tensor<Result<WindowedImages<X, Last<K>, KernelSize<K>, O, "conv2d">>> {
  const convolution = convolutionOf(x.shape, kernel.shape, options ?? {});
  const dtype = arithmetic(promote(x.dtype, kernel.dtype));
  return typed(forward([x.cast(dtype), kernel.cast(dtype)], convolution));
}

/**
 * The transposed convolution of images `[batch, height, width, channels]` with a kernel `[height, width, filters / groups, channels]`:
 * images `[batch, height', width', filters]`. It is the adjoint of {@link conv2d} with the same kernel and options, which maps
 * `[batch, height', width', filters]` to the images' shape: ⟨conv2d(y), x⟩ = ⟨y, convTranspose2d(x)⟩. Along each axis
 *
 *     size' = (size − 1) · stride + (kernel − 1) · dilation + 1 − padding + outputPadding
 *
 * @throws ShapeError where axes are missing, channels and groups do not fit, or nothing is left of the result
 * @throws OptionError for a stride, dilation, padding, output padding or number of groups out of range
 * @example convTranspose2d([[[[1], [2]]]], [[[[1]], [[10]]]]) // [[[[1], [12], [20]]]]
 * @example convTranspose2d([[[[1], [2]]]], [[[[1]], [[10]]]], { stride: [1, 2] }) // [[[[1], [10], [2], [20]]]]
 */
export function convTranspose2d<
  X extends Shape,
  K extends Shape,
  const O extends ConvolutionTransposeOptions = Record<never, never>,
>(
  x: Tensor<X>,
  kernel: Tensor<K>,
  options?: O & KnownOptions<O, ConvolutionTransposeOptions>,
): Tensor<PaintedImages<X, Filters<K, O>, KernelSize<K>, O>> {
  const convolution = transposedOf(x.shape, kernel.shape, options ?? {});
  const dtype = arithmetic(promote(x.dtype, kernel.dtype));
  return typed(toInput([x.cast(dtype), kernel.cast(dtype)], convolution));
}
