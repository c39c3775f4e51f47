// Convolutions of images, channels last. Y = X ∗ K is linear in X and in K, and so are its two adjoints in their operands: each of
// the three operators has the other two as its gradients, and all differentiate again to any order.

import { allocate, arithmetic, promote, type TypedArray } from "../dtype.ts";
import { type Convolution, convolve, convolveInput, convolveKernel } from "../engine/convolution.ts";
import { contiguousView } from "../engine/copy.ts";
import { checkOption, ShapeError } from "../errors.ts";
import { formatShape, type Shape } from "../shape.ts";
import { typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { elements, type View, viewOf } from "../view.ts";
import { convolutionKernel, inputGradientKernel } from "../wasm/convolution.ts";
import { kernelGradientKernel } from "../wasm/convolution-gradient.ts";
import { type Extent, type Padding, slide } from "../window.ts";
import { type PrimitiveOp, primitive } from "./constructors.ts";

/** Options of {@link conv2d}. */
export interface ConvolutionOptions {
  /** Steps between neighbouring windows; 1 by default. */
  readonly stride?: Extent;
  /** Rows and columns of zeros around the image: none for `"valid"` (the default), as many as keep ⌈size / stride⌉ for `"same"`. */
  readonly padding?: Padding;
  /** Steps between neighbouring taps of the kernel; 1 by default. */
  readonly dilation?: Extent;
  /** Parts into which channels and filters fall, each convolved by itself; 1 by default. */
  readonly groups?: number;
}

/** The shape of images, with what is known of the batch's size and of the channels. */
export type Images<X extends Shape, C extends number> = readonly [
  X extends readonly [infer N extends number, ...Shape] ? N : number,
  number,
  number,
  C,
];

/** The last size of a shape. */
export type Last<S extends Shape> = S extends readonly [...Shape, infer C extends number] ? C : number;

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
 * The convolution (as networks mean it: the kernel is not flipped) of images [batch, height, width, channels] with a kernel
 * [height, width, channels / groups, filters]: images [batch, height', width', filters]. A bias is added by `.add(bias)`.
 *
 * With `groups`, filters f of the g-th part see only the channels of the g-th part; `groups` = channels is a depthwise convolution.
 * Float and integer operands are brought to their common dtype.
 *
 * @throws ShapeError where axes are missing, channels and groups do not fit, or no window fits into the image
 * @throws OptionError for a stride, dilation, padding or number of groups out of range
 * @example conv2d([[[[1], [2]], [[3], [4]]]], [[[[1]], [[10]]]]) // [[[[21]], [[43]]]]
 * @example conv2d([[[[1], [2]], [[3], [4]]]], [[[[1]], [[10]]]], { padding: "same" }) // [[[[21], [2]], [[43], [4]]]]
 */
export function conv2d<X extends Shape, K extends Shape>(
  x: Tensor<X>,
  kernel: Tensor<K>,
  options: ConvolutionOptions = {},
): Tensor<Images<X, Last<K>>> {
  const convolution = convolutionOf(x.shape, kernel.shape, options);
  const dtype = arithmetic(promote(x.dtype, kernel.dtype));
  return typed(forward([x.cast(dtype), kernel.cast(dtype)], convolution));
}

function convolutionOf(
  x: Shape,
  kernel: Shape,
  { stride = 1, padding = "valid", dilation = 1, groups = 1 }: ConvolutionOptions,
): Convolution {
  const given = `conv2d ${formatShape(x)} ∗ ${formatShape(kernel)}`;
  if (kernel.length !== 4) {
    throw new ShapeError(
      `${given}: the kernel must be [height,width,channels / groups,filters], got rank ${kernel.length}`,
    );
  }
  const [height = 0, width = 0, depth = 0, filters = 0] = kernel;
  checkOption(Number.isInteger(groups) && groups >= 1, "conv2d", "groups", "a whole number ≥ 1", groups);
  if (height === 0 || width === 0)
    throw new ShapeError(`${given}: axis ${height === 0 ? 0 : 1} of the kernel is empty`);
  const windows = slide("conv2d", x, { size: [height, width], stride, dilation, padding });
  const { channels } = windows;
  if (channels !== depth * groups) {
    const fix =
      channels % groups === 0 ? `the kernel's axis 2 should be ${channels / groups}` : `groups must divide ${channels}`;
    throw new ShapeError(
      `${given}: the images have ${channels} channels (axis 3), the kernel takes ${depth} (axis 2) × ${groups} groups = ${depth * groups}: ${fix}`,
    );
  }
  if (filters % groups !== 0)
    throw new ShapeError(`${given}: ${filters} filters (axis 3 of the kernel) do not fall into ${groups} groups`);
  return { ...windows, filters, groups };
}
