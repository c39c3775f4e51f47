// Convolutions of sequences, channels last: images of one row.

import { checkChannels, checkGroups } from "../engine/convolution-operands.ts";
import { checkOption, checkOptionNames, describe, OptionError, ShapeError } from "../errors.ts";
import { formatShape, type Shape } from "../shape.ts";
import { type Check, type KnownOptions, type Result, typed, type WindowedSequences } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { isPads, type Pads, slideAlong } from "../window.ts";
import { conv2d, type Last } from "./convolution.ts";

/** How far windows reach beyond a sequence: not at all, as far as `"same"` needs, or by so many steps. */
export type SequencePadding = "valid" | "same" | number | readonly [before: number, after: number];

/** Options of {@link conv1d}. */
export interface SequenceConvolutionOptions {
  /** Steps between neighbouring windows; 1 by default. */
  readonly stride?: number;
  /** Zeros around the sequence: none for `"valid"` (the default), as many as keep ⌈length / stride⌉ for `"same"`. */
  readonly padding?: SequencePadding;
  /** Steps between neighbouring taps of the kernel; 1 by default. */
  readonly dilation?: number;
  /** Parts into which channels and filters fall, each convolved by itself; 1 by default. */
  readonly groups?: number;
}

type First<K extends Shape> = K extends readonly [infer Size extends number, ...Shape] ? Size : number;

/**
 * The convolution (the kernel is not flipped) of sequences `[batch, length, channels]` with a kernel `[size, channels / groups, filters]`:
 *
 *     y[n, p, f] = Σ over t and c of x[n, p · stride + t · dilation − before, c] · kernel[t, c, f]
 *
 * gives sequences `[batch, length', filters]`. A bias is added by `.add(bias)`; `padding: [size − 1, 0]` is causal.
 *
 * @throws ShapeError where axes are missing, channels and groups do not fit, or no window fits into the sequence
 * @throws OptionError for a stride, dilation, padding or number of groups out of range
 * @example conv1d([[[1], [2], [3]]], [[[1]], [[10]]]) // [[[21], [32]]]
 * @example conv1d([[[1], [2], [3]]], [[[1]], [[10]]], { padding: [1, 0] }) // [[[10], [21], [32]]]
 */
export function conv1d<
  X extends Shape,
  K extends Shape,
  const O extends SequenceConvolutionOptions = Record<never, never>,
>(
  x: Tensor<X> & Check<WindowedSequences<X, Last<K>, First<K>, O, "conv1d">>,
  kernel: Tensor<K>,
  options?: O & KnownOptions<O, SequenceConvolutionOptions>,
): Tensor<Result<WindowedSequences<X, Last<K>, First<K>, O, "conv1d">>> {
  const { padding, ...others } = checked(x.shape, kernel.shape, options ?? {});
  const sequences: Tensor = x;
  const rows: Tensor = sequences.reshape([x.shape[0] ?? 0, 1, ...x.shape.slice(1)]);
  const wide: Tensor = kernel.reshape([1, ...kernel.shape]);
  const result: Tensor = conv2d(rows, wide, {
    ...others,
    padding: padding === "same" ? padding : [[0, 0], padding],
  });
  const [batch = 0, , length = 0, filters = 0] = result.shape;
  return typed(result.reshape([batch, length, filters]));
}

/** The options of the convolution of images, after all has been checked. */
function checked(x: Shape, kernel: Shape, options: SequenceConvolutionOptions) {
  checkOptionNames("conv1d", options, ["stride", "padding", "dilation", "groups"]);
  const { stride = 1, dilation = 1, groups = 1 } = options;
  const given = `conv1d ${formatShape(x)} ∗ ${formatShape(kernel)}`;
  if (x.length !== 3)
    throw new ShapeError(
      `conv1d: sequences must be [batch,length,channels], got ${formatShape(x)}: add missing axes with unsqueeze`,
    );
  if (kernel.length !== 3)
    throw new ShapeError(`${given}: the kernel must be [size,channels / groups,filters], got rank ${kernel.length}`);
  const [, length = 0, channels = 0] = x;
  const [size = 0, depth = 0, filters = 0] = kernel;
  if (size === 0) throw new ShapeError(`${given}: axis 0 of the kernel is empty`);
  for (const [name, value] of Object.entries({ stride, dilation }))
    checkOption(Number.isInteger(value) && value >= 1, "conv1d", name, "a whole number ≥ 1", value);
  checkGroups("conv1d", groups);
  const padding = sequencePadding(options.padding ?? "valid");
  slideAlong(`conv1d ${formatShape(x)}: axis 1`, length, { size, stride, dilation, padding });
  checkChannels(given, { channels, depth, filters, groups }, [2, 1, 2]);
  return { stride: [1, stride], dilation: [1, dilation], groups, padding } as const;
}

function sequencePadding(padding: SequencePadding): "same" | Pads {
  if (padding === "same") return "same";
  const pads: unknown = padding === "valid" ? [0, 0] : typeof padding === "number" ? [padding, padding] : padding;
  if (isPads(pads)) return pads;
  throw new OptionError(
    `conv1d: padding must be "valid", "same", a whole number ≥ 0, or [before, after] of such, got ${describe(padding)}`,
  );
}
